"""Two who decide about the end of one partnership at once. Each race has a twin without its guard."""

from collections.abc import Callable
from datetime import date

import pgtrigger
import pytest

from partners.models import Ending, Partner
from partners.services import endings
from partners.services.endings import confirm_end_for_cause, give_notice, propose_end_for_cause
from ssp.core.models import AuditEntry
from tests.factories.partners import DirectorFactory, PartnerFactory
from tests.integration.partners.test_races import at_once, meeting
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C6")]
LAST_ON = date(2026, 12, 31)


@pytest.fixture
def proposal() -> Ending:
    return propose_end_for_cause(partner=PartnerFactory(), reason="Why.", by=DirectorFactory(), at=MONDAY)


def notice(partner: Partner) -> Callable[[], object]:
    return lambda: give_notice(partner=partner, last_on=LAST_ON, by=partner.user, at=MONDAY)


def confirm(proposal: Ending) -> Callable[[], object]:
    director = DirectorFactory()
    return lambda: confirm_end_for_cause(ending=proposal, by=director, at=MONDAY)


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        endings,
        "lock_partner",
        lambda each: Partner.objects.select_related("user", "recruiter__user").get(pk=each.pk),
    )


def names(raised: list[BaseException]) -> set[str]:
    return {type(problem).__name__ for problem in raised}


def test_a_notice_never_gets_in_the_way_of_an_end_for_cause(
    monkeypatch: pytest.MonkeyPatch, proposal: Ending
) -> None:
    with meeting(monkeypatch, endings, "consequences_of", endings.consequences_of):
        raised = at_once(notice(proposal.partner), confirm(proposal))

    partner = Partner.objects.get(pk=proposal.partner_id)
    assert names(raised) <= {"PartnershipOver"}
    assert (partner.end_kind, partner.ended_at) == ("cause", MONDAY)


def test_without_the_lock_a_notice_and_an_end_for_cause_collide(
    monkeypatch: pytest.MonkeyPatch, proposal: Ending
) -> None:
    without_the_lock(monkeypatch)

    with meeting(monkeypatch, endings, "consequences_of", endings.consequences_of):
        raised = at_once(notice(proposal.partner), confirm(proposal))

    assert names(raised) & {"AlreadyEnding", "IntegrityError"}


def test_two_directors_confirming_at_once_end_it_once(
    monkeypatch: pytest.MonkeyPatch, proposal: Ending
) -> None:
    with meeting(monkeypatch, endings, "consequences_of", endings.consequences_of):
        raised = at_once(confirm(proposal), confirm(proposal))

    assert [type(problem).__name__ for problem in raised] == ["NothingToConfirm"]
    assert AuditEntry.objects.filter(action="partner.ended_for_cause").count() == 1


def test_without_lock_and_trigger_two_directors_end_it_twice(
    monkeypatch: pytest.MonkeyPatch, proposal: Ending
) -> None:
    real = endings.Ending.objects

    class Unlocked:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def select_for_update(self, **_: object) -> object:
            return real.all()

    without_the_lock(monkeypatch)
    monkeypatch.setattr(endings.Ending, "objects", Unlocked())

    def unguarded(action: Callable[[], object]) -> Callable[[], object]:
        def press() -> None:
            with pgtrigger.ignore("partners.Ending:ending_is_kept"):
                action()

        return press

    with meeting(monkeypatch, endings, "consequences_of", endings.consequences_of):
        at_once(unguarded(confirm(proposal)), unguarded(confirm(proposal)))

    assert AuditEntry.objects.filter(action="partner.ended_for_cause").count() == 2


def test_two_presses_of_one_notice_are_one_notice() -> None:
    partner = PartnerFactory()

    raised = at_once(notice(partner), notice(partner))

    assert [type(problem).__name__ for problem in raised] == ["AlreadyEnding"]
    assert partner.endings.count() == 1

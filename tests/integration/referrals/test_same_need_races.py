"""Two sales leads link at once: one of them does, and without the guards both would (C18)."""

from collections.abc import Callable, Iterator
from threading import Barrier

import pytest
from django.db import connection

from referrals.errors import (
    DealClosed,
)
from referrals.errors_disputed import (
    LinkOfAClosedOne,
    LinkWouldChain,
)
from referrals.models import Deal, UseCase, UseCaseLink
from referrals.services import links
from referrals.services.deals import win_deal
from ssp.core import outbox
from tests.factories.referrals import linked, sales_lead, seller, two_needs
from tests.integration.referrals.test_races import at_once
from tests.integration.referrals.test_same_need import third
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C18")]
REFUSED = (LinkOfAClosedOne, LinkWouldChain)


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read what they link before either of them writes."""
    gate = Barrier(2)

    def check(one: UseCase, other: UseCase, real: Callable[..., None] = links.check_can_be_linked) -> None:
        real(one, other)
        gate.wait(timeout=10)

    def read(*cases: UseCase) -> list[UseCase]:
        return [UseCase.objects.select_related("partner__user", "referral").get(pk=c.pk) for c in cases]

    monkeypatch.setattr(links, "_locked", read)
    monkeypatch.setattr(links, "check_can_be_linked", check)


@pytest.fixture
def no_guard() -> Iterator[None]:
    """The tables without what guards them."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_usecaselink DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE referrals_usecase DISABLE TRIGGER USER")
        cursor.execute("DROP INDEX use_case_link_one_per_duplicate")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_usecaselink")
        cursor.execute("UPDATE referrals_usecase SET outcome = '', same_need_as_id = NULL")
        cursor.execute(
            "CREATE UNIQUE INDEX use_case_link_one_per_duplicate ON referrals_usecaselink (duplicate_id) "
            "WHERE taken_back_at IS NULL"
        )
        cursor.execute("ALTER TABLE referrals_usecaselink ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE referrals_usecase ENABLE TRIGGER USER")


def the_two_both_ways() -> list[object]:
    ines, pieter = two_needs()
    one, other = sales_lead("Sofie de Wit"), sales_lead("Mats Holm")
    return at_once(lambda: linked(ines, pieter, by=one), lambda: linked(pieter, ines, by=other))


def a_chain_of_three() -> list[object]:
    first, second = two_needs()
    last = third()
    one, other = sales_lead("Sofie de Wit"), sales_lead("Mats Holm")
    return at_once(lambda: linked(first, second, by=one), lambda: linked(second, last, by=other))


def check_one_linked(results: list[object]) -> None:
    assert sum(isinstance(result, REFUSED) for result in results) == 1, results
    assert UseCaseLink.objects.count() == 1
    assert UseCase.objects.filter(outcome="duplicate").count() == 1


@pytest.mark.parametrize("race", [the_two_both_ways, a_chain_of_three])
def test_two_leads_at_once_make_one_link(race: Callable[[], list[object]]) -> None:
    check_one_linked(race())


@pytest.mark.usefixtures("no_lock")
@pytest.mark.parametrize("race", [the_two_both_ways, a_chain_of_three])
def test_without_the_lock_the_database_still_takes_one(race: Callable[[], list[object]]) -> None:
    check_one_linked(race())


@pytest.mark.usefixtures("no_lock", "no_guard")
@pytest.mark.parametrize("race", [the_two_both_ways, a_chain_of_three])
def test_without_lock_and_guards_both_would_link(race: Callable[[], list[object]]) -> None:
    race()
    assert UseCaseLink.objects.count() == 2


def test_won_and_linked_at_once_end_in_an_order_that_both_could_have_had() -> None:
    ines, pieter = two_needs()
    lead, tom = sales_lead(), seller()

    results = at_once(
        lambda: linked(ines, pieter, by=lead),
        lambda: win_deal(deal=pieter.deal, signed_on=MONDAY.date(), by=tom, at=MONDAY),
    )

    assert UseCase.objects.get(pk=pieter.pk).outcome == "duplicate"
    deal = Deal.objects.get(use_case=pieter)
    refused = [result for result in results if isinstance(result, Exception)]
    assert deal.stage == ("lost" if refused else "won")
    assert all(isinstance(result, DealClosed) for result in refused)

"""Two at the same moment: one envelope, one slot. Each race has a twin without its guard, and that fails."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pgtrigger
import pytest
from django.db import connection
from django.db.models import Model

from partners import queries, same_person
from partners.models import (
    Application,
    Contract,
    ContractReview,
    ContractStatus,
    Envelope,
    Partner,
    ProgramTerms,
    SamePersonSign,
)
from partners.rules import free_slot
from partners.services import applications, contracts, recruits
from partners.services import same_person as same_person_services
from partners.services.applications import submit_application
from partners.services.contracts import review_contract
from tests.factories.partners import (
    ApplicantFactory,
    ApplicationFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    signed_contract,
)
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
REVIEW_GUARD = "partners.ContractReview:review_by_an_eligible_director"


def at_once(*actions: Callable[[], object]) -> list[BaseException]:
    """Run the actions in threads of their own, each with its own connection; return what they raised."""
    raised: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as problem:
            raised.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


@contextmanager
def meeting(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    real: Callable,
    *,
    parties: int = 2,
    patience: float = 1,
) -> Iterator[None]:
    """Let the threads meet right before the decisive look, if the guard lets them get there together."""
    barrier = threading.Barrier(parties)

    def look(*args: object) -> object:
        seen = real(*args)
        try:
            barrier.wait(timeout=patience)
        except threading.BrokenBarrierError:
            return real(*args)
        return seen

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, look)
        yield


def approve(contract: Contract, director: object) -> Callable[[], object]:
    return lambda: review_contract(
        contract=contract,
        director=director,
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=1,
        at=MONDAY,
    )


@pytest.mark.clause("C6")
def test_two_directors_pressing_at_once_send_one_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = ContractFactory()
    first, second = DirectorFactory.create_batch(2)

    with meeting(monkeypatch, queries, "approvals", queries.approvals):
        raised = at_once(approve(contract, first), approve(contract, second))

    contract.refresh_from_db()
    assert raised == []
    assert contract.status == ContractStatus.SENDING
    assert Envelope.objects.count() == 1


@pytest.mark.clause("C6")
def test_without_the_locks_two_directors_at_once_send_none(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = ContractFactory()
    first, second = DirectorFactory.create_batch(2)
    monkeypatch.setattr(contracts, "lock_contract", lambda c: Contract.objects.whole().get(pk=c.pk))

    def unguarded(director: object) -> Callable[[], object]:
        def press() -> None:
            with pgtrigger.ignore(REVIEW_GUARD):
                approve(contract, director)()

        return press

    with meeting(monkeypatch, queries, "approvals", queries.approvals):
        at_once(unguarded(first), unguarded(second))

    contract.refresh_from_db()
    assert contract.reviews.count() == 2
    assert contract.status == ContractStatus.IN_REVIEW  # approved twice, and forgotten


@pytest.mark.clause("C6")
def test_one_director_pressing_twice_at_once_reviews_once() -> None:
    contract, director = ContractFactory(), DirectorFactory()

    raised = at_once(approve(contract, director), approve(contract, director))

    assert [type(problem).__name__ for problem in raised] == ["AlreadyReviewed"]
    assert contract.reviews.count() == 1


def names(raised: list[BaseException]) -> dict[str, int]:
    return dict(Counter(type(problem).__name__ for problem in raised))


@pytest.mark.clause("C6")
def test_twenty_directors_pressing_at_once_send_one_envelope() -> None:
    contract, directors = ContractFactory(), DirectorFactory.create_batch(20)

    raised = at_once(*[approve(contract, director) for director in directors])

    contract.refresh_from_db()
    assert names(raised) == {"NotInReview": 18}
    assert contract.status == ContractStatus.SENDING
    assert contract.reviews.count() == 2
    assert Envelope.objects.count() == 1


@pytest.mark.clause("C6")
def test_without_the_locks_twenty_approvals_at_once_send_none(monkeypatch: pytest.MonkeyPatch) -> None:
    contract, directors = ContractFactory(), DirectorFactory.create_batch(20)
    monkeypatch.setattr(contracts, "lock_contract", lambda c: Contract.objects.whole().get(pk=c.pk))

    def unguarded(director: object) -> Callable[[], object]:
        def press() -> None:
            with pgtrigger.ignore(REVIEW_GUARD):
                approve(contract, director)()

        return press

    with meeting(monkeypatch, queries, "approvals", queries.approvals, parties=20, patience=20):
        at_once(*[unguarded(director) for director in directors])

    contract.refresh_from_db()
    assert contract.reviews.count() == 20
    assert contract.status == ContractStatus.IN_REVIEW  # approved twenty times, and forgotten
    assert not Envelope.objects.exists()


@pytest.mark.clause("C6")
def test_one_director_pressing_twenty_times_at_once_reviews_once() -> None:
    contract, director = ContractFactory(), DirectorFactory()

    raised = at_once(*[approve(contract, director)] * 20)

    assert names(raised) == {"AlreadyReviewed": 19}
    assert contract.reviews.count() == 1
    assert not Envelope.objects.exists()


@pytest.mark.clause("C6")
def test_without_lock_and_constraint_one_director_reviews_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contract, director = ContractFactory(), DirectorFactory()
    monkeypatch.setattr(contracts, "lock_contract", lambda c: Contract.objects.whole().get(pk=c.pk))

    def unguarded() -> None:
        with pgtrigger.ignore(REVIEW_GUARD):
            approve(contract, director)()

    with without_constraint("review_one_per_director_and_version", model=ContractReview):
        with (
            meeting(monkeypatch, queries, "review_by", queries.review_by, parties=20, patience=20),
            # Whoever counts after somebody's commit sees one director twice, and takes their own word back.
            meeting(monkeypatch, queries, "approvals", queries.approvals, parties=20, patience=20),
        ):
            at_once(*[unguarded] * 20)
        seen = contract.reviews.count()
        with pgtrigger.ignore("partners.ContractReview:review_append_only"):
            contract.reviews.all()._raw_delete("default")

    assert seen > 1


@pytest.fixture
def twins() -> list[Application]:
    """Two accounts that are about to send applications with one tax number."""
    return ApplicationFactory.create_batch(2, tax_number="NL001234567B01")


def sends(application: Application, terms: ProgramTerms) -> Callable[[], object]:
    return lambda: submit_application(
        application=application, terms=terms, by=application.applicant, at=MONDAY
    )


@pytest.mark.clause("C22")
def test_two_accounts_of_one_person_that_apply_at_once_see_each_other(
    monkeypatch: pytest.MonkeyPatch, twins: list[Application]
) -> None:
    terms = ProgramTermsFactory()

    with meeting(monkeypatch, same_person_services, "everybody_but", same_person.everybody_but):
        raised = at_once(*[sends(application, terms) for application in twins])

    assert raised == []
    assert sorted(SamePersonSign.objects.values_list("application", flat=True)) == [a.pk for a in twins]


@pytest.mark.clause("C22")
def test_without_taking_turns_they_do_not(monkeypatch: pytest.MonkeyPatch, twins: list[Application]) -> None:
    terms = ProgramTermsFactory()
    for module in (same_person_services, applications):  # who waits for the terms is alone for the signs, too
        monkeypatch.setattr(module, "one_after_another", lambda _name: None)

    with meeting(monkeypatch, same_person_services, "everybody_but", same_person.everybody_but, patience=20):
        at_once(*[sends(application, terms) for application in twins])

    assert not SamePersonSign.objects.exists()


@pytest.fixture
def rivals() -> list[Partner]:
    """Two recruits of one recruiter, who has one place left, at the moment of their signatures."""
    recruiter = PartnerFactory()
    for slot in (1, 2):
        PartnerFactory(recruiter=recruiter, bonus_slot=slot)
    both = ApplicantFactory.create_batch(2, recruiter=recruiter)
    for recruit in both:
        signed_contract(recruit, at=MONDAY)
        Partner.objects.filter(pk=recruit.pk).update(started_at=MONDAY)
    return list(Partner.objects.filter(pk__in=[each.pk for each in both]).select_related("recruiter"))


def slots(rivals: list[Partner]) -> list[int | None]:
    return [Partner.objects.get(pk=each.pk).bonus_slot for each in rivals]


@pytest.mark.clause("C21")
def test_two_signatures_at_once_for_the_last_place_take_it_once(
    monkeypatch: pytest.MonkeyPatch, rivals: list[Partner]
) -> None:
    with meeting(monkeypatch, recruits, "free_slot", free_slot):
        raised = at_once(*[lambda each=each: recruits.take_slot(each) for each in rivals])

    assert raised == []
    assert sorted(slots(rivals), key=str) == [3, None]


@pytest.mark.clause("C21")
def test_without_the_constraint_both_take_the_last_place(
    monkeypatch: pytest.MonkeyPatch, rivals: list[Partner]
) -> None:
    with without_constraint("partner_bonus_slot_taken_once"):
        with meeting(monkeypatch, recruits, "free_slot", free_slot):
            at_once(*[lambda each=each: recruits.take_slot(each) for each in rivals])
        taken = slots(rivals)
        with pgtrigger.ignore("partners.Partner:partner_start_is_kept"):
            Partner.objects.filter(pk=rivals[0].pk).update(bonus_slot=None)

    assert taken == [3, 3]


@contextmanager
def without_constraint(name: str, *, model: type[Model] = Partner) -> Iterator[None]:
    constraint = next(each for each in model._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)

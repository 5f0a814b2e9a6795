"""Two at the same moment: one envelope, one slot. Each race has a twin without its guard, and that fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pgtrigger
import pytest
from django.db import connection

from partners import queries
from partners.models import Contract, ContractReview, ContractStatus, Envelope, Partner
from partners.rules import free_slot
from partners.services import contracts, recruits
from partners.services.contracts import review_contract
from tests.factories.partners import (
    ApplicantFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
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
def meeting(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, real: Callable) -> Iterator[None]:
    """Let both threads meet right before the decisive look, if the guard lets them get there together."""
    barrier = threading.Barrier(2)

    def look(*args: object) -> object:
        seen = real(*args)
        try:
            barrier.wait(timeout=1)
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
def without_constraint(name: str) -> Iterator[None]:
    constraint = next(each for each in Partner._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Partner, constraint)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_constraint(Partner, constraint)

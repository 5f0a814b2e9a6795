"""Openings when several press at once; and the twins without the guards."""

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pgtrigger
import pytest
from django.db import transaction

from commissions import accrual, openings, payouts
from commissions.errors_openings import OpeningPaidOut, OpeningsChanged, OpeningsMoveInOnce
from commissions.invariants import INVARIANTS
from commissions.models import Commission, Opening, PayoutEntry
from commissions.reconciliation import Tally, differences
from ssp.core.invariants import broken
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_openings import AS_OF, AT, D, entered, handed_in, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C5")]


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


def test_a_file_approved_by_eight_at_once_is_entered_once(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)
    shown = openings.shown_by(openings.plan_of(record, at=AT))

    raised = all_at_once(
        lambda: openings.approve_openings(record=record, shown=shown, vouched=True, by=willem, at=AT),
        threads=8,
    )

    assert {type(error) for error in raised} == {OpeningsMoveInOnce}
    assert (len(raised), Opening.objects.count(), Commission.objects.count()) == (7, 1, 1)


def two_files(nadia: User) -> list[tuple[Any, str]]:
    deal = a_won_deal()
    records = [handed_in(row(deal), by=nadia) for _ in range(2)]
    return [(record, openings.shown_by(openings.plan_of(record, at=AT))) for record in records]


def approve_next(todo: list[tuple[Any, str]], by: User) -> None:
    record, shown = todo.pop()
    openings.approve_openings(record=record, shown=shown, vouched=True, by=by, at=AT)


def test_two_files_of_one_deal_at_once_enter_it_once(nadia: User, willem: User) -> None:
    todo = two_files(nadia)

    (raised,) = all_at_once(lambda: approve_next(todo, willem), threads=2)

    assert isinstance(raised, OpeningsChanged)
    assert Commission.objects.get().amount == D(1200)


def without_turns(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Let all plans be read before anybody writes: no turns, no locks of the deals."""
    together, plan_of = threading.Barrier(threads), openings.plan_of
    monkeypatch.setattr(openings, "one_after_another", lambda name: None)
    monkeypatch.setattr(openings, "lock", lambda deals: [])

    def read_by_all(*args: Any, **said: Any) -> Any:
        plan = plan_of(*args, **said)
        together.wait(timeout=30)
        return plan

    monkeypatch.setattr(openings, "plan_of", read_by_all)


def test_without_turns_the_database_still_takes_one(
    nadia: User, willem: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = two_files(nadia)
    without_turns(monkeypatch, 2)

    (raised,) = all_at_once(lambda: approve_next(todo, willem), threads=2)

    assert isinstance(raised, OpeningsChanged)  # the unique opening of a deal
    assert Commission.objects.get().amount == D(1200)
    assert broken(INVARIANTS) == []


def test_a_deal_that_earns_while_its_opening_is_approved_has_one_or_the_other(
    nadia: User, willem: User
) -> None:
    """Whoever accrues holds the deal, and so does who approves: one of them finds what the other did."""
    deal = a_won_deal()
    happens(an_invoice(deal, on=AS_OF), "payment", "1000", on=AT.date())
    record = handed_in(row(deal), by=nadia)
    shown = openings.shown_by(openings.plan_of(record, at=AT))
    work = [
        lambda: accrual.accrue_deal(deal.pk, at=AT),
        lambda: openings.approve_openings(record=record, shown=shown, vouched=True, by=willem, at=AT),
    ]

    raised = all_at_once(lambda: work.pop()(), threads=2)

    assert [type(error) for error in raised] in ([], [OpeningsChanged])
    assert Opening.objects.count() == 1 - len(raised)
    assert list(differences(Tally())) == []
    assert broken(INVARIANTS) == []


@pytest.mark.parametrize("guard", [True, False], ids=["trigger on", "twin without it"])
def test_without_the_hold_the_trigger_still_keeps_an_opening_from_a_deal_that_earned(
    guard: bool, nadia: User, willem: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal, plan_of = a_won_deal(), openings.plan_of
    happens(an_invoice(deal, on=AS_OF), "payment", "1000", on=AT.date())
    record = handed_in(row(deal), by=nadia)
    shown = openings.shown_by(plan_of(record, at=AT))

    def earns_after_the_last_look(*args: Any, **said: Any) -> Any:
        plan = plan_of(*args, **said)
        assert all_at_once(lambda: accrual.accrue_deal(deal.pk, at=AT), threads=1) == []
        return plan

    monkeypatch.setattr(openings, "lock", lambda deals: monkeypatch.setattr(openings, "plan_of", later))
    later = earns_after_the_last_look
    watch = "commissions.Opening:opening_by_two_people"

    def approve() -> None:
        with nullcontext() if guard else pgtrigger.ignore(watch):
            openings.approve_openings(record=record, shown=shown, vouched=True, by=willem, at=AT)

    raised = all_at_once(approve, threads=1)

    assert [type(error) for error in raised] == ([OpeningsChanged] if guard else [])
    assert Opening.objects.exists() is not guard  # without it: both, and the cap is counted from two days


def a_payout_while_it_is_taken_back(nadia: User, willem: User) -> tuple[Opening, list[BaseException]]:
    deal = a_won_deal()
    confirmed_tax(deal.use_case.partner)
    opening = entered(deal, nadia, willem)
    work = [
        lambda: payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT),
        lambda: openings.undo_opening(opening=opening, by=nadia, at=AT),
    ]
    return opening, all_at_once(lambda: work.pop()(), threads=2)


def test_an_opening_is_paid_or_taken_back_never_both(nadia: User, willem: User) -> None:
    opening, raised = a_payout_while_it_is_taken_back(nadia, willem)
    opening.refresh_from_db()

    assert len(raised) == 1
    assert PayoutEntry.objects.exists() is (opening.undone_at is None)
    assert isinstance(raised[0], OpeningPaidOut) is (opening.undone_at is None)


def looks(guard: bool) -> AbstractContextManager[Any]:
    return nullcontext() if guard else pgtrigger.ignore("commissions.Opening:opening_stays")


@pytest.mark.parametrize("guard", [True, False], ids=["trigger on", "twin without it"])
def test_the_trigger_keeps_what_is_in_a_payout(guard: bool, nadia: User, willem: User) -> None:
    deal = a_won_deal()
    confirmed_tax(deal.use_case.partner)
    opening = entered(deal, nadia, willem)
    payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    def take_back() -> None:
        with looks(guard), transaction.atomic():
            Opening.objects.filter(pk=opening.pk).update(undone_by=nadia, undone_at=AT)
            opening.refresh_from_db()
            openings.enter(opening, opening.sums.get(), amount=D(-1200), due=D(0), at=AT)

    raised = all_at_once(take_back, threads=1)

    assert bool(raised) is guard  # without it, what is being paid is taken back as well
    assert Commission.objects.filter(amount__lt=0).exists() is not guard

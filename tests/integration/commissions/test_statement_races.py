"""Statements and contests when several press at once; and the twins without the guards."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection

from commissions import contests, payouts, queries_statements, statements
from commissions.errors_statements import AlreadyAnswered, AlreadyContested
from commissions.invariants import INVARIANTS
from commissions.models import ContestedEntry, Payout, Statement
from ssp.core.invariants import broken
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from tests.factories.commissions import confirmed_tax
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.factories.statements import APRIL, FEBRUARY, MARCH, MAY, an_approved_payout, enters
from tests.integration.commissions.test_accrual import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
CURRENCIES = ["EUR", "USD", "GBP", "CHF"]


def close_in_turns() -> list[Any]:
    partners = PartnerFactory.create_batch(4)
    for partner in partners:
        enters(partner, at=FEBRUARY)
    return [
        lambda partner=partner: statements.close_months_of(partner=partner, currency="EUR", at=MARCH)
        for partner in partners
    ]


def test_months_closed_at_once_are_numbered_without_gaps() -> None:
    todo = close_in_turns()

    assert all_at_once(lambda: todo.pop()(), threads=4) == []

    assert sorted(row.number for row in Statement.objects.all()) == [f"M2027-000{n}" for n in range(1, 5)]
    assert broken(INVARIANTS) == []


def test_without_the_turns_numbers_collide_and_the_database_keeps_them_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    todo, together, number = close_in_turns(), threading.Barrier(4), statements._next
    monkeypatch.setattr(statements, "in_turn", lambda: None)

    def read_by_all(*args: Any) -> int:
        found = number(*args)
        together.wait(timeout=30)
        return found

    monkeypatch.setattr(statements, "_next", read_by_all)
    raised = all_at_once(lambda: todo.pop()(), threads=4)

    assert [type(error) for error in raised] == [IntegrityError] * 3
    assert [row.number for row in Statement.objects.all()] == ["M2027-0001"]
    assert broken(INVARIANTS) == []


def test_one_month_closed_by_several_at_once_is_closed_once() -> None:
    partner = PartnerFactory()
    enters(partner, at=FEBRUARY)

    raised = all_at_once(lambda: statements.close_months(at=MARCH), threads=4)

    assert raised == []
    assert Statement.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="commissions.statement_ready").count() == 1


def test_runs_approved_at_once_and_a_rolled_back_one_leave_no_gap() -> None:
    nadia, willem = UserFactory(roles=[Role.FINANCE]), UserFactory(roles=[Role.DIRECTOR])
    runs = []
    for currency in CURRENCIES:
        partner = PartnerFactory()
        confirmed_tax(partner)
        enters(partner, at=FEBRUARY, currency=currency)
        runs.append(payouts.prepare_payout_run(currency=currency, by=nadia, at=APRIL))
    refused = runs.pop()
    statements_of = statements.issue_for_payouts
    todo: list[Any] = [
        lambda run=run: payouts.approve_payout_run(run=run, by=willem, at=APRIL) for run in runs
    ]
    todo.append(lambda: payouts.approve_payout_run(run=refused, by=nadia, at=APRIL))  # rolled back

    raised = all_at_once(lambda: todo.pop()(), threads=4)

    assert len(raised) == 1
    assert sorted(p.statement_number for p in Payout.objects.exclude(statement_year=None)) == [
        f"2027-000{n}" for n in range(1, 4)
    ]
    assert statements_of(at=APRIL) == []
    assert broken(INVARIANTS) == []


def test_a_transfer_that_fails_while_a_month_is_closed_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    enters(partner, at=FEBRUARY)
    payout = an_approved_payout(partner, at=APRIL)
    closing, read = threading.Event(), queries_statements.unstated

    def read_until_somebody_waits(*args: Any, **kwargs: Any) -> Any:
        closing.set()
        with connection.cursor() as cursor:
            for _ in range(10_000):
                cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                if cursor.fetchone():
                    return read(*args, **kwargs)
        raise AssertionError("nobody waited")

    def fail() -> None:
        closing.wait(timeout=30)
        payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=MAY)

    monkeypatch.setattr(queries_statements, "unstated", read_until_somebody_waits)
    todo: list[Any] = [fail, lambda: statements.close_months_of(partner=partner, currency="EUR", at=MAY)]

    raised = all_at_once(lambda: todo.pop()(), threads=2)

    assert raised == []  # no deadlock
    assert sorted(row.number for row in Statement.objects.all()) == [
        "2027-0001", "C2027-0001", "M2027-0001", "M2027-0002",
    ]  # fmt: skip


def test_an_entry_contested_twice_at_once_is_contested_once() -> None:
    entry = enters(PartnerFactory(), at=FEBRUARY)

    raised = all_at_once(
        lambda: contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=MARCH),
        threads=4,
    )

    assert [type(error) for error in raised] == [AlreadyContested] * 3
    assert ContestedEntry.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="commissions.entry_contested").count() == 1


def test_without_the_lock_the_database_still_takes_one_contest(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = enters(PartnerFactory(), at=FEBRUARY)
    together, record = threading.Barrier(2), ContestedEntry.objects.create
    monkeypatch.setattr(contests, "_hold", lambda entry: None)

    def write_together(**fields: Any) -> ContestedEntry:
        together.wait(timeout=30)  # both have looked, and found nothing open
        return record(**fields)

    monkeypatch.setattr(ContestedEntry.objects, "create", write_together)
    raised = all_at_once(
        lambda: contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=MARCH),
        threads=2,
    )

    assert [type(error) for error in raised] == [AlreadyContested]
    assert isinstance(raised[0].__cause__, IntegrityError)  # the constraint said so, not the look
    assert ContestedEntry.objects.count() == 1


def test_two_answers_at_once_are_one_answer() -> None:
    entry = enters(PartnerFactory(), at=FEBRUARY)
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=MARCH)
    hands = UserFactory.create_batch(4, roles=[Role.FINANCE])

    raised = all_at_once(
        lambda: contests.answer_contest(
            contest=contest, agreed=False, answer="No.", by=hands.pop(), at=MARCH
        ),
        threads=4,
    )

    assert [type(error) for error in raised] == [AlreadyAnswered] * 3
    assert OutboxMessage.objects.filter(kind="commissions.contest_answered").count() == 1


def test_without_the_lock_the_database_still_keeps_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = enters(PartnerFactory(), at=FEBRUARY)
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=entry.partner.user, at=MARCH)
    hands, together = UserFactory.create_batch(2, roles=[Role.FINANCE]), threading.Barrier(2)
    monkeypatch.setattr(contests, "_hold", lambda entry: None)
    monkeypatch.setattr(
        ContestedEntry.objects, "select_for_update", lambda *args, **kwargs: ContestedEntry.objects.all()
    )

    seen = threading.local()

    def check_together(row: ContestedEntry, by: Any) -> None:
        if getattr(seen, "once", False):
            together.wait(timeout=30)  # both have read that it is open
        seen.once = True

    monkeypatch.setattr(contests, "check_answers", check_together)
    raised = all_at_once(
        lambda: contests.answer_contest(
            contest=contest, agreed=False, answer="No.", by=hands.pop(), at=MARCH
        ),
        threads=2,
    )

    assert [type(error) for error in raised] == [AlreadyAnswered]
    assert isinstance(raised[0].__cause__, IntegrityError)

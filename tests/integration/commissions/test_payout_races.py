"""What guards a payout, taken away: the twins of the races, which must go wrong; and statements that stay."""

import threading
from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from commissions import payouts, queries
from commissions.errors import PayoutSettled, RunAlreadyDecided
from commissions.models import Payout, PayoutEntry, PayoutRun
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_payouts import AT, D, earns

DECIDED = "commissions.PayoutRun:payout_run_stays_decided"


def a_prepared_run(partners: int = 1) -> PayoutRun:
    for _ in range(partners):
        earns(PartnerFactory(), "1000")
    return payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Let everybody read the run before anybody writes, as without the row's lock."""
    together = threading.Barrier(4)

    def read_by_all(run: PayoutRun, *, by: User) -> PayoutRun:
        row = PayoutRun.objects.get(pk=run.pk)
        together.wait(timeout=30)
        assert row.approved_at is None
        return row

    monkeypatch.setattr(payouts, "_undecided", read_by_all)
    return together


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_approvals_collide_and_the_database_keeps_one(unlocked: threading.Barrier) -> None:
    run, queue = a_prepared_run(2), UserFactory.create_batch(4, roles=[Role.DIRECTOR])

    raised = all_at_once(lambda: payouts.approve_payout_run(run=run, by=queue.pop(), at=AT), threads=4)

    assert [type(error) for error in raised] == [IntegrityError] * 3
    assert "never taken back" in str(raised[0])
    assert sorted(p.statement_number for p in Payout.objects.all()) == ["2027-0001", "2027-0002"]


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_trigger_a_run_is_approved_more_than_once(unlocked: threading.Barrier) -> None:
    run, queue = a_prepared_run(2), UserFactory.create_batch(4, roles=[Role.DIRECTOR])

    def approve() -> None:
        with pgtrigger.ignore(DECIDED, "commissions.Payout:payout_paid_after_approval"):
            payouts.approve_payout_run(run=run, by=queue.pop(), at=AT)

    assert all_at_once(approve, threads=4) == []
    numbers = sorted(p.statement_number for p in Payout.objects.all())
    assert numbers != ["2027-0001", "2027-0002"]  # numbered over and over: gaps, and mails with old numbers


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_return_at_once_end_in_one_of_them() -> None:
    run, (first, second) = a_prepared_run(), UserFactory.create_batch(2, roles=[Role.DIRECTOR])
    todo: list[Any] = [
        lambda: payouts.approve_payout_run(run=run, by=first, at=AT),
        lambda: payouts.return_payout_run(run=run, by=second, at=AT),
    ]

    raised = all_at_once(lambda: todo.pop()(), threads=2)

    run.refresh_from_db()
    assert [type(error) for error in raised] == [RunAlreadyDecided]
    assert bool(run.approved_at) != bool(run.discarded_at)
    free = PayoutEntry.objects.filter(released_at__isnull=False).exists()
    assert free == bool(run.discarded_at)


@pytest.mark.django_db(transaction=True)
def test_paid_and_failed_at_once_end_in_one_of_them_and_nothing_is_paid_twice() -> None:
    run, nadia = a_prepared_run(), UserFactory(roles=[Role.FINANCE])
    payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.DIRECTOR]), at=AT)
    payout = run.payouts.get()
    todo: list[Any] = [
        lambda: payouts.mark_paid(payout=payout, paid_on=AT.date(), by=nadia, at=AT),
        lambda: payouts.mark_paid(payout=payout, paid_on=AT.date(), by=nadia, at=AT),
        lambda: payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=AT),
    ]

    raised = all_at_once(lambda: todo.pop()(), threads=3)

    payout.refresh_from_db()
    assert [type(error) for error in raised] == [PayoutSettled] * 2
    assert bool(payout.paid_on) != bool(payout.failed_at)
    assert OutboxMessage.objects.filter(kind="commissions.payout_paid").count() == bool(payout.paid_on)
    assert queries.balance(payout.partner, "EUR", AT.date()) == (0 if payout.paid_on else D(100))


# --- statements say what was so ---------------------------------------------------
@pytest.mark.django_db
def test_a_statement_says_the_same_after_an_earlier_transfer_failed_and_a_run_was_approved_late() -> None:
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    willem = UserFactory(roles=[Role.DIRECTOR])
    made = []
    for days, paid in enumerate(["1000", "700", "500"]):
        earns(partner, paid)
        run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT + timedelta(hours=days))
        made.append(run)
    first, late, ours = made
    payouts.approve_payout_run(run=first, by=willem, at=AT + timedelta(days=1))
    payouts.approve_payout_run(run=ours, by=willem, at=AT + timedelta(days=2))
    statement = ours.payouts.select_related("run").get()

    before = queries.payouts_before(statement)
    assert [p.entries_total for p in before] == [D(100)]

    payouts.approve_payout_run(run=late, by=willem, at=AT + timedelta(days=3))
    payouts.mark_failed(payout=first.payouts.get(), reason="Closed", by=nadia, at=AT + timedelta(days=4))

    assert [p.entries_total for p in queries.payouts_before(statement)] == [D(100)]


@pytest.mark.django_db
def test_another_partners_entry_is_no_place_to_continue_from(client: Client) -> None:
    mine, other = PartnerFactory(), PartnerFactory()
    earns(mine, "1000", days_ago=60)
    earns(other, "1000", days_ago=70)
    theirs = other.commissions.get()
    client.force_login(mine.user)

    page = client.get(reverse("commissions:earnings"), {"after": theirs.pk})

    assert len(page.context["entries"]) == 1  # not "nothing that is older than theirs"

"""Payouts: prepared by one person, approved by another, paid once.

Preparing holds the currency, so two preparers wait for each other; an entry's unique place is the last door.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from commissions import queries, statements
from commissions.errors import (
    EntryAlreadyInPayout,
    NothingToPay,
    OwnPayout,
    PaidInTheFuture,
    PayoutSettled,
    RunAlreadyDecided,
    RunNotApproved,
    SamePerson,
    TaxStatusMissing,
)
from commissions.models import Payout, PayoutEntry, PayoutRun
from commissions.permissions import check_approves, check_finance
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date


def prepare_payout_run(*, currency: str, by: User, at: datetime) -> PayoutRun:
    """Put every payable entry of a currency into a payout per partner; negative balances carry forward.

    A partner whose tax status finance hasn't confirmed is left out.

    :raises NothingToPay: nobody has a positive balance.
    :raises TaxStatusMissing: who has one waits for finance to confirm the tax status.
    """
    check_finance(by)
    with (
        constraint_as("payout_entry_once", EntryAlreadyInPayout),
        constraint_as("payout_by_tax_status", TaxStatusMissing),
        transaction.atomic(),
    ):
        one_after_another(f"commissions.payouts.{currency}")
        found = queries.candidates(currency, on=local_date(at))
        paid = [c for c in found if c.is_paid]
        if not paid:
            raise TaxStatusMissing if any(c.waits_for_tax for c in found) else NothingToPay
        run = PayoutRun.objects.create(currency=currency, prepared_by=by, prepared_at=at)
        for candidate in paid:
            payout = Payout.objects.create(
                run=run,
                partner=candidate.partner,
                currency=currency,
                entries_total=candidate.total,
                vat_percent=candidate.vat_percent,
                vat=candidate.vat,
                vat_note=candidate.tax.note if candidate.tax else "",
                vat_treatment=candidate.tax.treatment if candidate.tax else "",
            )
            PayoutEntry.objects.bulk_create(
                PayoutEntry(payout=payout, commission=entry) for entry in candidate.entries
            )
        audit.record("payout_run.prepared", run, by=by, at=at, payouts=len(paid))
    return run


@transaction.atomic
def approve_payout_run(*, run: PayoutRun, by: User, at: datetime) -> PayoutRun:
    """Approve a run and number its statements; the partners are told.

    :raises SamePerson: who prepared it can't.  :raises OwnPayout: it pays this person.
    :raises RunAlreadyDecided: approved or returned before.
    """
    row = _undecided(run, by=by)
    if row.prepared_by_id == by.pk:
        raise SamePerson
    row.approved_by, row.approved_at = by, at
    row.save(update_fields=["approved_by", "approved_at"])
    one_after_another("commissions.statements")
    year = local_date(at).year
    used = Payout.objects.filter(statement_year=year).aggregate(last=Max("statement_sequence"))["last"] or 0
    for number, payout in enumerate(row.payouts.order_by("pk"), start=used + 1):
        payout.statement_year, payout.statement_sequence = year, number
        payout.save(update_fields=["statement_year", "statement_sequence"])
        _tell(payout, "approved", at=at)
    statements.issue_for_payouts(at=at)
    audit.record("payout_run.approved", row, by=by, at=at)
    return row


@transaction.atomic
def return_payout_run(*, run: PayoutRun, by: User, at: datetime) -> PayoutRun:
    """Return a prepared run: nothing is paid and its entries are free again.

    :raises RunAlreadyDecided: approved or returned before.
    """
    row = _undecided(run, by=by)
    row.discarded_by, row.discarded_at = by, at
    row.save(update_fields=["discarded_by", "discarded_at"])
    PayoutEntry.objects.filter(payout__run=row, released_at__isnull=True).update(released_at=at)
    audit.record("payout_run.returned", row, by=by, at=at)
    return row


def _undecided(run: PayoutRun, *, by: User) -> PayoutRun:
    check_approves(by)
    row = PayoutRun.objects.select_for_update().get(pk=run.pk)
    if row.approved_at or row.discarded_at:
        raise RunAlreadyDecided
    if row.payouts.filter(partner__user=by).exists():
        raise OwnPayout
    return row


@transaction.atomic
def mark_paid(*, payout: Payout, paid_on: date, by: User, at: datetime) -> Payout:
    """Record that the bank transferred a payout on `paid_on`; the partner is told.

    :raises RunNotApproved, PayoutSettled, PaidInTheFuture: it can't be.
    """
    row = _approved(payout, by=by)
    assert row.run.approved_at is not None  # _approved saw it
    if not local_date(row.run.approved_at) <= paid_on <= local_date(at):
        raise PaidInTheFuture
    row.paid_on = paid_on
    row.save(update_fields=["paid_on"])
    _tell(row, "paid", at=at)
    audit.record("payout.paid", row, by=by, at=at, paid_on=paid_on.isoformat())
    return row


@transaction.atomic
def mark_failed(*, payout: Payout, reason: str, by: User, at: datetime) -> Payout:
    """Record that a transfer failed; its entries go into the next payout.

    :raises RunNotApproved, PayoutSettled: it can't be.
    """
    statements.in_turn()  # before the payout's row: who closes a month holds the turn and refers to the row
    row = _approved(payout, by=by)
    row.failed_at, row.failure = at, reason[:300]
    row.save(update_fields=["failed_at", "failure"])
    row.entries.filter(released_at__isnull=True).update(released_at=at)
    statements.issue_cancellation(payout=row, at=at)
    audit.record("payout.failed", row, by=by, at=at)
    return row


def _approved(payout: Payout, *, by: User) -> Payout:
    check_finance(by)
    Payout.objects.select_for_update().get(pk=payout.pk)
    row = Payout.objects.select_related("run", "partner").get(pk=payout.pk)
    if row.run.approved_at is None:
        raise RunNotApproved
    if row.paid_on or row.failed_at:
        raise PayoutSettled
    return row


def _tell(payout: Payout, what: str, *, at: datetime) -> None:
    outbox.enqueue(
        f"commissions.payout_{what}",
        key=f"payout:{payout.pk}:{what}",
        payload={"payout_id": payout.pk},
        at=at,
    )

"""Payouts: prepared by one person, approved by another, paid once.

Preparing holds the currency, so two preparers wait for each other; an entry's unique place is the last door.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from commissions import statements
from commissions.candidates import Candidate, candidates
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
from commissions.errors_left_out import EverybodyLeftOut, NotAmongThePaid, ReasonForLeavingOut
from commissions.errors_payout import (
    AccountsChanged,
    NoRestingAccount,
    NothingToMark,
    NotPaid,
    ReturnedOutOfTime,
)
from commissions.models import BankDetails, LeftOut, Payout, PayoutEntry, PayoutRun, TaxStatus
from commissions.permissions import check_approves, check_finance, check_not_paid, is_paid_to
from partners.models import Partner
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date


def prepare_payout_run(
    *, currency: str, left_out: Mapping[int, str] | None = None, by: User, at: datetime
) -> PayoutRun:
    """Put every payable entry of a currency into a payout per partner, to the account that rests.

    Who has less than the minimum, no confirmed tax status or no account that rests is left out: the balance
    carries forward. `commissions.candidates` says why, and until when. Who gave no account is asked for one.

    :param left_out: the reason for each partner (their id) who could be paid and isn't, this time.
    :raises NothingToPay: nobody has a balance that is paid.
    :raises TaxStatusMissing: who has one waits for finance to confirm the tax status.
    :raises NoRestingAccount: who has one has no account that money may go to yet.
    :raises ReasonForLeavingOut, NotAmongThePaid, EverybodyLeftOut: nobody can be left out like that.
    """
    check_finance(by)
    reasons = {pk: reason.strip() for pk, reason in (left_out or {}).items()}
    if not all(reasons.values()):
        raise ReasonForLeavingOut
    with (
        constraint_as("payout_entry_once", EntryAlreadyInPayout),
        constraint_as("payout_by_tax_status", TaxStatusMissing),
        constraint_as("payout_by_the_present_tax_status", TaxStatusMissing),
        constraint_as("payout_to_a_resting_account", NoRestingAccount),
        transaction.atomic(),
    ):
        one_after_another(f"commissions.payouts.{currency}")
        found = candidates(currency, at=at)
        paid = [c for c in found if c.is_paid]
        if not paid:
            raise _why_nothing(found)
        kept_out = [c for c in paid if c.partner.pk in reasons]
        if len(kept_out) != len(reasons):
            raise NotAmongThePaid
        if len(kept_out) == len(paid):
            raise EverybodyLeftOut
        run = PayoutRun.objects.create(currency=currency, prepared_by=by, prepared_at=at)
        for candidate in kept_out:
            row = LeftOut.objects.create(
                run=run,
                partner=candidate.partner,
                reason=reasons[candidate.partner.pk],
                amount=candidate.total,
            )
            audit.record("payout_run.left_out", row, by=by, at=at, run=run.pk, partner=candidate.partner.pk)
        paid = [c for c in paid if c.partner.pk not in reasons]
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
                bank_details=candidate.bank,
            )
            PayoutEntry.objects.bulk_create(
                PayoutEntry(payout=payout, commission=entry) for entry in candidate.entries
            )
        audit.record("payout_run.prepared", run, by=by, at=at, payouts=len(paid))
        for candidate in found:
            if candidate.lacks_account:
                outbox.enqueue(
                    "commissions.bank_details_wanted",
                    key=f"payout_run:{run.pk}:wants_account:{candidate.partner.pk}",
                    payload={"partner_id": candidate.partner.pk, "run_id": run.pk},
                    at=at,
                )
    return run


def _why_nothing(found: list[Candidate]) -> DomainError:
    if any(c.waits_for_tax for c in found):
        return TaxStatusMissing()
    return NoRestingAccount() if any(c.waits_for_account for c in found) else NothingToPay()


@transaction.atomic
def approve_payout_run(*, run: PayoutRun, by: User, at: datetime) -> PayoutRun:
    """Approve a run and number its statements; the partners are told, and those whom it leaves out.

    Whose account or tax status was changed since it was prepared is set aside: their entries wait for the
    next run.

    :raises SamePerson: who prepared it can't.  :raises OwnPayout: it pays this person.
    :raises RunAlreadyDecided: approved or returned before.  :raises AccountsChanged: nobody would be left.
    """
    row = _undecided(run, by=by)
    if row.prepared_by_id == by.pk:
        raise SamePerson
    _set_aside(row, at=at)
    row.approved_by, row.approved_at = by, at
    row.save(update_fields=["approved_by", "approved_at"])
    one_after_another("commissions.statements")
    year = local_date(at).year
    used = Payout.objects.filter(statement_year=year).aggregate(last=Max("statement_sequence"))["last"] or 0
    for number, payout in enumerate(row.payouts.filter(failed_at=None).order_by("pk"), start=used + 1):
        payout.statement_year, payout.statement_sequence = year, number
        payout.save(update_fields=["statement_year", "statement_sequence"])
        _tell(payout, "approved", at=at)
    statements.issue_for_payouts(at=at)
    for left_out in row.left_out.order_by("pk"):
        outbox.enqueue(
            "commissions.left_out",
            key=f"left_out:{left_out.pk}:told",
            payload={"left_out_id": left_out.pk},
            at=at,
        )
    audit.record("payout_run.approved", row, by=by, at=at)
    return row


def _set_aside(run: PayoutRun, *, at: datetime) -> None:
    """Take out of a run who has another account, or another tax status, than when it was prepared."""
    partners = Partner.objects.filter(payouts__run=run).order_by("pk")
    # Who enters an account, or confirms a tax status, just now waits.
    list(partners.select_for_update(no_key=True, of=("self",)))
    of_tax = _("Set aside: the tax status was changed meanwhile.")
    of_account = _("Set aside: the bank account was changed meanwhile.")
    changed = dict.fromkeys(taxed_since(run), of_tax) | dict.fromkeys(changed_since(run), of_account)
    if changed and len(changed) == run.payouts.count():
        raise AccountsChanged
    for payout, why in sorted(changed.items(), key=lambda each: each[0].pk):
        payout.failed_at, payout.failure = at, why
        payout.save(update_fields=["failed_at", "failure"])
        payout.entries.filter(released_at__isnull=True).update(released_at=at)
        audit.record("payout.set_aside", payout, by=None, at=at)


def changed_since(run: PayoutRun) -> list[Payout]:
    """Return the payouts of a run that no longer go to their partner's newest account."""
    rows = list(run.payouts.order_by("pk"))
    newest = dict(
        BankDetails.objects.newest()
        .filter(partner__in=[row.partner_id for row in rows])
        .values_list("partner_id", "pk")
    )
    return [row for row in rows if row.bank_details_id != newest.get(row.partner_id)]


def taxed_since(run: PayoutRun) -> list[Payout]:
    """Return the payouts of a run whose VAT isn't what their partner's tax status calls for any more."""
    rows = list(run.payouts.select_related("partner").order_by("pk"))
    taxes = {tax.partner_id: tax for tax in TaxStatus.objects.filter(partner__payouts__run=run)}
    return [row for row in rows if not _is_taxed_by(taxes.get(row.partner_id), row)]


def _is_taxed_by(tax: TaxStatus | None, payout: Payout) -> bool:
    if tax is None or not tax.is_of(payout.partner) or tax.vat_percent != payout.vat_percent:
        return False
    return payout.vat_treatment in ("", tax.treatment)  # none: prepared before treatments were told apart


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
    if pays(row, by):
        raise OwnPayout
    return row


def pays(run: PayoutRun, by: User) -> bool:
    """Tell whether a run pays this person, under any account of theirs."""
    paid = Partner.objects.filter(payouts__run=run).select_related("user")
    return any(is_paid_to(by, partner) for partner in paid)


@transaction.atomic
def mark_paid(*, payout: Payout, paid_on: date, by: User, at: datetime) -> Payout:
    """Record that the bank transferred a payout on `paid_on`; the partner is told.

    :raises RunNotApproved, PayoutSettled, PaidInTheFuture: it can't be.  :raises OwnMoney: it is theirs.
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
def mark_run_paid(
    *, run: PayoutRun, paid_on: date, excepted: Collection[int] = (), by: User, at: datetime
) -> list[Payout]:
    """Record that the bank transferred all of a run's open payouts on `paid_on`, those in `excepted` aside.

    :param excepted: ids of payouts that stay open.
    :raises NothingToMark: none is left.  :raises RunNotApproved, PaidInTheFuture: it can't be.
    :raises OwnMoney: one is theirs; somebody else marks it.
    """
    check_finance(by)
    rows = run.payouts.filter(paid_on__isnull=True, failed_at__isnull=True).exclude(pk__in=excepted)
    open_now = list(rows.select_for_update().order_by("pk"))  # marked one by one meanwhile: not here again
    if not open_now:
        raise NothingToMark
    return [mark_paid(payout=payout, paid_on=paid_on, by=by, at=at) for payout in open_now]


@transaction.atomic
def mark_failed(*, payout: Payout, reason: str, by: User, at: datetime) -> Payout:
    """Record that a transfer failed; its entries go into the next payout.

    :raises RunNotApproved, PayoutSettled: it can't be.  :raises OwnMoney: who says so would be paid again.
    """
    statements.in_turn()  # before the payout's row: who closes a month holds the turn and refers to the row
    row = _approved(payout, by=by)
    _take_back(row, reason=reason, at=at)
    audit.record("payout.failed", row, by=by, at=at)
    return row


@transaction.atomic
def mark_returned(*, payout: Payout, returned_on: date, reason: str, by: User, at: datetime) -> Payout:
    """Record that the bank sent back what was marked as paid; its entries go into the next payout.

    :param returned_on: the day on which the money was on SeMI's account again.
    :raises NotPaid: it isn't marked as paid: a transfer that never left has failed.
    :raises PayoutSettled: it came back before.  :raises ReturnedOutOfTime: before it was paid, or to come.
    :raises OwnMoney: who says so would be paid again.
    """
    statements.in_turn()  # as for a failed one
    row = _locked(payout, by=by)
    if row.failed_at:
        raise PayoutSettled
    if row.paid_on is None:
        raise NotPaid
    if not row.paid_on <= returned_on <= local_date(at):
        raise ReturnedOutOfTime
    row.returned_on = returned_on
    _take_back(row, reason=reason, at=at)
    audit.record("payout.came_back", row, by=by, at=at, returned_on=returned_on.isoformat())
    return row


def _take_back(payout: Payout, *, reason: str, at: datetime) -> None:
    """Free a payout's entries for the next one, and cancel its statement; the partner is told."""
    payout.failed_at, payout.failure = at, reason[:300]
    payout.save(update_fields=["failed_at", "failure", "returned_on"])
    payout.entries.filter(released_at__isnull=True).update(released_at=at)
    statements.issue_cancellation(payout=payout, at=at)


def _approved(payout: Payout, *, by: User) -> Payout:
    row = _locked(payout, by=by)
    if row.run.approved_at is None:
        raise RunNotApproved
    if row.paid_on or row.failed_at:
        raise PayoutSettled
    return row


def _locked(payout: Payout, *, by: User) -> Payout:
    check_finance(by)
    Payout.objects.select_for_update().get(pk=payout.pk)
    row = Payout.objects.select_related("run", "partner__user").get(pk=payout.pk)
    check_not_paid(by, row.partner)
    return row


def _tell(payout: Payout, what: str, *, at: datetime) -> None:
    outbox.enqueue(
        f"commissions.payout_{what}",
        key=f"payout:{payout.pk}:{what}",
        payload={"payout_id": payout.pk},
        at=at,
    )

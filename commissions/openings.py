"""Opening balances move in: a file is previewed, approved by another person, and entered as a whole (ADR 22).

What is open becomes one ledger entry for each deal and currency. Deals are held meanwhile, as whoever
accrues holds them: an opening comes before all that its deal earns here, or not at all.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from commissions import rules
from commissions.accrual import lock
from commissions.errors_openings import (
    ApproverHandedItIn,
    MapperHandsItIn,
    NoOpeningsToEnter,
    OpeningEarnedSince,
    OpeningFileGone,
    OpeningNotVouchedFor,
    OpeningPaidOut,
    OpeningRowsInTheWay,
    OpeningsChanged,
    OpeningsMoveInOnce,
    OpeningUndoneAlready,
    OwnOpening,
)
from commissions.models import Commission, CommissionKind, Opening, OpeningImport, OpeningSum, PayoutEntry
from commissions.opening_plan import COLUMNS, Draft, Plan, plan_openings
from commissions.permissions import check_approves, check_finance, earns_from
from partners.models import Partner
from ssp.core import audit, outbox
from ssp.core.batches import fingerprint
from ssp.core.errors import constraint_as
from ssp.core.intake import NEW, check_mapping, recognise
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.tabular import Table, fold, read_table

MAX_ROWS = 500  # some statements each, in one transaction of one request
KEPT = timedelta(days=30)  # how long a preview that nobody approves is kept
TURN = "commissions.openings"


# --- before ----------------------------------------------------------------------------------------
@transaction.atomic
def upload_openings(*, content: bytes, file_name: str, by: User, at: datetime) -> OpeningImport:
    """Keep a file for its preview; nothing is entered yet.

    :raises NotAllowed:  :raises UnreadableTable: the file can't be used, in words.
    """
    check_finance(by)
    table = read_table(content, max_rows=MAX_ROWS)
    record = OpeningImport.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        mapping=recognise(table.headers, COLUMNS),
        uploaded_by=by,
        uploaded_at=at,
    )
    audit.record("openings.uploaded", record, by=by, at=at, rows=len(table.rows))
    return record


@transaction.atomic
def map_openings(*, record: OpeningImport, mapping: Mapping[str, str], by: User, at: datetime) -> None:
    """Say which column of a preview is which.

    :raises NotAllowed, OpeningFileGone, OpeningsMoveInOnce:
    :raises MapperHandsItIn: who approves doesn't choose what is read.
    :raises ColumnsUnclear: something needed is left open.
    """
    check_finance(by)
    row = _locked_preview(record)
    if row.uploaded_by_id != by.pk:
        raise MapperHandsItIn
    known = {column.name for column in COLUMNS}
    chosen = {name: fold(heading) for name, heading in mapping.items() if name in known and heading}
    check_mapping(chosen, table_of(row).headers, COLUMNS)
    row.mapping = chosen
    row.save(update_fields=["mapping"])
    audit.record("openings.mapped", row, by=by, at=at)


@transaction.atomic
def discard_openings(*, record: OpeningImport, by: User, at: datetime) -> None:
    """Delete a preview.

    :raises NotAllowed, OpeningFileGone:  :raises OpeningsMoveInOnce: what is in stays listed.
    """
    check_approves(by)
    row = _locked_preview(record)
    audit.record("openings.discarded", row, by=by, at=at)
    row.delete()


@transaction.atomic
def forget_previews(*, at: datetime) -> int:
    """Delete previews that nobody approved for a month; returns how many."""
    old = OpeningImport.objects.filter(committed_at=None, uploaded_at__lt=at - KEPT)
    rows = list(old.select_for_update(skip_locked=True))
    for row in rows:
        audit.record("openings.forgotten", row, by=None, at=at)
        row.delete()
    return len(rows)


def table_of(record: OpeningImport) -> Table:
    """Return the rows of a file."""
    return read_table(bytes(record.content), max_rows=MAX_ROWS)


def plan_of(record: OpeningImport, *, at: datetime) -> Plan:
    """Judge every row of a preview as things stand now; saves nothing.

    :raises ColumnsUnclear: somebody must say which column is which.
    """
    return plan_openings(table_of(record), record.mapping, at=at)


def shown_by(plan: Plan) -> str:
    """Return the mark of what a preview shows; `approve_openings` wants the same."""
    return fingerprint(plan.shown)


# --- in --------------------------------------------------------------------------------------------
@transaction.atomic
def approve_openings(*, record: OpeningImport, shown: str, vouched: bool, by: User, at: datetime) -> Plan:
    """Enter exactly what was previewed, on two people's word: every new row, or none.

    :param shown: the mark of the preview (`shown_by`).  :param vouched: they compared it with the books.
    :raises NotAllowed, OpeningFileGone, OpeningsMoveInOnce, OpeningRowsInTheWay, NoOpeningsToEnter:
    :raises ApproverHandedItIn: who handed it in can't.  :raises OwnOpening: it is about one of the two.
    :raises OpeningNotVouchedFor:  :raises OpeningsChanged: the database or the mapping changed since.
    """
    check_approves(by)
    if not vouched:
        raise OpeningNotVouchedFor
    one_after_another(TURN)
    row = _locked_preview(record)
    if row.uploaded_by_id == by.pk:
        raise ApproverHandedItIn
    lock(sorted({draft.deal.pk for draft in plan_of(row, at=at).drafts if draft.deal}))
    plan = plan_of(row, at=at)  # anew: whoever accrued has finished
    if shown_by(plan) != shown:
        raise OpeningsChanged
    if not plan.is_fine:
        raise OpeningRowsInTheWay
    if not plan.new:
        raise NoOpeningsToEnter
    partners = {d.deal.use_case.partner_id: d.deal.use_case.partner for d in plan.new if d.deal}
    for partner in partners.values():
        _check_not_own(partner, by, row.uploaded_by)
    with (
        constraint_as("opening_import_by_two_people", ApproverHandedItIn),
        constraint_as("opening_by_two_people", OpeningsChanged),
        constraint_as("opening_once_per_deal", OpeningsChanged),
        transaction.atomic(),
    ):
        row.committed_by, row.committed_at = by, at
        row.report, row.content = plan.kept, b""  # it may name people; the openings hold what it said
        row.save(update_fields=["committed_by", "committed_at", "report", "content"])
        for drafts in plan.by_deal.values():
            _enter(row, drafts, at=at)
    audit.record("openings.approved", row, by=by, at=at, new=plan.count(NEW))
    for pk in sorted(partners):
        outbox.enqueue(
            "commissions.openings_told",
            key=f"openings:{row.pk}:partner:{pk}",
            payload={"import_id": row.pk, "partner_id": pk},
            at=at,
        )
    return plan


def _check_not_own(partner: Partner, *people: User | None) -> None:
    if any(person is not None and earns_from(person, partner) for person in people):
        raise OwnOpening


def _enter(record: OpeningImport, drafts: Sequence[Draft], *, at: datetime) -> None:
    first = drafts[0]
    deal, contract, said = first.deal, first.contract, first.said
    assert deal is not None and contract is not None  # the plan refused the rows otherwise
    opening = Opening.objects.create(
        opening_import=record,
        deal=deal,
        contract=contract,
        as_of=said.as_of,
        cap_starts_on=said.cap_starts_on,
        recurring_before=said.recurring_before,
        first_taken=said.first_taken,
        recorded_at=at,
    )
    sums = [
        OpeningSum.objects.create(
            opening=opening,
            currency=draft.said.currency,
            earned=draft.said.earned,
            paid=draft.said.paid,
        )
        for draft in drafts
    ]
    for each in sums:
        if each.open:
            enter(opening, each, amount=each.open, due=each.open, at=at)
    audit.record("opening.entered", opening, by=record.committed_by, at=at, deal=deal.pk)
    # Invoices of the deal that came before wait for it; the nightly run would find them too.
    outbox.enqueue(
        "commissions.opening_entered",
        key=f"opening:{opening.pk}:entered",
        payload={"deal_id": deal.pk},
        at=at,
    )


def enter(opening: Opening, each: OpeningSum, *, amount: Decimal, due: Decimal, at: datetime) -> Commission:
    """Write an opening's entry into the ledger: what is open, or the opposite when it is taken back.

    Both count from the same day: until then neither, and from then on they add up to nothing.
    """
    use_case = opening.deal.use_case
    entry: Commission = Commission.objects.create(
        partner_id=use_case.partner_id,
        contract_id=opening.contract_id,
        use_case=use_case,
        opening=each,
        kind=CommissionKind.OPENING,
        rate_percent=0,
        eligible_net=0,
        paid_numerator=0,
        paid_denominator=0,
        due=due,
        amount=amount,
        currency=each.currency,
        earned_on=opening.as_of,
        payable_on=rules.payable_on(opening.as_of, each.open),
        why={"earned_before": str(each.earned), "paid_before": str(each.paid), "due": str(due)},
        recorded_at=at,
    )
    return entry


# --- and back --------------------------------------------------------------------------------------
@transaction.atomic
def undo_opening(*, opening: Opening, by: User, at: datetime) -> None:
    """Take an opening back: entries of the opposite amounts, as long as nothing rests on it.

    :raises NotAllowed:  :raises OpeningUndoneAlready:
    :raises OpeningPaidOut: its balance is in a payout.  :raises OpeningEarnedSince: the deal earned here.
    """
    check_finance(by)
    sums = list(opening.sums.order_by("currency"))
    for each in sums:  # nobody prepares a payout meanwhile
        one_after_another(f"commissions.payouts.{each.currency}")
    lock([opening.deal_id])
    row = (
        Opening.objects.select_for_update(of=("self",))
        .select_related("deal__use_case__partner__recruiter")
        .get(pk=opening.pk)
    )
    if row.undone_at is not None:
        raise OpeningUndoneAlready
    _check_not_own(row.deal.use_case.partner, by)
    if PayoutEntry.objects.filter(commission__opening__opening=row, released_at__isnull=True).exists():
        raise OpeningPaidOut
    if Commission.objects.by_facts().filter(use_case=row.deal.use_case_id).exists():
        raise OpeningEarnedSince
    with constraint_as("opening_stays", OpeningPaidOut), transaction.atomic():
        row.undone_by, row.undone_at = by, at
        row.save(update_fields=["undone_by", "undone_at"])
        for each in sums:
            if each.open:
                enter(row, each, amount=-each.open, due=Decimal(0), at=at)
    audit.record("opening.undone", row, by=by, at=at, deal=row.deal_id)


def openings_of(partner: Partner) -> QuerySet[Opening]:
    """Return what a partner's deals earned before this system, with all that a page says about it."""
    return (
        Opening.objects.living()
        .owned_by(partner)
        .select_related("deal__use_case__referral__company", "contract")
        .prefetch_related("sums")
        .order_by("as_of", "pk")
    )


def _locked_preview(record: OpeningImport) -> OpeningImport:
    row = OpeningImport.objects.select_for_update().filter(pk=record.pk).first()
    if row is None:
        raise OpeningFileGone
    if row.committed_at is not None:
        raise OpeningsMoveInOnce
    return row

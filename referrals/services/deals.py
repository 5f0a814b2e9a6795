"""Deals: one per use case, worked by sales, won on the day the customer signed (C2, C9)."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from referrals.errors import (
    CustomerReferenceTaken,
    DealClosed,
    LossNeedsReason,
    SignedInTheFuture,
    UseCaseClosed,
)
from referrals.models import Deal, DealStage, UseCase
from referrals.models.deals import RESELLER_NAMED
from referrals.permissions import check_not_own, check_sells
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.models import User
from ssp.core.periods import local_date


def _open_deal(deal: Deal) -> Deal:
    row = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
    if not row.is_open:
        raise DealClosed
    # Read after the lock: whoever held it may have closed the use case.
    row.use_case = UseCase.objects.select_related("partner__user").get(pk=row.use_case_id)
    return row


def tell_use_case_changed(use_case_id: int, *, why: str, at: datetime) -> None:
    """Let whoever pays look at the use case again."""
    outbox.enqueue(
        "referrals.use_case_changed",
        key=f"use-case:{use_case_id}:{why}",
        payload={"use_case_id": use_case_id},
        at=at,
    )


@transaction.atomic
def move_deal(*, deal: Deal, stage: str, by: User, at: datetime) -> Deal:
    """Move an open deal to another open stage.

    :raises DealClosed: won or lost.
    """
    check_sells(by)
    row = _open_deal(deal)
    if stage not in DealStage.values or stage in (DealStage.WON, DealStage.LOST):
        raise DealClosed
    if stage != row.stage:
        row.stage = stage
        row.save(update_fields=["stage"])
        audit.record("deal.moved", row, by=by, at=at, stage=stage, use_case=row.use_case_id)
    return row


@transaction.atomic
def update_deal(
    *,
    deal: Deal,
    expected_net: Decimal | None,
    expected_on: date | None,
    currency: str,
    customer_reference: str,
    reseller_name: str,
    by: User,
    at: datetime,
) -> Deal:
    """Keep what sales expects, and the reference by which invoices find the deal (C17: a reseller may
    be named).

    A won deal keeps accepting its reference: invoices come later.

    :raises CustomerReferenceTaken: another deal's.
    """
    check_sells(by)
    row = (
        Deal.objects.select_for_update(of=("self",)).select_related("use_case__partner__user").get(pk=deal.pk)
    )
    check_not_own(by, row.use_case.partner)
    reseller_before = row.reseller_name
    row.expected_net, row.expected_on, row.currency = expected_net, expected_on, currency
    row.customer_reference, row.reseller_name = customer_reference.strip(), reseller_name.strip()
    with constraint_as("deal_customer_reference_once", CustomerReferenceTaken), transaction.atomic():
        row.save()
    audit.record("deal.updated", row, by=by, at=at, use_case=row.use_case_id)
    if row.reseller_name and row.reseller_name != reseller_before:
        audit.record(RESELLER_NAMED, row, by=by, at=at, use_case=row.use_case_id)
    return row


@transaction.atomic
def win_deal(*, deal: Deal, signed_on: date, by: User, at: datetime) -> Deal:
    """Record that the customer signed on `signed_on` (C2).

    What counts is that day: a deal signed on the window's last day and recorded a week later pays; one
    signed a day
    later is recorded as won and pays nothing (`Deal.is_within_window`).

    :raises DealClosed, UseCaseClosed: nothing to win.  :raises SignedInTheFuture: not yet.
    """
    check_sells(by)
    row = _open_deal(deal)
    check_not_own(by, row.use_case.partner)
    if not row.use_case.is_open:
        raise UseCaseClosed
    if signed_on > local_date(at):
        raise SignedInTheFuture
    row.stage, row.signed_on, row.recorded_at = DealStage.WON, signed_on, at
    row.save(update_fields=["stage", "signed_on", "recorded_at"])
    audit.record(
        "deal.won", row, by=by, at=at, signed_on=signed_on.isoformat(), in_time=row.is_within_window()
    )
    payload: dict[str, int | str] = {"deal_id": row.pk}
    outbox.enqueue("referrals.deal_won", key=f"deal:{row.pk}:won", payload=payload, at=at)
    outbox.enqueue("referrals.deal_won_mail", key=f"deal:{row.pk}:won-mail", payload=payload, at=at)
    return row


@transaction.atomic
def lose_deal(*, deal: Deal, reason: str, by: User, at: datetime) -> Deal:
    """Close a deal without a sale.

    :raises LossNeedsReason: the partner reads it.
    """
    check_sells(by)
    row = _open_deal(deal)
    if not reason.strip():
        raise LossNeedsReason
    row.stage, row.lost_reason = DealStage.LOST, reason.strip()[:300]
    row.save(update_fields=["stage", "lost_reason"])
    audit.record("deal.lost", row, by=by, at=at, use_case=row.use_case_id)
    return row

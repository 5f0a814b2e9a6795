"""Two partners over one person or one company: staff asks, a sales lead rules once (C12, C18)."""

from datetime import datetime

from django.db import transaction

from referrals.errors_disputed import (
    DecisionNeedsReason,
    DisputeOpenAlready,
    DisputeRuled,
    NoDispute,
    VestedClaimStands,
)
from referrals.models import Dispute, DisputeRuling, Referral, ReferralStatus, Refusal
from referrals.permissions import check_leads_sales, check_not_own, check_sells
from referrals.services.introductions import cancel_booked
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.models import User


def _check_two(first: Referral, second: Referral) -> None:
    same = first.company_id == second.company_id or first.identity == second.identity
    if first.partner_id == second.partner_id or not same:
        raise NoDispute


@transaction.atomic
def open_dispute(*, one: Referral, other: Referral, question: str, by: User, at: datetime) -> Dispute:
    """Put two claims side by side and ask whose introduction it is.

    :raises NoDispute: not two partners at one company.  :raises DisputeOpenAlready: it is asked.
    """
    check_sells(by)
    first, second = sorted((one, other), key=lambda referral: referral.pk)
    _check_two(first, second)
    for referral in (first, second):
        check_not_own(by, referral.partner)
    if not question.strip():
        raise DecisionNeedsReason
    with constraint_as("dispute_open_once", DisputeOpenAlready), transaction.atomic():
        dispute = Dispute.objects.create(
            first=first, second=second, question=question.strip(), opened_by=by, opened_at=at
        )
    audit.record("dispute.opened", dispute, by=by, at=at, first=first.pk, second=second.pk)
    return dispute


def may_rule(dispute: Dispute, by: User) -> None:
    """:raises NotAllowed, OwnReferral: a sales lead rules, who is neither of the two."""
    check_leads_sales(by)
    for referral in (dispute.first, dispute.second):
        check_not_own(by, referral.partner)


@transaction.atomic
def rule(*, dispute: Dispute, ruling: str, reason: str, by: User, at: datetime) -> Dispute:
    """Rule, with a reason that staff alone read; it can't be changed afterwards.

    The claim that doesn't stand ends, and its partner gets the neutral answer of C12, against which they may
    appeal. A vested claim is for good: no ruling ends it.

    :raises DisputeRuled: somebody was faster.  :raises DecisionNeedsReason, VestedClaimStands: not like this.
    """
    row = (
        Dispute.objects.select_for_update(of=("self",))
        .select_related("first__partner__user", "second__partner__user")
        .get(pk=dispute.pk)
    )
    if row.ruled_at is not None:
        raise DisputeRuled
    may_rule(row, by)
    if not reason.strip() or ruling not in DisputeRuling.values:
        raise DecisionNeedsReason
    if ruling == DisputeRuling.FIRST:
        _decline(row.second, by=by, at=at)
    elif ruling == DisputeRuling.SECOND:
        _decline(row.first, by=by, at=at)
    row.ruling, row.reason, row.ruled_by, row.ruled_at = ruling, reason.strip(), by, at
    row.save()
    audit.record("dispute.ruled", row, by=by, at=at, ruling=ruling)
    return row


def _decline(referral: Referral, *, by: User, at: datetime) -> None:
    row = Referral.objects.select_for_update(of=("self",)).select_related("partner__user").get(pk=referral.pk)
    if not row.is_live:  # it ended by itself: nothing is taken from anybody
        return
    if row.status not in (ReferralStatus.CHECKING, ReferralStatus.REGISTERED):
        raise VestedClaimStands
    row.decline(at=at)
    row.save()
    cancel_booked(referral=row, by=by, at=at)
    Refusal.objects.get_or_create(
        referral=row,
        defaults={"partner": row.partner, "identity": row.identity, "refused_at": at, "refused_by": by},
    )
    audit.record("referral.declined", row, by=by, at=at)
    outbox.enqueue(
        "referrals.not_eligible",
        key=f"referral:{row.pk}:not-eligible",
        payload={"referral_id": row.pk},
        at=at,
    )

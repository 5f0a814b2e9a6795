"""Work of somebody who left sales goes to their successor."""

from datetime import datetime

from django.db import transaction

from partners.models import Partner
from referrals import permissions
from referrals.errors import OwnReferral
from referrals.models import Confirmation, Introduction, IntroductionStatus, Proposal, Referral
from referrals.services.confirmations import ask_again
from referrals.services.introductions import invite
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed
from ssp.core.models import User


@transaction.atomic
def hand_over_work(*, user: User, to: User, at: datetime) -> None:
    """Move open referrals, meetings to come and unanswered questions to a successor.

    Everybody invited gets the entry anew; a question's old link dies with the role, and the new host is
    asked. What the successor brought in as a partner goes to somebody else of sales.
    """
    if user.pk == to.pk:
        raise NotAllowed
    for referral in Referral.objects.live().filter(seller=user).select_related("partner__user"):
        successor = _successor(to, referral.partner)
        # Alone in sales with what they brought in themselves: nobody is responsible, and the desk says so.
        referral.seller = None if permissions.is_own(successor, referral.partner) else successor
        referral.save(update_fields=["seller"])
        audit.record("referral.seller_assigned", referral, by=None, at=at, seller=referral.seller_id)
    meetings = (
        Introduction.objects.select_for_update(of=("self",))
        .filter(host=user, status=IntroductionStatus.BOOKED)
        .select_related("referral__partner__user")
    )
    for row in meetings:
        row.host = _successor(to, row.referral.partner)
        to_come = row.starts_at > at
        row.calendar_sequence += int(to_come)
        row.save(update_fields=["host", "calendar_sequence"])
        audit.record("introduction.host_changed", row, by=None, at=at, host=row.host.pk)
        if to_come:
            outbox.enqueue(
                "referrals.host_replaced",
                key=f"introduction:{row.pk}:host-replaced:{row.calendar_sequence}",
                payload={"introduction_id": row.pk, "user_id": user.pk},
                at=at,
            )
            invite(row, at=at)
        for question in row.confirmations.filter(asked=Confirmation.Asked.HOST, answered_at__isnull=True):
            ask_again(question, at=at)
    proposed = Proposal.objects.open().select_for_update(of=("self",)).filter(host=user)
    for proposal in proposed.select_related("referral__partner__user"):
        proposal.host = _successor(to, proposal.referral.partner)
        proposal.save(update_fields=["host"])
        audit.record("introduction.proposal_host_changed", proposal, by=None, at=at, host=proposal.host.pk)


def _successor(to: User, partner: Partner) -> User:
    """Return `to`, or somebody else of sales for what is their own introduction (C1)."""
    for candidate in (to, *permissions.hosts().exclude(pk=to.pk)):
        try:
            permissions.check_not_own(candidate, partner)
        except OwnReferral:
            continue
        return candidate
    return to

"""What the outbox delivers about proposed times, claims that end soon, and appeals (C12)."""

from datetime import datetime

from referrals import permissions, proposal_letters
from referrals.handlers import deliver_letter, sales_leads
from referrals.models import Appeal, Introduction, IntroductionStatus, Proposal, Referral
from referrals.proposals import RELATED
from ssp.core.models import OutboxMessage
from ssp.core.outbox import handles
from ssp.core.periods import local_date


def _open(message: OutboxMessage) -> Proposal | None:
    rows = Proposal.objects.open().select_related(*RELATED).prefetch_related("times")
    return rows.filter(pk=message.payload["proposal_id"]).first()


def _who_answers(proposal: Proposal) -> list[str]:
    """Return who was asked for, else who looks after the person, else the sales leads."""
    for user in (proposal.host, proposal.referral.seller):
        if user is not None and permissions.can_host(user):
            return [user.email]
    return sales_leads()


@handles("referrals.times_proposed")
def send_times_proposed(message: OutboxMessage) -> None:
    if proposal := _open(message):
        deliver_letter(proposal_letters.times_proposed(proposal, 0), _who_answers(proposal), message)


@handles("referrals.times_reminder")
def send_times_reminder(message: OutboxMessage) -> None:
    if proposal := _open(message):
        deliver_letter(proposal_letters.times_proposed(proposal, 1), _who_answers(proposal), message)


@handles("referrals.times_escalation")
def send_times_escalation(message: OutboxMessage) -> None:
    if proposal := _open(message):
        deliver_letter(proposal_letters.times_escalated(proposal), sales_leads(), message)


@handles("referrals.other_times")
def send_other_times(message: OutboxMessage) -> None:
    if proposal := _open(message):
        partner = proposal.referral.partner
        deliver_letter(proposal_letters.other_times(proposal), [partner.user.email], message)


@handles("referrals.claim_reminder")
def send_claim_reminder(message: OutboxMessage) -> None:
    """Remind unless the claim was moved, ended, or is met meanwhile."""
    referral = (
        Referral.objects.live()
        .filter(pk=message.payload["referral_id"], claim_last_on=message.payload["last_on"])
        .select_related("partner__user", "company")
        .first()
    )
    booked = Introduction.objects.filter(
        referral=message.payload["referral_id"], status=IntroductionStatus.BOOKED
    )
    if referral is None or referral.vested_at or booked.exists():
        return
    on = local_date(datetime.fromisoformat(str(message.payload["at"])))
    deliver_letter(proposal_letters.claim_reminder(referral, on), [referral.partner.user.email], message)


def _appeal(message: OutboxMessage) -> Appeal:
    rows = Appeal.objects.select_related("refusal__partner__user", "referral__company", "referral__partner")
    return rows.get(pk=message.payload["appeal_id"])


@handles("referrals.appealed")
def send_appealed(message: OutboxMessage) -> None:
    appeal = _appeal(message)
    if appeal.is_open:
        deliver_letter(proposal_letters.appealed(appeal), sales_leads(), message)


@handles("referrals.appeal_answered")
def send_appeal_answered(message: OutboxMessage) -> None:
    appeal = _appeal(message)
    write = proposal_letters.appeal_accepted if appeal.accepted else proposal_letters.appeal_refused
    deliver_letter(write(appeal), [appeal.refusal.partner.user.email], message)

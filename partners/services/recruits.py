"""A partner invites a new sales partner (C20-C22)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from partners import queries
from partners.errors import AlreadyInvited, InvitationNotValid, OwnAddress, PartnershipNotStarted
from partners.models import Partner, RecruitInvitation
from partners.rules import INVITATION_LASTS, free_slot
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.identity import identity_of
from ssp.core.links import hash_token, new_token
from ssp.core.models import User

SLOT_TAKEN = "partner_bonus_slot_taken_once"


@transaction.atomic
def invite_recruit(*, partner: Partner, email: str, by: User, at: datetime) -> RecruitInvitation:
    """Invite somebody to become a partner: a link bound to the address, single use, 30 days (C20).

    :raises PartnershipNotStarted: C6.  :raises OwnAddress: C22.  :raises AlreadyInvited: withdraw it first.
    """
    if not partner.is_active(at=at):
        raise PartnershipNotStarted
    address = email.strip().lower()
    if identity_of(address) == partner.identity:
        raise OwnAddress
    open_ones = partner.invitations.filter(email=address, used_at__isnull=True, revoked_at__isnull=True)
    open_ones.filter(expires_at__lte=at).update(revoked_at=at)
    salt, token_hash = new_token("recruit")
    with constraint_as("recruit_invitation_one_live", AlreadyInvited), transaction.atomic():
        invitation = RecruitInvitation.objects.create(
            recruiter=partner,
            email=address,
            token_salt=salt,
            token_hash=token_hash,
            invited_at=at,
            expires_at=at + INVITATION_LASTS,
        )
    audit.record("recruit.invited", invitation, by=by, at=at, recruiter=partner.pk)
    outbox.enqueue(
        "partners.recruit_invited",
        key=f"recruit-invitation:{invitation.pk}",
        payload={"invitation_id": invitation.pk},
        at=at,
    )
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: RecruitInvitation, by: User, at: datetime) -> None:
    """Withdraw an invitation that nobody used yet; its link stops working at once.

    :raises InvitationNotValid: it was used, or withdrawn before.
    """
    revoked = RecruitInvitation.objects.filter(
        pk=invitation.pk, used_at__isnull=True, revoked_at__isnull=True
    ).update(revoked_at=at)
    if not revoked:
        raise InvitationNotValid
    audit.record("recruit.revoked", invitation, by=by, at=at)


def open_invitation(*, token: str, at: datetime) -> RecruitInvitation:
    """Return the live invitation of a link.

    :raises InvitationNotValid: unknown, used, withdrawn, expired, or its sender is no partner any more.
    """
    invitation = (
        RecruitInvitation.objects.live(at=at)
        .select_related("recruiter__user")
        .filter(token_hash=hash_token(token))
        .first()
    )
    if invitation is None or not invitation.recruiter.is_active(at=at):
        raise InvitationNotValid
    return invitation


def find_invitation(*, user: User, token: str, at: datetime) -> RecruitInvitation | None:
    """Return the invitation `user` applies with: the link they followed, else one sent to their address."""
    if token:
        try:
            invitation = open_invitation(token=token, at=at)
        except InvitationNotValid:
            pass
        else:
            if queries.is_usable(invitation, user, at=at):
                return invitation
    return queries.invitation_for(user, at=at)


def take_slot(recruit: Partner) -> int | None:
    """Give the recruit the first free of their recruiter's three slots, for good; a fourth gets none (C21).

    Call it in the transaction of the signature. Who loses a race for a slot waits on the unique
    constraint for the winner's commit, then tries the next. A recruiter ended for cause gets no bonus (C20).
    """
    recruiter = recruit.recruiter
    if recruiter is None or recruiter.end_kind == Partner.EndKind.CAUSE:
        return None
    taken = {recruit.bonus_slot for recruit in recruiter.recruits.all() if recruit.bonus_slot}
    while (slot := free_slot(taken)) is not None:
        try:
            with transaction.atomic():
                Partner.objects.filter(pk=recruit.pk).update(bonus_slot=slot)
        except IntegrityError as lost:
            if SLOT_TAKEN not in str(lost):
                raise
            taken.add(slot)
        else:
            return slot
    return None

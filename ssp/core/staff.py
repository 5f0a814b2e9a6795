"""Staff: invited by an administrator, given and relieved of roles (services)."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ssp.core import audit, outbox
from ssp.core.errors import DomainError, NotAllowed
from ssp.core.links import hash_token, new_token
from ssp.core.models import RoleGrant, StaffInvitation, User
from ssp.core.roles import STAFF_ROLES, Role

INVITATION_LASTS = timedelta(days=7)


class InvitationNotValid(DomainError):
    message = _("This invitation was used, replaced or has expired. Ask an administrator for a new one.")


class PasswordNeeded(DomainError):
    message = _("Choose a password for your account.")


class LastAdministrator(DomainError):
    message = _("This is the last administrator. Make somebody else administrator first.")


class NobodyToHandTo(DomainError):
    message = _("Choose who takes over the open work: it must be somebody else with the same role.")


def check_is_administrator(user: User) -> None:
    if not user.has_role(Role.ADMINISTRATOR):
        raise NotAllowed


def lock_roles(user: User) -> None:
    """Let one change of this person's roles wait for the other, so that the staff flag follows both."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def sync_staff_flag(user: User) -> None:
    user.forget_roles()
    user.is_staff = bool(user.roles & STAFF_ROLES)
    user.save(update_fields=["is_staff"])


@transaction.atomic
def grant_role(*, user: User, role: Role, by: User | None, at: datetime) -> None:
    """Give `user` a role. `by` is None only for the first administrator and for a partner's own start."""
    if by is not None:
        check_is_administrator(by)
    lock_roles(user)
    _grant, created = RoleGrant.objects.get_or_create(
        user=user, role=role, ended_at=None, defaults={"granted_at": at}
    )
    if created:
        sync_staff_flag(user)
        audit.record("role.granted", user, by=by, at=at, role=role.value)


@transaction.atomic
def invite_staff(*, email: str, full_name: str, role: Role, by: User, at: datetime) -> StaffInvitation:
    """Invite a colleague by e-mail and role; the link is in the mail alone. An earlier one no longer works.

    :raises NotAllowed: `by` isn't an administrator.
    """
    check_is_administrator(by)
    email = email.strip().lower()
    StaffInvitation.objects.filter(email=email, accepted_at__isnull=True, expires_at__gt=at).update(
        expires_at=at
    )
    salt, token_hash = new_token("staff")
    invitation = StaffInvitation.objects.create(
        email=email,
        full_name=full_name,
        role=role,
        token_salt=salt,
        token_hash=token_hash,
        invited_by=by,
        invited_at=at,
        expires_at=at + INVITATION_LASTS,
    )
    audit.record("staff.invited", invitation, by=by, at=at, role=role.value)
    outbox.enqueue(
        "core.staff_invitation",
        key=f"staff-invitation:{invitation.pk}",
        payload={"invitation_id": invitation.pk},
        at=at,
    )
    return invitation


def open_invitation(*, token: str, at: datetime) -> StaffInvitation:
    """Return the invitation of a link.

    :raises InvitationNotValid: unknown, used, replaced, expired, or from somebody no longer administrator.
    """
    invitation = StaffInvitation.objects.filter(
        token_hash=hash_token(token),
        accepted_at__isnull=True,
        expires_at__gt=at,
        invited_by__role_grants__role=Role.ADMINISTRATOR,
        invited_by__role_grants__ended_at__isnull=True,
    ).first()
    if invitation is None:
        raise InvitationNotValid
    return invitation


def account_of(invitation: StaffInvitation) -> User | None:
    """Return the account whose holder confirmed the invited address: a mere sign-up proves nothing."""
    address = EmailAddress.objects.filter(email__iexact=invitation.email, verified=True).first()
    return User.objects.get(pk=address.user_id) if address else None


@transaction.atomic
def accept_invitation(*, token: str, password: str | None, at: datetime) -> User:
    """Create the colleague's account with `password`, or add the role to the one they have, as it is.

    The link proves the address. An account that somebody made with it, but never confirmed, becomes the
    invited person's: new password, and nothing that was set up before opens it.

    :raises InvitationNotValid: unknown, used (also by a second press at the same moment) or expired.
    :raises PasswordNeeded: there is no confirmed account, and no `password`.
    """
    invitation = open_invitation(token=token, at=at)
    taken = StaffInvitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(accepted_at=at)
    if not taken:
        raise InvitationNotValid
    user = account_of(invitation) or _own_account(invitation, password)
    grant_role(user=user, role=Role(invitation.role), by=None, at=at)
    audit.record("staff.joined", user, by=user, at=at, invitation=invitation.pk)
    return user


def _own_account(invitation: StaffInvitation, password: str | None) -> User:
    if not password:
        raise PasswordNeeded
    EmailAddress.objects.filter(email__iexact=invitation.email).delete()  # unconfirmed, or it were an account
    user = User.objects.select_for_update().filter(email__iexact=invitation.email).first()
    if user is None:
        user = User.objects.create_user(invitation.email, password, full_name=invitation.full_name)
    else:
        user.full_name = invitation.full_name
        user.set_password(password)
        user.save(update_fields=["full_name", "password"])
        EmailAddress.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Sign `user` out everywhere, now, `but` in the session with this key. Returns how many ended."""
    ended = 0
    for session in Session.objects.exclude(session_key=but).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
            ended += 1
    return ended


@transaction.atomic
def end_role(*, user: User, role: Role, hand_to: User | None, by: User, at: datetime) -> None:
    """Take a role away: sessions end at once, open work goes to `hand_to`.

    The apps that hold the work move it themselves: they hear of `core.role_ended` (`outbox.hears`), each by a
    message of its own in this transaction.

    :raises LastAdministrator: nobody could undo it.  :raises NobodyToHandTo: sales work needs a successor.
    """
    check_is_administrator(by)
    lock_roles(user)
    grants = RoleGrant.objects.select_for_update().filter(role=role, ended_at__isnull=True).order_by("pk")
    holders = {grant.user_id for grant in grants}
    by.forget_roles()
    check_is_administrator(by)  # still, after waiting for whoever changed these grants
    if user.pk not in holders:
        return
    if role == Role.ADMINISTRATOR and holders == {user.pk}:
        raise LastAdministrator
    if hand_to is not None and (hand_to.pk == user.pk or hand_to.pk not in holders):
        raise NobodyToHandTo
    if hand_to is None and role in (Role.SALES, Role.SALES_LEAD) and len(holders) > 1:
        raise NobodyToHandTo
    RoleGrant.objects.filter(user=user, role=role, ended_at__isnull=True).update(ended_at=at)
    sync_staff_flag(user)
    end_sessions(user)
    audit.record("role.ended", user, by=by, at=at, role=role.value, handed_to=hand_to.pk if hand_to else None)
    payload: dict[str, int | str] = {"user_id": user.pk, "role": role.value}
    if hand_to is not None:
        payload["hand_to_id"] = hand_to.pk
    outbox.announce("core.role_ended", key=f"{user.pk}:{role.value}:{at.isoformat()}", payload=payload, at=at)

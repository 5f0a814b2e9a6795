"""A partner whose paper was attested gets in: the link in the mail proves their address (C6)."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from partners.errors import LinkNotValid
from partners.models import MoveInRow
from ssp.core import audit
from ssp.core.links import hash_token
from ssp.core.models import User
from ssp.core.staff import end_sessions


def open_link(*, token: str, at: datetime) -> MoveInRow:
    """Return the row whose partner got this link.

    :raises LinkNotValid: unknown, used, expired, or the partner got in another way meanwhile.
    """
    row = (
        MoveInRow.objects.select_related("contract__partner__user")
        .filter(token_hash=hash_token(token), joined_at__isnull=True, link_expires_at__gt=at)
        .first()
    )
    if row is None or row.contract is None or is_proven(row.contract.partner.user):
        raise LinkNotValid
    return row


def is_proven(user: User) -> bool:
    """Tell whether somebody showed that the account's address is theirs."""
    return EmailAddress.objects.filter(user=user, verified=True).exists()


@transaction.atomic
def join(*, token: str, password: str, at: datetime) -> User:
    """Give the account its password; the link was sent to its address, which is proven by that.

    :raises LinkNotValid: also for a second press at the same moment.
    """
    row = open_link(token=token, at=at)
    if not MoveInRow.objects.filter(pk=row.pk, joined_at__isnull=True).update(joined_at=at):
        raise LinkNotValid
    assert row.contract is not None
    user = User.objects.select_for_update().get(pk=row.contract.partner.user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    end_sessions(user)
    audit.record("partner.joined", row.contract.partner, by=user, at=at, contract=row.contract.pk)
    return user

"""What somebody chooses for themself: which mails, whose clock, which language (ADR 11)."""

from collections.abc import Iterable
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet

from ssp.core import audit
from ssp.core.mail_kinds import MailKind, kind_named
from ssp.core.models import MutedMail, User, WantedMail

# Without a date: a mail that is sent again is the same mail.
_signer = Signer(salt="ssp.core.preferences.stop")


def wants(user: User | None, kind: MailKind | None) -> bool:
    """Tell whether somebody gets mails of a kind. Legal kinds, and what nobody registered, always come."""
    if user is None or kind is None or kind.legal:
        return True
    return bool(wanted_of(user, [kind]))


def wanted_of(user: User, kinds: Iterable[MailKind]) -> set[str]:
    """Return the names of those kinds that somebody gets: asked for, or not turned off."""
    muted = set(MutedMail.objects.filter(user=user).values_list("kind", flat=True))
    asked_for = set(WantedMail.objects.filter(user=user).values_list("kind", flat=True))
    return {
        kind.name
        for kind in kinds
        if kind.legal or (kind.name in asked_for if kind.on_request else kind.name not in muted)
    }


def who_asked_for(kind: MailKind) -> QuerySet[User]:
    """Return the people who asked for a kind that nobody gets unasked."""
    return User.objects.filter(is_active=True, wanted_mails__kind=kind.name)


@transaction.atomic
def set_mail(*, user: User, kind: MailKind, wanted: bool, at: datetime) -> None:
    """Turn a kind of mail on or off for somebody, once however often it is asked.

    :raises ValueError: a legal kind; nothing offers to turn it off.
    """
    if kind.legal:
        raise ValueError(f"{kind.name} is always sent")
    if kind.on_request and wanted:
        _, changed = WantedMail.objects.get_or_create(user=user, kind=kind.name, defaults={"wanted_at": at})
    elif kind.on_request:
        changed = bool(WantedMail.objects.filter(user=user, kind=kind.name).delete()[0])
    elif wanted:
        changed = bool(MutedMail.objects.filter(user=user, kind=kind.name).delete()[0])
    else:
        _, changed = MutedMail.objects.get_or_create(user=user, kind=kind.name, defaults={"muted_at": at})
    if changed:
        audit.record("user.mail_on" if wanted else "user.mail_off", user, by=user, at=at, kind=kind.name)


@transaction.atomic
def set_preferences(
    *,
    user: User,
    time_zone: str,
    language: str | None,
    offered: Iterable[MailKind],
    wanted: Iterable[str],
    at: datetime,
) -> None:
    """Keep everything that the preferences page asks.

    :param offered: the kinds that the page showed; others stay as they are.  :param wanted: names of those
        to be sent.  :param language: None where the page didn't ask.
    """
    user.time_zone = time_zone
    user.language = user.language if language is None else language
    user.save(update_fields=["time_zone", "language"])
    names = set(wanted)
    for kind in offered:
        if not kind.legal:
            set_mail(user=user, kind=kind, wanted=kind.name in names, at=at)


# --- the link in a mail -----------------------------------------------------------
def stop_token(user: User, kind: MailKind) -> str:
    """Return the token of the link that stops one kind of mail to one person, and does nothing else."""
    return _signer.sign_object([user.pk, kind.name])


def read_stop_token(token: str) -> tuple[User, MailKind] | None:
    """Return whose link that is and about which kind; nothing for what we didn't sign or no longer offer."""
    try:
        pk, name = _signer.unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    user, kind = User.objects.filter(pk=pk).first(), kind_named(str(name))
    return (user, kind) if user is not None and kind is not None and not kind.legal else None

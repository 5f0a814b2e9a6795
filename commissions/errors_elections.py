"""Why a locked election isn't changed (C5)."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class ElectionNeedsDirector(DomainError):
    clause = "C5"
    message = _(
        "Only a director changes an election that is locked. Ask one who didn't recruit this partner."
    )


class ChangesOwnElection(DomainError):
    clause = "C5"
    message = _("This is your own use case, so another director has to decide how it pays.")


class ChangerEarns(DomainError):
    clause = "C5"
    message = _("You recruited this partner and earn from their deals. Another director has to decide.")


class ElectionNotLocked(DomainError):
    clause = "C5"
    message = _("This use case isn't confirmed warm yet, so the partner still chooses how it pays.")


class ElectionChangedAlready(DomainError):
    clause = "C5"
    message = _("This election was changed before. It can be changed once, so it stands.")


class InvoiceExists(DomainError):
    clause = "C5"
    message = _(
        "The first invoice exists, so how this use case pays can't be changed any more: entries follow it."
    )


class ElectionUnchanged(DomainError):
    clause = "C5"
    field = "model"
    message = _("It pays by this model already. Choose the other one, or leave it as it is.")


class ElectionNeedsReason(DomainError):
    clause = "C5"
    field = "reason"
    message = _("Say why it is changed: the partner reads it.")

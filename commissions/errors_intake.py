"""Refusals around files of invoices, what is entered by hand, and which deal an invoice belongs to."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class PreviewGone(DomainError):
    message = _("Somebody deleted this preview. Upload the file again.")


class BeingImported(DomainError):
    message = _("This file is being imported. Wait until it is in.")


class NotRecorded(DomainError):
    """What was entered can't be used; the message says why, in the words of a file's report."""

    clause = "C5"


class DiffersFromRecorded(DomainError):
    """The number is taken by something else: what is recorded is never overwritten."""

    clause = "C5"


class NotMatched(DomainError):
    message = _("This invoice belongs to no deal.")


class MatchEarned(DomainError):
    """An entry is never taken back, and what it was written for stays."""

    clause = "C5"
    message = _(
        "Commissions were written for this invoice, so it stays with its deal. Enter a credit note for the "
        "invoice, and record the right one under a new number."
    )

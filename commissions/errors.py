"""Refusals of the commissions app, each with its clause."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class AgainstTheProgramme(DomainError):
    """An entry that the programme doesn't know; the database refuses it too."""

    clause = "C5"
    message = _("This entry isn't what the programme's arithmetic calls for.")


class SamePerson(DomainError):
    """Whoever prepared a payout can't approve it."""

    message = _("You prepared this payout, so another person approves it.")


class OwnPayout(DomainError):
    message = _("This run pays you, so another person decides about it.")


class OwnMoney(DomainError):
    """Nobody decides alone about money that they get, under any account of theirs."""

    message = _("You would earn from this yourself, so another person from finance does it.")


class NothingToPay(DomainError):
    message = _("Nobody has anything payable in this currency today.")


class TaxStatusMissing(DomainError):
    """VAT follows the partner's tax status, which finance confirms before the first payout."""

    message = _(
        "Nothing was prepared: a tax status isn’t confirmed, and VAT follows from it. Confirm it on the "
        "partner’s row below, then prepare the payout."
    )


class RunAlreadyDecided(DomainError):
    message = _("This run was approved or returned already.")


class RunNotApproved(DomainError):
    message = _("This payout isn't approved yet.")


class PayoutSettled(DomainError):
    message = _("This payout was marked as paid or failed already.")


class PaidInTheFuture(DomainError):
    message = _("The day of the transfer can't be in the future, nor before the approval.")


class EntryAlreadyInPayout(DomainError):
    message = _("Some entries went into another run meanwhile. Look at the preview again.")


class InvoiceAlreadyMatched(DomainError):
    message = _("This invoice belongs to a deal already.")


class ImportRefused(DomainError):
    message = _("Nothing was imported: some rows can't be used.")


class AlreadyImported(DomainError):
    message = _("This file was imported already.")

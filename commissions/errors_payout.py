"""Refusals about bank accounts and payments."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class AccountUnreadable(DomainError):
    """What somebody typed is no account that money can be sent to; `field` is where they typed it."""

    field: str | None = None

    def __init__(self, message: object = None, *, field: str | None = None) -> None:
        super().__init__(message)  # type: ignore[arg-type]
        self.field = field


class SameAccount(DomainError):
    message = _("This is the account we have already, so nothing was changed.")


class NotYourAccount(DomainError):
    """Only the partner says where their money goes; nobody at SeMI can."""

    message = _("Only the partner can say where their payouts go.")


class ProofTooOld(DomainError):
    """Bank details are changed right after the password or the second factor was asked for again."""

    message = _(
        "Nothing was changed: it is more than five minutes since you proved that this is you. "
        "Confirm it once more, then enter the account again."
    )


class NoRestingAccount(DomainError):
    """A payout goes to an account that has stood unchanged for 72 hours."""

    message = _(
        "Nothing was prepared: nobody with something to pay has an account that we may pay to today. "
        "The rows below say who, and until when."
    )


class AccountsChanged(DomainError):
    message = _(
        "Nothing was approved: every partner in this run has other bank details, or another tax status, than "
        "when it was prepared. Return the run; what is in it waits for the next one."
    )


class DebtorUnknown(DomainError):
    message = _(
        "There is no file yet: the account that payouts leave from isn’t set. Whoever runs this site sets "
        "SEPA_DEBTOR_NAME and SEPA_DEBTOR_IBAN (docs/operations.md), then ask again."
    )


class NotInEuro(DomainError):
    message = _("SEPA transfers are in euro only. Take the CSV for this currency.")


class NothingBySepa(DomainError):
    message = _(
        "There is nothing for a SEPA file: every open payout of this run goes to an account outside SEPA, "
        "or is settled. Take the CSV."
    )


class NothingToMark(DomainError):
    message = _("Nothing was marked: no open payout of this run is left, or all of them were excepted.")


class NotPaid(DomainError):
    message = _("This payout isn’t marked as paid: record its transfer first, as paid or as failed.")


class ReturnedOutOfTime(DomainError):
    message = _("The bank can’t send it back before the day it was paid, nor in the future.")

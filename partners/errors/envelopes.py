"""Refusals about envelopes on their way to a signature."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class NothingToVoid(DomainError):
    clause = "C6"
    message = _("No envelope of this contract is open, so there is nothing to void. Look at its state below.")


class VoidAsked(DomainError):
    clause = "C6"
    message = _("This envelope is being voided already. Wait until DocuSign has answered.")


class NothingToSign(DomainError):
    clause = "C6"
    message = _("Nothing of this contract waits for a signature now, so no e-mail was sent.")


class JustResent(DomainError):
    clause = "C6"
    message = _("The e-mail went out less than an hour ago. If it is missing in an hour, send it again.")


class AddressNotProven(DomainError):
    clause = "C6"
    message = _(
        "The applicant hasn't confirmed the address of their account yet. Once they open the link that we "
        "mailed to it, the contract can be sent there."
    )


class AddressUnchanged(DomainError):
    clause = "C6"
    message = _(
        "DocuSign has the address of the applicant's account already. To get it at another one, the "
        "applicant changes and confirms the address in their own account first."
    )


class CannotTakeBack(DomainError):
    clause = "C6"
    message = _(
        "Only a contract whose envelope was voided or has expired can be taken back. Void the envelope first."
    )

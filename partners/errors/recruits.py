"""Refusals about recruits."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class PartnershipNotStarted(DomainError):
    clause = "C6"
    message = _("Your partnership has not started or has ended, so you can't do this.")


class OwnAddress(DomainError):
    clause = "C22"
    field = "email"
    message = _(
        "This is your own address, and nobody recruits themself. Enter the address of the person you invite."
    )


class SamePersonAsRecruiter(DomainError):
    clause = "C22"
    message = _(
        "Your details are those of the partner who invited you, or of who invited them, and nobody recruits "
        "themself. "
        "Correct the tax number, or write to us if both of you work for one firm."
    )


class AlreadyInvited(DomainError):
    clause = "C20"
    field = "email"
    message = _("You invited this address already. Withdraw that invitation first to send a new one.")


class InvitationNotValid(DomainError):
    clause = "C20"
    message = _(
        "This invitation was used, withdrawn or has expired. Ask the partner who sent it for a new one, "
        "or apply without it."
    )


class InvitationForSomebodyElse(DomainError):
    clause = "C20"
    message = _(
        "This invitation was sent to another e-mail address. Sign in with that address, or apply without it."
    )


class SignsNotAcknowledged(DomainError):
    clause = "C22"
    field = "about_signs"
    message = _(
        "Something suggests that this applicant has another account here. Say what you found out about each "
        "sign, then approve; or reject the contract."
    )


class SignsChanged(DomainError):
    clause = "C22"
    message = _(
        "Another sign of a second account came up while you were reading. Read it on this page, then decide."
    )

"""Refusals of the partnership: what happened, what it means, what to do next."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


# --- applying -----------------------------------------------------------------
class ApplicationsClosed(DomainError):
    clause = "C5"
    message = _(
        "Applications are closed: SeMI hasn't published terms yet. Your draft is kept; come back later."
    )


class TermsChanged(DomainError):
    clause = "C5"
    message = _(
        "The terms changed while you were reading. Read the numbers on this page again and accept them."
    )


class TermsNotAccepted(DomainError):
    clause = "C5"
    field = "accepts_terms"
    message = _("An application needs your yes to the terms. Read the numbers and tick the box.")


class EmailNotVerified(DomainError):
    clause = "C6"
    message = _(
        "Your e-mail address isn't confirmed yet. Open the link that we sent you, then send the application."
    )


class ApplicationIncomplete(DomainError):
    clause = "C6"
    message = _(
        "Some answers are missing. Fill in every field that isn't optional, then send the application."
    )


class AlreadyApplied(DomainError):
    clause = "C6"
    message = _("You already sent an application. Its page tells you what happens next.")


class AlreadyPartner(DomainError):
    clause = "C22"
    message = _(
        "A partner with this e-mail address or a variant of it exists already. "
        "Sign in with that account instead."
    )


class ApplicationNotOpen(DomainError):
    clause = "C6"
    message = _("This application was decided already.")


# --- recruits -----------------------------------------------------------------
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


# --- contracts ----------------------------------------------------------------
class NotDirector(DomainError):
    clause = "C6"
    message = _("Only a director may do this.")


class OwnContract(DomainError):
    clause = "C6"
    message = _("This is your own contract. Two other directors must review it.")


class ConflictOfInterest(DomainError):
    clause = "C6"
    message = _(
        "You recruited this applicant and would earn from their sales. Two other directors must review it."
    )


class AlreadyReviewed(DomainError):
    clause = "C6"
    message = _("You reviewed this version already. It now waits for another director.")


class VersionChanged(DomainError):
    clause = "C6"
    message = _("This contract changed while you were reading. Read the new version and decide again.")


class ReasonMissing(DomainError):
    clause = "C6"
    field = "reason"
    message = _("Say why: the reason goes with the decision. Write a sentence and try again.")


class NotInReview(DomainError):
    clause = "C6"
    message = _("This contract isn't in review, so there is nothing to decide now.")


class NeedsTwoApprovals(DomainError):
    clause = "C6"
    message = _("Two different directors must approve exactly this version before it is sent.")


class NumbersFixed(DomainError):
    clause = "C6"
    message = _("The numbers can't change once the contract is on its way to the signature.")


class NothingChanged(DomainError):
    clause = "C6"
    message = _("No number differs from the contract as it is, so no new version was made.")


class CannotResend(DomainError):
    clause = "C6"
    message = _("Only a contract whose envelope was voided or has expired can be sent again.")


class TermsInUse(DomainError):
    clause = "C5"
    message = _(
        "A contract or an application stands on these terms, so they are read-only. "
        "Enter a new version with a later date."
    )


class NoDefaultTier(DomainError):
    clause = "C5"
    message = _("There is no default tier yet. Mark one tier as the default first.")

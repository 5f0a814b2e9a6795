"""Refusals about contracts."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


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


class TermsRewriteHistory(DomainError):
    clause = "C5"
    field = "effective_on"
    message = _(
        "Contracts were made on or after that day under other terms, and new terms never touch old "
        "contracts. Choose a later day."
    )


class TermsOfThatDay(DomainError):
    clause = "C5"
    field = "effective_on"
    message = _("There are terms of this tier from that day already. Choose another day.")


class NoDefaultTier(DomainError):
    clause = "C5"
    message = _("There is no default tier yet. Mark one tier as the default first.")

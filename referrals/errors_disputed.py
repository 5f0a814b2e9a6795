"""Refusals about what is contested: appeals, disputes, and one need of two partners (C12, C18)."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


# --- appeals and disputes (C12) -----------------------------------------------------
class NothingToAppeal(DomainError):
    clause = "C12"
    message = _("You appealed against this answer already, or there is nothing to appeal against.")


class AppealTooLate(DomainError):
    clause = "C12"
    message = _("An appeal is possible for 10 working days, and that time is over.")


class AppealNeedsText(DomainError):
    clause = "C12"
    field = "text"
    message = _("Say why this person should be yours: a sales lead reads it.")


class AppealAboutSomebodyElse(DomainError):
    clause = "C12"
    field = "email"
    message = _("This isn't the address that was refused. Enter the one you wanted to introduce.")


class AppealDecided(DomainError):
    clause = "C12"
    message = _("This appeal was decided already. One decision counts.")


class DecidedItFirst(DomainError):
    clause = "C12"
    message = _("You gave the answer that is appealed against. Another sales lead decides about the appeal.")


class DecisionNeedsReason(DomainError):
    clause = "C12"
    field = "reason"
    message = _("Give the reason. Staff alone read it.")


class PersonBelongsToSomebody(DomainError):
    """For sales leads' eyes alone: partners never learn it."""

    clause = "C12"
    message = _(
        "Another claim on this person is live, so the appeal can't be accepted now. "
        "Answer it with the neutral answer, or settle the dispute first."
    )


class PersonObjected(DomainError):
    """For sales leads' eyes alone."""

    clause = "C11"
    message = _("This person objected to being contacted, so the appeal can't be accepted.")


class AppellantLeft(DomainError):
    clause = "C6"
    message = _("The partnership is over, so nobody can be registered for them. Give the neutral answer.")


class NoDispute(DomainError):
    clause = "C12"
    message = _("A dispute is about two partners and one person or company. Choose two such claims.")


class DisputeOpenAlready(DomainError):
    clause = "C12"
    message = _("A dispute about these two is open already.")


class DisputeRuled(DomainError):
    clause = "C12"
    message = _("This dispute was ruled on already. A ruling stands; open another dispute if facts changed.")


class VestedClaimStands(DomainError):
    clause = "C12"
    field = "ruling"
    message = _("The other claim is vested or no longer open, so no ruling ends it. Both stand.")


# --- one need, two partners ----------------------------------------------------------
class LinkOfOnePartner(DomainError):
    clause = "C18"
    message = _("Both use cases are of one partner. Choose one that another partner defined.")


class LinkAcrossCompanies(DomainError):
    clause = "C18"
    message = _("These use cases are about two companies, so they can’t be the same need.")


class LinkNeedsMeetings(DomainError):
    clause = "C18"
    message = _(
        "The meeting that began first decides, so each of the two needs a warm introduction. Link them once "
        "both have one."
    )


class LinkOfAClosedOne(DomainError):
    clause = "C18"
    message = _("One of these use cases is closed or linked already. Take that back first, if it was wrong.")


class LinkWouldChain(DomainError):
    clause = "C18"
    message = _(
        "The one that would not pay pays for another use case itself. Take that link back first, then link "
        "both to the one whose meeting began first."
    )


class LinkNeedsReason(DomainError):
    clause = "C18"
    field = "reason"
    message = _("Say why: whoever asks about it later reads it. The partners don’t.")


class LinkTakenBackAlready(DomainError):
    clause = "C18"
    message = _("This link was taken back already. Nothing was changed.")

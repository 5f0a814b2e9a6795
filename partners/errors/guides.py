"""Refusals about use-case guides."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class NotGuideWriter(DomainError):
    clause = "C7"
    message = _("Guides are written by sales, directors and administrators. Ask one of them.")


class GuideChanged(DomainError):
    clause = "C7"
    message = _(
        "Somebody else changed this guide while you had it open, so nothing of yours is kept. "
        "Look at it as it is now, and decide again."
    )


class GuideTextTooLong(DomainError):
    clause = "C7"
    field = "source"
    message = _("This text is longer than a guide may be: 30,000 characters. Split it into two guides.")


class GuideTextUnreadable(DomainError):
    clause = "C7"
    field = "source"
    message = _("This text holds a character that can't be stored. Remove it and save again.")


class NothingToPublish(DomainError):
    clause = "C7"
    message = _("There is no draft to publish. Change the text first.")


class GuideUnchanged(DomainError):
    clause = "C7"
    message = _("This text is the published one, so no new version was made.")


class ChangeMissing(DomainError):
    clause = "C7"
    field = "what_changed"
    message = _("Say in a sentence what changed: readers see it beside the date.")


class GuideAddressTaken(DomainError):
    clause = "C7"
    field = "slug"
    message = _("Another guide has, or had, this address. Old links must keep working, so choose another.")


class GuideIsWithdrawn(DomainError):
    clause = "C7"
    message = _("This guide is withdrawn. Bring it back first.")


class GuideNotWithdrawn(DomainError):
    clause = "C7"
    message = _("Only a withdrawn guide can be brought back.")


class GuideNotPublished(DomainError):
    clause = "C7"
    message = _("Nobody can read this guide yet, so there is nothing to withdraw.")


class WithdrawalReasonMissing(DomainError):
    clause = "C7"
    field = "reason"
    message = _("Say why: the reason is kept with the guide. Write a sentence and try again.")

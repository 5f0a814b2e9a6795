"""Refusals about the end of a partnership."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class PartnershipOver(DomainError):
    clause = "C6"
    message = _("This partnership isn't running, so it can't be ended. Its page says when it ended and how.")


class AlreadyEnding(DomainError):
    clause = "C6"
    message = _(
        "Notice was given already, so a second one isn't taken. Whoever gave it can take it back first."
    )


class AlreadyProposed(DomainError):
    clause = "C6"
    message = _("A director proposed to end it for cause already. Another director confirms or drops that.")


class LastDayPassed(DomainError):
    clause = "C6"
    field = "last_on"
    message = _("Notice can't end a partnership in the past. Choose today or a later day.")


class LastDayTooFar(DomainError):
    clause = "C6"
    field = "last_on"
    message = _("Notice is given for a day within the next twelve months. Choose an earlier day.")


class EndingNeedsReason(DomainError):
    clause = "C6"
    field = "reason"
    message = _("Say why: the partner reads it, and it is kept. Write a sentence and try again.")


class OwnPartnership(DomainError):
    clause = "C6"
    message = _("This is your own partnership. Give notice in your portal, or let another director do it.")


class EarnsFromPartner(DomainError):
    clause = "C6"
    message = _("You recruited this partner and earn from their sales. Another director must do it.")


class ConfirmedByProposer(DomainError):
    clause = "C6"
    message = _("You proposed this yourself. It takes a second director to end a partnership for cause.")


class ConsequencesChanged(DomainError):
    clause = "C6"
    message = _(
        "Something changed while you were reading, so nothing was ended. "
        "Read what happens now on this page, then decide again."
    )


class NothingToConfirm(DomainError):
    clause = "C6"
    message = _("This proposal was confirmed or dropped already, so there is nothing to decide.")


class NoticeNotOpen(DomainError):
    clause = "C6"
    message = _("This notice was taken back, overtaken, or its day is over. It can't be taken back now.")


class NotYourNotice(DomainError):
    clause = "C6"
    message = _("Only the side that gave notice can take it back.")

"""Refusals while opening balances move in."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class OpeningFileGone(DomainError):
    message = _("This preview was deleted. Hand the file in again.")


class OpeningsMoveInOnce(DomainError):
    message = _("This file was approved already. Nothing happened a second time.")


class OpeningRowsInTheWay(DomainError):
    message = _(
        "Nothing was entered: some rows can't be used. Put them right in the file and hand it in again."
    )


class NoOpeningsToEnter(DomainError):
    message = _("Nothing was entered: every row of this file is there already.")


class OpeningsChanged(DomainError):
    message = _(
        "Something changed since you looked, so nothing was entered. Look at the preview again, then press "
        "again."
    )


class ApproverHandedItIn(DomainError):
    message = _("You handed this file in, so somebody else of finance or a director approves it.")


class MapperHandsItIn(DomainError):
    message = _("Only who handed the file in says which column is which: the other person approves.")


class OwnOpening(DomainError):
    message = _("A row is about the commission of one of you two. Other people hand it in and approve it.")


class OpeningNotVouchedFor(DomainError):
    field = "vouched"
    message = _("Tick that you compared the rows with the books: what they say is paid on your word.")


class OpeningPaidOut(DomainError):
    message = _("Its balance is in a payout, so it stays. Return the payout first, while nobody approved it.")


class OpeningEarnedSince(DomainError):
    message = _(
        "The deal has earned here since, and those entries rest on this opening. It can't be taken back any "
        "more."
    )


class OpeningUndoneAlready(DomainError):
    message = _("This opening was taken back already. Nothing happened a second time.")


class EarnedBefore(DomainError):
    clause = "C5"
    message = _(
        "The use case earned before this system, by the model it has: a first invoice existed then. It stays."
    )

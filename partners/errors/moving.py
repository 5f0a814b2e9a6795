"""Refusals while partners with paper contracts move in."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class MayNotMoveIn(DomainError):
    message = _("Only a director or an administrator moves partners in.")


class AlreadyMovedIn(DomainError):
    message = _("This file was applied already. Nothing happened a second time.")


class RowsRefused(DomainError):
    message = _(
        "Nothing was moved in: some rows can't be used. Put them right in the file and hand it in again."
    )


class NothingNew(DomainError):
    message = _("Nothing was moved in: every row of this file is there already.")


class PreviewChanged(DomainError):
    message = _(
        "Something changed since you looked, so nothing was moved in. Look at the preview again, then press "
        "again."
    )


class AttestedAlready(DomainError):
    clause = "C6"
    message = _(
        "A director has decided about a contract of this file, so it can't be taken back as a whole. "
        "Take single contracts back on their pages."
    )


class OthersWait(DomainError):
    message = _("Recruits in another file wait for a partner of this one. Take that file back first.")


class NotTakenBack(DomainError):
    message = _("This was taken back already, or its contract is signed and stays.")


class SlotTaken(DomainError):
    clause = "C21"
    message = _(
        "Another recruit of this recruiter took that slot meanwhile, for good. "
        "Correct the slot of this contract: then two directors attest it anew."
    )


class NumbersOfAPaper(DomainError):
    clause = "C6"
    message = _(
        "These numbers are those of a signed paper. Correct them beside the PDF, with the day and the slot."
    )


class PaperMissing(DomainError):
    clause = "C6"
    message = _("The signed PDF of this version isn't there, so there is nothing to attest.")


class SignedBeforeRecruiter(DomainError):
    clause = "C20"
    field = "paper_signed_on"
    message = _("The recruiter signed later than this day, and only partners recruit. Look at both papers.")


class SignedInTheFuture(DomainError):
    clause = "C6"
    field = "paper_signed_on"
    message = _("The paper can't be signed after today.")


class SlotWithoutRecruiter(DomainError):
    clause = "C21"
    field = "paper_slot"
    message = _("Nobody recruited this partner, so there is no recruit slot.")


class MovingInNow(DomainError):
    clause = "C22"
    message = _(
        "Your signed contract is being taken over into these pages, so you needn't apply. "
        "We write to you as soon as it is done."
    )


class LinkNotValid(DomainError):
    message = _("This link was used or has expired. Ask for a new password with your e-mail address instead.")

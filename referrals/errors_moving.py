"""Refusals while running referrals move in."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class MovesInByALead(DomainError):
    message = _("Only a sales lead moves running referrals in, and attests what the file says.")


class MovesInOnce(DomainError):
    message = _("This file was moved in already. Nothing happened a second time.")


class MoveInGone(DomainError):
    message = _("This preview was deleted. Hand the file in again.")


class RowsInTheWay(DomainError):
    message = _(
        "Nothing was moved in: some rows can't be used. Put them right in the file and hand it in again."
    )


class NothingToMoveIn(DomainError):
    message = _("Nothing was moved in: every row of this file is there already.")


class MoveInChanged(DomainError):
    message = _(
        "Something changed since you looked, so nothing was moved in. Look at the preview again, then press "
        "again."
    )


class NotAttested(DomainError):
    clause = "C1"
    field = "attested"
    message = _("Tick that you attest the rows: the windows and deals rest on your word.")

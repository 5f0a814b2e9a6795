"""Refusals around the books."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class MonthNotOver(DomainError):
    message = _(
        "This month isn’t over: more can still happen in it. Close it from the first day of the next."
    )


class MonthClosed(DomainError):
    message = _("This month is closed already. Its file is the one that bookkeeping got.")


class EarlierMonthOpen(DomainError):
    """Months close in turn, so that each thing is booked in its own month as far as possible."""

    message = _("An earlier month is still open. Close months in turn, the earliest first.")


class NothingToBook(DomainError):
    message = _("Nothing is left to book in this month.")

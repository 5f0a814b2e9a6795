"""What pages and letters say about a window: signed late, longer by so much, what more would do (C2)."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from referrals import rules
from referrals.models import Deal, UseCase, WindowExtension
from ssp.core.templatetags.ssp import day


def extension_of(use_case: UseCase) -> WindowExtension | None:
    return getattr(use_case, "extension", None)


def late_note(deal: Deal) -> str:
    """Say that a won deal was signed after its window, and whether a director may still do something."""
    use_case = deal.use_case
    said = _(
        "The customer signed on %(signed)s; the last day of the window was %(last)s. "
        "The deal is recorded as won and pays no commission."
    ) % {"signed": day(deal.signed_on), "last": day(use_case.window_ends_on)}
    if use_case.extended_months:
        return f"{said} " + _("The window was extended once already.")
    return f"{said} " + _("A director may extend the window once.")


def extended_by(extension: WindowExtension) -> str:
    """Say by how much a window was extended, and from which day to which."""
    return ngettext(
        "Extended by %(n)d month, from %(before)s to %(last)s.",
        "Extended by %(n)d months, from %(before)s to %(last)s.",
        extension.months,
    ) % {
        "n": extension.months,
        "before": day(extension.original_last_on),
        "last": day(extension.use_case.window_ends_on),
    }


@dataclass(frozen=True)
class Choice:
    """A number of months, the last day it would bring, and what that would change."""

    months: int
    last_on: date
    consequence: str


def choices_for(use_case: UseCase, *, on: date) -> list[Choice]:
    """Return each extension a director may choose; only for a use case with a window."""
    assert use_case.window_starts_on is not None
    found = []
    for months in range(1, rules.EXTENSION_MONTHS + 1):
        last_on = rules.window_ends_on(use_case.window_starts_on, extended_months=months)
        found.append(Choice(months, last_on, _consequence(use_case.deal, last_on, on=on)))
    return found


def _consequence(deal: Deal, last_on: date, *, on: date) -> str:
    if deal.signed_on is None and last_on < on:
        return _(
            "That day is over: a deal counts if it turns out that the customer had signed by then, "
            "and none signed from today on does."
        )
    if deal.signed_on is None:
        return _("A deal that the customer signs by then pays commission.")
    facts = {"signed": day(deal.signed_on)}
    if deal.signed_on <= last_on:
        return (
            _(
                "The deal signed on %(signed)s would be in time. It starts to earn at once, on payments "
                "already received too."
            )
            % facts
        )
    return _("The deal signed on %(signed)s would still be too late and pay nothing.") % facts

"""The meetings of a month or a week, day by day, in Amsterdam."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from referrals.models import Introduction, IntroductionStatus
from ssp.core.periods import add_months, local_date, start_of_day
from ssp.core.templatetags.ssp import day

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
SHOWN = 500  # meetings of a page
IN_A_CELL = 4  # of a day of the month; the rest is in its week
YEARS = range(2000, 2100)


@dataclass(frozen=True, kw_only=True)
class Span:
    """What a page shows: whole weeks from Monday to Sunday, with a month or a week in the middle."""

    view: str
    title: str
    first: date
    last: date  # inclusive
    shown_first: date
    shown_last: date  # inclusive
    before: date
    after: date


def month_of(on: date) -> Span:
    """Return the month of a day, with the days that fill its weeks."""
    first = on.replace(day=1)
    after = add_months(first, 1)
    last = after - A_DAY
    return Span(
        view="month",
        title=_("%(month)s %(year)d") % {"month": MONTHS[on.month], "year": on.year},
        first=first,
        last=last,
        shown_first=first - timedelta(days=first.weekday()),
        shown_last=last + timedelta(days=6 - last.weekday()),
        before=add_months(first, -1),
        after=after,
    )


def week_of(on: date) -> Span:
    """Return the week of a day, Monday to Sunday."""
    first = on - timedelta(days=on.weekday())
    last = first + A_WEEK - A_DAY
    return Span(
        view="week",
        title=_("%(first)s to %(last)s") % {"first": day(first), "last": day(last)},
        first=first,
        last=last,
        shown_first=first,
        shown_last=last,
        before=first - A_WEEK,
        after=first + A_WEEK,
    )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One meeting, and where it stands."""

    meeting: Introduction
    tone: str
    word: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the page; `more` meetings of it are in its week."""

    on: date
    is_outside: bool
    entries: list[Entry] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class Page:
    days: list[Day]
    count: int
    is_cut: bool  # there were more than a page takes


def page_of(span: Span, *, at: datetime, host: int | None = None) -> Page:
    """Return the days of a span with their meetings, cancelled ones aside.

    A day lasts from midnight to midnight in Amsterdam, 23 or 25 hours when the clocks change.
    """
    rows = (
        Introduction.objects.filter(
            starts_at__gte=start_of_day(span.shown_first), starts_at__lt=start_of_day(span.shown_last + A_DAY)
        )
        .exclude(status=IntroductionStatus.CANCELLED)
        .select_related("referral__company", "host")
        .order_by("starts_at", "pk")
    )
    if host is not None:
        rows = rows.filter(host=host)
    found = list(rows[: SHOWN + 1])
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for meeting in found[:SHOWN]:
        tone, word = _status(meeting, at=at)
        by_day[local_date(meeting.starts_at)].append(Entry(meeting=meeting, tone=tone, word=word))
    days = []
    for n in range((span.shown_last - span.shown_first).days + 1):
        on = span.shown_first + n * A_DAY
        entries = by_day[on]
        kept = entries[:IN_A_CELL] if span.view == "month" else entries
        days.append(
            Day(
                on=on,
                is_outside=not span.first <= on <= span.last,
                entries=kept,
                more=len(entries) - len(kept),
            )
        )
    inside = sum(len(entries) for on, entries in by_day.items() if span.first <= on <= span.last)
    return Page(days=days, count=inside, is_cut=len(found) > SHOWN)


def _status(meeting: Introduction, *, at: datetime) -> tuple[str, str]:
    if meeting.status == IntroductionStatus.HELD:
        return "good", _("Held")
    if meeting.status == IntroductionStatus.NOT_HELD:
        return "closed", _("Did not take place")
    if meeting.ends_at <= at:
        return "you", _("To confirm")
    return "moving", _("Booked")

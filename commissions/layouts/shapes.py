"""What a layout is, and what the readers of all of them share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commissions.models import Source
from ssp.core.intake import YES, Column
from ssp.core.periods import add_months, local_date
from ssp.core.tabular import Row, UnreadableCell, date_of, likely_date_of

Options = Mapping[str, str]
MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?: ?UTC|Z)?")


@dataclass(frozen=True)
class LeftOut(Row):
    """A row that is no invoice and no fact, and why: a draft, a payment that failed."""

    why: str = ""


@dataclass(frozen=True)
class Option:
    """A question that a file may leave open, and the answers there are."""

    name: str
    label: str | Promise
    choices: tuple[tuple[str, str | Promise], ...]
    hint: str | Promise = ""
    missing: str | Promise = ""  # what is said while it is open
    answered_by: tuple[str, ...] = ()  # columns that answer it by themselves
    of_invoices: bool = False  # asked only of a file that has invoices

    def is_open(self, mapping: Mapping[str, str], *, has_invoices: bool = True) -> bool:
        """Tell whether a person must answer, because no column of the file does."""
        if self.of_invoices and not has_invoices:
            return False
        return not (self.answered_by and all(mapping.get(name) for name in self.answered_by))


@dataclass(frozen=True)
class Layout:
    name: str
    label: str | Promise
    source: Source
    columns: tuple[Column, ...]
    read: Callable[[Sequence[Row], Options], Iterable[Row]]
    options: tuple[Option, ...] = ()
    signs: frozenset[str] = frozenset()  # headings by which it gives itself away, all of them
    lacks: tuple[str | Promise, ...] = field(default=())  # said on the page, so that nobody relies on it
    has_invoices: Callable[[Sequence[Row], Options], bool] = lambda _rows, _options: True

    def fits(self, found: set[str]) -> bool:
        return bool(self.signs) and self.signs <= found


RECURRING = Option(
    "recurring",
    _("Which lines are recurring revenue?"),
    (
        ("period", _("Those with a service period")),
        ("all", _("All of them")),
        ("none", _("None of them")),
    ),
    hint=_("Recurring lines earn the percentage of recurring revenue; one-off lines don’t."),
    missing=_("Say which lines are recurring revenue: the file doesn’t."),
    answered_by=("recurring",),
    of_invoices=True,
)
PERIOD = Option(
    "period",
    _("Where no service period is given, what do recurring lines pay for?"),
    (
        ("refuse", _("Refuse the line: I add the period to the file")),
        ("1", _("One month from the invoice’s date")),
        ("3", _("Three months from the invoice’s date")),
        ("12", _("Twelve months from the invoice’s date")),
    ),
    hint=_("The cap counts service days, so a recurring line needs its period."),
    missing=_("Say what recurring lines without a service period pay for: the file doesn’t."),
    answered_by=("service_from", "service_to"),
    of_invoices=True,
)


def with_answers(row: Row, options: Options) -> Row:
    """Return an invoice row with what somebody said where the file is silent: recurring, its period."""
    cells = dict(row.cells)
    has_period = bool(cells.get("service_from") or cells.get("service_to"))
    if said := options.get("recurring"):
        recurring = said == "all" or (said == "period" and has_period)
        cells["recurring"] = "yes" if recurring else "no"
    months = options.get("period", "")
    if months.isdecimal() and not has_period and cells.get("recurring", "").casefold() in YES:
        try:
            first = likely_date_of(cells.get("date", ""))
        except UnreadableCell:
            return replace(row, cells=cells)  # refused for its date
        cells["service_from"] = first.isoformat()
        cells["service_to"] = (add_months(first, int(months)) - timedelta(days=1)).isoformat()
    return replace(row, cells=cells)


def local_day(cell: str) -> str:
    """Return the Amsterdam date of a moment in UTC: 31 August, 22:30 is 1 September; dates stay as they are.

    :raises UnreadableCell: there is no such day or time.
    """
    found = MOMENT.fullmatch(cell.strip())
    if not found:
        return cell
    try:
        day = date.fromisoformat(found[1])
        moment = datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=UTC)
        return local_date(moment).isoformat()
    except (ValueError, OverflowError) as broken:
        raise UnreadableCell(_("“%s” is no date. Write it like 2026-08-31.") % cell[:40]) from broken


def day_before(cell: str) -> str:
    """Return the last day of a period that ends at this moment, which is not in it any more.

    :raises UnreadableCell:
    """
    day = date_of(local_day(cell))
    return (day - timedelta(days=1)).isoformat() if day > date.min else day.isoformat()


def plain(amount: Decimal) -> str:
    """Return an amount as our own files write it: no grouping, no needless zeros."""
    return f"{amount.normalize():f}" if amount else "0"


def refused(row: Row, why: object) -> Row:
    """Return a row that can't be used, with what its reader found; the first reason stays."""
    return replace(row, problem=row.problem or str(why))

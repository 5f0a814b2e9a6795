"""The figures as tables: each has a page's form, in words and bars, and a file's form, in plain numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from commissions.ledger_sums import sums_by, sums_over_time
from partners.models import Partner, Tier
from referrals.models import LOST_TO_RESELLER, LOST_TO_SAME_NEED, ReferralStatus
from ssp.core.money import format_money, round_half_even
from ssp.dashboard import figures
from ssp.dashboard.figure_forms import SOURCES
from ssp.dashboard.figures import Cohort, Reasons, Scope, Spread, Steps

WHOLE = 1000  # the width of a chart's longest bar; its unit is arbitrary
ENOUGH = 20  # from so many on a share is a percentage
BARS_SHOWN = 12
ROWS_SHOWN = 50
MONTHS_SHOWN = 36
MARKS = {  # what the system closed, instead of a seller's reason
    LOST_TO_RESELLER: gettext_lazy("The company wants to resell (C19)"),
    LOST_TO_SAME_NEED: gettext_lazy("The same need was introduced before (C18)"),
}


@dataclass(frozen=True)
class Cell:
    """A value as a file holds it, and as a page says it."""

    value: Any
    text: str
    num: bool = True


@dataclass(frozen=True)
class Bar:
    """A line of a chart: its parts lie over each other, the first at the back; nothing is drawn unsaid."""

    label: str
    text: str
    parts: list[tuple[int, int]]  # start and width, of WHOLE


@dataclass(frozen=True)
class Figure:
    """One question, its answer as a chart and as a table."""

    name: str
    title: str
    says: str  # exactly what is counted, and what each share is of
    headers: list[str]
    rows: list[list[Cell]]
    bars: list[Bar] = field(default_factory=list)
    key: list[tuple[str, str]] = field(default_factory=list)  # class of a bar's part, and what it stands for
    nothing: str = ""

    @property
    def shown(self) -> list[list[tuple[str, Cell]]]:
        """The rows of the page, each cell with its heading: on a phone they stand side by side."""
        return [list(zip(self.headers, row, strict=True)) for row in self.rows[:ROWS_SHOWN]]

    @property
    def heads(self) -> list[tuple[str, bool]]:
        """The headings, and whether numbers stand under them."""
        return [(head, all(row[n].num for row in self.rows)) for n, head in enumerate(self.headers)]

    @property
    def more(self) -> int:
        """How many rows only the file has."""
        return max(len(self.rows) - ROWS_SHOWN, 0)

    @property
    def fewer_bars(self) -> bool:
        return BARS_SHOWN == len(self.bars) < len(self.rows)


def said(text: object) -> Cell:
    return Cell(str(text), str(text), num=False)


def count(n: int) -> Cell:
    return Cell(n, f"{n:,}")


def share(n: int, of: int) -> Cell:
    """A part of a whole: in percent once that says something, in words before."""
    if not of:
        return Cell(None, "–")
    percent = round(Decimal(100) * n / of, 1)
    text = f"{round(percent)}%" if of >= ENOUGH else _("%(n)s of %(of)s") % {"n": n, "of": of}
    return Cell(percent, text)


def days(number: float | None) -> Cell:
    if number is None:
        return Cell(None, "–")
    whole = round(Decimal(number), 1)
    return Cell(whole, f"{whole.normalize():f}")


def amount(number: Decimal, currency: str) -> Cell:
    return Cell(round_half_even(number, currency), format_money(number, currency, code=True))


def _width(n: float | Decimal, of: float | Decimal) -> int:
    return round(WHOLE * n / of) if of else 0  # type: ignore[operator,type-var]


def month(day: date) -> str:
    return date_format(day, "M Y")


# --- how far, how fast ----------------------------------------------------------
def funnel(steps: Steps) -> Figure:
    """From registered to won, each step of the same people."""
    rows, bars, above = [], [], 0
    ladder = [
        (_("Registered"), steps.registered),
        (_("Accepted"), steps.accepted),
        (_("Meeting held"), steps.met),
        (_("Warm"), steps.warm),
        (_("Won"), steps.won),
    ]
    for place, (label, n) in enumerate(ladder):
        of_above = share(n, above) if place else Cell(None, "")
        rows.append([said(label), count(n), share(n, steps.registered), of_above])
        part = share(n, steps.registered).text
        text = f"{n:,}" if not place else part if steps.registered < ENOUGH else f"{n:,} · {part}"
        bars.append(Bar(label, text, [(0, _width(n, steps.registered))]))
        above = n
    rows.append(
        [
            said(_("Won within the window, so that it pays")),
            count(steps.in_time),
            share(steps.in_time, steps.registered),
            share(steps.in_time, steps.won),
        ]
    )
    return Figure(
        "funnel",
        _("From registered to won"),
        _(
            "People registered in the period, and how far they have come until today, also after it. "
            "Colleagues whom a person passed us on to aren’t counted again. Shares are of everybody "
            "registered, and of the step above."
        ),
        [_("Step"), _("People"), _("Of those registered"), _("Of the step above")],
        rows,
        bars if steps.registered else [],
        nothing=_("Nobody was registered in this period."),
    )


def times(steps: Steps) -> Figure:
    """How many days to the first meeting, and from the introduction to the signature."""
    spans = [
        (_("Registration to first meeting held"), steps.to_meeting),
        (_("Introduction to signature"), steps.to_close),
    ]
    known = [spread for _label, spread in spans if spread]
    longest = max((spread.high for spread in known), default=0)
    return Figure(
        "times",
        _("How long it took"),
        _(
            "Calendar days, for the people registered in the period who got that far. Half of them took at "
            "most the median; the bar leaves out the fastest quarter and the slowest. An introduction is the "
            "meeting that opened the window."
        ),
        [_("From, to"), _("Cases"), _("A quarter within"), _("Median"), _("Three quarters within")],
        [
            [
                said(label),
                count(spread.of if spread else 0),
                days(spread.low if spread else None),
                days(spread.middle if spread else None),
                days(spread.high if spread else None),
            ]
            for label, spread in spans
        ],
        [_span(label, spread, longest) for label, spread in spans if spread],
        [("k3", _("the middle half")), ("k1", _("median"))] if known else [],
        nothing=_("Nobody registered in this period has met us yet."),
    )


def _span(label: str, spread: Spread, longest: float) -> Bar:
    low, middle, high = (_width(each, longest) for each in (spread.low, spread.middle, spread.high))
    median = min(max(middle - 6, 0), WHOLE - 12)
    text = _("%(n)s days") % {"n": days(spread.middle).text}
    return Bar(label, text, [(min(low, WHOLE - 12), max(high - low, 12)), (median, 12)])


def compared(cohort: Cohort, what: str, names: dict[Any, str]) -> Figure:
    """The steps of each partner, tier, country or source."""
    titles = {
        "partner": (_("By partner"), _("Partner")),
        "tier": (_("By tier"), _("Tier")),
        "country": (_("By country"), _("Partner’s country")),
        "source": (_("By source"), _("Source")),
    }
    notes = {
        "tier": _("The tier is that of the partner’s newest signed contract."),
        "country": _("The country is the partner’s: companies are known by name and domain alone."),
        "source": _("The source is who typed the registration in: the partner, or SeMI in their name."),
    }
    rows: list[list[Cell]] = []
    bars: list[Bar] = []
    largest = max((group.steps.registered for group in cohort.by[what]), default=0)
    for group in cohort.by[what]:
        steps, label = group.steps, names.get(group.key) or str(group.key or _("none"))
        meeting, close = steps.to_meeting, steps.to_close
        rows.append(
            [
                said(label),
                *(count(n) for n in (steps.registered, steps.accepted, steps.met, steps.warm, steps.won)),
                share(steps.warm, steps.registered),
                share(steps.won, steps.registered),
                days(meeting.middle if meeting else None),
                days(close.middle if close else None),
            ]
        )
        if len(bars) < BARS_SHOWN:
            widths = (steps.registered, steps.warm, steps.won)
            text = _("%(registered)s registered, %(warm)s warm, %(won)s won") % vars(steps)
            bars.append(Bar(label, text, [(0, _width(n, largest)) for n in widths]))
    title, head = titles[what]
    return Figure(
        f"by-{what}",
        title,
        f"{_('Shares are of everybody registered; days are medians.')} {notes.get(what, '')}".strip(),
        [
            head,
            _("Registered"),
            _("Accepted"),
            _("Met"),
            _("Warm"),
            _("Won"),
            _("Warm, of registered"),
            _("Won, of registered"),
            _("Days to meeting"),
            _("Days to signature"),
        ],
        rows,
        bars,
        [("k3", _("registered")), ("k2", _("warm")), ("k1", _("won"))],
        nothing=_("Nobody was registered in this period."),
    )


# --- why not --------------------------------------------------------------------
def _reasons(name: str, title: str, says: str, head: str, reasons: Reasons, *, nothing: str) -> Figure:
    rows = list(reasons.rows)
    if reasons.others:
        rows.append((_("other reasons"), reasons.others))
    total = sum(n for _label, n in rows)
    most = max((n for _label, n in rows), default=0)
    return Figure(
        name,
        title,
        says,
        [head, _("Cases"), _("Share")],
        [[said(label), count(n), share(n, total)] for label, n in rows],
        [Bar(label, f"{n:,}", [(0, _width(n, most))]) for label, n in rows],
        nothing=nothing,
    )


def not_warm(found: dict[str, Reasons]) -> list[Figure]:
    """Where those stand who aren't warm, why a host said no, why deals were lost."""
    labels = dict(ReferralStatus.choices)
    standing = Reasons([(str(labels.get(said, said)), n) for said, n in found["status"].rows])
    lost = Reasons(
        [(str(MARKS.get(said, said)), n) for said, n in found["lost"].rows],
        found["lost"].others,
    )
    return [
        _reasons(
            "not-warm",
            _("Not warm, and where they stand"),
            _("People registered in the period whose introduction isn’t warm. Shares are of these."),
            _("Status"),
            standing,
            nothing=_("Everybody registered in this period is warm."),
        ),
        _reasons(
            "why-not-warm",
            _("Why a meeting was not warm"),
            _("The host’s last reason for each person who isn’t warm until today. Shares are of these."),
            _("Reason"),
            found["not_warm"],
            nothing=_("No host answered “not warm”."),
        ),
        _reasons(
            "why-lost",
            _("Why deals were lost"),
            _("Deals of the people registered in the period. Shares are of the deals lost."),
            _("Reason"),
            lost,
            nothing=_("No deal was lost."),
        ),
    ]


# --- money ----------------------------------------------------------------------
def commission_by_partner(scope: Scope) -> Figure:
    """What the ledger says each partner earned, per currency."""
    rows = list(sums_by(figures.ledger_of(scope), "partner__display_name", "partner"))
    rows.sort(key=lambda row: (row["currency"], -row["amount"], row["partner"]))
    scales: dict[str, list[Decimal]] = {}
    for row in rows:
        scales.setdefault(row["currency"], [Decimal(0)]).append(row["amount"])
    return Figure(
        "commission",
        _("Commission earned, by partner"),
        _(
            "Entries of the ledger by the day of the fact that earned them, reversals included, bonuses with "
            "who gets them. Held, payable and paid alike; currencies are never added up, and each has "
            "its own scale."
        ),
        [_("Partner"), _("Currency"), _("Commission")],
        [
            [
                said(row["partner__display_name"]),
                said(row["currency"]),
                amount(row["amount"], row["currency"]),
            ]
            for row in rows
        ],
        [
            _money_bar(row["partner__display_name"], *_sum(row), scales[row["currency"]])
            for row in rows[:BARS_SHOWN]
        ],
        nothing=_("The ledger has no entry in this period."),
    )


def _money_bar(label: str, total: Decimal, currency: str, totals: Sequence[Decimal]) -> Bar:
    """Draw a sum from zero, to the left when it is negative.

    :param totals: zero and all sums of that currency, which give the scale.
    """
    least, most = min(totals), max(totals)
    zero, width = _width(-least, most - least), _width(abs(total), most - least)
    start = zero - width if total < 0 else zero
    return Bar(label, format_money(total, currency, code=True), [(max(start, 0), width)])


def _sum(row: dict[str, Any]) -> tuple[Decimal, str]:
    return row["amount"], row["currency"]


def commission_over_time(scope: Scope) -> list[Figure]:
    """What the ledger says was earned in each month, or year of a long period: one figure a currency."""
    months = (scope.until.year - scope.since.year) * 12 + scope.until.month - scope.since.month + 1
    by_month = months <= MONTHS_SHOWN
    by_currency: dict[str, list[tuple[date, Decimal]]] = {}
    for currency, day, total in sums_over_time(figures.ledger_of(scope), "month" if by_month else "year"):
        by_currency.setdefault(currency, []).append((day, total))
    return [_over_time(currency, rows, by_month=by_month) for currency, rows in by_currency.items()]


def _over_time(currency: str, rows: Sequence[tuple[date, Decimal]], *, by_month: bool) -> Figure:
    totals = [Decimal(0), *(total for _day, total in rows)]
    labels = [month(day) if by_month else str(day.year) for day, _total in rows]
    bars = [
        _money_bar(label, total, currency, totals) for label, (_day, total) in zip(labels, rows, strict=True)
    ]
    whole = sum(totals, Decimal(0))
    head = _("Month") if by_month else _("Year")
    return Figure(
        f"commission-{currency}",
        _("Commission in %(currency)s, by month") % {"currency": currency}
        if by_month
        else _("Commission in %(currency)s, by year") % {"currency": currency},
        _("By the day of the fact that earned it. Together: %(sum)s. What had no entry isn’t listed.")
        % {"sum": format_money(whole, currency, code=True)},
        [head, _("Currency"), _("Commission")],
        [
            [
                Cell(day.isoformat()[:7] if by_month else day.year, label, num=False),
                said(currency),
                amount(total, currency),
            ]
            for label, (day, total) in zip(labels, rows, strict=True)
        ],
        bars,
    )


# --- all of them ----------------------------------------------------------------
def names_of(cohort: Cohort) -> dict[str, dict[Any, str]]:
    """Return what the keys of the groups are called."""
    partners = Partner.objects.filter(pk__in=[group.key for group in cohort.by["partner"]])
    tiers = Tier.objects.filter(pk__in=[group.key for group in cohort.by["tier"]])
    return {
        "partner": dict(partners.values_list("pk", "display_name")),
        "tier": dict(tiers.values_list("pk", "name")),
        "country": {group.key: str(countries.name(group.key)) for group in cohort.by["country"]},
        "source": {code: str(label) for code, label in SOURCES},
    }


@dataclass(frozen=True)
class Chapter:
    """Figures that are read together."""

    title: str
    figures: list[Figure]


def all_of(scope: Scope) -> list[Chapter]:
    """Return every figure of a period, in the order in which they are read."""
    cohort = figures.cohort_of(scope)
    names = names_of(cohort)
    return [
        Chapter(_("How far, and how fast"), [funnel(cohort.whole), times(cohort.whole)]),
        Chapter(
            _("Compared"),
            [compared(cohort, what, names[what]) for what in ("partner", "tier", "country", "source")],
        ),
        Chapter(_("Why not"), not_warm(figures.reasons_of(scope))),
        Chapter(_("Commission"), [*commission_over_time(scope), commission_by_partner(scope)]),
    ]


def named(scope: Scope, name: str) -> Figure | None:
    """Return one figure by its name in the address, or None."""
    return next((each for chapter in all_of(scope) for each in chapter.figures if each.name == name), None)


def lines_of(figure: Figure) -> Iterable[list[Any]]:
    """Return a figure's rows as a file holds them."""
    return ([cell.value for cell in row] for row in figure.rows)

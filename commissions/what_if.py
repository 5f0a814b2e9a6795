"""The calculator: both models side by side, by a contract's numbers or the terms in force (C5)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions import rules
from commissions.forms_what_if import A_SALE, BILLED, WhatIfForm
from commissions.rules.what_if import AT_ONCE, Comparison, compare
from partners.models import CapUnit, Contract, ProgramTerms
from ssp.core.money import format_money
from ssp.core.templatetags.ssp import percent


def terms_from(numbers: Contract | ProgramTerms, *, on: date) -> rules.Terms:
    """Return a contract's numbers, or those in force, as the rules take them."""
    return rules.Terms(
        contract=numbers.pk,
        signed_on=on,
        recurring_percent=numbers.recurring_percent,
        first_invoice_percent=numbers.first_invoice_percent,
        bonus_percent=numbers.bonus_percent,
        bonus_basis=numbers.bonus_basis,
        cap_unit=numbers.cap_unit,
        cap_count=numbers.cap_count,
    )


def form_from(asked: QueryDict) -> WhatIfForm:
    """Return the form as the address fills it; an empty address asks about the example."""
    known = {name: asked[name] for name in WhatIfForm.base_fields if name in asked}
    form = WhatIfForm({**A_SALE, **known})
    form.is_valid()
    return form


def answer(asked: QueryDict, numbers: Contract | ProgramTerms, *, on: date) -> dict[str, Any]:
    """Return what the calculator's page shows: the form, and what both models pay if it makes sense."""
    form = form_from(asked)
    found: dict[str, Any] = {"calculator": form, "numbers": numbers}
    if form.is_valid():
        comparison = compare(form.sale, terms_from(numbers, on=on), on=on)
        found |= {
            "comparison": comparison,
            "rows": _rows(comparison),
            "verdict": _verdict(comparison, numbers),
            "assumes": _assumes(comparison),
            "cap": cap_in_words(numbers),
            "chart": Chart.of(comparison),
        }
    return found


def cap_in_words(numbers: Contract | ProgramTerms) -> str:
    """Say how long recurring revenue pays."""
    if numbers.cap_unit == CapUnit.YEARS:
        said = ngettext("for at most %(n)d year", "for at most %(n)d years", numbers.cap_count)
    else:
        said = ngettext(
            "for the first recurring invoice", "for the first %(n)d recurring invoices", numbers.cap_count
        )
    return said % {"n": numbers.cap_count}


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    def money(amount: Decimal) -> str:
        return format_money(amount, comparison.sale.currency)

    return [
        {
            "number": year.number,
            "invoiced": money(year.invoiced),
            "recurring": money(year.recurring),
            "recurring_so_far": money(year.recurring_so_far),
            "once": money(year.once),
            "once_so_far": money(year.once_so_far),
        }
        for year in comparison.years
    ]


def _verdict(comparison: Comparison, numbers: Contract | ProgramTerms) -> str:
    """Say which pays more, by how much, and from when on."""
    facts = {
        "x": percent(numbers.recurring_percent),
        "y": percent(numbers.first_invoice_percent),
        "ahead": format_money(abs(comparison.recurring - comparison.once), comparison.sale.currency),
        "years": comparison.sale.years,
    }
    if comparison.recurring == comparison.once:
        return _("After %(years)s years both have paid the same.") % facts
    if comparison.recurring < comparison.once:
        return _("%(y)s of the first invoice pays more, by %(ahead)s.") % facts
    if comparison.overtaken_in == 1:
        return (
            _("%(x)s of recurring revenue pays more from the first year on: by %(ahead)s in the end.") % facts
        )
    facts["year"] = comparison.overtaken_in or 0
    return (
        _(
            "%(y)s of the first invoice pays more until year %(year)s. If the customer stays that long, "
            "%(x)s of recurring revenue is ahead, in the end by %(ahead)s."
        )
        % facts
    )


def _assumes(comparison: Comparison) -> str:
    """Say what the calculation takes for granted."""
    sale = comparison.sale
    facts = {
        "yearly": format_money(sale.yearly, sale.currency),
        "one_off": format_money(sale.one_off, sale.currency),
        "first": format_money(comparison.first_invoice, sale.currency),
        "part": str(dict(BILLED)[sale.per_year]),
    }
    said = [
        _("Assumes %(yearly)s recurring a year and a first invoice of %(first)s, for %(part)s.") % facts
        if sale.per_year != AT_ONCE
        else _("Assumes %(yearly)s recurring a year, all years on a first invoice of %(first)s.") % facts,
        _("%(one_off)s of it is one-off.") % facts if sale.one_off else "",
        _("Net of VAT, invoiced in advance, paid in full, nothing credited."),
    ]
    return " ".join(filter(None, said))


WIDTH, HEIGHT, LEFT, TOP = 640, 300, 100, 16


@dataclass(frozen=True)
class Chart:
    """Both models as steps over the years, in the picture's own units; the table says the same."""

    recurring: str
    once: str
    grid: list[tuple[float, str]]
    ticks: list[tuple[float, str]]
    recurring_end: tuple[float, float]
    once_end: tuple[float, float]
    recurring_label: str
    once_label: str

    @classmethod
    def of(cls, comparison: Comparison) -> "Chart | None":
        """Return the chart, or None where there is nothing to draw."""
        years, currency = comparison.years, comparison.sale.currency
        most = max(max(year.recurring_so_far, year.once_so_far) for year in years)
        if not most:
            return None
        step = _round_step(most)
        top = step * (int(most / step) + 1)
        wide = (WIDTH - LEFT) / len(years)

        def height(amount: Decimal) -> float:
            return round(TOP + HEIGHT * (1 - float(amount / top)), 1)

        def steps(amounts: list[Decimal]) -> str:
            points = f"M{LEFT} {height(Decimal(0))}"
            for place, amount in enumerate(amounts):
                points += f"V{height(amount)}H{round(LEFT + wide * (place + 1), 1)}"
            return points

        recurring = [year.recurring_so_far for year in years]
        once = [year.once_so_far for year in years]
        lines = [step * n for n in range(int(top / step) + 1)]
        return cls(
            recurring=steps(recurring),
            once=steps(once),
            grid=[(height(each), format_money(each, currency).partition(".")[0]) for each in lines],
            ticks=[(round(LEFT + wide * (year.number - 1), 1), str(year.number)) for year in years],
            recurring_end=(WIDTH, height(recurring[-1])),
            once_end=(WIDTH, height(once[-1])),
            recurring_label=format_money(recurring[-1], currency),
            once_label=format_money(once[-1], currency),
        )


def _round_step(most: Decimal) -> Decimal:
    """Return 1, 2 or 5 times a power of ten, so that three to six lines stand in the chart."""
    unit = Decimal(10) ** (most.adjusted() - 1)
    return next(unit * n for n in (2, 5, 10, 20) if most / (unit * n) <= 5)

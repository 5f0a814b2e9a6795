"""Finance: what waits today, what is owed, what is coming, and what partners earned and brought in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commissions.finance import by_partner, needs, outlook
from commissions.finance.by_partner import By, Figures
from commissions.finance.standing import AGES, Standing, standing
from commissions.forms_finance import AsOfForm, PeriodForm
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.money import format_money, round_half_even
from ssp.core.roles import Role
from ssp.core.table_files import answer

NAV = "commissions:finance"
WHOLE = 1000  # the width of a chart's longest bar; its unit is arbitrary
BARS = 12
SHOWN = 50
READERS = (Role.FINANCE, Role.DIRECTOR)


@dataclass(frozen=True)
class Bar:
    """A line of a chart; its parts stand one behind the other."""

    label: str
    text: str
    parts: list[tuple[int, int]]  # start and width, of WHOLE


def bars_of(rows: Iterable[tuple[str, str, Sequence[Decimal]]]) -> list[Bar]:
    """Return bars of (label, text, amounts); what is below zero is only in the text."""
    kept = list(rows)
    longest = max((sum((max(n, Decimal(0)) for n in parts), Decimal(0)) for _l, _t, parts in kept), default=0)
    bars = []
    for label, text, amounts in kept:
        start, parts = 0, []
        for amount in amounts:
            width = round(WHOLE * max(amount, Decimal(0)) / longest) if longest else 0
            parts.append((start, width))
            start += width
        bars.append(Bar(label, text, parts))
    return bars


def month_name(month: date) -> str:
    return date_format(month, "F Y")


def sections(current: str) -> list[dict[str, Any]]:
    """Return the pages of finance's figures, for the line above each of them."""
    pages = (
        ("finance", _("What needs us")),
        ("finance_invoices", _("All invoices")),
        ("finance_ledger", _("Ledger")),
        ("liabilities", _("Liabilities")),
        ("outlook", _("Forecast")),
        ("by_partner", _("By partner")),
        ("journal", _("Bookkeeping")),
    )
    return [
        {"label": label, "count": None, "url": reverse(f"commissions:{name}"), "current": name == current}
        for name, label in pages
    ]


def page(request: StaffRequest, template: str, current: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page of finance with the line of its neighbours."""
    around = {"nav": NAV, "sections": sections(current), "whole": WHOLE}
    return render(request, f"commissions/finance/{template}.html", {**around, **context})


@require_safe
@role_required(*READERS)
def overview(request: StaffRequest) -> HttpResponse:
    """Show what waits for finance today, and where the money stands."""
    today = clock.today()
    found = needs.needs_of(today)
    context = {
        "needs": [
            {
                "need": need,
                "amounts": needs.in_words(need.amounts),
                "rows": [{"row": row, "amounts": needs.in_words(row.amounts)} for row in need.rows],
            }
            for need in found
        ],
        "standings": [{"standing": each, "kpis": _kpis(each, today)} for each in standing(today)],
        "may_act": request.user.has_role(Role.FINANCE),
    }
    return page(request, "overview", "finance", context)


def _kpis(each: Standing, on: date) -> list[dict[str, str]]:
    def money(amount: Decimal) -> str:
        return format_money(amount, each.currency, code=True)

    total = each.total
    address = f"{reverse('commissions:finance_ledger')}?currency={each.currency}&state="
    return [
        {
            "label": _("Owed to partners"),
            "value": money(total.owed),
            "context": _("held, payable and in payouts"),
            "url": f"{reverse('commissions:liabilities')}?on={on.isoformat()}",
        },
        {"label": _("Held"), "value": money(total.held), "url": f"{address}held"},
        {"label": _("Payable"), "value": money(total.payable), "url": f"{address}payable"},
        {"label": _("In a payout"), "value": money(total.in_payout), "url": f"{address}in_payout"},
        {
            "label": _("Paid"),
            "value": money(total.paid),
            "context": _("since the beginning, without VAT"),
            "url": f"{address}paid",
        },
    ]


# --- liabilities ----------------------------------------------------------------------
@require_safe
@role_required(*READERS)
def liabilities(request: StaffRequest) -> HttpResponse:
    """Show what was owed at the end of any day: by month, by partner, by age."""
    form = AsOfForm(request.GET, today=clock.today())
    is_valid = form.is_valid()
    on = form.cleaned_data["on"] if is_valid else None
    context = {
        "form": form,
        "on": on,
        "days": [
            {"label": label, "url": f"?on={day.isoformat()}", "current": day == on, "count": None}
            for label, day in form.days()
        ],
        "standings": [_shown(each) for each in standing(on)] if on else [],
        "heads": _heads(),
    }
    return page(request, "liabilities", "liabilities", context)


def _heads() -> list[str]:
    return [_("Held"), _("Payable"), _("In a payout"), _("Owed"), _("Paid"), _("Earned")]


def _shown(each: Standing) -> dict[str, Any]:
    months = sorted(each.months.items(), reverse=True)
    partners = each.by_balance
    return {
        "currency": each.currency,
        "total": each.total,
        "months": [(month_name(month), sums) for month, sums in months],
        "bars": bars_of(
            (
                month_name(month),
                _("%(sum)s owed") % {"sum": format_money(sums.owed, each.currency, code=True)},
                (sums.paid, sums.payable + sums.in_payout, sums.held),
            )
            for month, sums in months[:BARS]
        ),
        "fewer_bars": len(months) > BARS,
        "partners": partners[:SHOWN],
        "more": max(len(partners) - SHOWN, 0),
        "ages": list(zip(_ages(), each.ages, strict=True)),
    }


def _ages() -> list[str]:
    names = [
        _("payable for %(first)s to %(last)s days") % {"first": first, "last": last}
        for first, last in zip((0, *(n + 1 for n in AGES)), AGES, strict=False)
    ]
    return [*names, _("payable for more than %(n)s days") % {"n": AGES[-1]}]


@require_safe
@role_required(*READERS)
def liabilities_file(request: StaffRequest, what: str) -> HttpResponseBase:
    """Hand out the liabilities by month or by partner; what is asked for wrongly isn't there."""
    form = AsOfForm(request.GET, today=clock.today())
    if not form.is_valid() or what not in ("months", "partners"):
        raise Http404
    on = form.cleaned_data["on"]
    first = _("Month") if what == "months" else _("Partner")
    rows = []
    for each in standing(on):
        if what == "months":
            lines = [(f"{month:%Y-%m}", sums) for month, sums in sorted(each.months.items())]
        else:
            lines = [(str(partner), sums) for partner, sums in each.by_balance]
        rows += [
            (
                on,
                each.currency,
                label,
                *(round_half_even(n, each.currency) for n in (*sums.each, sums.before)),
            )
            for label, sums in lines
        ]
    headings = [_("As of"), _("Currency"), first, *_heads(), _("Owed from before this system")]
    return answer(headings, rows, name=f"liabilities-{what}-{on.isoformat()}", file_format="csv")


# --- forecast --------------------------------------------------------------------------
@require_safe
@role_required(*READERS)
def forecast(request: StaffRequest) -> HttpResponse:
    """Show what becomes payable month by month, and apart from it what open invoices would bring."""
    today = clock.today()
    becoming, now = outlook.becoming_payable(on=today), outlook.payable_now(on=today)
    estimate = outlook.estimate(on=today)
    currencies = sorted({*now, *estimate.sums, *(row.currency for row in becoming)})
    context = {
        "currencies": [
            {
                "currency": currency,
                "now": now.get(currency, Decimal(0)),
                "months": [(month_name(r.month), r.amount) for r in becoming if r.currency == currency],
                "bars": bars_of(
                    (month_name(r.month), format_money(r.amount, currency, code=True), (r.amount,))
                    for r in becoming
                    if r.currency == currency
                ),
                "estimate": estimate.sums.get(currency),
                "waiting": [row for row in estimate.rows if row.expected.currency == currency],
            }
            for currency in currencies
        ],
        "left_out": estimate.left_out,
        "payable_on": estimate.payable_on,
    }
    return page(request, "forecast", "outlook", context)


@require_safe
@role_required(*READERS)
def forecast_file(request: StaffRequest) -> HttpResponseBase:
    """Hand out the forecast: what is held by its day, and the estimate, each line saying which it is."""
    today = clock.today()
    estimate = outlook.estimate(on=today)
    held = [
        (_("held, becomes payable"), row.currency, f"{row.month:%Y-%m}", "", "", row.amount)
        for row in outlook.becoming_payable(on=today)
    ]
    guessed = [
        (
            _("estimate, if paid today"),
            row.expected.currency,
            f"{estimate.payable_on:%Y-%m}",
            str(row.partner),
            row.expected.invoice.reference,
            row.expected.amount,
        )
        for row in estimate.rows
    ]
    headings = [_("What"), _("Currency"), _("Month"), _("Partner"), _("Invoice"), _("Amount")]
    return answer(headings, [*held, *guessed], name=f"forecast-{today.isoformat()}", file_format="csv")


# --- by partner, tier and deal ----------------------------------------------------------
TITLES: dict[By, Any] = {
    "partner": lambda: _("Partner"),
    "tier": lambda: _("Tier"),
    "deal": lambda: _("Deal"),
}


@require_safe
@role_required(*READERS)
def partners(request: StaffRequest) -> HttpResponse:
    """Show what partners earned in a period beside the revenue of their deals."""
    form = PeriodForm(request.GET, today=clock.today())
    is_valid = form.is_valid()
    chosen = (form.cleaned_data["since"], form.cleaned_data["until"]) if is_valid else None
    context = {
        "form": form,
        "periods": [
            {
                "label": label,
                "url": f"?since={since.isoformat()}&until={until.isoformat()}",
                "current": (since, until) == chosen,
                "count": None,
            }
            for label, since, until in form.periods()
        ],
        "address": f"since={chosen[0].isoformat()}&until={chosen[1].isoformat()}" if chosen else "",
        "currencies": _by_currency(*chosen) if chosen else [],
        "headings": _figure_heads(),
    }
    return page(request, "partners", "by_partner", context)


def _figure_heads() -> list[str]:
    return [
        _("Earned"), _("Of it bonuses"), _("Of it from before"), _("Paid"), _("Open"),
        _("Invoiced, net"), _("Credited, net"), _("Received, net"), _("Effective rate"),
    ]  # fmt: skip


def _by_currency(since: date, until: date) -> list[dict[str, Any]]:
    everybody = by_partner.figures("partner", since=since, until=until)
    tables: dict[By, list[Figures]] = {
        "partner": everybody,
        "tier": by_partner.figures("tier", since=since, until=until),
        "deal": by_partner.figures("deal", since=since, until=until, limit=SHOWN + 1),
    }
    found = []
    for currency in dict.fromkeys(row.currency for row in everybody):
        mine = {by: [row for row in rows if row.currency == currency] for by, rows in tables.items()}
        total = by_partner.total(mine["partner"], _("Together"))
        found.append(
            {
                "currency": currency,
                "total": total,
                "tables": [
                    {
                        "by": by,
                        "title": TITLES[by](),
                        "rows": rows[:SHOWN],
                        "more": len(rows) > SHOWN,
                        "bars": bars_of(
                            (
                                row.label,
                                format_money(row.earned, currency, code=True),
                                (row.earned - row.bonus, row.bonus),
                            )
                            for row in rows[:BARS]
                        ),
                    }
                    for by, rows in mine.items()
                ],
            }
        )
    return found


@require_safe
@role_required(*READERS)
def partners_file(request: StaffRequest, by: str) -> HttpResponseBase:
    """Hand out the figures of a period by partner, tier or deal; what is asked for wrongly isn't there."""
    form = PeriodForm(request.GET, today=clock.today())
    kinds: dict[str, By] = {each: each for each in TITLES}
    if not form.is_valid() or by not in kinds:
        raise Http404
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    rows = [
        (
            row.currency, row.label, row.earned, row.bonus, row.opening, row.paid, row.open, row.invoiced,
            row.credited, round_half_even(row.received, row.currency), row.rate, row.bonus_share,
        )
        for row in by_partner.figures(kinds[by], since=since, until=until)
    ]  # fmt: skip
    headings = [_("Currency"), TITLES[kinds[by]](), *_figure_heads(), _("Bonus share")]
    name = f"by-{by}-{since.isoformat()}-{until.isoformat()}"
    return answer(headings, rows, name=name, file_format="csv")

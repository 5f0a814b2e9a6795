"""A partner's earnings: every entry, and how it was worked out."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commissions import queries
from commissions.explain import explain
from commissions.ledger_file import ledger_table
from commissions.models import Commission, CommissionQuerySet
from commissions.openings import openings_of
from commissions.views.forecast import elections_to_make
from partners.access import PartnerRequest, partner_required
from partners.models import Partner
from ssp.core import clock
from ssp.core.money import format_money
from ssp.core.tabular import csv_bytes
from ssp.core.templatetags.ssp import day, weekday_day

A_PAGE = 50


@require_safe
@partner_required
def earnings(request: PartnerRequest) -> HttpResponse:
    """Show the ledger of the partner: all of it, or what is held, payable or paid."""
    partner, today = request.partner, clock.today()
    summaries = queries.earned_summary(partner, today)
    mixed = len(summaries) > 1
    states = _by_state(partner)
    chosen = request.GET.get("state", "")
    rows = states.get(chosen, states[""])
    page = list(_after(rows, request.GET.get("after", ""), partner)[: A_PAGE + 1])
    shown = page[:A_PAGE]
    context = {
        "summaries": [{"currency": s.currency, "kpis": _kpis(s, partner)} for s in summaries],
        "totals": [(s, format_money(s.earned, s.currency, code=mixed)) for s in summaries],
        "mixed": mixed,
        "views": [
            {
                "label": label,
                "count": states[key].count(),
                "url": f"{reverse('commissions:earnings')}{f'?state={key}' if key else ''}",
                "current": key == chosen,
            }
            for key, label in _labels().items()
            if key != "in_payout" or states[key].exists()
        ],
        "chosen": chosen if chosen in states else "",
        "entries": [explain(entry, on=today, code=mixed) for entry in shown],
        "opened": request.GET.get("explain", ""),
        "next_url": _next_url(chosen, shown[-1]) if len(page) > A_PAGE else "",
        "is_first_page": "after" not in request.GET,
        "openings": openings_of(partner),
        "elections": elections_to_make(partner, on=today),
        "has_statements": queries.statements(partner).exists(),
    }
    return render(request, "commissions/earnings.html", context)


def _labels() -> dict[str, str]:
    return {
        "": _("All"),
        "held": _("Held"),
        "payable": _("Payable"),
        "in_payout": _("In a payout"),
        "paid": _("Paid"),
    }


def _by_state(partner: Partner) -> dict[str, CommissionQuerySet]:
    today = clock.today()
    mine: Any = queries.entries(partner)
    live = queries.LIVE_PLACES
    return {
        "": mine,
        "held": mine.held(on=today).unpaid(),
        "payable": mine.payable(on=today),
        "in_payout": mine.filter(payout_entries__in=live.filter(payout__paid_on__isnull=True)),
        "paid": mine.filter(payout_entries__in=live.filter(payout__paid_on__isnull=False)),
    }


def _after(rows: Any, after: str, partner: Partner) -> Any:
    """Continue a list after an entry of the same partner; anything else begins at the top."""
    last = queries.entries(partner).filter(pk=after).first() if after.isdecimal() else None
    if last is None:
        return rows
    return rows.filter(earned_on__lt=last.earned_on) | rows.filter(earned_on=last.earned_on, pk__lt=last.pk)


def _next_url(chosen: str, last: Commission) -> str:
    state = f"state={chosen}&" if chosen else ""
    return f"{reverse('commissions:earnings')}?{state}after={last.pk}"


def _kpis(earned: queries.Earned, partner: Partner) -> list[dict[str, str]]:
    def money(amount: Any) -> str:
        return format_money(amount, earned.currency)

    address = reverse("commissions:earnings")
    since = day(partner.started_at)
    return [
        {
            "label": _("Earned"),
            "value": money(earned.earned),
            "context": _("since %s, after reversals") % since,
            "url": address,
        },
        {
            "label": _("Paid out"),
            "value": money(earned.paid),
            "context": _("last on %s") % day(earned.paid_on) if earned.paid_on else _("nothing yet"),
            "url": f"{address}?state=paid",
        },
        {
            "label": _("In the next payout"),
            "value": money(earned.coming),
            "context": _("carried forward until it is positive")
            if earned.coming < 0
            else _("payable now")
            if earned.coming
            else _("nothing payable today"),
            "url": f"{address}?state=payable",
        },
        {
            "label": _("Held"),
            "value": money(earned.held),
            "context": _("payable from %s") % weekday_day(earned.held_until)
            if earned.held_until
            else _("for 30 days after each payment"),
            "url": f"{address}?state=held",
        },
    ]


@require_safe
@partner_required
def export(request: PartnerRequest) -> HttpResponse:
    """Give the whole ledger of the partner as CSV."""
    today = clock.today()
    headers, rows = ledger_table(request.partner, on=today)
    response = HttpResponse(csv_bytes(headers, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="earnings-{today.isoformat()}.csv"'
    return response

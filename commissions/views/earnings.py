"""A partner's earnings: every entry, and how it was worked out."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commissions import queries, queries_statements
from commissions.explain import explain
from commissions.ledger_file import ledger_table
from commissions.models import Commission, CommissionQuerySet, LeftOut
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
    currency = request.GET.get("currency", "") if mixed else ""
    currency = currency if currency in {s.currency for s in summaries} else ""
    states = _by_state(partner, currency)
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in states else ""
    page = list(_after(states[chosen], request.GET.get("after", ""), partner)[: A_PAGE + 1])
    shown = page[:A_PAGE]
    context = {
        "summaries": [{"currency": s.currency, "kpis": _kpis(s, partner, mixed=mixed)} for s in summaries],
        "totals": [
            {"currency": s.currency, "amount": format_money(s.of(chosen), s.currency, code=mixed)}
            for s in summaries
            if s.currency == currency or (not currency and (not mixed or not chosen or s.of(chosen)))
        ],
        "total_label": _totalled()[chosen],
        "mixed": mixed,
        "currency": currency,
        "views": [
            {
                "label": label,
                "count": states[key].count(),
                "url": _address(key, currency),
                "current": key == chosen,
            }
            for key, label in _labels().items()
            if key not in ("in_payout", "coming") or states["in_payout"].exists()
        ],
        "chosen": chosen,
        "entries": [explain(entry, on=today, code=mixed) for entry in shown],
        "contests": queries_statements.contests_of([entry.pk for entry in shown]),
        "first_url": _address(chosen, currency),
        "all_url": _address("", ""),
        "next_url": _address(chosen, currency, after=shown[-1]) if len(page) > A_PAGE else "",
        "is_first_page": "after" not in request.GET,
        "not_arrived": queries.not_arrived(partner),
        "left_out": LeftOut.objects.owned_by(partner).still_waiting().select_related("run").order_by("-pk"),
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
        "coming": _("In the next payout"),
        "paid": _("Paid"),
    }


def _totalled() -> dict[str, str]:
    """Return what the sum under each of the lists is called."""
    return {**_labels(), "": _("Earned to date"), "paid": _("Paid out")}


def _by_state(partner: Partner, currency: str) -> dict[str, CommissionQuerySet]:
    """Return the lists of a partner's entries, each as the figure above it counts them."""
    today = clock.today()
    mine: Any = queries.entries(partner)
    if currency:
        mine = mine.filter(currency=currency)
    live, payable = queries.LIVE_PLACES, mine.payable(on=today)
    in_payout = mine.filter(payout_entries__in=live.filter(payout__paid_on__isnull=True))
    return {
        "": mine,
        "held": mine.held(on=today).unpaid(),
        "payable": payable,
        "in_payout": in_payout,
        "coming": mine.filter(Q(pk__in=payable.values("pk")) | Q(pk__in=in_payout.values("pk"))),
        "paid": mine.filter(payout_entries__in=live.filter(payout__paid_on__isnull=False)),
    }


def _after(rows: Any, after: str, partner: Partner) -> Any:
    """Continue a list after an entry of the same partner; anything else begins at the top."""
    last = queries.entries(partner).filter(pk=after).first() if after.isdecimal() else None
    if last is None:
        return rows
    return rows.filter(earned_on__lt=last.earned_on) | rows.filter(earned_on=last.earned_on, pk__lt=last.pk)


def _address(state: str, currency: str, *, after: Commission | None = None) -> str:
    """Return where a list of entries is; the filters live in the address."""
    asked = {"state": state, "currency": currency, "after": str(after.pk) if after else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('commissions:earnings')}{f'?{query}' if query else ''}"


def _kpis(earned: queries.Earned, partner: Partner, *, mixed: bool) -> list[dict[str, str]]:
    """Return the figures of one currency, each with the address of just the entries that it sums."""

    def rows(state: str) -> str:
        return _address(state, earned.currency if mixed else "")

    def money(amount: Any) -> str:
        return format_money(amount, earned.currency, code=mixed)

    since = day(partner.started_at)
    return [
        {
            "label": _("Earned"),
            "value": money(earned.earned),
            "context": _("since %s, after reversals") % since,
            "url": rows(""),
        },
        {
            "label": _("Paid out"),
            "value": money(earned.paid),
            "context": _("last on %s") % day(earned.paid_on) if earned.paid_on else _("nothing yet"),
            "url": rows("paid"),
        },
        {
            "label": _("In the next payout"),
            "value": money(earned.coming),
            "context": _("carried forward until it is positive")
            if earned.coming < 0
            else _("%s of it in a payout already") % money(earned.in_payout)
            if earned.in_payout
            else _("payable now")
            if earned.coming
            else _("nothing payable today"),
            "url": rows("coming"),
        },
        {
            "label": _("Held"),
            "value": money(earned.held),
            "context": _("payable from %s") % weekday_day(earned.held_until)
            if earned.held_until
            else _("for 30 days after each payment"),
            "url": rows("held"),
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

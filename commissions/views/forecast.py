"""What a partner may still earn, in words and figures: a page of its own, which the earnings show too."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from commissions.forecast import DealForecast, to_the_cap, totals
from commissions.rules.renewals import Outlook
from partners.access import PartnerRequest, partner_required
from partners.models import Partner
from referrals.models import UseCase
from referrals.queries import signed_contract
from ssp.core import clock
from ssp.core.money import format_money
from ssp.core.templatetags.ssp import day, percent


@require_safe
@partner_required
def forecast(request: PartnerRequest) -> HttpResponse:
    """Show what may still come: a row for each deal with its steps, and a sum for each currency."""
    found = to_the_cap(request.partner, on=clock.today())
    summed = totals(found)
    code = len(summed) > 1
    context = {
        "forecast": [_row(each, code=code) for each in found],
        "totals": [format_money(amount, currency, code=code) for currency, amount in summed],
        "nav": "commissions:earnings",
    }
    return render(request, "commissions/forecast.html", context)


def _row(each: DealForecast, *, code: bool) -> dict[str, Any]:
    return {
        "key": f"{each.use_case.pk}-{each.currency}",
        "company": each.company or each.use_case.title,
        "use_case": each.use_case,
        "basis": _basis(each),
        "until": _until(each),
        "steps": _steps(each),
        "amount": format_money(each.amount, each.currency, code=code),
    }


def _basis(each: DealForecast) -> str:
    said = []
    if each.invoices:
        said.append(
            ngettext("%(n)d open invoice", "%(n)d open invoices", len(each.invoices))
            % {"n": len(each.invoices)}
        )
    if each.renewals:
        count = len(each.renewals.renewals)
        said.append(ngettext("%(n)d renewal", "%(n)d renewals", count) % {"n": count})
    if each.goes_on:
        said.append(_("caps go on from before this system"))
    return ", ".join(said)


def _until(each: DealForecast) -> str:
    if each.renewals is None:
        return _("once the customer pays")
    if each.renewals.cap_ends_on is None:
        return _("until the last invoice that counts")
    return _("until %s, the last service day that counts") % day(each.renewals.cap_ends_on)


def _steps(each: DealForecast) -> list[dict[str, str]]:
    steps = [
        {
            "label": _("Invoice %(number)s of %(day)s, unpaid: %(rate)s of %(net)s")
            % {
                "number": invoice.invoice.reference,
                "day": day(invoice.invoice.issued_on),
                "rate": percent(invoice.rate),
                "net": format_money(invoice.eligible, invoice.currency),
            },
            "value": format_money(invoice.amount, invoice.currency),
        }
        for invoice in each.invoices
    ]
    return steps + (_renewal_steps(each.renewals) if each.renewals else [])


def _renewal_steps(renewals: Outlook) -> list[dict[str, str]]:
    return [
        {
            "label": _("If it renews, service %(first)s to %(last)s: %(rate)s of %(net)s%(inside)s")
            % {
                "first": day(renewal.service_from),
                "last": day(renewal.service_to),
                "rate": percent(renewals.rate),
                "net": format_money(renewal.net, renewal.currency),
                "inside": _(", the days up to the cap")
                if renewals.cap_ends_on and renewal.service_to > renewals.cap_ends_on
                else "",
            },
            "value": format_money(renewal.amount, renewal.currency),
        }
        for renewal in renewals.renewals
    ]


def elections_to_make(partner: Partner, *, on: date) -> list[dict[str, str]]:
    """Return the use cases for which the partner may still choose how they pay (C5)."""
    contract = signed_contract(partner, on=on)
    if contract is None:
        return []
    rows = UseCase.objects.filter(
        partner=partner, model_locked_at__isnull=True, outcome="", referral__claim_ended_at__isnull=True
    ).select_related("referral__company")
    facts = {"x": percent(contract.recurring_percent), "y": percent(contract.first_invoice_percent)}
    return [
        {
            "title": _("%(company)s: %(x)s of recurring, or %(y)s of the first invoice?")
            % {"company": row.referral.company.name if row.referral else row.title, **facts},
            "text": _("%(title)s. You chose: %(model)s.")
            % {"title": row.title, "model": row.get_model_display()}
            if row.model
            else row.title,
            "url": reverse("commissions:compare", args=[row.pk]),
        }
        for row in rows.order_by("-defined_at", "-pk")[:5]
    ]

"""The partner's home: what needs me, by when, and what is it worth."""

from decimal import Decimal

from django.contrib.humanize.templatetags.humanize import apnumber
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from commissions.forecast import coming
from commissions.queries import Earned, earned_summary
from partners.access import PartnerRequest, partner_required
from partners.queries import slots_taken
from referrals import queries as referrals
from ssp.core import clock
from ssp.core.periods import AMSTERDAM
from ssp.core.templatetags.ssp import day

COMING = 5  # more stands on the earnings page


def greeting(name: str, *, hour: int, count: int) -> str:
    """Say good day, and how much waits."""
    if hour < 12:
        hello = _("Good morning, %(name)s.")
    elif hour < 18:
        hello = _("Good afternoon, %(name)s.")
    else:
        hello = _("Good evening, %(name)s.")
    waits = (
        ngettext("One thing needs you.", "%(count)s things need you.", count)
        % {"count": capfirst(str(apnumber(count)))}  # in letters up to nine, as people write
        if count
        else _("Nothing needs you.")
    )
    return f"{hello % {'name': name}} {waits}"


def parts_of(earned: Earned) -> list[dict[str, object]]:
    """Return what a total is made of, in the order of the bar: paid, on its way, payable, held."""
    held = _("Held until %(day)s") % {"day": day(earned.held_until)} if earned.held_until else _("Held")
    parts = [
        (_("Paid out"), earned.paid),
        (_("In the payout that is prepared"), earned.in_payout),
        (_("Payable"), earned.payable),
        (held, earned.held),
    ]
    return [{"label": label, "amount": amount} for label, amount in parts if amount]


def bar_of(parts: list[dict[str, object]]) -> list[dict[str, int]]:
    """Return the bar's pieces in an SVG 1000 units wide; none when something is below zero."""
    amounts = [Decimal(str(part["amount"])) for part in parts]
    total = sum(amounts)
    if total <= 0 or min(amounts) < 0:
        return []
    pieces, x = [], 0
    for amount in amounts:
        width = round(1000 * amount / total)
        pieces.append({"x": x, "width": max(width - 6, 1)})
        x += width
    return pieces


def earnings_of(earned: Earned) -> dict[str, object]:
    parts = parts_of(earned)
    return {
        "currency": earned.currency,
        "total": earned.earned,
        "parts": parts,
        "bar": bar_of(parts),
    }


@partner_required
@require_safe
def home(request: PartnerRequest) -> HttpResponse:
    partner, on = request.partner, clock.today()
    needs = referrals.needs_partner(partner, on)
    context = {
        "greeting": greeting(
            partner.user.first_name, hour=clock.now().astimezone(AMSTERDAM).hour, count=len(needs)
        ),
        "needs": needs,
        "has_referrals": referrals.referrals_of(partner).exists(),
        "deadlines": referrals.deadlines(partner, on),
        "waiting": referrals.with_semi(partner, on),
        "earned": [earnings_of(earned) for earned in earned_summary(partner, on)],
        "coming": coming(partner, on=on)[:COMING],
        "slots_taken": slots_taken(partner),
        "recruits": partner.recruits.filter(bonus_slot__isnull=False).order_by("bonus_slot"),
    }
    return render(request, "portal/home.html", context)

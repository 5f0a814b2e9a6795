"""A partner's bank account: how it stands, and its change, right after proving who they are."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_countries import countries

from commissions.bank import enter_bank_details
from commissions.forms_bank import BankForm
from commissions.models import BankDetails
from commissions.queries import payouts_under_way
from partners.access import PartnerRequest, partner_required
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.periods import AMSTERDAM
from ssp.core.proof import proved_at


@require_safe
@partner_required
def bank_account(request: PartnerRequest) -> HttpResponse:
    """Show where the partner's payouts go, since when, and every account before."""
    rows = list(BankDetails.objects.of(request.partner))
    now = clock.now()
    context = {
        "account": rows[0] if rows else None,
        "country": countries.name(rows[0].country) if rows else "",
        "rests_from_time": f"{rows[0].rests_from.astimezone(AMSTERDAM):%H:%M}" if rows else "",
        "rests": bool(rows) and rows[0].rests(at=now),
        "before": rows[1:],
        "under_way": payouts_under_way(request.partner),
    }
    return render(request, "commissions/bank_account.html", context)


@never_cache
@sensitive_post_parameters("iban", "number", "routing", "bic", "holder")
@partner_required
@require_http_methods(["GET", "POST"])
@reauthentication_required(enabled=lambda request: request.method == "GET")
def bank_account_change(request: PartnerRequest) -> HttpResponse:
    """Enter an account. Whose proof is too old is asked again and types anew: no session keeps the number."""
    proof = proved_at(request)
    if request.method == "POST" and proof is None:
        messages.warning(
            request, _("That took a while, so we asked once more who you are. Nothing was changed.")
        )
        return redirect("commissions:bank_account_change")
    known = BankDetails.objects.of(request.partner).first()
    first = request.partner.legal_name or request.user.full_name
    form = BankForm(request.POST or None, initial={"holder": known.holder if known else first})
    if form.is_valid():
        with form.showing(DomainError):
            made = enter_bank_details(
                partner=request.partner,
                account=form.account,
                proved_at=proof,
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("Payouts go to %(account)s, for the first time after 72 hours. We sent you a mail.")
                % {"account": made.masked},
            )
            return redirect("commissions:bank_account")
    context = {
        "form": form,
        "known": known,
        "under_way": payouts_under_way(request.partner),
        "nav": "commissions:bank_account",
    }
    return render(request, "commissions/bank_account_change.html", context)

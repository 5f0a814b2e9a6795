"""The calculator: for one's own use case by one's contract, for everybody by the terms in force (C5)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commissions import what_if as calculator
from partners.access import PartnerRequest, partner_required
from partners.models import ProgramTerms
from referrals.models import UseCase
from referrals.queries import signed_contract
from ssp.core import clock


@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """Let anybody compare both models by the terms in force; without terms, say so."""
    terms = ProgramTerms.objects.in_force(on=clock.today())
    context = calculator.answer(request.GET, terms, on=clock.today()) if terms else {}
    return render(request, "commissions/what_if.html", {**context, "url": reverse("commissions:what_if")})


@require_safe
@partner_required
def compare(request: PartnerRequest, pk: int) -> HttpResponse:
    """Let a partner compare both models for one of their use cases, by the numbers they signed."""
    use_case = get_object_or_404(UseCase, pk=pk, partner=request.partner)
    contract = signed_contract(request.partner, on=use_case.window_starts_on or clock.today())
    context = calculator.answer(request.GET, contract, on=clock.today()) if contract else {}
    return render(
        request,
        "commissions/compare.html",
        {
            **context,
            "use_case": use_case,
            "url": reverse("commissions:compare", args=[pk]),
            "nav": "referrals:list",
        },
    )

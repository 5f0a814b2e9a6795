"""Refusals, and the one appeal against each (C12): pages show what the partner knows, whatever the cause."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.access import PartnerRequest, partner_required
from referrals import rules
from referrals.models import Refusal
from referrals.proposal_forms import AppealForm, AppealTextForm
from referrals.services.appeals import appeal_refusal
from referrals.views.registering import draft_of
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.identity import identity_of
from ssp.core.templatetags.ssp import weekday_day


@partner_required
@require_safe
def refusals(request: PartnerRequest) -> HttpResponse:
    """List the neutral answers of late, and what became of the appeals against them."""
    rows = Refusal.objects.filter(partner=request.partner).select_related("referral", "appeal__referral")
    context = {"rows": rows.order_by("-refused_at", "-pk")[:100], "nav": "referrals:list"}
    return render(request, "referrals/refusals.html", context)


@partner_required
@require_http_methods(["GET", "POST"])
def appeal(request: PartnerRequest, pk: int) -> HttpResponse:
    """Ask for a second look: once, within 10 working days."""
    rows = Refusal.objects.filter(partner=request.partner).select_related("referral__company")
    refusal = get_object_or_404(rows, pk=pk)
    draft = draft_of(request).get("person") or {}
    if refusal.referral_id:
        form: AppealTextForm = AppealTextForm(request.POST or None)
    else:
        same = identity_of(draft.get("email", "")) == refusal.identity
        form = AppealForm(request.POST or None, initial=draft if same else None)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            made = appeal_refusal(
                refusal=refusal,
                text=form.cleaned_data["text"],
                person=form.person if isinstance(form, AppealForm) else None,
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request,
                _("Your appeal is with the sales leads. You hear from us on %(day)s.")
                % {"day": weekday_day(made.answered_on)},
            )
            return redirect("referrals:refusals")
    context = {
        "form": form,
        "refusal": refusal,
        "answered_on": rules.appeal_answered_on(clock.today()),
        "may": not hasattr(refusal, "appeal") and refusal.appeal_until >= clock.today(),
        "nav": "referrals:list",
    }
    return render(request, "referrals/appeal.html", context)

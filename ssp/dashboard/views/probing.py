"""Patterns of refusals that look like probing (C12): sales leads look at them, partners never see any."""

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from referrals.models import ProbingAlert
from referrals.services.probing import settle_alert
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role
from ssp.dashboard.forms_people import FindingForm

LISTED = 50


@role_required(Role.SALES_LEAD)
@require_GET
def alerts(request: StaffRequest) -> HttpResponse:
    """List what nobody has looked at, then what was found."""
    rows = ProbingAlert.objects.select_related("partner", "looked_at_by")
    rows = rows.order_by(F("looked_at").desc(nulls_first=True), "-noticed_at", "-pk")[:LISTED]
    return render(request, "dashboard/probing.html", {"alerts": rows, "nav": "desk:probing"})


@role_required(Role.SALES_LEAD)
@require_http_methods(["GET", "POST"])
def alert(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one pattern, and take what was behind it."""
    found = get_object_or_404(ProbingAlert.objects.select_related("partner", "looked_at_by"), pk=pk)
    form = FindingForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing(DomainError):
            settle_alert(alert=found, by=request.user, at=clock.now(), **form.cleaned_data)
            messages.success(request, _("Noted. The alert is off the list of what is open."))
            return redirect("desk:probing")
    context = {"alert": found, "form": form, "nav": "desk:probing"}
    return render(request, "dashboard/probing_alert.html", context)

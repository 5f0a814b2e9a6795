"""A partner's recruits: the three places and the invitations."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners import queries
from partners.access import PartnerRequest, partner_required
from partners.forms import InviteForm
from partners.models import (
    RecruitInvitation,
)
from partners.rules import BONUS_SLOTS
from partners.services.recruits import invite_recruit, revoke_invitation
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.templatetags.ssp import weekday_day


@partner_required
@require_http_methods(["GET", "POST"])
def recruits(request: PartnerRequest) -> HttpResponse:
    """Show the three places and who has them; invite somebody."""
    partner, now = request.partner, clock.now()
    form = InviteForm(request.POST or None)
    if form.is_valid():
        with form.showing(DomainError):
            invitation = invite_recruit(
                partner=partner, email=form.cleaned_data["email"], by=request.user, at=now
            )
            messages.success(
                request,
                _("The invitation is on its way to %(email)s. The link works until %(day)s.")
                % {"email": invitation.email, "day": weekday_day(invitation.expires_at)},
            )
            return redirect("partners:recruits")
    taken = queries.slots_taken(partner)
    context = {
        "form": form,
        "partner": partner,
        "is_active": partner.is_active(at=now),
        "contract": queries.contract_in_force(partner, clock.today()),
        "taken": taken,
        "is_full": taken >= len(BONUS_SLOTS),
        "recruits": partner.recruits.select_related("user").order_by("bonus_slot", "created_at"),
        "invitations": partner.invitations.filter(used_at__isnull=True).order_by("-invited_at"),
        "now": now,
    }
    return render(request, "partners/recruits.html", context)


@partner_required
@require_POST
def revoke(request: PartnerRequest, pk: int) -> HttpResponse:
    """Withdraw an invitation of one's own."""
    invitation = get_object_or_404(RecruitInvitation, pk=pk, recruiter=request.partner)
    try:
        revoke_invitation(invitation=invitation, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is withdrawn; its link no longer works."))
    return redirect("partners:recruits")

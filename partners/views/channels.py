"""A partner's channels (C15): what each is for, its invitation, and their own word that they are in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners.access import PartnerRequest, partner_required
from partners.models import ChannelAccess, ChannelTask
from partners.services.channels import ask_for_help, say_joined
from ssp.core import clock
from ssp.core.errors import DomainError


@partner_required
@never_cache
@require_safe
def channels(request: PartnerRequest) -> HttpResponse:
    """List the channels that are open to the partner now; links only as long as they are active (C15)."""
    partner, now = request.partner, clock.now()
    is_active = partner.is_active(at=now)
    accesses = ChannelAccess.objects.filter(partner=partner).select_related("channel").order_by("channel")
    asked = set(
        ChannelTask.objects.open()
        .filter(access__partner=partner, kind=ChannelTask.Kind.HELP)
        .values_list("access_id", flat=True)
    )
    rows = [
        {
            "access": access,
            "channel": access.channel,
            "link": access.channel.invitation_link if access.channel.has_link else "",
            "asked": access.pk in asked,
        }
        for access in (accesses.open() if is_active else [])  # type: ignore[attr-defined]
    ]
    context = {"partner": partner, "is_active": is_active, "rows": rows}
    return render(request, "partners/channels.html", context)


@partner_required
@require_POST
def joined(request: PartnerRequest, pk: int) -> HttpResponse:
    """Note that they are in, or that they aren't after all."""
    access = get_object_or_404(ChannelAccess, pk=pk, partner=request.partner)
    is_in = request.POST.get("is_in") == "yes"
    try:
        say_joined(access=access, is_in=is_in, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Noted: you are in %(channel)s.") if is_in else _("Noted: you aren't in %(channel)s yet.")
        messages.success(request, said % {"channel": access.channel})
    return redirect("partners:channels")


@partner_required
@require_POST
def ask(request: PartnerRequest, pk: int) -> HttpResponse:
    """Ask somebody at SeMI for help with a channel."""
    access = get_object_or_404(ChannelAccess, pk=pk, partner=request.partner)
    try:
        ask_for_help(access=access, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("We know: somebody at SeMI helps you into %(channel)s and writes to you.")
        messages.success(request, said % {"channel": access.channel})
    return redirect("partners:channels")

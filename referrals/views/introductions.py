"""Moving and cancelling a booked introduction meeting."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.access import PartnerRequest, partner_required
from referrals.forms import MeetingForm
from referrals.models import Introduction
from referrals.services.introductions import (
    cancel_introduction,
    reschedule_introduction,
)
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.periods import AMSTERDAM
from ssp.core.templatetags.ssp import weekday_day


def _own_meeting(request: PartnerRequest, pk: int) -> Introduction:
    return get_object_or_404(
        Introduction.objects.filter(referral__partner=request.partner).select_related(
            "referral__company", "host"
        ),
        pk=pk,
    )


@partner_required
@require_http_methods(["GET", "POST"])
def move(request: PartnerRequest, pk: int) -> HttpResponse:
    """Give a booked meeting another time or place."""
    introduction = _own_meeting(request, pk)
    starts = introduction.starts_at.astimezone(AMSTERDAM)
    initial = {
        "on": starts.date(),
        "starts_at": starts.time(),
        "minutes": int((introduction.ends_at - introduction.starts_at).total_seconds() // 60),
        "medium": introduction.medium,
        "place": introduction.place,
    }
    form = MeetingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.times
        with form.showing(DomainError):
            moved = reschedule_introduction(
                introduction=introduction,
                starts_at=starts_at,
                ends_at=ends_at,
                medium=form.cleaned_data["medium"],
                place=form.cleaned_data["place"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request, _("The meeting is now on %(day)s.") % {"day": weekday_day(moved.starts_at)}
            )
            return redirect(moved.referral)
    return render(
        request,
        "referrals/move.html",
        {
            "form": form,
            "introduction": introduction,
            "referral": introduction.referral,
            "nav": "referrals:list",
        },
    )


@partner_required
@require_http_methods(["GET", "POST"])
def cancel(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take a booked meeting out of everybody's calendar."""
    introduction = _own_meeting(request, pk)
    if request.method == "POST":
        try:
            cancel_introduction(introduction=introduction, by=request.user, at=clock.now())
            messages.success(request, _("The meeting is cancelled, and everybody was told."))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect(introduction.referral)
    return render(
        request,
        "referrals/cancel.html",
        {"introduction": introduction, "referral": introduction.referral, "nav": "referrals:list"},
    )

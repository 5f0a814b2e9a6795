"""Times that partners proposed, and meetings that sales books itself (C12)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from referrals import permissions, proposals
from referrals.errors import OwnReferral
from referrals.forms import IntroductionForm
from referrals.models import Proposal, Referral
from referrals.proposal_forms import AcceptForm, OtherTimesForm
from referrals.services.introductions import book_introduction
from referrals.services.proposals import accept_time, propose_other_times
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES
from ssp.core.templatetags.ssp import weekday_day


@role_required(*DESK_ROLES)
@require_safe
def waiting(request: StaffRequest) -> HttpResponse:
    """List the times that nobody has answered, the longest wait first."""
    today = clock.today()
    rows = [
        {"proposal": row, "status": proposals.tone_of(row, on=today)}
        for row in proposals.proposals_waiting()[:200]
    ]
    return render(request, "dashboard/proposals.html", {"rows": rows, "nav": "desk:proposals"})


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def proposal(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one of a partner's times, or answer with others."""
    rows = Proposal.objects.filter(by_partner=True).select_related(*proposals.RELATED)
    found = get_object_or_404(rows.prefetch_related("times", "use_cases"), pk=pk)
    if not found.is_open:
        messages.info(
            request, _("These times were answered: %(answer)s.") % {"answer": found.get_answer_display()}
        )
        return redirect("desk:referral", found.referral_id)
    referral, now, today = found.referral, clock.now(), clock.today()
    others = "other" in request.POST
    where = {"host": found.host_id or request.user.pk, "place": found.place}
    accept = AcceptForm(
        None if others else request.POST or None, proposal=found, at=now, initial=where, prefix="take"
    )
    other = OtherTimesForm(
        request.POST if others else None,
        referral=referral,
        initial={**where, "medium": found.medium},
        prefix="other",
    )
    if request.method == "POST" and (other if others else accept).is_valid():
        with (other if others else accept).showing(DomainError):
            if others:
                propose_other_times(
                    proposal=found,
                    times=other.all_times,
                    host=other.cleaned_data["host"],
                    medium=other.cleaned_data["medium"],
                    place=other.cleaned_data["place"],
                    by=request.user,
                    at=now,
                )
                said = _("%(partner)s gets your times and takes one of them.") % {"partner": referral.partner}
            else:
                meeting = accept_time(
                    proposal=found,
                    time=accept.cleaned_data["time"],
                    host=accept.cleaned_data["host"],
                    place=accept.cleaned_data["place"],
                    by=request.user,
                    at=now,
                )
                said = _("The meeting on %(day)s is booked, and everybody has an invitation.") % {
                    "day": weekday_day(meeting.starts_at)
                }
            messages.success(request, said)
            return redirect("desk:referral", referral.pk)
    context = {
        "proposal": found,
        "referral": referral,
        "form": other if others else accept,
        "accept": accept,
        "other": other,
        "own": _is_own(request, referral),
        "status": proposals.tone_of(found, on=today),
        "last_on": proposals.last_on_if_answered(found, on=today),
        "nav": "desk:proposals",
    }
    return render(request, "dashboard/proposal.html", context)


def _is_own(request: StaffRequest, referral: Referral) -> bool:
    try:
        permissions.check_not_own(request.user, referral.partner)
    except OwnReferral:
        return True
    return False


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def book(request: StaffRequest, pk: int) -> HttpResponse:
    """Book a meeting at once: agreed on the phone, say. It answers what the partner proposed."""
    rows = Referral.objects.select_related("partner__user", "company", "seller", "root")
    row = get_object_or_404(rows, pk=pk)
    initial = {
        "host": request.user.pk,
        "use_cases": list(row.the_root.use_cases.values_list("pk", flat=True)),
    }
    form = IntroductionForm(request.POST or None, referral=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.times
        with form.showing(DomainError):
            book_introduction(
                referral=row,
                host=form.cleaned_data["host"],
                starts_at=starts_at,
                ends_at=ends_at,
                medium=form.cleaned_data["medium"],
                place=form.cleaned_data["place"],
                use_cases=form.cleaned_data["use_cases"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("Booked. The person, the host and the partner get an invitation."))
            return redirect("desk:referral", pk)
    return render(request, "dashboard/book.html", {"form": form, "referral": row, "nav": "desk:home"})

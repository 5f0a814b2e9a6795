"""A window's last day: more time by a director, and the entry for a seller's calendar (C2)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from referrals import windows
from referrals.models import UseCase
from referrals.services.windows import extend_window, why_not_extend
from referrals.views.windows import calendar_of
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.links import absolute
from ssp.core.periods import local_date
from ssp.core.roles import DESK_ROLES, Role
from ssp.core.templatetags.ssp import day
from ssp.dashboard.forms import ExtendForm


def _use_case(pk: int) -> UseCase:
    rows = UseCase.objects.select_related(
        "partner__user", "partner__recruiter__user", "referral__company", "extension__director", "deal"
    )
    return get_object_or_404(rows, pk=pk, deal__isnull=False)


@role_required(Role.DIRECTOR)
@require_http_methods(["GET", "POST"])
def extend(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a director what each extension would change, and grant one."""
    found = _use_case(pk)
    choices = windows.choices_for(found, on=local_date(clock.now()))
    form = ExtendForm(request.POST if request.method == "POST" else None, choices=choices)
    if form.is_valid():
        with form.showing(DomainError):
            done = extend_window(use_case=found, by=request.user, at=clock.now(), **form.cleaned_data)
            _say(request, done.use_case)
            return redirect("desk:deal", found.deal.pk)
    context = {
        "use_case": found,
        "deal": found.deal,
        "form": form,
        "refusal": why_not_extend(found, by=request.user),
        "nav": "desk:deals",
    }
    return render(request, "dashboard/extend.html", context)


def _say(request: StaffRequest, use_case: UseCase) -> None:
    facts = {"last": day(use_case.window_ends_on)}
    if use_case.deal.is_within_window():
        said = _("The window is extended until %(last)s. The deal is in time now and starts to earn.")
    elif use_case.deal.signed_on:
        said = _("The window is extended until %(last)s. The deal was signed after that and pays nothing.")
    else:
        said = _("The window is extended until %(last)s. The partner and the seller get it by e-mail.")
    messages.success(request, said % facts)


@role_required(*DESK_ROLES)
@require_safe
def last_day(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a seller the last day of a window."""
    found = _use_case(pk)
    return calendar_of(found, url=absolute(reverse("desk:deal", args=[found.deal.pk])))

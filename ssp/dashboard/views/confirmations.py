"""Questions that wait for their host, and contested answers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from referrals.forms import ConfirmationForm
from referrals.models import Confirmation
from referrals.services.confirmations import (
    answer_confirmation,
    remind_again,
    settle_contest,
    use_cases_defined_before,
)
from referrals.views.answers import question
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES, Role
from ssp.dashboard import queries
from ssp.dashboard.forms import SettleForm
from ssp.dashboard.views.home import confirmation_status

RELATED = (
    "introduction__referral__partner__user",
    "introduction__referral__company",
    "introduction__referral__root",
    "introduction__host",
)


@role_required(*DESK_ROLES, Role.FINANCE)
@require_safe
def open_confirmations(request: StaffRequest) -> HttpResponse:
    """List what hosts haven't answered, and what is contested."""
    waiting = [{"row": row, "status": confirmation_status(row)} for row in queries.confirmations_waiting()]
    context = {"waiting": waiting, "contests": queries.contests_open(), "nav": "desk:confirmations"}
    return render(request, "dashboard/confirmations.html", context)


def _row(pk: int, **conditions: object) -> Confirmation:
    return get_object_or_404(Confirmation.objects.select_related(*RELATED).filter(**conditions), pk=pk)


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer as the host, or as a sales lead for a silent host."""
    row = _row(pk, asked=Confirmation.Asked.HOST)
    introduction = row.introduction
    form = ConfirmationForm(
        request.POST or None, introduction=introduction, use_cases=use_cases_defined_before(introduction)
    )
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            answer_confirmation(confirmation=row, answer=form.as_answer, by=request.user, at=clock.now())
            messages.success(request, _("The answer counts, and the partner sees it."))
            return redirect("desk:referral", introduction.referral_id)
    context = {**question(introduction, row, form), "nav": "desk:confirmations"}
    return render(request, "dashboard/confirmation.html", context)


@role_required(*DESK_ROLES)
@require_POST
def remind(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask the host once more; at most once a day."""
    row = _row(pk, asked=Confirmation.Asked.HOST, answered_at__isnull=True)
    remind_again(confirmation=row, by=request.user, at=clock.now())
    messages.success(request, _("%(name)s was reminded.") % {"name": row.introduction.host})
    return redirect("desk:confirmations")


@role_required(Role.SALES_LEAD)
@require_http_methods(["GET", "POST"])
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Settle a contested answer: keep it, or put another in its place."""
    row = _row(pk, contested_at__isnull=False)
    introduction = row.introduction
    data = request.POST or None
    form = SettleForm(data)
    keep = "keep" in request.POST
    new = ConfirmationForm(
        None if keep else data, introduction=introduction, use_cases=use_cases_defined_before(introduction)
    )
    if request.method == "POST" and form.is_valid() and (keep or new.is_valid()):
        with (form if keep else new).showing(DomainError):
            settle_contest(
                confirmation=row,
                answer=None if keep else new.as_answer,
                reason=form.cleaned_data["settlement"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("Settled. The partner reads your reason."))
            return redirect("desk:referral", introduction.referral_id)
    context = {**question(introduction, row, new), "settle": form, "nav": "desk:confirmations"}
    return render(request, "dashboard/settle.html", context)

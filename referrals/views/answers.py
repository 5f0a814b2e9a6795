"""The question of C14 as people meet it: from the mail's link, from their own pages, and contesting it."""

from datetime import date

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.access import PartnerRequest, partner_required
from referrals import rules
from referrals.forms import ConfirmationForm, ReasonForm
from referrals.models import Confirmation, Introduction
from referrals.services.confirmations import (
    answer_confirmation,
    contest_answer,
    find_by_token,
    use_cases_defined_before,
)
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.models import User
from ssp.core.periods import local_date


def _who(row: Confirmation) -> User:
    introduction = row.introduction
    return introduction.host if row.asked == Confirmation.Asked.HOST else introduction.referral.partner.user


def _window_ends_on(introduction: Introduction) -> date:
    """Return the last day to sign: of the window that runs, or of the one a warm answer would open (C2)."""
    discussed = introduction.discussions.filter(discussed=True)
    running = discussed.aggregate(last=Max("use_case__window_ends_on"))["last"]
    return running or rules.window_ends_on(introduction.held_on)


def question(introduction: Introduction, row: Confirmation, form: ConfirmationForm) -> dict[str, object]:
    """Return what the page of the question shows beside its form."""
    root = introduction.referral.the_root
    reminders = rules.reminder_days(local_date(row.asked_at))
    return {
        "form": form,
        "row": row,
        "introduction": introduction,
        "referral": introduction.referral,
        "minutes": int((introduction.ends_at - introduction.starts_at).total_seconds() // 60),
        "window_starts_on": introduction.held_on,
        "window_ends_on": _window_ends_on(introduction),
        "slots_taken": root.internal_referrals.count(),
        "reminders": reminders,
        "escalated_on": rules.escalated_on(local_date(row.asked_at)),
        "partner_decides_on": rules.partner_decides_on(local_date(row.asked_at)),
        "contest_until": rules.contest_until(clock.today()),
        "is_host": row.asked == Confirmation.Asked.HOST,
        "who": _who(row),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Answer from the link in the mail: opening changes nothing, one answer, and it expires."""
    row = find_by_token(token)
    if row is None:
        raise Http404
    introduction = row.introduction
    form = ConfirmationForm(
        request.POST or None, introduction=introduction, use_cases=use_cases_defined_before(introduction)
    )
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            answer_confirmation(confirmation=row, answer=form.as_answer, by=_who(row), at=clock.now())
            return redirect("referrals:confirm", token=token)
    decided = introduction.confirmations.filter(decides=True).first()
    context = {
        **question(introduction, row, form),
        "decided": decided,
        "expired": row.answered_at is None and row.expires_at <= clock.now(),
    }
    response = render(request, "referrals/confirm.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response


@partner_required
@require_http_methods(["GET", "POST"])
def own_answer(request: PartnerRequest, pk: int) -> HttpResponse:
    """Answer as the partner, from the portal: the link in the mail is not needed."""
    rows = Confirmation.objects.filter(
        introduction__referral__partner=request.partner, asked=Confirmation.Asked.PARTNER
    )
    row = get_object_or_404(
        rows.select_related("introduction__referral__company", "introduction__host"), pk=pk
    )
    introduction = row.introduction
    form = ConfirmationForm(
        request.POST or None, introduction=introduction, use_cases=use_cases_defined_before(introduction)
    )
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            answer_confirmation(confirmation=row, answer=form.as_answer, by=request.user, at=clock.now())
            messages.success(request, _("Your answer is recorded."))
            return redirect(introduction.referral)
    decided = introduction.confirmations.filter(decides=True).first()
    return render(
        request, "referrals/confirm.html", {**question(introduction, row, form), "decided": decided}
    )


@partner_required
@require_http_methods(["GET", "POST"])
def contest(request: PartnerRequest, pk: int) -> HttpResponse:
    """Contest the host's answer within 10 working days (C14)."""
    rows = Confirmation.objects.filter(
        introduction__referral__partner=request.partner, asked=Confirmation.Asked.HOST, decides=True
    )
    row = get_object_or_404(
        rows.select_related("introduction__referral__company", "introduction__host"), pk=pk
    )
    form = ReasonForm(request.POST or None)
    referral = row.introduction.referral
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            contest_answer(
                confirmation=row, reason=form.cleaned_data["reason"], by=request.user, at=clock.now()
            )
            messages.success(request, _("The sales leads settle it, and you read their reason here."))
            return redirect(referral)
    until = rules.contest_until(local_date(row.answered_at)) if row.answered_at else None
    return render(
        request,
        "referrals/contest.html",
        {"form": form, "row": row, "referral": referral, "until": until, "nav": "referrals:list"},
    )

"""Deals: where they stand, when the customer signed, why they were lost."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commissions import elections
from referrals import story, windows
from referrals.models import Deal, DealStage
from referrals.services.deals import lose_deal, move_deal, update_deal, win_deal
from referrals.services.windows import why_not_extend
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES, Role
from ssp.core.templatetags.ssp import day
from ssp.dashboard import queries, timelines
from ssp.dashboard.forms import DealForm, LostForm, StageForm, WonForm
from ssp.dashboard.views.notes import notes_for


@role_required(*DESK_ROLES, Role.FINANCE, Role.DIRECTOR)
@require_safe
def deals(request: StaffRequest) -> HttpResponse:
    """List deals by stage, the window that ends first on top."""
    stage, q = request.GET.get("stage", ""), request.GET.get("q", "").replace("\x00", "").strip()[:100]
    choices = [("", _("Open")), *DealStage.choices]
    views = [
        {
            "label": label,
            "count": queries.deals_in(value, "").count(),
            "url": f"?stage={value}",
            "current": value == stage,
        }
        for value, label in choices
    ]
    rows = [
        {"deal": row, "status": story.deal_status(row.use_case)} for row in queries.deals_in(stage, q)[:200]
    ]
    return render(
        request,
        "dashboard/deals.html",
        {"rows": rows, "views": views, "q": q, "stage": stage, "nav": "desk:deals"},
    )


def _deal(pk: int) -> Deal:
    return get_object_or_404(
        Deal.objects.select_related(
            "use_case__referral__company",
            "use_case__referral__seller",
            "use_case__partner__user",
            "use_case__partner__recruiter__user",
            "use_case__extension__director",
        ),
        pk=pk,
    )


def _page(request: StaffRequest, row: Deal, **forms: object) -> HttpResponse:
    tone, word = story.deal_status(row.use_case)
    extension = windows.extension_of(row.use_case)
    notes = notes_for(request, row.use_case)
    context: dict[str, object] = {
        "deal": row,
        "use_case": row.use_case,
        "referral": row.use_case.referral,
        "tone": tone,
        "word": word,
        "may": request.user.has_any_role(*DESK_ROLES),
        "deal_form": DealForm(deal=row),
        "stage_form": StageForm(initial={"stage": row.stage}),
        "won_form": WonForm(),
        "lost_form": LostForm(),
        "opens_referrals": request.user.has_any_role(*DESK_ROLES, Role.FINANCE),
        "extension": extension,
        "extended_by": windows.extended_by(extension) if extension else "",
        "late": windows.late_note(row) if row.signed_on and not row.is_within_window() else "",
        "may_extend": why_not_extend(row.use_case, by=request.user) is None,
        "election_change": elections.change_of(row.use_case),
        "may_change_election": elections.why_not_change(row.use_case, by=request.user) is None,
        "notes": notes,
        "timeline": timelines.of_use_case(row.use_case, on=clock.today(), with_notes=notes is not None),
        "nav": "desk:deals",
    }
    return render(request, "dashboard/deal.html", {**context, **forms})


@role_required(*DESK_ROLES, Role.FINANCE, Role.DIRECTOR)
@require_http_methods(["GET", "POST"])
def deal(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a deal; a post keeps what sales expects and the customer reference."""
    row = _deal(pk)
    if request.method == "GET":
        return _page(request, row)
    form = DealForm(request.POST, deal=row)
    if form.is_valid():
        with form.showing(DomainError):
            update_deal(deal=row, by=request.user, at=clock.now(), **form.cleaned_data)
            messages.success(request, _("The deal is saved."))
            return redirect("desk:deal", pk)
    return _page(request, row, deal_form=form, form=form)


@role_required(*DESK_ROLES)
@require_POST
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Move an open deal to another open stage."""
    row = _deal(pk)
    form = StageForm(request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            moved = move_deal(deal=row, stage=form.cleaned_data["stage"], by=request.user, at=clock.now())
            messages.success(request, _("The deal is now: %(stage)s.") % {"stage": moved.get_stage_display()})
            return redirect("desk:deal", pk)
    return _page(request, row, stage_form=form, form=form)


@role_required(*DESK_ROLES)
@require_POST
def won(request: StaffRequest, pk: int) -> HttpResponse:
    """Record the day of signature, and say whether it was in time (C2)."""
    row = _deal(pk)
    form = WonForm(request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            done = win_deal(
                deal=row, signed_on=form.cleaned_data["signed_on"], by=request.user, at=clock.now()
            )
            _say(request, done)
            return redirect("desk:deal", pk)
    return _page(request, row, won_form=form, form=form)


def _say(request: StaffRequest, done: Deal) -> None:
    facts = {"signed": day(done.signed_on), "last": day(done.use_case.window_ends_on)}
    if done.is_within_window():
        messages.success(
            request,
            _("Won: signed on %(signed)s, in time (last day %(last)s). Its invoices pay the partner.")
            % facts,
        )
    else:
        messages.warning(
            request,
            windows.late_note(done),
        )


@role_required(*DESK_ROLES)
@require_POST
def lost(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a deal without a sale, with the reason."""
    row = _deal(pk)
    form = LostForm(request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            lose_deal(deal=row, reason=form.cleaned_data["lost_reason"], by=request.user, at=clock.now())
            messages.success(request, _("The deal is closed as lost."))
            return redirect("desk:deal", pk)
    return _page(request, row, lost_form=form, form=form)

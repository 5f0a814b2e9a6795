"""A partner's referrals: the list, one of them, its use cases and the choice of how they pay."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.access import PartnerRequest, active_partner_required, partner_required
from partners.models import CommissionModel
from referrals import proposals, queries, rules, story
from referrals.forms import AgreementForm, ElectionForm, UseCaseForm
from referrals.models import Confirmation, Referral, Refusal, UseCase
from referrals.services import claims, use_cases
from referrals.views.guides import suggestions
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import percent


@dataclass(frozen=True)
class ReferralRow:
    """One line of the list."""

    referral: Referral
    tone: str
    word: str
    ends_on: date | None
    what_ends: str


def _row(referral: Referral, on: date) -> ReferralRow:
    windows = [
        u.window_ends_on
        for u in referral.use_cases.all()
        if u.window_ends_on
        and u.is_open
        and u.window_ends_on >= on
        and (not hasattr(u, "deal") or u.deal.is_open)
    ]
    tone, word = story.status_of(referral)
    if windows:
        return ReferralRow(referral, tone, word, min(windows), _("last day to sign"))
    if referral.is_live and referral.claim_last_on:
        return ReferralRow(referral, tone, word, referral.claim_last_on, _("first meeting by"))
    return ReferralRow(referral, tone, word, None, "")


@partner_required
@require_safe
def referrals(request: PartnerRequest) -> HttpResponse:
    """List the partner's referrals, with the date that comes first for each."""
    view = request.GET.get("view", "open")
    everything = queries.referrals_of(request.partner)
    shown = everything.live() if view == "open" else everything
    rows = [_row(referral, clock.today()) for referral in shown[:200]]
    views = [
        {
            "label": _("Open"),
            "count": everything.live().count(),
            "url": "?view=open",
            "current": view == "open",
        },
        {"label": _("All"), "count": everything.count(), "url": "?view=all", "current": view != "open"},
    ]
    unattached = UseCase.objects.filter(partner=request.partner, referral__isnull=True, outcome="")
    return render(
        request,
        "referrals/list.html",
        {
            "rows": rows,
            "views": views,
            "unattached": unattached.order_by("-defined_at"),
            "nav": "referrals:list",
        },
    )


def _own(request: PartnerRequest, pk: int) -> Referral:
    rows = queries.referrals_of(request.partner)
    return get_object_or_404(rows, pk=pk)


@partner_required
@require_safe
def detail(request: PartnerRequest, pk: int) -> HttpResponse:
    """Show one referral: its use cases and windows, what happened, and whose introduction it is."""
    referral = _own(request, pk)
    return render(request, "referrals/detail.html", {**page_of(referral, request), "nav": "referrals:list"})


def page_of(referral: Referral, request: PartnerRequest) -> dict[str, Any]:
    today = clock.today()
    tone, word = story.status_of(referral)
    contract = queries.signed_contract(referral.partner, on=today)
    decided = (
        Confirmation.objects.filter(introduction__referral=referral, decides=True, asked="host")
        .select_related("introduction__host")
        .order_by("-answered_at")
        .first()
    )
    may_contest = bool(
        decided
        and decided.answered_at
        and not decided.contested_at
        and rules.contest_until(local_date(decided.answered_at)) >= today
    )
    to_answer = Confirmation.objects.filter(
        introduction__referral=referral,
        asked="partner",
        answered_at__isnull=True,
        introduction__status="booked",
    ).first()
    return {
        "referral": referral,
        "root": referral.the_root,
        "tone": tone,
        "word": word,
        "cases": [story.case_of(u, contract) for u in story.use_cases_of(referral)],
        "timeline": story.timeline_of(referral, on=today),
        "internals": story.internals_of(referral.the_root),
        "meetings": referral.introductions.filter(status="booked", starts_at__gt=clock.now())
        .select_related("host")
        .order_by("starts_at"),
        "contract": contract,
        "decided": decided,
        "may_contest": may_contest,
        "contest_until": rules.contest_until(local_date(decided.answered_at))
        if decided and decided.answered_at
        else None,
        "to_answer": to_answer,
        "refusal": Refusal.objects.filter(referral=referral).first(),
        "proposal": proposals.open_proposal(referral),
        "answer_name_by": rules.name_answer_by(referral.registered_on),
        "agreement": AgreementForm() if referral.awaits_partner else None,
        "can_plan": referral.is_live
        and not referral.anonymised_at
        and referral.status != "checking"
        and not referral.awaits_partner,
        "can_withdraw": referral.is_live and referral.status in ("checking", "registered", "not_warm"),
    }


@partner_required
@require_POST
def confirm_registration(request: PartnerRequest, pk: int) -> HttpResponse:
    """Take over what a seller registered for the partner: they attest the person's agreement."""
    referral = _own(request, pk)
    try:
        claims.confirm_registration(
            referral=referral, agreed="agreed" in request.POST, by=request.user, at=clock.now()
        )
        messages.success(
            request, _("%(name)s is yours now, and was written to.") % {"name": referral.first_name}
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(referral)


@partner_required
@require_http_methods(["GET", "POST"])
def withdraw(request: PartnerRequest, pk: int) -> HttpResponse:
    """Give a claim up, after a page that says what that means."""
    referral = _own(request, pk)
    if request.method == "POST":
        try:
            claims.withdraw_referral(referral=referral, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s is withdrawn.") % {"name": referral.person_name})
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect(referral)
    return render(request, "referrals/withdraw.html", {"referral": referral, "nav": "referrals:list"})


@active_partner_required
@require_http_methods(["GET", "POST"])
def define_use_case(request: PartnerRequest) -> HttpResponse:
    """Define a use case, alone or about somebody (C8)."""
    pk = request.GET.get("referral", "")
    referral = _own(request, int(pk)) if pk.isdecimal() else None
    form = UseCaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            defined = use_cases.define_use_case(
                partner=request.partner,
                referral=referral,
                by=request.user,
                at=clock.now(),
                **form.cleaned_data,
            )
            messages.success(
                request,
                _("“%(title)s” is defined. It counts in every meeting from now on.")
                % {"title": defined.title},
            )
            return redirect(defined.referral) if defined.referral else redirect("referrals:list")
    return render(
        request,
        "referrals/define_use_case.html",
        {
            "form": form,
            "referral": referral,
            "suggested": suggestions(request.POST),
            "nav": "referrals:list",
        },
    )


@partner_required
@require_http_methods(["GET", "POST"])
def election(request: PartnerRequest, pk: int) -> HttpResponse:
    """Choose how a use case pays, until it is confirmed warm (C5)."""
    use_case = get_object_or_404(
        UseCase.objects.select_related("referral__company"), pk=pk, partner=request.partner
    )
    contract = queries.signed_contract(request.partner, on=clock.today())
    form = ElectionForm(request.POST or None, initial={"model": use_case.model})
    if contract:
        form.fields["model"].widget.hints = {  # type: ignore[attr-defined]
            "recurring": _("%(rate)s of recurring revenue, for at most %(count)s %(unit)s.")
            % {
                "rate": percent(contract.recurring_percent),
                "count": contract.cap_count,
                "unit": contract.get_cap_unit_display(),
            },
            "first_invoice": _("%(rate)s of the first invoice, once.")
            % {"rate": percent(contract.first_invoice_percent)},
        }
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            use_cases.elect_model(
                use_case=use_case,
                model=CommissionModel(form.cleaned_data["model"]),
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("Your choice is kept. It locks when the use case is confirmed warm."))
            return redirect(use_case.referral) if use_case.referral else redirect("referrals:list")
    return render(
        request,
        "referrals/election.html",
        {
            "form": form,
            "use_case": use_case,
            "contract": contract,
            "comparison": story.comparison(contract) if contract else [],
            "nav": "referrals:list",
        },
    )

"""Disputes on one page: contested answers, appeals, two partners over one person or company (C12, C14)."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from referrals import story
from referrals.models import Appeal, Company, KnownContact, Referral
from referrals.services import appeals
from referrals.services import disputes as services
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError, NotAllowed
from ssp.core.roles import DESK_ROLES
from ssp.dashboard import disputes as queries
from ssp.dashboard.dispute_forms import DecisionForm, DisputeForm, RulingForm

STATES = ("open", "ruled", "all")


@role_required(*DESK_ROLES)
@require_safe
def disputes(request: StaffRequest) -> HttpResponse:
    """List what is contested, searched and filtered; rulings stay findable."""
    state, kind = request.GET.get("state", "open"), request.GET.get("kind", "")
    filters = queries.Filters(
        state=state if state in STATES else "open",
        kind=kind if kind in queries.KINDS else "",
        q=request.GET.get("q", "").replace("\x00", "").strip()[:100],
    )
    labels = {"open": _("Open"), "ruled": _("Ruled on"), "all": _("All")}
    views = [
        {
            "label": label,
            "url": "?" + urlencode({"state": name, "kind": filters.kind, "q": filters.q}),
            "current": filters.state == name,
        }
        for name, label in labels.items()
    ]
    kinds = [("contest", _("Contested answers")), ("appeal", _("Appeals")), ("dispute", _("Two partners"))]
    context = {
        "lines": queries.lines(filters, reader=request.user),
        "filters": filters,
        "views": views,
        "kinds": kinds,
        "nav": "desk:disputes",
    }
    return render(request, "dashboard/disputes.html", context)


def _why_not(check: object, *args: object) -> str:
    """Return why somebody may not decide, or nothing."""
    try:
        check(*args)  # type: ignore[operator]
    except NotAllowed as refusal:
        return str(refusal) if type(refusal) is not NotAllowed else _("A sales lead does.")
    except DomainError as refusal:
        return str(refusal)
    return ""


def _side(referral: Referral, title: str) -> dict[str, object]:
    tone, word = story.status_of(referral, for_desk=True)
    return {
        "title": title,
        "referral": referral,
        "tone": tone,
        "word": word,
        "timeline": story.timeline_of(referral, on=clock.today(), for_desk=True),
    }


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def appeal(request: StaffRequest, pk: int) -> HttpResponse:
    """Show who appeals, whom SeMI knew and who owns the person; a sales lead decides."""
    rows = Appeal.objects.select_related(
        "refusal__partner__user",
        "refusal__referral__company",
        "referral",
        "decided_by",
        "refusal__refused_by",
    ).exclude(refusal__partner__in=queries.partners_of(request.user))  # no news for the partner
    row = get_object_or_404(rows, pk=pk)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accepts = form.cleaned_data["decision"] == "accept"
        decide = appeals.accept_appeal if accepts else appeals.refuse_appeal
        with form.showing(DomainError):
            decide(appeal=row, reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
            messages.success(
                request,
                _("Accepted: the person is registered, and the partner is told.")
                if accepts
                else _("The partner gets the neutral answer on the day they were promised."),
            )
            return redirect("desk:appeal", pk)
    refused, owner = row.refusal.referral, queries.owner_of(row.refusal.identity, but=row.refusal.partner_id)
    sides = [_side(refused, _("Who appeals"))] if refused else []
    sides += [_side(owner, _("Who owns the person now"))] if owner else []
    context = {
        "appeal": row,
        "form": form,
        "why_not": _why_not(appeals.may_decide, row, request.user) if row.is_open else "",
        "known": KnownContact.objects.filter(identity=row.refusal.identity).first(),
        "sides": sides,
        "nav": "desk:disputes",
    }
    return render(request, "dashboard/appeal.html", context)


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def dispute(request: StaffRequest, pk: int) -> HttpResponse:
    """Put both claims' timelines side by side; a sales lead rules once."""
    rows = queries.two_partners().select_related("first__partner__user", "second__partner__user")
    own = queries.partners_of(request.user)
    row = get_object_or_404(rows.exclude(first__partner__in=own).exclude(second__partner__in=own), pk=pk)
    form = RulingForm(request.POST or None, dispute=row)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            services.rule(
                dispute=row,
                ruling=form.cleaned_data["ruling"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("Ruled. It can be found here from now on."))
            return redirect("desk:dispute", pk)
    context = {
        "dispute": row,
        "form": form,
        "why_not": "" if row.ruled_at else _why_not(services.may_rule, row, request.user),
        "sides": [_side(row.first, _("The first claim")), _side(row.second, _("The second claim"))],
        "nav": "desk:disputes",
    }
    return render(request, "dashboard/dispute.html", context)


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask about two claims at a company whose introduction it is."""
    company = get_object_or_404(Company, pk=pk)
    people = (
        Referral.objects.filter(company=company).select_related("partner").order_by("registered_at", "pk")
    )
    form = DisputeForm(request.POST or None, people=people)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            made = services.open_dispute(
                one=form.cleaned_data["one"],
                other=form.cleaned_data["other"],
                question=form.cleaned_data["question"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("The dispute is open. A sales lead rules on it."))
            return redirect("desk:dispute", made.pk)
    return render(
        request, "dashboard/dispute_new.html", {"form": form, "company": company, "nav": "desk:disputes"}
    )

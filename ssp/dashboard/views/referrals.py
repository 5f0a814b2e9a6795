"""A referral as sales sees it, and what sales does about it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.models import Partner
from referrals import proposals, queries, rules, story
from referrals.forms import PersonOnBehalfForm
from referrals.models import Referral, ReferralStatus
from referrals.services.claims import accept_name, decline_name
from referrals.services.introductions import log_held_introduction
from referrals.services.registration import assign_seller, register_referral
from referrals.similar_names import lookalikes_of
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import DESK_ROLES, Role
from ssp.dashboard import timelines
from ssp.dashboard.forms import LogMeetingForm, SellerForm
from ssp.dashboard.views.notes import notes_for


def _referral(pk: int) -> Referral:
    return get_object_or_404(
        Referral.objects.select_related("partner__user", "company", "seller", "root", "registered_by"), pk=pk
    )


@role_required(*DESK_ROLES, Role.FINANCE)
@require_safe
def referral(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a referral with everything that partner and desk did."""
    row = _referral(pk)
    tone, word = story.status_of(row, for_desk=True)
    contract = queries.signed_contract(row.partner, on=clock.today())
    checking = row.status == ReferralStatus.CHECKING
    notes = notes_for(request, row)
    context = {
        "referral": row,
        "tone": tone,
        "word": word,
        "cases": [story.case_of(case, contract, for_desk=True) for case in story.use_cases_of(row)],
        "timeline": timelines.of_referral(row, on=clock.today(), with_notes=notes is not None),
        "notes": notes,
        "internals": story.internals_of(row.the_root),
        "meetings": row.introductions.select_related("host").order_by("-starts_at"),
        "may": request.user.has_any_role(*DESK_ROLES),
        "seller_form": SellerForm(initial={"seller": row.seller_id}),
        "checking": checking,
        "answer_by": rules.name_answer_by(row.registered_on),
        "accepted_on": rules.name_accepted_on(row.registered_on),
        "lookalikes": lookalikes_of(row) if checking else [],
        "proposal": proposals.open_proposal(row),
        "nav": "desk:home",
    }
    return render(request, "dashboard/referral.html", context)


@role_required(*DESK_ROLES)
@require_POST
def answer_name(request: StaffRequest, pk: int) -> HttpResponse:
    """Say whether a similar name is the same person (C10)."""
    row = _referral(pk)
    try:
        if request.POST.get("answer") == "accept":
            accept_name(referral=row, by=request.user, at=clock.now())
            messages.success(request, _("Accepted: the partner and the person are told."))
        else:
            decline_name(referral=row, by=request.user, at=clock.now())
            messages.success(request, _("Not taken: the partner gets the neutral answer."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("desk:referral", pk)


@role_required(*DESK_ROLES)
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    """Make a colleague responsible."""
    row = _referral(pk)
    form = SellerForm(request.POST)
    if form.is_valid():
        assign_seller(referral=row, seller=form.cleaned_data["seller"], by=request.user, at=clock.now())
        messages.success(request, _("%(name)s is responsible now.") % {"name": form.cleaned_data["seller"]})
    return redirect("desk:referral", pk)


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def log_meeting(request: StaffRequest, pk: int) -> HttpResponse:
    """Record a meeting that was held without being booked here."""
    row = _referral(pk)
    form = LogMeetingForm(
        request.POST or None,
        referral=row,
        initial={
            "host": request.user.pk,
            "on": clock.today(),
            "use_cases": list(row.the_root.use_cases.values_list("pk", flat=True)),
        },
    )
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.times
        with form.showing(DomainError):
            log_held_introduction(
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
            messages.success(
                request, _("The meeting is logged. Host and partner are asked what type of referral it was.")
            )
            return redirect("desk:referral", pk)
    return render(request, "dashboard/log_meeting.html", {"form": form, "referral": row, "nav": "desk:home"})


@role_required(*DESK_ROLES)
@require_http_methods(["GET", "POST"])
def register(request: StaffRequest) -> HttpResponse:
    """Register somebody on a partner's behalf; the partner confirms it before the person is told."""
    partners = Partner.objects.active(at=clock.now()).order_by("display_name")
    form = PersonOnBehalfForm(request.POST or None, partners=partners)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            row = register_referral(
                partner=form.cleaned_data["partner"], person=form.person, by=request.user, at=clock.now()
            )
            messages.success(request, _("Registered. The partner confirms it before the person is told."))
            return redirect("desk:referral", row.pk)
    return render(request, "dashboard/register.html", {"form": form, "nav": "desk:home"})

"""The pages of the partnership: the programme, applying, what became of it, recruits, papers."""

from decimal import Decimal
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import permissions, queries
from partners.access import PartnerRequest, partner_required
from partners.forms import ApplicationForm, InviteForm
from partners.models import (
    Application,
    ApplicationStatus,
    CapUnit,
    Contract,
    ContractDocument,
    ProgramTerms,
    RecruitInvitation,
)
from partners.progress import progress_of
from partners.rules import BONUS_SLOTS, share_of
from partners.services.applications import save_application, submit_application
from partners.services.envelopes import read_document
from partners.services.recruits import find_invitation, invite_recruit, open_invitation, revoke_invitation
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.models import User
from ssp.core.templatetags.ssp import weekday_day

EXAMPLE = Decimal(12000)
INVITED = "recruit_token"


def numbers_in_words(terms: ProgramTerms | Contract | None) -> dict[str, Any]:
    """Return the numbers with an example for each, as the pages show them (C5, C20)."""
    if terms is None:
        return {}
    yearly = share_of(terms.recurring_percent, EXAMPLE)
    return {
        "terms": terms,
        "example": EXAMPLE,
        "yearly": yearly,
        "in_all": yearly * terms.cap_count if terms.cap_unit == CapUnit.YEARS else None,
        "first": share_of(terms.first_invoice_percent, EXAMPLE),
        "bonus": share_of(terms.bonus_percent, yearly),
        "bonus_of_first": share_of(terms.bonus_percent, EXAMPLE),
    }


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    """Say how it works, with the numbers in force."""
    terms = ProgramTerms.objects.in_force(on=clock.today())
    return render(request, "partners/programme.html", {"numbers": numbers_in_words(terms), "terms": terms})


@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """Apply: an account first, then one page that can be saved as a draft."""
    user = request.user
    if not isinstance(user, User):
        return redirect(f"{reverse('account_signup')}?next={reverse('partners:apply')}")
    application = queries.latest_application(user)
    if application is not None and application.status not in ("draft", "rejected"):
        return redirect("partners:application")
    if application is not None and application.status == ApplicationStatus.REJECTED:
        application = None
    terms = ProgramTerms.objects.in_force(on=clock.today())
    invitation = find_invitation(user=user, token=request.session.get(INVITED, ""), at=clock.now())
    sending = "send" in request.POST
    form = ApplicationForm(
        request.POST or None,
        instance=application or Application(display_name=user.full_name),
        initial={"terms": terms.pk if terms else None},
        sending=sending,
    )
    if form.is_valid():
        with form.showing(DomainError):
            saved = save_application(
                applicant=user, answers=form.answers, invitation=invitation, at=clock.now()
            )
            if not sending:
                messages.success(request, _("Your draft is saved. Nothing is sent until you send it."))
                return redirect("partners:apply")
            accepted = ProgramTerms.objects.filter(pk=form.cleaned_data["terms"]).first()
            submit_application(application=saved, terms=accepted, by=user, at=clock.now())
            request.session.pop(INVITED, None)
            return redirect("partners:application")
    if form.errors and terms is not None and form.data.get("terms") != str(terms.pk):
        seen = request.POST.copy()
        seen.pop("accepts_terms", None)  # the yes was to other numbers
        form.data = seen
    context = {"form": form, "terms": terms, "numbers": numbers_in_words(terms), "invitation": invitation}
    return render(request, "partners/apply.html", context)


@login_required
@require_safe
def application(request: HttpRequest) -> HttpResponse:
    """Say what happens next with the reader's application, and when."""
    assert isinstance(request.user, User)
    found = queries.latest_application(request.user)
    if found is None or found.status == ApplicationStatus.DRAFT:
        return redirect("partners:apply")
    contract = None
    if found.partner is not None:
        contract = found.partner.contracts.select_related("tier", "terms").order_by("-created_at").first()
    context = {
        "application": found,
        "contract": contract,
        "progress": progress_of(found, contract, on=clock.today()),
        "numbers": numbers_in_words(contract),
        "steps": [{"label": label} for label in (_("Applied"), _("Reviewed"), _("Signed"), _("Partner"))],
        "documents": contract.documents.exclude(kind="contract").order_by("kind") if contract else [],
    }
    return render(request, "partners/application.html", context)


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invited whom; the button leads to the application. Opening the link changes nothing."""
    try:
        invitation = open_invitation(token=token, at=clock.now())
    except DomainError as refusal:
        return render(request, "partners/join.html", {"refusal": refusal}, status=410)
    if request.method == "POST":
        request.session[INVITED] = token
        return redirect("partners:apply")
    user = request.user
    mine = not isinstance(user, User) or queries.is_usable(invitation, user, at=clock.now())
    return render(request, "partners/join.html", {"invitation": invitation, "mine": mine})


@partner_required
@require_http_methods(["GET", "POST"])
def recruits(request: PartnerRequest) -> HttpResponse:
    """Show the three places and who has them; invite somebody."""
    partner, now = request.partner, clock.now()
    form = InviteForm(request.POST or None)
    if form.is_valid():
        with form.showing(DomainError):
            invitation = invite_recruit(
                partner=partner, email=form.cleaned_data["email"], by=request.user, at=now
            )
            messages.success(
                request,
                _("The invitation is on its way to %(email)s. The link works until %(day)s.")
                % {"email": invitation.email, "day": weekday_day(invitation.expires_at)},
            )
            return redirect("partners:recruits")
    taken = queries.slots_taken(partner)
    context = {
        "form": form,
        "partner": partner,
        "is_active": partner.is_active(at=now),
        "contract": queries.contract_in_force(partner, clock.today()),
        "taken": taken,
        "is_full": taken >= len(BONUS_SLOTS),
        "recruits": partner.recruits.select_related("user").order_by("bonus_slot", "created_at"),
        "invitations": partner.invitations.filter(used_at__isnull=True).order_by("-invited_at"),
        "now": now,
    }
    return render(request, "partners/recruits.html", context)


@partner_required
@require_POST
def revoke(request: PartnerRequest, pk: int) -> HttpResponse:
    """Withdraw an invitation of one's own."""
    invitation = get_object_or_404(RecruitInvitation, pk=pk, recruiter=request.partner)
    try:
        revoke_invitation(invitation=invitation, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is withdrawn; its link no longer works."))
    return redirect("partners:recruits")


@login_required
@require_safe
def document(request: HttpRequest, pk: int) -> FileResponse:
    """Hand out a stored PDF to its partner and to directors; for everybody else it doesn't exist."""
    assert isinstance(request.user, User)
    found = get_object_or_404(ContractDocument.objects.select_related("contract__partner"), pk=pk)
    if not permissions.can_read_documents(request.user, found.contract):
        raise Http404
    name = f"{found.contract.number}-v{found.version}-{found.kind}.pdf"
    return pdf_response(read_document(found), name)


def pdf_response(content: bytes, name: str) -> FileResponse:
    """Return a PDF to be read in the browser, kept by nobody on the way."""
    response = FileResponse(BytesIO(content), content_type="application/pdf", filename=name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response

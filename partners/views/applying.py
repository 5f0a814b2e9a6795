"""Applying, what became of it, and the invitation that leads there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_countries import countries

from partners import queries
from partners.forms import ApplicationForm
from partners.models import (
    Application,
    ApplicationStatus,
    ContractDocument,
    ProgramTerms,
)
from partners.progress import progress_of
from partners.services.applications import ANSWERS, save_application, submit_application
from partners.services.recruits import find_invitation, open_invitation
from partners.views.programme import numbers_in_words
from partners.views.signing import signing_of
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.models import User

INVITED = "recruit_token"


@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """Apply: an account first, then one page that can be saved as a draft."""
    user = request.user
    if not isinstance(user, User):
        return redirect(f"{reverse('account_signup')}?next={reverse('partners:apply')}")
    application = queries.latest_application(user)
    if queries.is_partner_without_application(user, application, at=clock.now()):
        return redirect("partners:partnership")
    left = queries.left_partner(user, at=clock.now())
    if application is not None and application.status not in queries.decided_statuses(left):
        return redirect("partners:application")
    if application is not None and application.status != ApplicationStatus.DRAFT:
        # Turned down, or of a partnership that is over: a new one, with what was said before to begin with.
        application = Application(**{name: getattr(application, name) for name in ANSWERS})
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
    if queries.is_partner_without_application(request.user, found, at=clock.now()):
        return redirect("partners:partnership")
    if found is None or found.status == ApplicationStatus.DRAFT:
        return redirect("partners:apply")
    if found.status == ApplicationStatus.ACCEPTED and queries.left_partner(request.user, at=clock.now()):
        return redirect("partners:partnership")  # it led to a partnership that is over
    contract = envelope = None
    papers: list[ContractDocument] = []
    if found.partner is not None:
        contracts = found.partner.contracts.select_related("tier", "terms", "partner")
        contract = contracts.order_by("-created_at").first()
    if contract is not None:
        envelope = contract.envelopes.order_by("-queued_at", "-pk").first()
        papers = queries.papers_for_partner(contract)
    context = {
        "application": found,
        "contract": contract,
        "progress": progress_of(found, contract, envelope, at=clock.now()),
        "signing": signing_of(contract),
        "country": countries.name(found.country),
        "numbers": numbers_in_words(contract),
        "steps": [{"label": label} for label in (_("Applied"), _("Reviewed"), _("Signed"), _("Partner"))],
        "documents": papers,
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

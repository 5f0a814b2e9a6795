"""Registering a person in three steps. The draft lives in the session; nothing is looked up before the
last press.

The check answers on that press alone: asking costs a whole registration with its attestation, so nobody
learns cheaply whom SeMI knows (C12). What is said while somebody types is said of any address like it.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.access import PartnerRequest, active_partner_required
from referrals import rules
from referrals.errors import AlreadyRegistered, NotEligible
from referrals.forms import PersonForm, StepUseCaseForm, UseCaseForm
from referrals.models import ReferralStatus, UseCase
from referrals.rules import Person
from referrals.services.registration import check_person, register_referral
from referrals.views.guides import suggestions
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.templatetags.ssp import weekday_day

DRAFT = "referral_draft"


def draft_of(request: PartnerRequest) -> dict[str, Any]:
    draft: dict[str, Any] = request.session.get(DRAFT) or {}
    return draft


def _keep(request: PartnerRequest, **steps: dict[str, Any]) -> None:
    request.session[DRAFT] = {**draft_of(request), **steps}


def _steps(request: PartnerRequest) -> list[dict[str, str]]:
    draft = draft_of(request)
    return [
        {"label": _("The person"), "url": reverse("referrals:register")},
        {
            "label": _("The use case"),
            "url": reverse("referrals:register_use_case") if "person" in draft else "",
        },
        {
            "label": _("Check and send"),
            "url": reverse("referrals:register_send") if "use_case" in draft else "",
        },
    ]


def _unused(request: PartnerRequest) -> Any:
    return UseCase.objects.filter(partner=request.partner, referral__isnull=True, outcome="").order_by(
        "-defined_at"
    )


def _page(request: PartnerRequest, form: PersonForm, refused: NotEligible | None = None) -> HttpResponse:
    return render(
        request,
        "referrals/register.html",
        {
            "form": form,
            "steps": _steps(request),
            "meeting_by": rules.claim_last_on(clock.today()),
            "refused": refused is not None,
            "refusal_id": refused.refusal_id if refused else None,
            "nav": "referrals:register",
        },
    )


@active_partner_required
@require_http_methods(["GET", "POST"])
def person(request: PartnerRequest) -> HttpResponse:
    """Step one: who it is. Role addresses and the like are told at once; they say nothing about whom
    we know.
    """
    draft = request.POST if "draft" in request.POST else None
    if draft is not None:
        kept = {name: draft.get(name, "") for name in PersonForm.base_fields}
        _keep(request, person={**kept, "agreed": "agreed" in draft})
        messages.info(request, _("Your draft is kept until you sign out. Nothing was sent."))
        return redirect("referrals:list")
    form = PersonForm(request.POST or None, initial=draft_of(request).get("person"))
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            check_person(form.person, partner=request.partner)
            _keep(request, person=form.cleaned_data)
            return redirect("referrals:register_use_case")
    return _page(request, form)


@active_partner_required
@require_POST
def email(request: PartnerRequest) -> HttpResponse:
    """Say what an address tells by itself, while somebody types: nobody is looked up (C11, C12)."""
    problem = told = ""
    try:
        address = PersonForm.base_fields["email"].clean(request.POST.get("email", ""))
        anybody = Person(first_name="", last_name="", email=address, company_name="")
        check_person(anybody, partner=request.partner)
        domain = rules.company_domain(address)
        told = _("Their company is recognised by %(domain)s.") % {"domain": domain}
        if not domain:
            told = _("A free mail provider is no company: theirs goes by the name you enter.")
    except ValidationError as wrong:
        problem = wrong.messages[0]
    except DomainError as refusal:
        problem = str(refusal)
    return render(request, "referrals/register.html#told", {"problem": problem, "told": told})


@active_partner_required
@require_http_methods(["GET", "POST"])
def use_case(request: PartnerRequest) -> HttpResponse:
    """Step two: what the meeting is to be about (C1, C8)."""
    draft = draft_of(request)
    if "person" not in draft:
        return redirect("referrals:register")
    form = StepUseCaseForm(request.POST or None, initial=draft.get("use_case"), unused=_unused(request))
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data.pop("existing", None)
        _keep(request, use_case={**form.cleaned_data, "existing": chosen.pk if chosen else ""})
        return redirect("referrals:register_send")
    return render(
        request,
        "referrals/register_use_case.html",
        {
            "form": form,
            "steps": _steps(request),
            "person": draft["person"],
            "suggested": suggestions(request.POST or draft.get("use_case") or {}),
            "nav": "referrals:register",
        },
    )


@active_partner_required
@require_http_methods(["GET", "POST"])
def send(request: PartnerRequest) -> HttpResponse:
    """Step three: look at it once more, and send. Only now is anything looked up or written."""
    draft = draft_of(request)
    if "use_case" not in draft:
        return redirect("referrals:register")
    form = PersonForm(draft["person"])
    if not form.is_valid():
        return redirect("referrals:register")
    case = draft["use_case"]
    existing = _unused(request).filter(pk=case.get("existing") or 0).first()
    if case.get("existing") and existing is None:
        messages.info(
            request, _("The use case you chose is about somebody by now. Choose or define another.")
        )
        return redirect("referrals:register_use_case")
    if request.method == "POST":
        try:
            referral = register_referral(
                partner=request.partner,
                person=form.person,
                use_cases=[existing] if existing else [],
                new_use_case=None if existing else {name: case[name] for name in UseCaseForm.base_fields},
                by=request.user,
                at=clock.now(),
            )
        except NotEligible as refusal:
            return _page(request, form, refusal)
        except AlreadyRegistered as refusal:
            request.session.pop(DRAFT, None)
            messages.info(request, str(refusal))
            return redirect("referrals:list")
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("referrals:register")
        request.session.pop(DRAFT, None)
        messages.success(request, _outcome(referral))
        return redirect(referral)
    return render(
        request,
        "referrals/register_send.html",
        {
            "person": form.person,
            "case": existing or case,
            "steps": _steps(request),
            "meeting_by": rules.claim_last_on(clock.today()),
            "nav": "referrals:register",
        },
    )


def _outcome(referral: Any) -> str:
    if referral.status == ReferralStatus.CHECKING:
        return _(
            "We are checking this introduction by hand and answer by %(day)s. Nothing is "
            "sent to the person until then."
        ) % {"day": weekday_day(rules.name_answer_by(referral.registered_on))}
    return _("%(name)s is registered. Hold the first meeting by %(day)s.") % {
        "name": referral.first_name,
        "day": weekday_day(referral.claim_last_on),
    }

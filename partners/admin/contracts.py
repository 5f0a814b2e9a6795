"""Contracts that wait for directors, and what became of them (C6)."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django_countries import countries

from partners import documents, permissions, queries, same_person
from partners.admin.envelopes import EnvelopePages, signature_of, trail_of_envelopes
from partners.admin.forms import ChangeNumbersForm, ReasonForm, ReviewForm, labelled_numbers
from partners.admin.happenings import in_words
from partners.admin.paper import paper_context
from partners.admin.shared import DIRECTOR, signed_in_director
from partners.models import (
    Application,
    Contract,
    ContractReview,
    ContractStatus,
    SignAcknowledgement,
)
from partners.services.applications import reject_application
from partners.services.contracts import change_numbers, resubmit_contract, review_contract
from partners.services.envelopes import read_document, resend_contract
from partners.views.papers import pdf_response
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.audit import trail
from ssp.core.errors import DomainError
from ssp.core.models import AuditEntry, User
from ssp.core.templatetags.ssp import day

# One response alone may stand in a frame, and only in a frame of ours: the PDF beside its numbers.
FRAMED_BY_US: dict[str, Any] = {**settings.SECURE_CSP, "frame-ancestors": [CSP.SELF]}


@admin.register(Contract)
class ContractAdmin(EnvelopePages, RoleAdmin):
    """The queue of reviews, and each contract's page (C6). Every press is a service."""

    view_roles = DIRECTOR
    list_display = ("number", "partner", "status", "tier", "made_on", "signed_on")
    list_display_links = ("number",)
    list_filter = ("status", "tier")
    search_fields = ("partner__display_name", "partner__legal_name")
    list_select_related = ("partner", "tier")

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, contract: Contract) -> str:
        return contract.number

    @admin.display(description=gettext_lazy("made"), ordering="created_at")
    def made_on(self, contract: Contract) -> str:
        return day(contract.created_at)

    @admin.display(description=gettext_lazy("signed"), ordering="signed_at")
    def signed_on(self, contract: Contract) -> str:
        return day(contract.signed_at) if contract.signed_at else "–"

    def get_urls(self) -> list[URLPattern]:
        pages = [
            ("review", self.review_view),
            ("numbers", self.numbers_view),
            ("resubmit", self.resubmit_view),
            ("resend", self.resend_view),
            ("decline", self.decline_view),
            ("preview.pdf", self.preview_view),
        ]
        own = [
            path(
                f"<int:pk>/{name}{'' if '.' in name else '/'}",
                self.admin_site.admin_view(view),
                name=f"partners_contract_{name.removesuffix('.pdf')}",
            )
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may = self.has_view_permission(request)
        queue = queries.review_queue(signed_in_director(request), on=clock.today()) if may else []
        context = {
            "title": _("Contracts"),
            "waiting": [each for each in queue if each.waits],
            "not_mine": [each for each in queue if not each.waits],
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the contract's own page."""
        return redirect("admin:partners_contract_review", key_of(object_id))

    def _contract(self, request: HttpRequest, pk: int) -> Contract:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Contract.objects.whole(), pk=pk)

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the application beside the numbers; approve or reject this version."""
        contract, director = self._contract(request, pk), signed_in_director(request)
        form = ReviewForm(request.POST or None, initial={"version": contract.version})
        if form.is_valid():
            decision = ContractReview.Decision(form.cleaned_data["decision"])
            with form.showing(DomainError):
                review_contract(
                    contract=contract,
                    director=director,
                    decision=decision,
                    reason=form.cleaned_data["reason"],
                    version=form.cleaned_data["version"],
                    signs_read=form.cleaned_data["signs"],
                    about_signs=form.cleaned_data["about_signs"],
                    at=clock.now(),
                )
                self._say_decision(request, contract, decision)
                return redirect("admin:partners_contract_review", pk)
        refusal = permissions.why_not_decide(director, contract)
        own = queries.review_by(contract, director)
        in_review = contract.status == ContractStatus.IN_REVIEW
        application = (
            contract.partner.applications.exclude(status=Application.Status.DRAFT)
            .select_related("owner")
            .order_by("-created_at")
            .first()
        )
        hides_reviews = in_review and own is None
        unread = same_person.unread_signs(contract, director)
        context = {
            "form": form,
            "twins": same_person.twins_of(application) if application else [],
            "unread": unread,
            "unread_ids": ",".join(str(sign.pk) for sign in unread),
            "acknowledgements": _acknowledgements(application, director, hides_others=hides_reviews),
            "paper": queries.paper_of(contract),
            "facts": documents.facts_sha256(contract),
            "is_nav_sidebar_enabled": False,  # the contract needs the room
            "contract": contract,
            "application": application,
            "country": countries.name(contract.country),
            "numbers": labelled_numbers(contract),
            "refusal": refusal,
            "own": own,
            "may_review": in_review and refusal is None and own is None,
            "may_change": refusal is None
            and contract.status in (ContractStatus.DRAFT, ContractStatus.IN_REVIEW),
            "may_resubmit": refusal is None and contract.status == ContractStatus.DRAFT,
            "may_resend": refusal is None and contract.status == ContractStatus.UNSIGNED,
            "may_decline": refusal is None
            and application is not None
            and application.status == Application.Status.SUBMITTED
            and contract.status in (ContractStatus.DRAFT, ContractStatus.IN_REVIEW, ContractStatus.UNSIGNED),
            "reviews": queries.visible_reviews(contract, director),
            "hides_reviews": hides_reviews,
            "envelopes": contract.envelopes.order_by("-queued_at"),
            **signature_of(contract, director),
            "papers": contract.documents.order_by("-version", "kind"),
            "trail": in_words(_trail(contract, hides_approvals=hides_reviews)),
            **paper_context(contract),
        }
        return self._page(request, "review", contract, context)

    def numbers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change numbers: a new version, reviewed anew."""
        contract = self._contract(request, pk)
        form = ChangeNumbersForm(
            request.POST or None, initial={**contract.numbers, "version": contract.version}
        )
        if form.is_valid():
            with form.showing(DomainError):
                change_numbers(
                    contract=contract,
                    numbers=form.numbers,
                    version=form.cleaned_data["version"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                self.message_user(
                    request, _("A new version waits for two directors; earlier approvals no longer count.")
                )
                return redirect("admin:partners_contract_review", pk)
        context = {"form": form, "verb": _("Save as a new version"), "heading": _("Change the numbers")}
        return self._page(request, "form", contract, context)

    def resubmit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a returned contract before the directors again (POST)."""
        contract = self._contract(request, pk)
        return self._press(
            request,
            pk,
            _("The contract waits for two directors again."),
            lambda: resubmit_contract(
                contract=contract, version=contract.version, by=signed_in_director(request), at=clock.now()
            ),
        )

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a contract whose envelope was voided or expired again, as a new envelope (POST)."""
        contract = self._contract(request, pk)
        return self._press(
            request,
            pk,
            _("The contract is on its way to DocuSign as a new envelope."),
            lambda: resend_contract(contract=contract, by=signed_in_director(request), at=clock.now()),
        )

    def decline_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Turn the application down, with a reason that the applicant reads."""
        contract = self._contract(request, pk)
        form = ReasonForm(request.POST or None)
        application = get_object_or_404(contract.partner.applications, status=Application.Status.SUBMITTED)
        if form.is_valid():
            with form.showing(DomainError):
                reject_application(
                    application=application,
                    reason=form.cleaned_data["reason"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                self.message_user(request, _("The application is declined; the applicant gets your reason."))
                return redirect("admin:partners_contract_review", pk)
        context = {
            "form": form,
            "verb": _("Decline the application"),
            "heading": _("Decline the application"),
        }
        return self._page(request, "form", contract, context)

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp_override(FRAMED_BY_US))
    def preview_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """Show the contract as a PDF: as it was signed or sent, else as it stands, marked a draft."""
        contract = self._contract(request, pk)
        name = f"{contract.number}-v{contract.version}.pdf"
        if paper := queries.paper_of(contract):
            return pdf_response(read_document(paper), name)
        seen = queries.visible_reviews(contract, signed_in_director(request))
        approved = [
            review
            for review in seen
            if review.version == contract.version and review.decision == ContractReview.Decision.APPROVED
        ]
        pdf = documents.render_contract(contract, approvals=approved)
        return pdf_response(pdf, name)

    def _press(self, request: HttpRequest, pk: int, done: str, act: Any) -> HttpResponse:
        if request.method == "POST":
            try:
                act()
            except DomainError as refusal:
                self.refused(request, refusal)
            else:
                self.message_user(request, done)
        return redirect("admin:partners_contract_review", pk)

    def _say_decision(
        self, request: HttpRequest, contract: Contract, decision: ContractReview.Decision
    ) -> None:
        contract.refresh_from_db()
        if decision == ContractReview.Decision.REJECTED:
            said = _("You rejected it. The contract is a draft again, with your reason.")
        elif contract.status == ContractStatus.SIGNED:  # a paper, signed long ago
            said = _("Both directors attested the paper: the partnership counts from its day.")
        elif contract.status == ContractStatus.SENDING:
            said = _("Both approvals are there. The contract is on its way to DocuSign.")
        else:
            said = _("You approved it. It now waits for a second director.")
        self.message_user(request, said, messages.SUCCESS)

    def _page(
        self, request: HttpRequest, name: str, contract: Contract, context: dict[str, Any]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "contract": contract,
            "title": _("Contract %(number)s") % {"number": contract.number},
            "back": reverse("admin:partners_contract_review", args=[contract.pk]),
            **context,
        }
        return TemplateResponse(request, f"admin/partners/contract/{name}.html", context)


def _acknowledgements(
    application: Application | None, director: User, *, hides_others: bool
) -> list[SignAcknowledgement]:
    """Return what directors said about the signs; others' words only to whom may see their reviews (C6)."""
    if application is None:
        return []
    said = SignAcknowledgement.objects.filter(sign__application=application).select_related("director")
    if hides_others:
        said = said.filter(director=director)
    return list(said.order_by("director_id", "reason", "acknowledged_at").distinct("director_id", "reason"))


def _trail(contract: Contract, *, hides_approvals: bool) -> list[AuditEntry]:
    """Return what happened; who approved the present version only to whom may see it."""
    entries = trail(contract) | trail_of_envelopes(contract)
    if hides_approvals:
        entries = entries.exclude(action="contract.approved", data__version=contract.version)
    return list(entries[:20])

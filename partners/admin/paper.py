"""A contract signed on paper, for directors: its PDF page by page, corrections, and taking it back (C6)."""

from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from partners.admin.moving_forms import BackForm, CorrectionForm
from partners.admin.shared import signed_in_director
from partners.models import Contract, ContractDocument, MoveInRow
from partners.services.envelopes import read_document
from partners.services.paper import correct_paper, take_contract_back
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.papers import PaperRefused, page_picture
from ssp.core.roles import Role

SHOWN_PAGES = 12


def paper_context(contract: Contract) -> dict[str, Any]:
    """Return what the review page shows of a paper: its pages, its day, its slot."""
    if not contract.is_paper:
        return {}
    paper = _paper_of(contract)
    row = MoveInRow.objects.select_related("paper").filter(contract=contract).first()
    pages = row.paper.pages if row and paper and row.paper.sha256 == paper.sha256 else SHOWN_PAGES
    return {
        "paper": paper,
        "pages": range(1, min(pages, SHOWN_PAGES) + 1) if paper else [],
        "more_pages": max(pages - SHOWN_PAGES, 0),
        "move_in_row": row,
    }


def _paper_of(contract: Contract) -> ContractDocument | None:
    papers = contract.documents.filter(kind=ContractDocument.Kind.SIGNED)
    return papers.order_by("-version").first()


class PaperPages:
    """Pages about single papers, for a RoleAdmin to mix in. Directors only."""

    admin_site: AdminSite
    opts: Any
    message_user: Any

    def paper_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("contract/<int:pk>/correct/", view(self.correct_view), name="partners_paper_correct"),
            path("contract/<int:pk>/take-back/", view(self.back_view), name="partners_paper_back"),
            path("contract/<int:pk>/page/<int:number>.png", view(self.page_view), name="partners_paper_page"),
        ]

    def _paper(self, request: HttpRequest, pk: int) -> Contract:
        if not signed_in_director(request).has_role(Role.DIRECTOR):
            raise PermissionDenied
        return get_object_or_404(Contract.objects.whole(), pk=pk, origin=Contract.Origin.PAPER)

    def page_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Draw one page of the present version's PDF."""
        paper = _paper_of(self._paper(request, pk))
        try:
            picture = page_picture(read_document(paper), number) if paper else b""
        except PaperRefused:
            picture = b""
        if not picture:
            raise Http404
        return HttpResponse(
            picture,
            content_type="image/png",
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )

    def correct_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Correct what was taken from the paper: a new version, attested anew."""
        contract = self._paper(request, pk)
        initial = {"version": contract.version}
        form = CorrectionForm(
            request.POST or None,
            request.FILES or None,
            instance=Contract.objects.get(pk=pk),
            initial={**initial, "paper_slot": contract.paper_slot or ""},
        )
        if form.is_valid():
            with form.showing(DomainError):
                correct_paper(
                    contract=contract,
                    correction=form.correction,
                    version=form.cleaned_data["version"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                said = _("A new version waits for two directors; earlier attestations no longer count.")
                self.message_user(request, said)
                return redirect("admin:partners_contract_review", pk)
        return self._form(request, contract, form, _("Correct it by the paper"), _("Save as a new version"))

    def back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one contract back that should not have moved in."""
        contract = self._paper(request, pk)
        form = BackForm(request.POST or None, initial={"version": contract.version})
        if form.is_valid():
            with form.showing(DomainError):
                take_contract_back(
                    contract=contract,
                    reason=form.cleaned_data["reason"],
                    version=form.cleaned_data["version"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                said = _("The contract is closed. Its row may move in again with another file.")
                self.message_user(request, said)
                return redirect("admin:partners_contract_review", pk)
        return self._form(request, contract, form, _("Take the contract back"), _("Take it back"))

    def _form(
        self, request: HttpRequest, contract: Contract, form: Any, heading: str, verb: str
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": Contract._meta,
            "contract": contract,
            "title": _("Contract %(number)s") % {"number": contract.number},
            "back": reverse("admin:partners_contract_review", args=[contract.pk]),
            "form": form,
            "heading": heading,
            "verb": verb,
            **paper_context(contract),
        }
        return TemplateResponse(request, "admin/partners/contract/paper_form.html", context)

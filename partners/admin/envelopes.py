"""What directors do about an envelope, on the contract's page (C6). Every press is a service."""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import permissions
from partners.admin.forms import ReasonForm
from partners.admin.shared import signed_in_director
from partners.errors import CannotTakeBack, NothingToVoid
from partners.models import OPEN_ENVELOPE, Contract, ContractStatus, Envelope
from partners.services.signature import correct_signer, is_proven, resend_mail, take_back, void_envelope
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.models import AuditEntry, OutboxMessage, User


class VoidForm(ReasonForm):
    """Why the envelope is withdrawn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = gettext_lazy(
            "The applicant reads this. Once DocuSign agrees, nobody can sign the envelope; a signature that "
            "comes first counts. Afterwards you send the contract again, or take it back to draft."
        )


class TakeBackForm(ReasonForm):
    """Why the contract is changed; `version` is what the director read."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = gettext_lazy("The other directors read this.")


def waiting_for_docusign() -> list[Envelope]:
    """Return the open envelopes about which DocuSign owes an answer, those that wait longest first."""
    envelopes = Envelope.objects.select_related("contract__partner").filter(status__in=OPEN_ENVELOPE)
    waiting = [envelope for envelope in envelopes if envelope.waits_since is not None]
    return sorted(waiting, key=lambda envelope: envelope.waits_since or envelope.queued_at)


def signature_of(contract: Contract, director: User) -> dict[str, Any]:
    """Return what the page shows of a contract's way to its signature, and what this director may press."""
    refusal = permissions.why_not_decide(director, contract)
    envelope = contract.envelopes.filter(status__in=OPEN_ENVELOPE).first()
    context: dict[str, Any] = {
        "envelope": envelope,
        "now": clock.now(),
        "may_take_back": refusal is None and contract.status == ContractStatus.UNSIGNED,
    }
    if envelope is None:
        return context
    applicant = contract.partner.user
    is_acting = refusal is None and envelope.void_asked_at is None
    has_moved = applicant.email.casefold() != envelope.signer_email.casefold()
    return context | {
        "may_void": is_acting,
        "may_mail_again": is_acting and envelope.can_be_signed,
        "may_correct": is_acting and has_moved and is_proven(applicant),
        "has_moved": has_moved,
        "new_address": applicant.email,
        "owed": OutboxMessage.objects.filter(
            key__startswith=f"envelope:{envelope.pk}:", kind__in=TO_DOCUSIGN, done_at=None
        ).order_by("pk"),
    }


def trail_of_envelopes(contract: Contract) -> QuerySet[AuditEntry]:
    """Return everything recorded about the contract's envelopes."""
    ours = contract.envelopes.values("pk")
    entries = AuditEntry.objects.select_related("by")
    return entries.filter(target_type=Envelope._meta.label_lower, target_id__in=ours)


TO_DOCUSIGN = (
    "partners.send_envelope",
    "partners.void_envelope",
    "partners.correct_signer",
    "partners.resend_mail",
)


class EnvelopePages(ModelAdmin):
    """Mixed into the contracts' admin, whose `_contract`, `_press` and `_page` it uses."""

    def get_urls(self) -> list[URLPattern]:
        pages = [
            ("mail-again", self.mail_again_view),
            ("correct-address", self.correct_address_view),
            ("void", self.void_view),
            ("take-back", self.take_back_view),
        ]
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"partners_contract_{name.replace('-', '_')}",
            )
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show also what waits for DocuSign, and since when."""
        waiting = waiting_for_docusign() if self.has_view_permission(request) else []
        context = {"docusign_waits": waiting, "now": clock.now(), **(extra_context or {})}
        return super().changelist_view(request, context)

    def mail_again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let DocuSign mail the applicant once more (POST)."""
        return self._press_as_director(
            request, pk, _("DocuSign sends the applicant its e-mail again."), resend_mail
        )

    def correct_address_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the envelope to the address that the applicant's account has now (POST)."""
        return self._press_as_director(
            request, pk, _("DocuSign sends it to the applicant's new address."), correct_signer
        )

    def void_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Withdraw the open envelope, with a reason that the applicant reads."""
        contract: Contract = self._contract(request, pk)  # type: ignore[attr-defined]
        form = VoidForm(request.POST or None)
        if not contract.envelopes.filter(status__in=OPEN_ENVELOPE).exists():
            return self._back(request, pk, NothingToVoid())
        if form.is_valid():
            with form.showing(DomainError):
                void_envelope(
                    contract=contract,
                    reason=form.cleaned_data["reason"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                self.message_user(
                    request,
                    _("The envelope is being voided. If the applicant signs first, the signature counts."),
                )
                return redirect("admin:partners_contract_review", pk)
        context = {"form": form, "verb": _("Void the envelope"), "heading": _("Void the envelope")}
        return self._page(request, "form", contract, context)  # type: ignore[attr-defined,no-any-return]

    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a contract that wasn't signed back to draft, with a reason."""
        contract: Contract = self._contract(request, pk)  # type: ignore[attr-defined]
        form = TakeBackForm(request.POST or None, initial={"version": contract.version})
        if contract.status != ContractStatus.UNSIGNED:
            return self._back(request, pk, CannotTakeBack())
        if form.is_valid():
            with form.showing(DomainError):
                take_back(
                    contract=contract,
                    reason=form.cleaned_data["reason"],
                    version=form.cleaned_data["version"],
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                self.message_user(
                    request, _("The contract is a draft again; earlier approvals no longer count.")
                )
                return redirect("admin:partners_contract_review", pk)
        context = {"form": form, "verb": _("Take back to draft"), "heading": _("Take back to draft")}
        return self._page(request, "form", contract, context)  # type: ignore[attr-defined,no-any-return]

    def _press_as_director(self, request: HttpRequest, pk: int, done: str, act: Any) -> HttpResponse:
        contract: Contract = self._contract(request, pk)  # type: ignore[attr-defined]
        director = signed_in_director(request)

        def press() -> None:
            permissions.check_may_decide(director, contract)  # here as a director, not as the applicant
            act(contract=contract, by=director, at=clock.now())

        return self._press(request, pk, done, press)  # type: ignore[attr-defined,no-any-return]

    def _back(self, request: HttpRequest, pk: int, refusal: DomainError) -> HttpResponse:
        self.refused(request, refusal)  # type: ignore[attr-defined]
        return redirect("admin:partners_contract_review", pk)

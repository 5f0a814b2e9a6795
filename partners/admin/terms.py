"""Tiers and dated terms, entered by directors (C5)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.admin.forms import compared_numbers
from partners.admin.shared import DIRECTOR, signed_in_director
from partners.models import Contract, ProgramTerms, Tier
from partners.services.terms import check_terms, enter_terms, keep_tier
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.templatetags.ssp import day, percent
from ssp.core.widgets import DateInput

SHOWN = 12  # contracts named on the page that says what isn't touched; the counts are whole


@admin.register(Tier)
class TierAdmin(RoleAdmin):
    view_roles = add_roles = change_roles = DIRECTOR
    list_display = ("name", "is_default")

    def save_model(self, request: HttpRequest, obj: Tier, form: Any, change: bool) -> None:
        keep_tier(tier=obj, by=signed_in_director(request), at=clock.now())


class TermsForm(DomainFormMixin, forms.ModelForm):
    """A version of the terms. `compared` is the version it was compared with when it was confirmed."""

    compared = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ProgramTerms
        fields = ("tier", "effective_on", *ProgramTerms.NUMBERS)
        widgets = {"effective_on": DateInput()}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def _post_clean(self) -> None:
        """Let the service refuse here, too, so that a preview never shows what can't be entered."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            with self.showing(DomainError):
                check_terms(self.instance, by=self.by)


@admin.register(ProgramTerms)
class ProgramTermsAdmin(RoleAdmin):
    """Dated versions of the numbers: shown before they are saved, read-only once they are used (C5)."""

    view_roles = add_roles = DIRECTOR
    list_display = ("tier", "state", "recurring", "first_invoice", "bonus", "cap")
    list_filter = ("tier",)
    ordering = ("tier", "-effective_on")
    fields = ("tier", "effective_on", *ProgramTerms.NUMBERS)

    @admin.display(description=gettext_lazy("in force"), ordering="effective_on")
    def state(self, terms: ProgramTerms) -> str:
        on = clock.today()
        if terms.effective_on > on:
            return _("From %(day)s") % {"day": day(terms.effective_on)}
        if ProgramTerms.objects.in_force(on=on, tier=terms.tier) == terms:
            return _("Now, since %(day)s") % {"day": day(terms.effective_on)}
        return _("Before, from %(day)s") % {"day": day(terms.effective_on)}

    @admin.display(description=gettext_lazy("recurring revenue"), ordering="recurring_percent")
    def recurring(self, terms: ProgramTerms) -> str:
        return percent(terms.recurring_percent)

    @admin.display(description=gettext_lazy("first invoice"), ordering="first_invoice_percent")
    def first_invoice(self, terms: ProgramTerms) -> str:
        return percent(terms.first_invoice_percent)

    @admin.display(description=gettext_lazy("bonus"), ordering="bonus_percent")
    def bonus(self, terms: ProgramTerms) -> str:
        return percent(terms.bonus_percent)

    @admin.display(description=gettext_lazy("cap"), ordering="cap_count")
    def cap(self, terms: ProgramTerms) -> str:
        return f"{terms.cap_count} {terms.get_cap_unit_display()}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": _("Terms of the programme"), **(extra_context or {})}
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open_to(request, DIRECTOR) and (obj is None or not obj.is_used)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Enter a new version: the form begins with the numbers in force."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        on = clock.today()
        in_force = ProgramTerms.objects.in_force(on=on)
        initial: dict[str, Any] = {"tier": Tier.objects.filter(is_default=True).first()}
        if in_force is not None:
            initial = model_to_dict(in_force, fields=["tier", *ProgramTerms.NUMBERS])
        return self._enter(request, ProgramTerms(), initial=initial)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Correct a version that nobody used yet; show one that somebody did."""
        terms = get_object_or_404(ProgramTerms, pk=key_of(object_id))
        if not self.has_change_permission(request, terms):
            return super().change_view(request, object_id, form_url, extra_context)
        return self._enter(request, terms, initial={})

    def _enter(self, request: HttpRequest, terms: ProgramTerms, *, initial: dict[str, Any]) -> HttpResponse:
        by = signed_in_director(request)
        form = TermsForm(request.POST or None, instance=terms, initial=initial, by=by)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "form": form,
            "terms": terms,
            "title": _("Change these terms") if terms.pk else _("Enter new terms"),
        }
        if not form.is_valid() or "change" in request.POST:
            return TemplateResponse(request, "admin/partners/programterms/form.html", context)
        compared = _standing_before(form.instance)
        compared_pk = compared.pk if compared else None
        if "confirm" in request.POST and form.cleaned_data["compared"] == compared_pk:
            with form.showing(DomainError):
                enter_terms(terms=form.instance, by=by, at=clock.now())
                said = _("The terms hold for contracts made from %(day)s; no earlier contract changes.")
                self.message_user(request, said % {"day": day(form.instance.effective_on)})
                return redirect("admin:partners_programterms_changelist")
            return TemplateResponse(request, "admin/partners/programterms/form.html", context)
        context.update(_preview(form.instance, compared), title=_("Look before you enter them"))
        context["answers"] = [
            (name, request.POST.get(name, "")) for name in form.fields if name != "compared"
        ]
        context["compared_pk"] = compared_pk or ""
        return TemplateResponse(request, "admin/partners/programterms/preview.html", context)


def _standing_before(terms: ProgramTerms) -> ProgramTerms | None:
    """Return the version of the tier that holds on the day before the new one begins to."""
    others = ProgramTerms.objects.exclude(pk=terms.pk).filter(tier=terms.tier)
    return others.filter(effective_on__lt=terms.effective_on).order_by("-effective_on").first()


def _preview(terms: ProgramTerms, compared: ProgramTerms | None) -> dict[str, Any]:
    """Return what changes, and the contracts that don't (C5)."""
    contracts = Contract.objects.filter(tier=terms.tier).select_related("partner", "terms__tier")
    open_ones = contracts.open().order_by("created_at")
    signed = contracts.filter(status=Contract.Status.SIGNED).order_by("-signed_at")
    listed = [*open_ones[:SHOWN], *signed[:SHOWN]][:SHOWN]
    return {
        "rows": compared_numbers(terms, compared),
        "compared": compared,
        "is_to_come": terms.effective_on > clock.today(),
        "open_count": open_ones.count(),
        "signed_count": signed.count(),
        "listed": listed,
        "more": open_ones.count() + signed.count() - len(listed),
    }

"""Invoices and what happened to them in the admin: entered by hand once, and never edited after."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from commissions import recording
from commissions.forms_recording import FactForm, InvoiceForm, Lines, WhichInvoiceForm
from commissions.models import Fact, Invoice, InvoiceLine, Source
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.models import User
from ssp.core.roles import Role

READERS = (Role.FINANCE, Role.DIRECTOR)


class Rows(admin.TabularInline):
    """Rows below a row, to look at."""

    template = "admin/inline.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(Rows):
    model = InvoiceLine


class FactInline(Rows):
    model = Fact
    fk_name = "invoice"
    fields = ("kind", "reference", "happened_on", "gross", "net", "recorded_at")


def _finance(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the permission was checked
    return request.user


@admin.register(Invoice)
class InvoiceAdmin(RoleAdmin):
    view_roles = READERS
    add_roles = (Role.FINANCE,)
    list_display = ("reference", "source", "customer_name", "issued_on", "currency", "net", "gross", "deal")
    list_filter = ("source", "currency", ("deal", admin.EmptyFieldListFilter))
    search_fields = ("reference", "external_id", "customer_name", "customer_reference")
    inlines = (LineInline, FactInline)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Record an invoice with its lines."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = InvoiceForm(data)
        lines: Any = Lines(data, prefix="lines")
        if data is not None and form.is_valid() and lines.is_valid():
            said = form.cleaned_data
            with form.showing(DomainError):
                invoice = recording.record_invoice(
                    source=Source(said["source"]),
                    reference=said["reference"],
                    customer=said["customer"],
                    customer_reference=said["customer_reference"],
                    customer_domain=said["customer_domain"],
                    issued_on=said["issued_on"],
                    currency=said["currency"].upper(),
                    gross=said["gross"],
                    lines=lines.lines,
                    by=_finance(request),
                    at=clock.now(),
                )
                self.message_user(request, _("Invoice %s is recorded.") % invoice.reference)
                return redirect("commissions:invoice", invoice.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Enter an invoice"),
            "form": form,
            "lines": lines,
        }
        return TemplateResponse(request, "admin/commissions/invoice/add.html", context)


@admin.register(Fact)
class FactAdmin(RoleAdmin):
    """Payments, credit notes, refunds and write-offs. What happened is never rewritten."""

    view_roles = READERS
    add_roles = (Role.FINANCE,)
    list_display = ("reference", "kind", "invoice", "happened_on", "gross", "net", "recorded_at")
    list_filter = ("kind", "source")
    list_select_related = ("invoice",)
    search_fields = ("reference", "invoice__reference", "invoice__customer_name")
    date_hierarchy = "happened_on"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Record what happened to an invoice, which is asked for first unless the address names it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        named = request.GET.get("invoice", "")
        invoice = Invoice.objects.filter(pk=key_of(named)).first() if named else None
        if invoice is None:
            return self._which(request)
        data = request.POST if request.method == "POST" else None
        form = FactForm(data, invoice=invoice, initial={"kind": request.GET.get("kind", "payment")})
        if data is not None and form.is_valid():
            with form.showing(DomainError):
                _record(invoice, form, by=_finance(request))
                said = _("%(what)s %(number)s is recorded.")
                what = Fact.Kind(form.cleaned_data["kind"]).label
                self.message_user(request, said % {"what": what, "number": form.cleaned_data["reference"]})
                return redirect("commissions:invoice", invoice.pk)
        return self._page(request, "add", {"form": form, "invoice": invoice})

    def _which(self, request: HttpRequest) -> HttpResponse:
        """Ask for the invoice; nothing is written."""
        form = WhichInvoiceForm(request.GET if "number" in request.GET else None)
        if form.is_bound and form.is_valid():
            address = reverse("admin:commissions_fact_add")
            return redirect(f"{address}?invoice={form.cleaned_data['invoice'].pk}")
        return self._page(request, "which", {"form": form})

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Enter what happened to an invoice"),
        }
        return TemplateResponse(request, f"admin/commissions/fact/{name}.html", {**shared, **context})


def _record(invoice: Invoice, form: FactForm, *, by: User) -> None:
    said = form.cleaned_data
    common = {
        "invoice": invoice,
        "reference": said["reference"],
        "happened_on": said["happened_on"],
        "gross": said["gross"],
        "by": by,
        "at": clock.now(),
    }
    if said["kind"] == Fact.Kind.CREDIT:
        recording.record_credit(**common, net=said["net"], line=said["line"], replacement=said["replacement"])
        return
    record = {
        Fact.Kind.PAYMENT: recording.record_payment,
        Fact.Kind.REFUND: recording.record_refund,
        Fact.Kind.WRITE_OFF: recording.record_write_off,
    }[said["kind"]]
    record(**common)

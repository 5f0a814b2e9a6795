"""The ledger, invoices and payouts in the admin: to look at. What changes them are the services."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from commissions import services
from commissions.admin_intake import READERS, Rows
from commissions.forms import TaxStatusForm
from commissions.models import (
    AccrualFailure,
    Commission,
    ContestedEntry,
    LeftOut,
    Opening,
    OpeningImport,
    OpeningSum,
    Payout,
    PayoutRun,
    Statement,
    TaxStatus,
)
from ssp.core import clock
from ssp.core.admin import RoleAdmin
from ssp.core.errors import DomainError
from ssp.core.models import User
from ssp.core.roles import Role


@admin.register(Commission)
class CommissionAdmin(RoleAdmin):
    view_roles = READERS
    list_display = ("__str__", "partner", "kind", "invoice", "amount", "currency", "earned_on", "payable_on")
    list_filter = ("kind", "currency")
    list_select_related = ("partner", "invoice")
    search_fields = ("=id", "invoice__reference", "partner__display_name")
    date_hierarchy = "earned_on"


class PayoutInline(Rows):
    model = Payout


class LeftOutInline(Rows):
    model = LeftOut


@admin.register(PayoutRun)
class PayoutRunAdmin(RoleAdmin):
    view_roles = READERS
    list_display = ("__str__", "prepared_by", "prepared_at", "approved_by", "approved_at", "discarded_at")
    list_filter = ("currency",)
    inlines = (PayoutInline, LeftOutInline)


@admin.register(TaxStatus)
class TaxStatusAdmin(RoleAdmin):
    """Finance confirms here what VAT a partner's payouts carry, before the first payout."""

    view_roles = READERS
    add_roles = (Role.FINANCE,)
    change_roles = (Role.FINANCE,)
    form = TaxStatusForm
    list_display = ("partner", "vat_percent", "note", "confirmed_by", "confirmed_at")

    def save_model(self, request: HttpRequest, obj: TaxStatus, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        try:
            made = services.confirm_tax_status(
                partner=obj.partner,
                vat_percent=obj.vat_percent,
                note=obj.note,
                treatment=obj.treatment,
                postal_address=obj.postal_address,
                tax_number=obj.tax_number,
                by=request.user,
                at=clock.now(),
            )
        except DomainError as refusal:
            self.refused(request, refusal)
            return
        obj.pk = made.pk


@admin.register(Statement)
class StatementAdmin(RoleAdmin):
    view_roles = READERS
    list_display = ("number", "kind", "partner", "month", "net", "vat", "currency", "issued_at")
    list_filter = ("kind", "currency")
    list_select_related = ("partner",)
    search_fields = ("partner__display_name",)
    exclude = ("facts",)
    date_hierarchy = "issued_at"


@admin.register(ContestedEntry)
class ContestedEntryAdmin(RoleAdmin):
    view_roles = READERS
    list_display = ("commission", "contested_by", "contested_at", "agreed", "answered_by", "answered_at")
    list_filter = ("agreed", ("answered_at", admin.EmptyFieldListFilter))


class OpeningSumInline(Rows):
    model = OpeningSum


@admin.register(Opening)
class OpeningAdmin(RoleAdmin):
    """What deals earned before this system; files bring it in, and two people vouch."""

    view_roles = READERS
    list_display = ("deal", "as_of", "cap_starts_on", "recurring_before", "first_taken", "undone_at")
    list_select_related = ("deal",)
    search_fields = ("deal__customer_reference",)
    inlines = (OpeningSumInline,)


@admin.register(OpeningImport)
class OpeningImportAdmin(RoleAdmin):
    view_roles = READERS
    list_display = ("file_name", "uploaded_by", "uploaded_at", "committed_by", "committed_at")
    exclude = ("report",)


@admin.register(AccrualFailure)
class AccrualFailureAdmin(RoleAdmin):
    """Deals whose commission can't be worked out: a row goes when a later run finishes its deal."""

    view_roles = (*READERS, Role.ADMINISTRATOR)
    list_display = ("deal", "reason", "first_failed_at", "last_failed_at")
    list_select_related = ("deal",)

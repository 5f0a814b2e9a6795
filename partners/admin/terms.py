"""Tiers and dated terms, entered by directors (C5)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners.admin.shared import DIRECTOR, signed_in_director
from partners.models import (
    ProgramTerms,
    Tier,
)
from partners.services.terms import enter_terms
from ssp.core import clock
from ssp.core.admin import RoleAdmin
from ssp.core.errors import DomainError


@admin.register(Tier)
class TierAdmin(RoleAdmin):
    view_roles = add_roles = change_roles = DIRECTOR
    list_display = ("name", "is_default")


@admin.register(ProgramTerms)
class ProgramTermsAdmin(RoleAdmin):
    """Dated versions of the numbers. Once a contract stands on one, it is read-only (C5)."""

    view_roles = add_roles = DIRECTOR
    list_display = (
        "tier",
        "effective_on",
        "recurring_percent",
        "first_invoice_percent",
        "bonus_percent",
        "cap_count",
        "cap_unit",
    )
    list_filter = ("tier",)
    fields = ("tier", "effective_on", *ProgramTerms.NUMBERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open_to(request, DIRECTOR) and (obj is None or not obj.is_used)

    def save_model(self, request: HttpRequest, obj: ProgramTerms, form: Any, change: bool) -> None:
        try:
            enter_terms(terms=obj, by=signed_in_director(request), at=clock.now())
        except DomainError as refusal:
            self.refused(request, refusal)

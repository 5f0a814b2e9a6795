"""Known contacts and the files they came in, to look at; sales imports and undoes at the desk (C10)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from referrals.models import ContactImport, KnownContact
from ssp.core.admin import RoleAdmin
from ssp.core.identity import identity_of
from ssp.core.roles import Role

LOOK = (Role.DIRECTOR, Role.ADMINISTRATOR)


@admin.register(ContactImport)
class ContactImportAdmin(RoleAdmin):
    view_roles = LOOK
    list_display = (
        "file_name",
        "imported_by",
        "imported_at",
        "rows_new",
        "rows_known",
        "rows_refused",
        "undone_by",
        "undone_at",
    )
    list_select_related = ("imported_by", "undone_by")
    list_filter = (("undone_at", admin.EmptyFieldListFilter),)
    fields = (*list_display, "uploaded_by", "uploaded_at", "finished_at", "rows_total", "rows_undone")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactImport]:
        return super().get_queryset(request).defer("content", "report")


@admin.register(KnownContact)
class KnownContactAdmin(RoleAdmin):
    """Found by the person an address belongs to, however it is spelled; there may be a million."""

    view_roles = LOOK
    list_display = ("email", "first_name", "last_name", "company_name", "known_since", "imported_in")
    list_select_related = ("imported_in",)
    fields = list_display
    search_fields = ("identity",)
    search_help_text = _("A whole e-mail address")
    show_full_result_count = False
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Compare as registrations are compared (C12), by an index."""
        if not search_term:
            return queryset, False
        return queryset.filter(identity=identity_of(search_term)), False

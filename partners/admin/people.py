"""Partners, to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from django_countries import countries

from partners.models import Partner
from ssp.core.admin import RoleAdmin
from ssp.core.roles import Role


class CountryFilter(admin.SimpleListFilter):
    """Countries by their names, those that somebody comes from."""

    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = model_admin.model.objects.exclude(country="").values_list("country", flat=True).distinct()
        return sorted(((code, str(countries.name(code))) for code in codes), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(country=self.value()) if self.value() else queryset


class ByCountry(RoleAdmin):
    """Rows that come from a country, which is shown by its name."""

    exclude: ClassVar[tuple[str, ...]] = ("country",)
    readonly_fields = ("country_name",)

    @admin.display(description=gettext_lazy("Country"), ordering="country")
    def country_name(self, row: Any) -> str:
        return str(countries.name(row.country)) or "–"


@admin.register(Partner)
class PartnerAdmin(ByCountry):
    view_roles = (Role.DIRECTOR, Role.ADMINISTRATOR, Role.SALES_LEAD, Role.FINANCE)
    list_display = ("display_name", "country_name", "started_at", "ended_at", "recruiter", "bonus_slot")
    list_filter = (("started_at", admin.EmptyFieldListFilter), CountryFilter)
    search_fields = ("display_name", "legal_name", "user__email")
    list_select_related = ("recruiter",)
    exclude = ("country", "identity")
    change_form_template = "admin/partners/partner/change_form.html"

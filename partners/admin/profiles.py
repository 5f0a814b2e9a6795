"""Who is in the public directory; in need a director or administrator takes somebody off (C16)."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy, ngettext

from partners.models import Profile
from partners.services.profiles import set_listing
from ssp.core import clock
from ssp.core.admin import RoleAdmin
from ssp.core.models import User
from ssp.core.roles import Role


@admin.register(Profile)
class ProfileAdmin(RoleAdmin):
    """No detail stands here: what a partner hides, they hide from staff too."""

    view_roles = (Role.DIRECTOR, Role.ADMINISTRATOR)
    list_display = ("partner", "is_listed", "page", "changed_at")
    search_fields = ("partner__display_name",)
    fields = ("partner", "is_listed", "page", "changed_at")
    readonly_fields = fields
    actions = ("take_off",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Profile]:
        return Profile.objects.with_address()

    @admin.display(description=gettext_lazy("Listed now"), boolean=True)
    def is_listed(self, profile: Profile) -> bool:
        return profile.partner.listing_consent and profile.partner.is_active(at=clock.now())

    @admin.display(description=gettext_lazy("Public page"))
    def page(self, profile: Profile) -> str:
        if not self.is_listed(profile):
            return "–"
        path = reverse("partners:directory_partner", args=[profile.slug])
        return format_html('<a href="{}">{}</a>', path, path)

    @admin.action(description=gettext_lazy("Take off the public directory"), permissions=["view"])
    def take_off(self, request: HttpRequest, queryset: QuerySet[Profile]) -> None:
        """Withdraw the listing in the partner's stead; the audit names who did it."""
        assert isinstance(request.user, User)
        profiles = list(queryset)
        for profile in profiles:
            set_listing(partner=profile.partner, listed=False, by=request.user, at=clock.now())
        said = ngettext(
            "%(count)d partner is off the directory. They can list themselves again.",
            "%(count)d partners are off the directory. They can list themselves again.",
            len(profiles),
        )
        self.message_user(request, said % {"count": len(profiles)})

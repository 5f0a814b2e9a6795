"""The admin by role: what a role doesn't open isn't there."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ssp.core import audit, clock, outbox, staff
from ssp.core.errors import DomainError
from ssp.core.models import AuditEntry, OutboxMessage, RoleGrant, StaffInvitation, User
from ssp.core.roles import Role

admin.site.site_header = _("SeMI Sales Partnership")
admin.site.site_title = _("SeMI Sales Partnership")
admin.site.index_title = _("Administration")
admin.site.site_url = "/desk/"


class RoleAdmin(admin.ModelAdmin):
    """A ModelAdmin opened by roles instead of model permissions; a superuser has no way around it (C6)."""

    view_roles: ClassVar[Sequence[Role]] = (Role.ADMINISTRATOR,)
    add_roles: ClassVar[Sequence[Role]] = ()
    change_roles: ClassVar[Sequence[Role]] = ()
    delete_roles: ClassVar[Sequence[Role]] = ()

    def _open_to(self, request: HttpRequest, roles: Sequence[Role]) -> bool:
        return isinstance(request.user, User) and request.user.has_any_role(*roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._open_to(request, self.view_roles)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._open_to(request, self.view_roles)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._open_to(request, self.add_roles)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._open_to(request, self.change_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._open_to(request, self.delete_roles)

    def refused(self, request: HttpRequest, refusal: DomainError) -> None:
        clause = f" ({refusal.clause})" if refusal.clause else ""
        self.message_user(request, f"{refusal}{clause}", messages.ERROR)


@admin.register(StaffInvitation)
class StaffInvitationAdmin(RoleAdmin):
    add_roles = (Role.ADMINISTRATOR,)
    list_display = ("full_name", "email", "role", "invited_at", "expires_at", "accepted_at")
    fields = ("full_name", "email", "role")

    def save_model(self, request: HttpRequest, obj: StaffInvitation, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        try:
            made = staff.invite_staff(
                email=obj.email, full_name=obj.full_name, role=Role(obj.role), by=request.user, at=clock.now()
            )
        except DomainError as refusal:
            self.refused(request, refusal)
            return
        obj.pk = made.pk


@admin.register(OutboxMessage)
class OutboxMessageAdmin(RoleAdmin):
    """What is owed, what is late, and what people must look at."""

    list_display = (
        "kind",
        "key",
        "created_at",
        "attempts",
        "next_try_at",
        "done_at",
        "dead_at",
        "last_error",
    )
    list_filter = ("kind", ("dead_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("key",)
    actions = ("try_again",)

    @admin.action(description=_("Try again now"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        with transaction.atomic():
            # What a worker is at right now is held by it, and left alone.
            revived = list(queryset.filter(done_at__isnull=True).select_for_update(skip_locked=True))
            for message in revived:
                message.dead_at, message.attempts, message.next_try_at = None, 0, clock.wall()
                message.save(update_fields=["dead_at", "attempts", "next_try_at"])
                assert isinstance(request.user, User)
                audit.record("outbox.retried", message, by=request.user, at=clock.now())
        for message in revived:
            outbox.nudge(message.pk)
        self.message_user(request, _("%d messages are tried again.") % len(revived))


@admin.register(AuditEntry)
class AuditEntryAdmin(RoleAdmin):
    view_roles = (Role.ADMINISTRATOR, Role.DIRECTOR)
    list_display = ("at", "action", "target_type", "target_id", "by")
    list_filter = ("action", "target_type")
    search_fields = ("=target_id", "action")


class RoleGrantInline(admin.TabularInline):
    model = RoleGrant
    template = "admin/inline.html"
    extra = 0
    can_delete = False
    readonly_fields = ("role", "granted_at", "ended_at")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(RoleAdmin):
    list_display = ("full_name", "email", "role_names", "is_active", "joined_at")
    search_fields = ("full_name", "email")
    fields = ("full_name", "email", "is_active", "is_staff", "joined_at", "last_login")
    readonly_fields = fields
    inlines = (RoleGrantInline,)

    @admin.display(description=_("roles"))
    def role_names(self, obj: User) -> str:
        return ", ".join(sorted(str(Role(r).label) for r in obj.roles)) or "–"

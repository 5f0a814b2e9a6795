"""The admin by role: what a role doesn't open isn't there."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminReadonlyField
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ssp.core import audit, clock, outbox, staff
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.models import AuditEntry, OutboxMessage, RoleGrant, StaffInvitation, User
from ssp.core.roles import STAFF_ROLES, Role

admin.site.site_header = _("SeMI Sales Partnership")
admin.site.site_title = _("SeMI Sales Partnership")
admin.site.index_title = _("Administration")
admin.site.site_url = "/desk/"


def key_of(object_id: str) -> int:
    """Return the number that an address of the admin names.

    :raises Http404: it names none, or one that no row can have.
    """
    if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 19):
        raise Http404
    return int(object_id)


_link_of = AdminReadonlyField.get_admin_url


def link_where_all_may_go(field: AdminReadonlyField, remote_field: Any, remote_obj: Any) -> Any:
    """Lead from a field to its row only where everybody who sees the field may go (ADR 3)."""
    mine = set(getattr(field.model_admin, "view_roles", ()))
    theirs = set(getattr(admin.site._registry.get(type(remote_obj)), "view_roles", ()))
    return _link_of(field, remote_field, remote_obj) if mine <= theirs else str(remote_obj)


# Django links every key whoever looks, and has no hook for it: the line makes the field itself.
AdminReadonlyField.get_admin_url = link_where_all_may_go  # type: ignore[method-assign, assignment]


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

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Head a list with what it lists; Django would say "Select … to view"."""
        title = {"title": capfirst(self.model._meta.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

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
    # Not for directors: it would show the other director's review before one's own is in (C6).
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


class EndRoleForm(DomainFormMixin, forms.Form):
    hand_to = forms.ModelChoiceField(
        label=_("Who takes over the open work?"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody: there is no open work of this role"),
        help_text=_("Somebody else with the same role. Needed for sales as long as there is somebody."),
    )

    def __init__(self, *args: Any, user: User, role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose: Any = self.fields["hand_to"]
        choose.queryset = User.objects.with_role(role).exclude(pk=user.pk).order_by("full_name")


@admin.register(User)
class UserAdmin(RoleAdmin):
    list_display = ("full_name", "email", "role_names", "is_active", "joined_at")
    search_fields = ("full_name", "email")
    fields = ("full_name", "email", "is_active", "is_staff", "joined_at", "last_login")
    readonly_fields = fields
    inlines = (RoleGrantInline,)
    change_form_template = "admin/core/user/change_form.html"

    @admin.display(description=_("roles"))
    def role_names(self, obj: User) -> str:
        return ", ".join(sorted(str(Role(r).label) for r in obj.roles)) or "–"

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:pk>/end-role/<str:role>/",
            self.admin_site.admin_view(self.end_role_view),
            name="core_user_end_role",
        )
        return [page, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        held = [Role(role) for role in sorted(user.roles & STAFF_ROLES)] if isinstance(user, User) else []
        endable = [{"value": role.value, "label": role.label} for role in held]
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "endable": endable}
        )

    def end_role_view(self, request: HttpRequest, pk: int, role: str) -> HttpResponse:
        """Take a role away: sessions end at once, and open work goes to whom the administrator chooses."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)
        if role not in user.roles or role not in STAFF_ROLES:
            raise Http404
        ending = Role(role)
        form = EndRoleForm(request.POST if request.method == "POST" else None, user=user, role=ending)
        if form.is_valid():
            assert isinstance(request.user, User)
            with form.showing(DomainError):
                staff.end_role(
                    user=user,
                    role=ending,
                    hand_to=form.cleaned_data["hand_to"],
                    by=request.user,
                    at=clock.now(),
                )
                said = _("%(name)s no longer has the role %(role)s; their sessions have ended.")
                self.message_user(request, said % {"name": user.full_name, "role": ending.label})
                return redirect("admin:core_user_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Take a role away"),
            "person": user,
            "role": ending.label,
            "form": form,
        }
        return TemplateResponse(request, "admin/core/user/end_role.html", context)

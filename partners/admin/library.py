"""Staff's side of the resource library: publish, replace, archive, and see who fetched what (C13)."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from partners import queries_library
from partners.forms_library import EditResourceForm, FolderForm, PublishForm, VersionForm
from partners.models import Resource, ResourceFolder
from partners.permissions_library import PUBLISHERS, READERS, can_publish
from partners.services import library
from ssp.core import clock
from ssp.core.admin import RoleAdmin
from ssp.core.errors import DomainError
from ssp.core.models import User


def _signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(ResourceFolder)
class ResourceFolderAdmin(RoleAdmin):
    """The library's headings and their order. Partners see those with something in them."""

    form = FolderForm
    view_roles = READERS
    add_roles = change_roles = PUBLISHERS
    list_display = ("name", "position", "resources_listed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResourceFolder]:
        folders: QuerySet[ResourceFolder] = super().get_queryset(request)
        return folders.annotate(listed=Count("resources"))

    def save_model(self, request: HttpRequest, obj: ResourceFolder, form: Any, change: bool) -> None:
        library.save_folder(folder=obj, by=_signed_in(request), at=clock.now())

    @admin.display(description=gettext_lazy("resources"), ordering="listed")
    def resources_listed(self, folder: Any) -> int:
        return int(folder.listed)


class WhetherListed(admin.SimpleListFilter):
    """Whether partners see it."""

    title = gettext_lazy("place")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("In the library")), ("yes", _("Archived"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("no", "yes"):
            return queryset
        return queryset.filter(archived_at__isnull=self.value() == "no")


@admin.register(Resource)
class ResourceAdmin(RoleAdmin):
    """What partners can fetch. Every press is a service."""

    view_roles = READERS
    add_roles = change_roles = PUBLISHERS
    list_display = ("title", "folder", "kind", "latest", "downloads", "archived_at")
    list_display_links = ("title",)
    list_filter = (WhetherListed, "folder", "kind")
    search_fields = ("title", "description", "versions__file_name")
    list_select_related = ("folder",)
    ordering = ("folder__position", "folder__name", "position", "pk")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        resources: QuerySet[Resource] = super().get_queryset(request)
        return resources.annotate(counted=Count("versions__downloads", distinct=True))

    @admin.display(description=gettext_lazy("downloads"), ordering="counted")
    def downloads(self, resource: Any) -> int:
        return int(resource.counted)

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("<int:pk>/edit/", self.edit_view, "edit"),
            ("<int:pk>/version/", self.version_view, "version"),
            ("<int:pk>/versions/<int:number>/restore/", self.restore_view, "restore"),
            ("<int:pk>/archive/", self.archive_view, "archive"),
            ("<int:pk>/bring-back/", self.bring_back_view, "bring_back"),
        ]
        own = [
            path(where, self.admin_site.admin_view(view), name=f"partners_resource_{name}")
            for where, view, name in pages
        ]
        return [*own, *super().get_urls()]

    # --- the resource's own page ------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a resource: its versions with their counts, and who has which."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 19):
            return redirect("admin:partners_resource_changelist")
        resource = get_object_or_404(Resource.objects.select_related("folder"), pk=object_id)
        versions = list(queries_library.versions_with_counts(resource))
        return self._page(
            request,
            "resource",
            resource,
            {
                "versions": versions,
                "newest": versions[0] if versions else None,
                "by_partner": queries_library.downloads_by_partner(resource),
                "may_publish": can_publish(_signed_in(request)),
            },
        )

    # --- pages with a form --------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Publish a new resource with its first file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        folder = ResourceFolder.objects.order_by("position", "name").first()
        form = PublishForm(request.POST or None, request.FILES or None, initial={"folder": folder})
        if form.is_valid():
            file = form.cleaned_data["file"]
            with form.showing(DomainError):
                resource = library.publish_resource(
                    file=file, file_name=file.name, by=_signed_in(request), at=clock.now(), **form.facts
                )
                self.message_user(request, _("“%s” is in the library now.") % resource.title)
                return redirect(self._address(resource))
        context = {
            "form": form,
            "has_folders": folder is not None,
            "heading": _("Publish a resource"),
            "verb": _("Publish it"),
        }
        return self._page(request, "form", None, context)

    def version_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Upload the next version of a resource."""
        resource = self._changeable(request, pk)
        form = VersionForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            file = form.cleaned_data["file"]
            with form.showing(DomainError):
                version = library.add_version(
                    resource=resource,
                    file=file,
                    file_name=file.name,
                    changed=form.cleaned_data["changed"],
                    by=_signed_in(request),
                    at=clock.now(),
                )
                self.message_user(
                    request,
                    _("Version %(number)s is what partners get now. Earlier ones stay below it.")
                    % {"number": version.number},
                )
                return redirect(self._address(resource))
        context = {"form": form, "heading": _("Upload a new version"), "verb": _("Make it the newest")}
        return self._page(request, "form", resource, context)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say something else about a resource, or move it."""
        resource = self._changeable(request, pk)
        form = EditResourceForm(request.POST or None, instance=Resource.objects.get(pk=pk))
        if form.is_valid():
            with form.showing(DomainError):
                library.edit_resource(resource=resource, by=_signed_in(request), at=clock.now(), **form.facts)
                self.message_user(request, _("The resource is changed."))
                return redirect(self._address(resource))
        context = {"form": form, "heading": _("Edit or move"), "verb": _("Save")}
        return self._page(request, "form", resource, context)

    # --- presses ------------------------------------------------------------------
    @method_decorator(require_POST)
    def restore_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        resource = self._changeable(request, pk)
        version = get_object_or_404(resource.versions.select_related("resource"), number=number)
        return self._press(
            request,
            resource,
            lambda: library.restore_version(version=version, by=_signed_in(request), at=clock.now()),
            _("Version %s is the newest again, under a new number.") % number,
        )

    @method_decorator(require_POST)
    def archive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        resource = self._changeable(request, pk)
        return self._press(
            request,
            resource,
            lambda: library.archive_resource(resource=resource, by=_signed_in(request), at=clock.now()),
            _("Partners no longer see it. Its versions and counts are kept."),
        )

    @method_decorator(require_POST)
    def bring_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        resource = self._changeable(request, pk)
        return self._press(
            request,
            resource,
            lambda: library.bring_back_resource(resource=resource, by=_signed_in(request), at=clock.now()),
            _("It is in the library again."),
        )

    def _press(
        self, request: HttpRequest, resource: Resource, act: Callable[[], object], done: str
    ) -> HttpResponse:
        try:
            act()
        except DomainError as refusal:
            self.refused(request, refusal)
        else:
            self.message_user(request, done)
        return redirect(self._address(resource))

    # --- what they share ----------------------------------------------------------
    def _changeable(self, request: HttpRequest, pk: int) -> Resource:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Resource.objects.select_related("folder"), pk=pk)

    def _address(self, resource: Resource) -> str:
        return reverse("admin:partners_resource_change", args=[resource.pk])

    def _page(
        self, request: HttpRequest, name: str, resource: Resource | None, context: dict[str, Any]
    ) -> TemplateResponse:
        back = self._address(resource) if resource else reverse("admin:partners_resource_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "resource": resource,
            "title": resource.title if resource else context.get("heading", ""),
            "back": back,
            **context,
        }
        return TemplateResponse(request, f"admin/partners/resource/{name}.html", context)

"""Staff write the use-case guides: drafts with a preview, versions with their differences (C7)."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import markdown
from partners.errors import GuideChanged
from partners.forms_guides import GuidePlaceForm, GuideTextForm, NewGuideForm, PublishForm, WithdrawForm
from partners.models import Guide, GuideVersion, Topic
from partners.permissions import GUIDE_WRITERS
from partners.services.guides import (
    bring_guide_back,
    discard_draft,
    place_guide,
    publish_guide,
    restore_version,
    save_draft,
    start_guide,
    withdraw_guide,
)
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.models import User


def _writer(request: HttpRequest) -> User:
    """Return who is signed in; the services decide whether they write guides."""
    assert isinstance(request.user, User)
    return request.user


@dataclass(frozen=True)
class DiffLine:
    """A line of a comparison: kind is add, remove, same or gap."""

    kind: str
    text: str


def compare(old: GuideVersion, new: GuideVersion) -> list[DiffLine]:
    """Return what differs, with two unchanged lines around each place."""

    def lines(version: GuideVersion) -> list[str]:
        return [version.title, version.summary, "", *version.source.splitlines()]

    kinds = {"+": "add", "-": "remove", " ": "same"}
    found: list[DiffLine] = []
    for line in list(difflib.unified_diff(lines(old), lines(new), lineterm="", n=2))[2:]:
        if line.startswith("@@"):
            if found:
                found.append(DiffLine("gap", ""))
        else:
            found.append(DiffLine(kinds[line[0]], line[1:]))
    return found


@admin.register(Topic)
class TopicAdmin(RoleAdmin):
    view_roles = add_roles = change_roles = GUIDE_WRITERS
    list_display = ("name", "kind", "slug")
    list_filter = ("kind",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Guide)
class GuideAdmin(RoleAdmin):
    """The guides, and each one's pages: its text, its versions, its place. Every press is a service."""

    view_roles = add_roles = GUIDE_WRITERS
    list_display = ("title", "state", "version", "topic_names", "position", "changed_at")
    list_display_links = ("title",)
    list_filter = ("topics",)
    search_fields = ("slug", "versions__title")
    ordering = ("position", "slug")

    # --- the list -----------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Guide]:
        return super().get_queryset(request).select_related("current").prefetch_related("versions", "topics")

    @admin.display(description=gettext_lazy("title"))
    def title(self, guide: Guide) -> str:
        drafts = [version for version in guide.versions.all() if version.published_at is None]
        return (drafts[0] if drafts and guide.current is None else guide.current or drafts[0]).title

    @admin.display(description=gettext_lazy("state"))
    def state(self, guide: Guide) -> str:
        if guide.withdrawn_at:
            return _("Withdrawn")
        has_draft = any(version.published_at is None for version in guide.versions.all())
        if guide.current is None:
            return _("Draft")
        return _("Published, with a draft") if has_draft else _("Published")

    @admin.display(description=gettext_lazy("version"))
    def version(self, guide: Guide) -> str:
        return str(guide.current.number) if guide.current else "–"

    @admin.display(description=gettext_lazy("topics"))
    def topic_names(self, guide: Guide) -> str:
        return ", ".join(topic.name for topic in guide.topics.all()) or "–"

    # --- the pages ------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Callable[..., HttpResponse]]] = [
            ("edit", self.edit_view),
            ("versions", self.versions_view),
            ("publish", self.publish_view),
            ("discard", self.discard_view),
            ("place", self.place_view),
            ("withdraw", self.withdraw_view),
            ("return", self.return_view),
        ]
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"partners_guide_{name}")
            for name, view in pages
        ]
        restore = path(
            "<int:pk>/versions/<int:number>/restore/",
            self.admin_site.admin_view(self.restore_view),
            name="partners_guide_restore",
        )
        return [*own, restore, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the guide's own page."""
        return redirect("admin:partners_guide_edit", key_of(object_id))

    def _guide(self, request: HttpRequest, pk: int) -> Guide:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Guide.objects.select_related("current"), pk=pk)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Begin a guide as a draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewGuideForm(request.POST or None)
        preview = None
        if form.is_valid():
            if "preview" in request.POST:
                preview = markdown.render(form.text.source)
            else:
                with form.showing(DomainError):
                    guide = start_guide(
                        slug=form.cleaned_data["slug"],
                        text=form.text,
                        topics=form.cleaned_data["topics"],
                        by=_writer(request),
                        at=clock.now(),
                    )
                    self.message_user(
                        request, _("The draft is kept. Only writers see it until you publish it.")
                    )
                    return redirect("admin:partners_guide_edit", guide.pk)
        context = {"form": form, "preview": preview, "heading": _("New guide")}
        return self._page(request, "edit", None, context)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write the draft; look at it; find out whether somebody else wrote meanwhile."""
        guide = self._guide(request, pk)
        draft = guide.versions.filter(published_at__isnull=True).select_related("author").first()
        shown = draft or guide.current
        form = GuideTextForm(
            request.POST or None,
            instance=GuideVersion(),
            initial={
                **({"title": shown.title, "summary": shown.summary, "source": shown.source} if shown else {}),
                "revision": guide.revision,
            },
        )
        preview, theirs = None, None
        if form.is_valid():
            if "preview" in request.POST:
                preview = markdown.render(form.text.source)
            else:
                try:
                    save_draft(
                        guide=guide,
                        text=form.text,
                        revision=form.cleaned_data["revision"] or 0,
                        by=_writer(request),
                        at=clock.now(),
                    )
                except GuideChanged as refusal:
                    form.add_error(None, str(refusal))
                    theirs = compare(shown, GuideVersion(**form.text.fields)) if shown else []
                    typed = request.POST.copy()
                    typed["revision"] = str(guide.revision)  # who saves again has read what differs
                    form.data = typed
                except DomainError as refusal:
                    form.add_error(getattr(refusal, "field", None), str(refusal))
                else:
                    self.message_user(request, _("The draft is kept. Visitors read it once you publish it."))
                    return redirect("admin:partners_guide_edit", pk)
        context = {
            "form": form,
            "preview": preview,
            "theirs": theirs,
            "draft": draft,
            "publish": PublishForm(),
            "differs": compare(guide.current, draft) if draft and guide.current else [],
        }
        return self._page(request, "edit", guide, context)

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish the draft under the next number."""
        guide = self._guide(request, pk)
        form = PublishForm(request.POST if request.method == "POST" else None)

        def publish() -> str:
            version = publish_guide(
                guide=guide,
                what_changed=form.cleaned_data["what_changed"],
                revision=_revision(request),
                by=_writer(request),
                at=clock.now(),
            )
            return _("Version %(n)s is published: everybody reads it now.") % {"n": version.number}

        return self._ask(request, guide, form, _("Publish the draft"), _("Publish"), publish)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Throw the draft away (POST)."""
        guide = self._guide(request, pk)
        return self._press(
            request,
            guide,
            _("The draft is gone. Visitors read what they read before."),
            lambda: discard_draft(
                guide=guide, revision=_revision(request), by=_writer(request), at=clock.now()
            ),
        )

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """List every version, and show what differs between any two."""
        guide = self._guide(request, pk)
        versions = list(
            guide.versions.select_related("author").defer("search").order_by("-published_at", "-pk")
        )
        versions.sort(key=lambda version: (version.number is not None, -(version.number or 0)))
        by_name = {_name_of(version): version for version in versions}
        new = by_name.get(request.GET.get("new", "")) or versions[0]
        old = by_name.get(request.GET.get("old", "")) or versions[min(1, len(versions) - 1)]
        context = {
            "rows": [(_name_of(version), version) for version in versions],
            "old": _name_of(old),
            "new": _name_of(new),
            "old_version": old,
            "new_version": new,
            "lines": compare(old, new),
            "heading": _("Versions"),
        }
        return self._page(request, "versions", guide, context)

    def restore_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Publish an old version's text again, as a new one."""
        guide = self._guide(request, pk)
        get_object_or_404(guide.versions, number=number)
        first = {"what_changed": _("As in version %(n)s again") % {"n": number}}
        form = PublishForm(request.POST if request.method == "POST" else None, initial=first)

        def restore() -> str:
            version = restore_version(
                guide=guide,
                number=number,
                why=form.cleaned_data["what_changed"],
                revision=_revision(request),
                by=_writer(request),
                at=clock.now(),
            )
            said = _("Version %(n)s is published, with the text of version %(old)s.")
            return said % {"n": version.number, "old": number}

        heading = _("Publish version %(n)s again") % {"n": number}
        return self._ask(request, guide, form, heading, _("Publish it as a new version"), restore)

    def place_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change address, topics and position."""
        guide = self._guide(request, pk)
        form = GuidePlaceForm(request.POST or None, instance=Guide.objects.get(pk=guide.pk))

        def place() -> str:
            place_guide(
                guide=guide,
                slug=form.cleaned_data["slug"],
                topics=form.cleaned_data["topics"],
                position=form.cleaned_data["position"],
                revision=_revision(request),
                by=_writer(request),
                at=clock.now(),
            )
            return _("The guide's place is kept. Old addresses lead to the new one.")

        return self._ask(request, guide, form, _("Address and topics"), _("Keep"), place)

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the guide off the site, with a reason."""
        guide = self._guide(request, pk)
        form = WithdrawForm(request.POST if request.method == "POST" else None)

        def withdraw() -> str:
            withdraw_guide(
                guide=guide,
                reason=form.cleaned_data["reason"],
                revision=_revision(request),
                by=_writer(request),
                at=clock.now(),
            )
            return _("The guide is withdrawn. Its page says so.")

        return self._ask(request, guide, form, _("Withdraw this guide"), _("Withdraw the guide"), withdraw)

    def return_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a withdrawn guide on the site again (POST)."""
        guide = self._guide(request, pk)
        return self._press(
            request,
            guide,
            _("The guide is on the site again."),
            lambda: bring_guide_back(
                guide=guide, revision=_revision(request), by=_writer(request), at=clock.now()
            ),
        )

    # --- what they share ----------------------------------------------------------------
    def _press(
        self, request: HttpRequest, guide: Guide, done: str, act: Callable[[], object]
    ) -> HttpResponse:
        if request.method == "POST":
            try:
                act()
            except DomainError as refusal:
                self.refused(request, refusal)
            else:
                self.message_user(request, done)
        return redirect("admin:partners_guide_edit", guide.pk)

    def _ask(
        self,
        request: HttpRequest,
        guide: Guide,
        form: Any,
        heading: str,
        verb: str,
        act: Callable[[], str],
    ) -> HttpResponse:
        """Show a form, and press. If somebody changed the guide meanwhile, show how it is now instead."""
        if form.is_valid():
            try:
                said = act()
            except GuideChanged as refusal:
                self.refused(request, refusal)
                return redirect("admin:partners_guide_edit", guide.pk)
            except DomainError as refusal:
                form.add_error(getattr(refusal, "field", None), str(refusal))
            else:
                self.message_user(request, said, messages.SUCCESS)
                return redirect("admin:partners_guide_edit", guide.pk)
        return self._page(request, "form", guide, {"form": form, "heading": heading, "verb": verb})

    def _page(
        self, request: HttpRequest, name: str, guide: Guide | None, context: dict[str, Any]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "guide": guide,
            "name": self.title(guide) if guide else _("New guide"),
            "title": self.title(guide) if guide else _("New guide"),
            "back": reverse("admin:partners_guide_edit", args=[guide.pk]) if guide else "",
            **context,
        }
        return TemplateResponse(request, f"admin/partners/guide/{name}.html", context)


def _revision(request: HttpRequest) -> int:
    said = request.POST.get("revision", "")
    return int(said) if said.isdecimal() and len(said) < 10 else -1


def _name_of(version: GuideVersion) -> str:
    return str(version.number) if version.number else "draft"

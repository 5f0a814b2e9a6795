"""Use-case guides, for everybody (C7)."""

import hashlib
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners import finding, markdown
from partners.forms_guides import GuideSearchForm
from partners.models import Guide, GuideVersion, Topic
from ssp.core.links import absolute
from ssp.core.models import User
from ssp.core.roles import Role


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    """List the published guides: all, of one topic, or what a search finds."""
    form = GuideSearchForm(request.GET or None)
    asked, topic = "", ""
    if form.is_valid():
        asked, topic = form.cleaned_data["q"], form.cleaned_data["topic"]
    chosen = Topic.objects.filter(slug=topic).first() if topic else None
    hits = (
        finding.search_guides(asked, topic=topic)
        if asked
        else [finding.Hit(guide) for guide in finding.published_guides(topic=topic)]
    )
    context = {
        "form": form if form.is_bound else GuideSearchForm(),
        "asked": asked,
        "chosen": chosen,
        "hits": hits,
        "topics": Topic.objects.filter(
            guides__current__isnull=False, guides__withdrawn_at__isnull=True
        ).distinct(),
        "canonical": absolute(request.path),
    }
    return render(request, "partners/guides.html", context)


def _guide_at(slug: str) -> Guide:
    """Return the guide that has or had this address, if it was ever published; a draft doesn't exist here."""
    rows = Guide.objects.filter(current__isnull=False).select_related("current__author")
    return get_object_or_404(rows, addresses__slug=slug)


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a guide as it is now. An old address leads to the present one; a withdrawn guide says so."""
    found = _guide_at(slug)
    if found.withdrawn_at is not None:
        return _withdrawn(request)
    if found.slug != slug:
        return redirect(found, permanent=True)
    assert found.current is not None
    return _page(request, found, found.current)


@require_safe
def guide_version(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Show how a guide read in an earlier version; search engines are sent to the present one."""
    found = _guide_at(slug)
    if found.withdrawn_at is not None:
        return _withdrawn(request)
    old = found.versions.filter(number=version).select_related("author").first()
    if old is None:
        raise Http404
    if found.slug != slug:
        return redirect("partners:guide_version", found.slug, version, permanent=True)
    response = _page(request, found, old)
    response["X-Robots-Tag"] = "noindex"
    return response


def _page(request: HttpRequest, guide: Guide, version: GuideVersion) -> HttpResponse:
    tag = _etag(request, guide, version)
    response = get_conditional_response(
        request, etag=tag, last_modified=int(guide.changed_at.timestamp()) if tag else None
    ) or render(request, "partners/guide.html", _context(request, guide, version))
    if tag:
        response["ETag"] = tag
        response["Last-Modified"] = http_date(guide.changed_at.timestamp())
    patch_vary_headers(response, ["Cookie"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _context(request: HttpRequest, guide: Guide, version: GuideVersion) -> dict[str, Any]:
    user = request.user
    rendered = markdown.render(version.source, _("Table"))
    return {
        "guide": guide,
        "version": version,
        "is_current": version.pk == guide.current_id,
        "html": rendered.html,
        "contents": [heading for heading in rendered.contents if heading.level == 2],
        "versions": guide.versions.filter(number__isnull=False)
        .defer("source", "words", "search")
        .order_by("-number"),
        "canonical": absolute(guide.get_absolute_url()),
        "is_partner": isinstance(user, User) and user.has_role(Role.PARTNER),
        "nav": "partners:guides",
    }


def _withdrawn(request: HttpRequest) -> HttpResponse:
    return render(request, "partners/guide_withdrawn.html", {"nav": "partners:guides"}, status=410)


def _etag(request: HttpRequest, guide: Guide, version: GuideVersion) -> str | None:
    """Return what tells one state of a visitor's page from another; None for who has a session.

    A page for somebody signed in carries their menu and messages, and isn't worth remembering. For everybody
    else it depends on the guide, the release, the theme and the token of the theme's form.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES or "messages" in request.COOKIES:
        return None
    parts = (
        guide.pk,
        guide.revision,
        version.pk,
        _release(),
        get_language(),
        request.COOKIES.get("theme", ""),
        request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""),
    )
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


@lru_cache(maxsize=1)
def _release() -> str:
    """Return a digest of the templates and the stylesheet: another release is another page."""
    templates = settings.BASE_DIR / "templates"
    files = sorted(file for part in ("*.html", "components/*", "partners/*") for file in templates.glob(part))
    digest = hashlib.sha256(static("dist/app.css").encode())
    for file in files:
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()

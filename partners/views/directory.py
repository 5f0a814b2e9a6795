"""The public directory: list, one partner, photos, what machines read (C16).

Nobody may use what they kept without asking again: a partnership ends at a moment, and so does its entry.
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlencode

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from django.views.decorators.http import condition, require_http_methods, require_safe

from partners import directory
from partners.directory import Entry
from partners.forms_profile import SearchForm
from partners.models import Guide, Profile, ProfilePhoto
from partners.structured import feed_of, person_of
from ssp.core import clock
from ssp.core.links import absolute

ON_A_PAGE = 50
CHECK_EACH_TIME = "public, no-cache"  # keep it, but ask before each use whether it still holds
FOR_THE_READER = "private, no-cache"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show who is listed, narrowed down by words, a language, a country."""
    listed = directory.listed(at=clock.now())
    languages, lands = directory.languages_shown(listed), directory.countries_shown(listed)
    form = SearchForm(request.GET, languages=languages, countries=lands)
    form.is_valid()
    wanted = {name: form.cleaned_data.get(name, "") for name in ("q", "language", "country")}
    found = directory.matching(
        listed, text=wanted["q"], language=wanted["language"], country=wanted["country"]
    )
    total, matches = listed.count(), found.count()
    last = re.sub(r"[^a-z0-9-]", "", request.GET.get("after", ""))
    page = directory.entries(directory.after(found, last)[: ON_A_PAGE + 1])
    filters = {name: value for name, value in wanted.items() if value}
    more = page[ON_A_PAGE - 1].slug if len(page) > ON_A_PAGE else ""
    context = {
        "form": form,
        "entries": page[:ON_A_PAGE],
        "total": total,
        "is_filtered": bool(filters),
        "finding": finding(
            total=total,
            matches=matches,
            text=wanted["q"],
            language=dict(languages).get(wanted["language"], ""),
            country=dict(lands).get(wanted["country"], ""),
        ),
        "next_url": f"?{urlencode({**filters, 'after': more})}" if more else "",
        "canonical": absolute(reverse("partners:directory")),
    }
    response = render(request, "partners/directory/index.html", context)
    response.headers["Cache-Control"] = FOR_THE_READER
    return response


def finding(*, total: int, matches: int, text: str, language: str, country: str) -> str:
    """Say in words how many there are and why: `6 of 24 partners speak English and match “claims”.`"""
    reasons = []
    if language:
        reasons.append(
            ngettext("speaks %(language)s", "speak %(language)s", matches) % {"language": language}
        )
    if country:
        reasons.append(
            ngettext("works from %(country)s", "work from %(country)s", matches) % {"country": country}
        )
    if text:
        reasons.append(ngettext("matches “%(text)s”", "match “%(text)s”", matches) % {"text": text})
    if not reasons:
        words = ngettext("%(total)s partner.", "%(total)s partners.", total) % {"total": total}
    else:
        *first, last = reasons
        said = _("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last} if first else last
        words = ngettext(
            "%(matches)s of %(total)s partner %(said)s.", "%(matches)s of %(total)s partners %(said)s.", total
        ) % {"matches": matches or _("None"), "total": total, "said": said}
    return f"{words} {_('Sorted by last name.')}" if matches > 1 else words


@require_safe
def partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one partner; a former address leads to the present one. Nobody who isn't listed has a page."""
    profile = _listed(slug)
    if profile.slug != slug:
        response: HttpResponse = redirect("partners:directory_partner", slug=profile.slug)
    else:
        (entry,) = directory.entries([profile])
        response = render(request, "partners/directory/partner.html", page_of(entry))
    response.headers["Cache-Control"] = FOR_THE_READER
    return response


def page_of(entry: Entry) -> dict[str, Any]:
    """Return what the page of a partner shows, and what it tells machines."""
    return {
        "entry": entry,
        "canonical": absolute(reverse("partners:directory_partner", args=[entry.slug])),
        "person": person_of(entry),
        "photo_url": photo_url(entry),
    }


def photo_url(entry: Entry) -> str:
    return absolute(reverse("partners:directory_photo", args=[entry.slug, "large"])) if entry.photo else ""


def _listed(slug: str) -> Profile:
    profile = directory.find(slug, at=clock.now())
    if profile is None:
        raise Http404
    return profile


def _shown_photo(slug: str) -> ProfilePhoto | None:
    """Return the photo at an address, as long as its partner is listed and shows it."""
    profile = directory.find(slug, at=clock.now())
    if profile is None or profile.slug != slug or "photo" not in profile.shown:
        return None
    return ProfilePhoto.objects.filter(profile=profile).first()


@require_safe
def photo(request: HttpRequest, slug: str, size: str) -> HttpResponse:
    """Hand out a shown photo of somebody who is listed; asked anew each time it is used."""
    found = _shown_photo(slug)
    if found is None or size not in ("large", "small"):
        raise Http404
    return picture(request, found, size, cache=CHECK_EACH_TIME)


def picture(request: HttpRequest, found: ProfilePhoto, size: str, *, cache: str) -> HttpResponse:
    """Return the bytes of a photo, or 304 to whoever has them."""

    @condition(etag_func=lambda *_: f'"{found.digest[:32]}-{size}"')
    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(bytes(getattr(found, size)), content_type="image/webp")

    response: HttpResponse = answer(request)
    response.headers["Cache-Control"] = cache
    return response


# --- what machines read -----------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "OPTIONS"])
def feed(request: HttpRequest) -> HttpResponse:
    """Return everybody who is listed as JSON (docs/directory.md), in English, whoever asks."""
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        at = clock.now()
        with override("en"):
            body = feed_of(directory.entries(directory.listed(at=at)))
        content = json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'

        # Only the ETag decides: an end that is written down afterwards has a date that went by.
        @condition(etag_func=lambda *_: etag)
        def answer(_request: HttpRequest) -> HttpResponse:
            return HttpResponse(content, content_type="application/json; charset=utf-8")

        response = answer(request)
        changed = directory.changed_at(at=at)
        if changed is not None:
            response.headers["Last-Modified"] = http_date(int(changed.timestamp()))
    response.headers["Cache-Control"] = CHECK_EACH_TIME
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified"
    return response


PUBLIC = ("partners:programme", "partners:guides", "partners:directory", "core:privacy")


def _path(name: str) -> str:
    """Return the path of a section, or nothing as long as there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Name the public pages to search engines: sections, guides, and who is listed now."""
    pages: list[dict[str, Any]] = [{"url": absolute(path)} for name in PUBLIC if (path := _path(name))]
    pages += [
        {
            "url": absolute(reverse("partners:directory_partner", args=[profile.slug])),
            "changed": profile.changed_at,
        }
        for profile in directory.listed(at=clock.now())
    ]
    pages += [
        {
            "url": absolute(reverse("partners:guide", args=[guide.slug])),
            "changed": guide.current.published_at,
        }
        for guide in Guide.objects.published().in_order()
        if guide.current is not None  # published ones have one
    ]
    response = render(request, "partners/directory/sitemap.xml", {"pages": pages}, "application/xml")
    response.headers["Cache-Control"] = CHECK_EACH_TIME
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Let search engines read the public pages, and nothing that a link in a mail opens."""
    open_paths = [_path(name) for name in PUBLIC if name != "partners:programme"]
    lines = [
        "User-agent: *",
        "Disallow: /",
        "Allow: /$",
        "Allow: /static/",
        *(f"Allow: {path}" for path in open_paths if path),
        f"Sitemap: {absolute(reverse('partners:sitemap'))}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")

"""What machines read of the directory, shown details alone: feed (docs/directory.md), schema.org (C16)."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from partners.directory import Entry
from ssp.core.links import absolute

VERSION = 1


def _page(entry: Entry) -> str:
    return absolute(reverse("partners:directory_partner", args=[entry.slug]))


def _photo(entry: Entry, size: str) -> str:
    return absolute(reverse("partners:directory_photo", args=[entry.slug, size]))


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: hidden and missing look the same."""
    return {key: value for key, value in values.items() if value}


def feed_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the feed of the directory, in the directory's order."""
    return {
        "version": VERSION,
        "title": "Sales partners of SeMI",
        "home_page_url": absolute(reverse("partners:directory")),
        "feed_url": absolute(reverse("partners:directory_feed")),
        "count": len(entries),
        "partners": [_in_feed(entry) for entry in entries],
    }


def _in_feed(entry: Entry) -> dict[str, Any]:
    return _filled(
        {
            "url": _page(entry),
            "name": entry.name,
            "partner_since": entry.since.isoformat() if entry.since else "",
            "company": entry.company,
            "city": entry.city,
            "country": {"code": entry.country, "name": entry.country_name} if entry.country else None,
            "headline": entry.headline,
            "about": entry.about,
            "languages": [
                {"code": code, "name": name}
                for code, name in zip(entry.languages, entry.language_names, strict=True)
            ],
            "topics": entry.topics,
            "website": entry.website,
            "linkedin": entry.linkedin,
            "email": entry.email,
            "phone": entry.phone,
            "photo": {"large": _photo(entry, "large"), "small": _photo(entry, "small")}
            if entry.photo
            else None,
        }
    )


def person_of(entry: Entry) -> dict[str, Any]:
    """Return an entry in the words of schema.org."""
    address = _filled({"addressLocality": entry.city, "addressCountry": entry.country})
    return _filled(
        {
            "@context": "https://schema.org",
            "@type": "Person",
            "name": entry.name,
            "url": _page(entry),
            "description": entry.headline,
            "image": _photo(entry, "large") if entry.photo else "",
            "worksFor": {"@type": "Organization", "name": entry.company} if entry.company else None,
            "address": {"@type": "PostalAddress", **address} if address else None,
            "knowsLanguage": entry.languages,
            "knowsAbout": entry.topics,
            "email": entry.email,
            "telephone": entry.phone,
            "sameAs": [link for link in (entry.website, entry.linkedin) if link],
        }
    )

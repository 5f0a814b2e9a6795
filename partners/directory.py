"""The public directory: what everybody may see of a partner, and of whom (C16).

Pages, feed and search engines get an `Entry`, never a row: what a partner hides isn't in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf.locale import LANG_INFO
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.utils.translation import get_language_info
from django_countries import countries

from partners.models import Partner, Profile, ProfileAddress, ProfilePhoto, ProfileQuerySet
from partners.rules import SEARCHED, SHOWABLE, fold, search_of
from ssp.core.periods import local_date

# The languages one can choose: those that Django has a name for, regional spellings aside.
LANGUAGES = tuple(
    code for code, info in LANG_INFO.items() if "name" in info and (len(code) in (2, 3) or "-han" in code)
)


def language_name(code: str) -> str:
    """Return the name of a language, in the reader's own; its code if nobody knows it any more."""
    return str(get_language_info(code)["name_translated"]) if code in LANG_INFO else code


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One partner as the public sees them. Whatever isn't shown is empty."""

    slug: str
    name: str
    since: date | None
    company: str = ""
    city: str = ""
    country: str = ""
    headline: str = ""
    about: str = ""
    languages: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    website: str = ""
    linkedin: str = ""
    email: str = ""
    phone: str = ""
    photo: str = ""

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def country_name(self) -> str:
        return str(countries.name(self.country)) if self.country else ""

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.country_name) if part)

    @property
    def language_names(self) -> list[str]:
        return [language_name(code) for code in self.languages]


def entry_of(
    partner: Partner, details: Mapping[str, Any], shown: Iterable[str], *, slug: str, photo: str = ""
) -> Entry:
    """Return what everybody sees of a partner whose details are those.

    :param details: by the names of `SHOWABLE`, and `display_name`.  :param photo: its digest, if any.
    """
    visible = {name: details[name] for name in SHOWABLE if name in set(shown) and details.get(name)}
    visible.pop("photo", None)
    return Entry(
        slug=slug,
        name=str(details["display_name"]),
        since=local_date(partner.started_at) if partner.started_at else None,
        photo=photo if "photo" in set(shown) else "",
        **visible,
    )


def details_of(profile: Profile) -> dict[str, Any]:
    """Return a profile's details, shown or not: for its partner alone."""
    details = {name: getattr(profile, name) for name in SHOWABLE if name != "photo"}
    return {**details, "display_name": profile.partner.display_name}


def entry_from(profile: Profile, *, photo: str = "") -> Entry:
    """Return what everybody sees of a saved profile (`with_address`)."""
    return entry_of(profile.partner, details_of(profile), profile.shown, slug=profile.slug, photo=photo)


def words_of(entry: Entry) -> str:
    """Return the words by which an entry is found: shown ones, and no way to reach anybody."""
    names = {**vars(entry), "country": entry.country_name, "languages": ", ".join(entry.language_names)}
    names["topics"] = ", ".join(entry.topics)
    return fold("\n".join([entry.name, *(str(names[part]) for part in SEARCHED if names[part])]))


# --- whom -------------------------------------------------------------------------
def listed(*, at: datetime) -> ProfileQuerySet:
    """Return the profiles that the directory shows at that moment, in its order."""
    return Profile.objects.listed(at=at).with_address()


def entries(profiles: Iterable[Profile]) -> list[Entry]:
    """Return what everybody sees of those profiles, in their order."""
    rows = list(profiles)
    photos = dict(ProfilePhoto.objects.filter(profile__in=rows).values_list("profile_id", "digest"))
    return [entry_from(profile, photo=photos.get(profile.pk, "")) for profile in rows]


def matching(profiles: ProfileQuerySet, *, text: str = "", language: str = "", country: str = "") -> Any:
    """Narrow the directory down by shown details alone: words, a language, a country (C16)."""
    if text:
        words = search_of(text)
        found = SearchQuery(words, config="english", search_type="websearch") | SearchQuery(
            words, config="simple", search_type="websearch"
        )
        profiles = profiles.filter(search=found)
    if language:
        profiles = profiles.filter(languages__contains=[language], shown__contains=["languages"])
    if country:
        profiles = profiles.filter(country=country, shown__contains=["country"])
    return profiles


def after(profiles: ProfileQuerySet, slug: str) -> ProfileQuerySet:
    """Return those that follow the entry at that address, whether it is still listed or not."""
    address = ProfileAddress.objects.select_related("profile").filter(slug=slug).first()
    if address is None:
        return profiles
    last = address.profile
    return profiles.filter(Q(sort_name__gt=last.sort_name) | Q(sort_name=last.sort_name, pk__gt=last.pk))


def languages_shown(profiles: ProfileQuerySet) -> list[tuple[str, str]]:
    """Return the languages that somebody listed shows: (code, name), by name."""
    spoken = profiles.filter(shown__contains=["languages"]).order_by().values_list("languages", flat=True)
    codes = {code for codes in spoken for code in codes if code in LANG_INFO}
    return sorted(((code, language_name(code)) for code in codes), key=lambda pair: fold(pair[1]))


def countries_shown(profiles: ProfileQuerySet) -> list[tuple[str, str]]:
    """Return the countries that somebody listed shows: (code, name), by name."""
    codes = set(
        profiles.filter(shown__contains=["country"])
        .order_by()
        .exclude(country="")
        .values_list("country", flat=True)
    )
    return sorted(((code, str(countries.name(code))) for code in codes), key=lambda pair: fold(pair[1]))


def find(slug: str, *, at: datetime) -> Profile | None:
    """Return whom an address leads to, present or former, as long as they are listed."""
    address = ProfileAddress.objects.filter(slug=slug).first()
    return listed(at=at).filter(pk=address.profile_id).first() if address else None


def changed_at(*, at: datetime) -> datetime | None:
    """Return when the directory last changed, as far as starts, ends and partners' own changes go."""
    moments = [
        moment
        for row in Profile.objects.values_list("changed_at", "partner__started_at", "partner__ended_at")
        for moment in row
        if moment is not None and moment <= at
    ]
    return max(moments, default=None)

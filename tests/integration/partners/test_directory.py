"""The public directory: only what is shown, only while the partnership lasts, in each of its places (C16)."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from partners import directory
from partners.models import Partner, Profile
from partners.services.profiles import save_profile, set_listing
from partners.views import directory as pages
from ssp.core import clock
from tests.factories.partners import ApplicantFactory, ended
from tests.factories.profiles import LEILA, details, give_photo, listed_partner
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C16"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
PLACES = (
    "/partners/leila-haddad/",
    "/partners/leila-haddad/photo/large/",
    "/partners/leila-haddad/photo/small/",
)
LISTS = ("/partners/", "/partners/feed.json", "/sitemap.xml", "/partners/?q=haddad")


@pytest.fixture
def leila() -> Partner:
    partner = listed_partner(**LEILA)
    give_photo(partner)
    return partner


@pytest.fixture
def set_clock() -> Iterator[object]:
    yield lambda at: clock.install(lambda: at)
    clock.install(lambda: MONDAY)


def is_there(client: Client) -> list[bool]:
    """Tell for each place and list whether Leila is in it."""
    single = [client.get(place).status_code == 200 for place in PLACES]
    return single + ["leila-haddad" in client.get(address).text for address in LISTS]


def only_partner(client: Client) -> dict:
    (found,) = client.get("/partners/feed.json").json()["partners"]
    return found


def told_to_machines(client: Client, slug: str = "leila-haddad") -> dict:
    page = client.get(f"/partners/{slug}/").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    return json.loads(block)


# --- when -------------------------------------------------------------------------
def test_a_partner_is_in_each_place_from_the_start(client: Client, leila: Partner) -> None:
    assert is_there(client) == [True] * 7


def test_nobody_is_there_a_second_before_the_start(client: Client, leila: Partner, set_clock) -> None:
    set_clock(MONDAY - timedelta(seconds=1))

    assert is_there(client) == [False] * 7


def end(partner: Partner, at: datetime) -> None:
    ended(partner, at=at)


def test_an_end_that_is_ahead_changes_nothing_until_then(client: Client, leila: Partner, set_clock) -> None:
    end(leila, MONDAY + timedelta(days=30))

    set_clock(MONDAY + timedelta(days=30, seconds=-1))

    assert is_there(client) == [True] * 7


def test_a_partner_is_gone_from_each_place_at_the_end(client: Client, leila: Partner, set_clock) -> None:
    end(leila, MONDAY + timedelta(days=30))

    set_clock(MONDAY + timedelta(days=30))

    assert is_there(client) == [False] * 7


def test_who_takes_the_consent_back_is_gone_from_each_place(client: Client, leila: Partner) -> None:
    set_listing(partner=leila, listed=False, by=leila.user, at=MONDAY)

    assert is_there(client) == [False] * 7


def test_an_applicant_is_in_no_place(client: Client) -> None:
    ApplicantFactory(display_name="Leila Haddad")

    assert is_there(client) == [False] * 7


def test_nothing_may_be_used_again_without_asking(client: Client, leila: Partner) -> None:
    for address in (*PLACES, *LISTS):
        assert "no-cache" in client.get(address).headers["Cache-Control"], address


@pytest.mark.parametrize("address", ["/partners/feed.json", PLACES[1]])
def test_a_kept_copy_holds_until_the_end_and_not_after(
    client: Client, leila: Partner, set_clock, address: str
) -> None:
    kept = {"HTTP_IF_NONE_MATCH": client.get(address).headers["ETag"]}
    end(leila, MONDAY + timedelta(days=1))
    before = client.get(address, **kept).status_code

    set_clock(MONDAY + timedelta(days=1))

    assert (before, client.get(address, **kept).status_code) in {(304, 200), (304, 404)}


def test_an_end_that_is_written_down_late_is_seen_by_who_asks_by_date(client: Client, leila: Partner) -> None:
    kept = {"HTTP_IF_MODIFIED_SINCE": client.get("/partners/feed.json").headers["Last-Modified"]}
    end(leila, MONDAY)

    assert client.get("/partners/feed.json", **kept).json()["partners"] == []


# --- what -------------------------------------------------------------------------
HIDDEN_SAMPLES = {
    "company": "Haddad & Co",
    "city": "Brussels",
    "headline": "policies, claims",
    "about": "Twenty years",
    "topics": "underwriting",
    "website": "haddad.example",
    "linkedin": "linkedin.com",
    "email": "leila@haddad.example",
    "phone": "555 01 23",
}


def everything(client: Client) -> str:
    """All that the public can read about Leila, with HTML's and JSON's own spellings undone."""
    texts = [client.get(a).text for a in ("/partners/", "/partners/leila-haddad/", "/partners/feed.json")]
    return " ".join(texts).replace("&amp;", "&").replace("\\u0026", "&")


@pytest.mark.parametrize("sample", HIDDEN_SAMPLES.values(), ids=HIDDEN_SAMPLES)
def test_what_is_shown_is_public(client: Client, sample: str) -> None:
    listed_partner(**LEILA)

    assert sample in everything(client)


def test_what_is_hidden_is_nowhere(client: Client) -> None:
    listed_partner(shown=[], **LEILA)

    seen = everything(client)

    assert [sample for sample in HIDDEN_SAMPLES.values() if sample in seen] == []
    assert "Belgium" not in seen
    assert "French" not in seen


def test_a_hidden_detail_is_in_neither_feed_nor_machine_data(client: Client) -> None:
    listed_partner(shown=["country"], **LEILA)

    assert set(only_partner(client)) == {"url", "name", "partner_since", "country"}
    assert set(told_to_machines(client)) == {"@context", "@type", "name", "url", "address"}


def test_a_photo_that_is_not_shown_is_handed_to_nobody(client: Client, leila: Partner) -> None:
    save_profile(
        partner=leila,
        details=details(display_name="Leila Haddad"),
        shown=[],
        by=leila.user,
        at=MONDAY,
    )

    assert client.get(PLACES[1]).status_code == 404


@pytest.mark.parametrize(
    "words", ["555 01 23", "32 2 555", "leila@haddad.example", "haddad.example", "linkedin"]
)
@pytest.mark.parametrize("shown", [[], list(LEILA)], ids=["hidden", "shown"])
def test_nobody_is_found_by_a_way_to_reach_them(client: Client, words: str, shown: list[str]) -> None:
    listed_partner(name="Somebody Else", shown=shown, **{**LEILA, "company": ""})

    assert "Nobody matches" in client.get("/partners/", {"q": f'"{words}"'}).text


def test_nobody_is_found_by_what_they_hide(client: Client) -> None:
    listed_partner(shown=[], **LEILA)

    for query in ("q=claims", "q=underwriting", "q=brussels", "language=fr", "country=BE"):
        page = client.get(f"/partners/?{query}").text
        assert "claims, complaints" not in page
    assert "Nobody matches" in client.get("/partners/?q=claims").text


def test_a_filter_by_a_hidden_country_or_language_finds_nobody() -> None:
    listed_partner(shown=[], **LEILA)
    everybody = directory.listed(at=MONDAY)

    assert not directory.matching(everybody, language="fr")
    assert not directory.matching(everybody, country="BE")


def test_the_database_knows_no_detail_but_those_that_pages_know(leila: Partner) -> None:
    with pytest.raises(IntegrityError, match="profile_shows_known_fields"), transaction.atomic():
        Profile.objects.filter(partner=leila).update(shown=["tax_number"])


def test_a_link_to_write_is_there_only_with_a_shown_address(client: Client) -> None:
    listed_partner(**LEILA)
    listed_partner("Karl Jensen", shown=["headline"], email="karl@jensen.example")

    page = client.get("/partners/").text

    assert "Write to Leila" in page
    assert "Write to Karl" not in page


# --- search -----------------------------------------------------------------------
@pytest.fixture
def six() -> None:
    for name, headline, languages in (
        ("Leila Haddad", "Insurance and banking: policies, claims, complaints", ["fr", "ar", "en"]),
        ("Karl Jensen", "Manufacturing: search over service manuals", ["da", "en"]),
        ("Marek Ostrowski", "Logistics, customs documents", ["pl", "en"]),
        ("Siri Nygård", "Public archives", ["no"]),
    ):
        listed_partner(name, headline=headline, languages=languages)


def names_in(page: str) -> list[str]:
    return re.findall(r'href="/partners/([a-z-]+)/"', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("documents, search or claims", ["leila-haddad", "karl-jensen", "marek-ostrowski"]),
        ("document", ["marek-ostrowski"]),  # as it is said, not as it is spelt
        ("nygard", ["siri-nygard"]),
        ("LEILA", ["leila-haddad"]),
        ("search -manuals", []),
        ("service manuals", ["karl-jensen"]),
        ('"manuals service"', []),
        ("polish", ["marek-ostrowski"]),
        ("'; DROP TABLE partners_profile; --", []),
        ("or, or ((( & |", []),
    ],
)
def test_partners_are_found_by_name_trade_and_language(
    client: Client, six: None, query: str, found: list[str]
) -> None:
    page = client.get("/partners/", {"q": query})

    assert (page.status_code, names_in(page.text)) == (200, found)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "4 partners. Sorted by last name."),
        (
            {"q": "documents, search or claims", "language": "en"},
            "3 of 4 partners speak English and match “documents, search or claims”. Sorted by last name.",
        ),
        ({"language": "pl"}, "1 of 4 partners speaks Polish."),
        ({"q": "nothing"}, "None of 4 partners match “nothing”."),
        ({"language": "xx"}, "4 partners. Sorted by last name."),
    ],
)
def test_the_finding_is_said_in_words(client: Client, six: None, query: dict[str, str], words: str) -> None:
    assert words in client.get("/partners/", query).text


def test_a_long_list_goes_on_where_it_stopped(
    client: Client, six: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ON_A_PAGE", 3)
    first = client.get("/partners/").text
    (more,) = re.findall(r'href="(\?after=[^"]+)"', first)

    assert names_in(first) == ["leila-haddad", "karl-jensen", "siri-nygard"]
    assert names_in(client.get(f"/partners/{more}").text) == ["marek-ostrowski"]


@pytest.mark.parametrize(
    "query", ["after=%00", "after=nobody", "q=%00", "q=" + "x" * 300, "language=%00&country=../"]
)
def test_a_hostile_question_is_a_question(client: Client, six: None, query: str) -> None:
    assert client.get(f"/partners/?{query}").status_code == 200


# --- addresses --------------------------------------------------------------------
def rename(partner: Partner, name: str) -> None:
    save_profile(partner=partner, details=details(display_name=name), shown=[], by=partner.user, at=MONDAY)


def slug_of(partner: Partner) -> str:
    return partner.profile.addresses.get(is_current=True).slug


def test_two_people_of_one_name_have_two_addresses() -> None:
    assert [slug_of(listed_partner("Jan Smit")) for _ in range(2)] == ["jan-smit", "jan-smit-2"]


def test_a_former_address_leads_to_the_present_one(client: Client, leila: Partner) -> None:
    rename(leila, "Leila Peeters")

    answer = client.get("/partners/leila-haddad/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/partners/leila-peeters/")


def test_a_former_address_leads_to_nobody_else(leila: Partner) -> None:
    rename(leila, "Leila Peeters")

    assert slug_of(listed_partner("Leila Haddad")) == "leila-haddad-2"


def test_who_takes_a_name_back_has_the_address_back(leila: Partner) -> None:
    rename(leila, "Leila Peeters")
    rename(leila, "Leila Haddad")

    assert slug_of(leila) == "leila-haddad"


def test_a_former_address_of_somebody_who_left_says_nothing(client: Client, leila: Partner) -> None:
    rename(leila, "Leila Peeters")
    end(leila, MONDAY)

    assert client.get("/partners/leila-haddad/").status_code == 404


# --- machines ---------------------------------------------------------------------
def test_the_feed_says_what_the_page_says(client: Client, leila: Partner) -> None:
    feed = client.get("/partners/feed.json")
    said = feed.json()["partners"][0]

    assert feed.headers["Access-Control-Allow-Origin"] == "*"
    assert said["languages"] == [
        {"code": "fr", "name": "French"},
        {"code": "ar", "name": "Arabic"},
        {"code": "en", "name": "English"},
    ]
    assert said["country"] == {"code": "BE", "name": "Belgium"}
    assert said["phone"] == "+32 2 555 01 23"


@pytest.mark.parametrize("name", [name for name in LEILA if name not in ("languages", "topics", "country")])
def test_the_feeds_etag_changes_with_each_detail(client: Client, leila: Partner, name: str) -> None:
    kept = client.get("/partners/feed.json").headers["ETag"]
    changed = {**LEILA, name: f"https://x.linkedin.com/{name}" if "l" in name else f"other {name}"}

    save_profile(
        partner=leila,
        details=details(**changed, display_name="Leila Haddad"),
        shown=list(LEILA),
        by=leila.user,
        at=MONDAY,
    )

    assert client.get("/partners/feed.json", HTTP_IF_NONE_MATCH=kept).status_code == 200


def test_the_feed_is_not_sent_twice(client: Client, leila: Partner) -> None:
    kept = client.get("/partners/feed.json").headers["ETag"]

    again = client.get("/partners/feed.json", HTTP_IF_NONE_MATCH=kept)

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", kept)
    assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_the_feed_is_the_same_in_every_language(client: Client, leila: Partner, settings) -> None:
    settings.LANGUAGES = [("en-gb", "English"), ("nl", "Dutch")]
    feeds = {client.get("/partners/feed.json", HTTP_ACCEPT_LANGUAGE=code).text for code in ("en", "nl")}

    assert len(feeds) == 1


def test_the_feed_cannot_be_written_to(client: Client) -> None:
    assert client.post("/partners/feed.json").status_code == 405
    assert client.options("/partners/feed.json").headers["Access-Control-Allow-Methods"] == (
        "GET, HEAD, OPTIONS"
    )


HOSTILE = '</script><script>alert(1)</script>"><img src=x>'


def test_a_hostile_name_runs_nowhere(client: Client) -> None:
    listed_partner(HOSTILE, about=HOSTILE, headline=HOSTILE, company=HOSTILE, topics=["</script>"])
    slug = Profile.objects.with_address().get().slug

    for address in ("/partners/", f"/partners/{slug}/", f"/partners/?q={HOSTILE}"):
        page = client.get(address).text
        assert "<script>" not in page
        assert "<img src=x" not in page
    assert told_to_machines(client, slug)["name"] == HOSTILE


def test_the_page_tells_machines_who_it_is_about(client: Client, leila: Partner) -> None:
    told = told_to_machines(client)
    page = client.get("/partners/leila-haddad/").text

    assert told["@type"] == "Person"
    assert told["worksFor"] == {"@type": "Organization", "name": "Haddad & Co"}
    assert told["image"].endswith("/partners/leila-haddad/photo/large/")
    assert '<link rel="canonical" href="http://127.0.0.1:8000/partners/leila-haddad/">' in page
    assert '<meta property="og:title" content="Leila Haddad">' in page


def test_robots_read_public_pages_alone(client: Client) -> None:
    lines = client.get("/robots.txt").text.splitlines()

    assert "Disallow: /" in lines
    assert "Allow: /partners/" in lines
    assert not any("confirm" in line or "desk" in line for line in lines)

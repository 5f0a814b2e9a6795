"""The guides as visitors read and search them; drafts and withdrawn ones as they don't (C7)."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.finding import fitting_guides, search_guides
from partners.models import Guide, Topic
from partners.services.guides import GuideText, place_guide, save_draft, withdraw_guide
from partners.services.shipped import FOLDER, load_guides, read_guide
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.guides import a_draft, a_guide, changed, drafted, writer
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C7"), pytest.mark.usefixtures("at_monday")]
SignIn = Callable[[User], Client]


def text_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def withdrawn(guide: Guide) -> Guide:
    withdraw_guide(guide=guide, reason="It was wrong", revision=guide.revision, by=writer(), at=MONDAY)
    guide.refresh_from_db()
    return guide


def moved(guide: Guide, slug: str) -> None:
    place_guide(
        guide=guide, slug=slug, topics=[], position=1, revision=guide.revision, by=writer(), at=MONDAY
    )


# --- reading --------------------------------------------------------------------------------
def test_a_guide_is_read_with_its_contents_and_what_changed(client: Client) -> None:
    guide = a_guide(
        "search", title="Product search", source="## When it fits\n\nAlways.\n\n## The data\n\nAny."
    )
    changed(guide, "## When it fits\n\nOften.\n\n## The data\n\nAny.", "Less sure", at=MONDAY)

    page = client.get("/guides/search/")

    assert "Version 2, changed on 23 Nov 2026 : Less sure" in text_of(page)
    assert '<a class="!min-h-8" href="#section-the-data">The data</a>' in page.text
    assert "Often." in page.text
    assert '<link rel="canonical" href="http://' in page.text
    assert '<meta property="og:title" content="Product search">' in page.text


def test_an_older_version_is_readable_and_not_indexed(client: Client) -> None:
    guide = a_guide("search", source="How it was")
    changed(guide, "How it is")

    page = client.get("/guides/search/versions/1/")

    assert "<p>How it was</p>" in page.text
    assert "A newer one has replaced it." in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert '/guides/search/">' in page.text


def test_an_old_address_leads_to_the_new_one_for_good(client: Client) -> None:
    guide = a_guide("first-name")
    moved(guide, "second-name")

    for path in ("/guides/{}/", "/guides/{}/versions/1/"):
        page = client.get(path.format("first-name"))
        assert (page.status_code, page.headers["Location"]) == (301, path.format("second-name"))


def test_a_withdrawn_guide_says_so_and_nothing_of_what_it_said(client: Client) -> None:
    withdrawn(a_guide("search", title="Wrong title", source="Wrong text"))

    for path in ("/guides/search/", "/guides/search/versions/1/"):
        page = client.get(path)
        assert page.status_code == 410
        assert "This guide is withdrawn" in page.text
        assert "Wrong" not in page.text
        assert "It was wrong" not in page.text


def test_a_partner_is_led_from_a_guide_to_the_form(sign_in: SignIn) -> None:
    a_guide("search")

    page = sign_in(PartnerFactory().user).get("/guides/search/")

    assert f'href="{reverse("referrals:define_use_case")}"' in page.text
    assert "Your pages" in page.text


def test_hostile_words_in_a_title_stay_words(client: Client) -> None:
    a_guide("search", title='"><script>alert(1)</script>', summary="<b>bold</b>", source="<script>x</script>")

    for path in ("/guides/", "/guides/search/", "/guides/?q=alert"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<script>x" not in text
        assert "<b>bold" not in text


# --- what nobody sees ---------------------------------------------------------------------------
@pytest.fixture
def secret() -> Guide:
    """A draft that was never published, and the draft of a published guide."""
    drafted(a_guide("public", title="Public guide", source="Open words"), "Zanzibar plans of tomorrow")
    return a_draft("secret", title="Zanzibar search", summary="Zanzibar", source="Zanzibar")


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(
    "path", ["/guides/", "/guides/?q=zanzibar", "/guides/public/", "/guides/public/versions/1/"]
)
def test_no_page_shows_a_draft(client: Client, path: str) -> None:
    page = client.get(path)

    assert page.status_code == 200
    assert "Zanzibar" not in page.text
    assert "/guides/secret/" not in page.text


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(
    "path", ["/guides/secret/", "/guides/secret/versions/1/", "/guides/public/versions/2/"]
)
@pytest.mark.parametrize("role", [None, Role.PARTNER, Role.SALES])
def test_a_draft_has_no_page(sign_in: SignIn, client: Client, path: str, role: Role | None) -> None:
    if role:
        sign_in(UserFactory(roles=[role]))

    assert client.get(path).status_code == 404


@pytest.mark.usefixtures("secret")
def test_no_draft_is_found_or_suggested() -> None:
    assert search_guides("zanzibar") == []
    assert fitting_guides("Zanzibar search", "Zanzibar plans") == []


def test_a_withdrawn_guide_is_neither_listed_nor_found_nor_suggested(client: Client) -> None:
    topic = Topic.objects.create(name="Search", slug="search")
    withdrawn(a_guide(title="Zanzibar search", topics=[topic]))

    page = client.get("/guides/")
    assert "Zanzibar" not in page.text
    assert "?topic=search" not in page.text
    assert search_guides("zanzibar") == []
    assert fitting_guides("Zanzibar search") == []


# --- searching ------------------------------------------------------------------------------------
def found(asked: str, topic: str = "") -> list[str]:
    return [hit.guide.slug for hit in search_guides(asked, topic=topic)]


def test_a_hit_in_the_title_comes_before_the_summary_and_that_before_the_text() -> None:
    a_guide("in-text", title="One", summary="Two", source="About turbines. " * 3)
    a_guide("in-summary", title="One", summary="All about turbines", source="Three")
    a_guide("in-title", title="Turbines", summary="Two", source="Three")

    assert found("turbine") == ["in-title", "in-summary", "in-text"]


def test_people_ask_with_phrases_or_and_without() -> None:
    a_guide("both", source="A green turbine beside a blue pump")
    a_guide("one", source="A turbine that is green")

    assert found('"green turbine"') == ["both"]
    assert found("turbine -pump") == ["one"]
    assert sorted(found("pump or turbine")) == ["both", "one"]


def test_only_the_published_text_is_searched() -> None:
    guide = a_guide("search", source="Turbines")
    changed(guide, "Pumps")

    assert found("turbines") == []


def test_a_snippet_marks_the_hit_and_escapes_the_rest(client: Client) -> None:
    a_guide(source="Before <img src=x onerror=alert(1)> the turbine & after")

    page = client.get("/guides/?q=turbine")

    assert "&lt;img src=x onerror=alert(1)&gt; the <mark>turbine</mark> &amp; after" in page.text


def test_a_search_counts_what_it_found_and_a_topic_narrows_it(client: Client) -> None:
    topic = Topic.objects.create(name="Energy", slug="energy", kind=Topic.Kind.INDUSTRY)
    a_guide(source="Turbine", topics=[topic])
    a_guide(source="Turbine")

    assert "2 guides about “turbine”" in text_of(client.get("/guides/?q=turbine"))
    assert "One guide about “turbine” in Energy" in text_of(client.get("/guides/?q=turbine&topic=energy"))
    assert "One guide in Energy" in text_of(client.get("/guides/?topic=energy"))
    assert "No guide holds these words" in client.get("/guides/?q=submarine").text


@pytest.mark.parametrize(
    "asked", ["%00", "' OR 1=1 --", "!!! & | ( :*", "a" * 5000, '"', "-", "%F0%9F%98%80", "or", "<b>"]
)
def test_whatever_is_asked_the_page_answers(client: Client, asked: str) -> None:
    a_guide()

    assert client.get(f"/guides/?q={asked}").status_code == 200


def test_the_list_takes_the_same_few_queries_however_long_it_is(
    client: Client, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        a_guide()

    with django_assert_max_num_queries(4):
        client.get("/guides/?q=phrases")


# --- what fits what somebody writes ------------------------------------------------------------------
def test_a_guide_fits_by_its_title_whatever_else_is_written() -> None:
    a_guide("manuals", title="Service manuals", source="The line stands still.")
    long = "We have many people and things that nobody in the company has ever looked at before. " * 20

    assert [guide.slug for guide in fitting_guides("Searching manuals", long)] == ["manuals"]


def test_one_common_word_is_no_fit() -> None:
    a_guide(title="Recommendations", summary="Suggestions", source="What the customer wants.")

    assert fitting_guides("A customer portal", "Invoices are late") == []


@pytest.mark.parametrize("written", ["", "   ", "a of the", "\x00 ' & | ! ( :*", "or or or", "😀"])
def test_nothing_fits_nothing(written: str) -> None:
    a_guide()

    assert fitting_guides(written) == []


# --- what browsers remember -----------------------------------------------------------------------------
def test_a_visitor_gets_the_page_again_only_when_it_changed(client: Client) -> None:
    guide = a_guide("search")
    client.get("/guides/search/")  # the token of the theme's form comes with the first page
    tag = client.get("/guides/search/").headers["ETag"]

    again = client.get("/guides/search/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"

    changed(guide, "Other", at=MONDAY + timedelta(hours=1))
    assert client.get("/guides/search/", headers={"If-None-Match": tag}).status_code == 200


def test_another_theme_is_another_page(client: Client) -> None:
    a_guide("search")
    client.get("/guides/search/")
    tag = client.get("/guides/search/").headers["ETag"]

    client.cookies["theme"] = "dark"

    assert client.get("/guides/search/", headers={"If-None-Match": tag}).status_code == 200


def test_a_withdrawn_page_is_never_not_modified(client: Client) -> None:
    guide = a_guide("search")
    client.get("/guides/search/")
    tag = client.get("/guides/search/").headers["ETag"]

    withdrawn(guide)

    assert client.get("/guides/search/", headers={"If-None-Match": tag}).status_code == 410


def test_a_page_for_somebody_signed_in_is_not_remembered(sign_in: SignIn) -> None:
    a_guide("search")

    assert "ETag" not in sign_in(UserFactory()).get("/guides/search/").headers


# --- the guides that ship -------------------------------------------------------------------------------
def test_the_guides_that_ship_are_published_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_guides")
    call_command("load_guides")

    said = capsys.readouterr().out
    assert said.count(": new") == said.count(": unchanged") == Guide.objects.published().count() >= 5
    assert not Guide.objects.filter(versions__number__gt=1).exists()


def test_what_staff_wrote_drafted_or_withdrew_is_theirs(tmp_path: Path) -> None:
    guides = {slug: ship(tmp_path, slug, "Shipped") for slug in ("edited", "drafted", "gone", "untouched")}
    list(load_guides(at=MONDAY, folder=tmp_path))
    changed(Guide.objects.get(slug="edited"), "By staff")
    drafted(Guide.objects.get(slug="drafted"), "In the making")
    withdrawn(Guide.objects.get(slug="gone"))
    moved(Guide.objects.get(slug="untouched"), "moved")
    for slug in guides:
        ship(tmp_path, slug, "Shipped anew")

    done = dict(load_guides(at=MONDAY, folder=tmp_path))

    assert done == {"edited": "kept", "drafted": "kept", "gone": "kept", "untouched": "updated"}
    current = {
        guide.slug: guide.current.source for guide in Guide.objects.select_related("current") if guide.current
    }
    assert current == {
        "edited": "By staff\n",
        "drafted": "Shipped\n",
        "gone": "Shipped\n",
        "moved": "Shipped anew\n",
    }


def ship(folder: Path, slug: str, text: str) -> Path:
    path = folder / f"{slug}.md"
    path.write_text(f"---\ntitle: T\nsummary: S\ntopics: Search\nindustries: Energy, Media\n---\n{text}\n")
    return path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_each_guide_that_ships_says_what_a_partner_needs(path: Path) -> None:
    shipped = read_guide(path)
    source = shipped.text.source

    for heading in (
        "When it fits",
        "Questions to ask the person",
        "The data it needs",
        "Who feels it",
        "How to put a value on it",
        "An example, filled in",
    ):
        assert f"## {heading}\n" in source
    for field in ("Title", "The problem", "The data", "Who feels it", "The expected value"):
        assert f"| {field} | " in source
    assert shipped.topics
    assert shipped.industries
    assert len(shipped.text.title) <= 120
    assert len(shipped.text.summary) <= 300


def test_a_saved_draft_of_a_shipped_guide_names_its_writer(tmp_path: Path) -> None:
    ship(tmp_path, "one", "Shipped")
    list(load_guides(at=MONDAY, folder=tmp_path))
    guide, by = Guide.objects.get(), writer()

    draft = save_draft(
        guide=guide, text=GuideText("T", "S", "Mine"), revision=guide.revision, by=by, at=MONDAY
    )

    assert draft.author == by

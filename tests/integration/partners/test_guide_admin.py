"""Staff write guides in the admin: who gets in, the preview, the draft, two at once, versions (C7)."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.models import Guide, GuideVersion, Topic
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.guides import a_draft, a_guide, changed, drafted, writer
from tests.factories.partners import PartnerFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C7"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
SignIn = Callable[[User], Client]
PAGES = ["edit", "versions", "publish", "discard", "place", "withdraw", "return"]


def page(name: str, guide: Guide, *more: int) -> str:
    return reverse(f"admin:partners_guide_{name}", args=[guide.pk, *more])


def text_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def typed(guide: Guide, source: str, **fields: object) -> dict[str, object]:
    return {"title": "Title", "summary": "Summary", "source": source, "revision": guide.revision, **fields}


@pytest.fixture
def client_of_writer(sign_in: SignIn) -> Client:
    return sign_in(writer())


# --- who --------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.DIRECTOR, Role.ADMINISTRATOR])
def test_writers_get_in(sign_in: SignIn, role: Role) -> None:
    guide = a_draft()
    client = sign_in(UserFactory(roles=[role]))

    for path in (reverse("admin:partners_guide_changelist"), page("edit", guide), page("versions", guide)):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_finance_stays_out_even_as_superuser(sign_in: SignIn, name: str) -> None:
    guide = a_guide()
    client = sign_in(UserFactory(roles=[Role.FINANCE], is_superuser=True))

    assert client.get(page(name, guide)).status_code == 403
    assert client.post(page(name, guide), {"revision": guide.revision}).status_code == 403
    assert client.get(reverse("admin:partners_guide_add")).status_code == 403
    assert client.post(page("restore", guide, 1)).status_code == 403


def test_a_partner_never_sees_the_admin(sign_in: SignIn) -> None:
    answer = sign_in(PartnerFactory().user).get(page("edit", a_draft()))

    assert answer.status_code == 302
    assert "Product search" not in answer.text


# --- writing ----------------------------------------------------------------------------
def test_a_guide_is_begun_as_a_draft(client_of_writer: Client) -> None:
    topic = Topic.objects.create(name="Search", slug="search")

    client_of_writer.post(
        reverse("admin:partners_guide_add"),
        {
            "title": "T",
            "slug": "a-new-one",
            "summary": "S",
            "source": "Text",
            "topics": [topic.pk],
            "save": "1",
        },
    )

    guide = Guide.objects.get(slug="a-new-one")
    assert guide.current is None
    assert list(guide.topics.all()) == [topic]


def test_an_address_that_is_taken_is_told_at_its_field(client_of_writer: Client) -> None:
    a_guide("taken")

    answer = client_of_writer.post(
        reverse("admin:partners_guide_add"),
        {"title": "T", "slug": "taken", "summary": "S", "source": "Text", "save": "1"},
    )

    assert "Another guide has, or had, this address." in answer.text
    assert Guide.objects.count() == 1


def test_a_preview_shows_the_text_and_keeps_nothing(client_of_writer: Client) -> None:
    guide = a_guide()

    answer = client_of_writer.post(
        page("edit", guide), typed(guide, "Some **bold** words <script>x</script>", preview="1")
    )

    assert "Some <strong>bold</strong> words &lt;script&gt;x&lt;/script&gt;" in answer.text
    assert not guide.versions.filter(published_at__isnull=True).exists()


@pytest.mark.parametrize("button", ["save", "preview"])
def test_a_text_of_a_megabyte_is_refused_at_the_field(client_of_writer: Client, button: str) -> None:
    guide = a_guide()

    answer = client_of_writer.post(page("edit", guide), typed(guide, "[" * 1_000_000, **{button: "1"}))

    assert "at most 30000 characters" in answer.text
    assert guide.versions.count() == 1


def test_two_people_on_one_draft_the_second_reads_what_differs_and_decides(client_of_writer: Client) -> None:
    guide = a_guide()
    opened = typed(guide, "Mine, all mine", save="1")
    drafted(guide, "Theirs, meanwhile")

    answer = client_of_writer.post(page("edit", guide), opened)

    assert "Somebody else changed this guide while you had it open" in answer.text
    assert "Theirs, meanwhile" in answer.text
    assert "Mine, all mine</textarea>" in answer.text
    assert guide.versions.get(published_at__isnull=True).source == "Theirs, meanwhile\n"

    guide.refresh_from_db()
    assert f'name="revision" value="{guide.revision}"' in answer.text
    client_of_writer.post(page("edit", guide), typed(guide, "Mine, all mine", save="1"))
    assert guide.versions.get(published_at__isnull=True).source == "Mine, all mine\n"


def test_publishing_shows_what_differs_and_asks_what_changed(client_of_writer: Client) -> None:
    guide = a_guide(source="The old line")
    drafted(guide, "The new line")
    shown = client_of_writer.get(page("edit", guide)).text
    assert "The old line</del>" in shown
    assert "The new line</ins>" in shown

    refused = client_of_writer.post(page("publish", guide), {"revision": guide.revision, "what_changed": ""})
    assert "Say in a sentence what changed" in refused.text

    client_of_writer.post(page("publish", guide), {"revision": guide.revision, "what_changed": "A new line"})
    guide.refresh_from_db()
    assert guide.current is not None
    assert (guide.current.number, guide.current.what_changed) == (2, "A new line")


@pytest.mark.parametrize("name", PAGES)
def test_opening_a_page_changes_nothing(client_of_writer: Client, name: str) -> None:
    guide = a_guide()
    drafted(guide, "Other")

    client_of_writer.get(page(name, guide))

    assert Guide.objects.get(pk=guide.pk).revision == guide.revision


@pytest.mark.parametrize("name", ["publish", "discard", "withdraw", "place"])
def test_a_press_on_a_page_that_is_out_of_date_changes_nothing(client_of_writer: Client, name: str) -> None:
    guide = a_guide()
    drafted(guide, "Other")
    stale = {"revision": guide.revision - 1, "what_changed": "x", "reason": "x", "slug": "x", "position": "1"}

    client_of_writer.post(page(name, guide), stale)

    assert Guide.objects.get(pk=guide.pk).revision == guide.revision


# --- versions ------------------------------------------------------------------------------
def test_any_two_versions_are_compared(client_of_writer: Client) -> None:
    guide = a_guide(source="One")
    changed(guide, "Two")
    changed(guide, "Three")
    drafted(guide, "Four")

    text = client_of_writer.get(page("versions", guide), {"old": "1", "new": "3"}).text
    assert "One</del>" in text
    assert "Three</ins>" in text
    with_draft = client_of_writer.get(page("versions", guide), {"old": "1", "new": "draft"}).text
    assert "Four</ins>" in with_draft
    assert client_of_writer.get(page("versions", guide), {"old": "99", "new": "x"}).status_code == 200


def test_an_old_version_is_published_again(client_of_writer: Client) -> None:
    guide = a_guide(source="One")
    changed(guide, "Two")

    client_of_writer.post(
        page("restore", guide, 1), {"revision": guide.revision, "what_changed": "As in version 1 again"}
    )

    guide.refresh_from_db()
    assert guide.current is not None
    assert (guide.current.number, guide.current.source) == (3, "One\n")


def test_a_guide_is_withdrawn_and_brought_back(client_of_writer: Client) -> None:
    guide = a_guide()
    client_of_writer.post(page("withdraw", guide), {"revision": guide.revision, "reason": "It was wrong"})
    guide.refresh_from_db()
    assert "Withdrawn on 23 Nov 2026: It was wrong" in text_of(client_of_writer.get(page("edit", guide)))
    assert not Guide.objects.published().exists()

    client_of_writer.post(page("return", guide), {"revision": guide.revision})

    assert Guide.objects.published().exists()


def test_the_list_says_how_each_guide_stands(client_of_writer: Client) -> None:
    a_draft(title="Never seen")
    drafted(a_guide(title="Seen"), "More")

    text = text_of(client_of_writer.get(reverse("admin:partners_guide_changelist")))

    assert "Never seen Draft –" in text
    assert "Seen Published, with a draft 1" in text


def test_nothing_deletes_a_guide(client_of_writer: Client) -> None:
    guide = a_guide()

    assert client_of_writer.post(reverse("admin:partners_guide_delete", args=[guide.pk])).status_code == 403
    assert GuideVersion.objects.filter(guide=guide).exists()

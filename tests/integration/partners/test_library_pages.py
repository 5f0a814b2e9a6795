"""The library's pages: who gets in at this moment, what a download says, what is found (C13)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from partners.models import Partner, Resource, ResourceDownload, ResourceFolder
from partners.queries_library import A_PAGE
from partners.services.library import archive_resource, count_download
from ssp.core.models import User
from ssp.core.roles import STAFF_ROLES, Role
from tests.factories.core import UserFactory
from tests.factories.library import (
    SVG,
    FolderFactory,
    a_picture,
    a_publisher,
    a_resource,
    another_svg,
    next_version,
)
from tests.factories.partners import ApplicantFactory, PartnerFactory, ended
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C13"), pytest.mark.usefixtures("at_monday")]
SignIn = Callable[[User], Client]
LIBRARY = "/resources/"


def download_of(resource: Resource, number: int = 1) -> str:
    return reverse("partners:library_download", args=[resource.versions.get(number=number).pk])


def preview_of(resource: Resource) -> str:
    return reverse("partners:library_preview", args=[resource.versions.get().pk])


@pytest.fixture
def partner() -> Partner:
    return PartnerFactory(started_at=MONDAY - timedelta(days=90))


@pytest.fixture
def resource() -> Resource:
    made = a_resource(content=a_picture(), file_name="logo.png", description="For slides")
    deliver_kind("partners.resource_preview")
    return made


def end(partner: Partner) -> None:
    ended(partner, at=MONDAY)


# --- who gets in ----------------------------------------------------------------
def test_an_active_partner_sees_and_fetches_it(sign_in: SignIn, partner: Partner, resource: Resource) -> None:
    client = sign_in(partner.user)

    assert "Logo" in client.get(LIBRARY).content.decode()
    assert client.get(resource.get_absolute_url()).status_code == 200
    assert client.get(preview_of(resource)).headers["Content-Type"] == "image/webp"
    assert b"".join(client.get(download_of(resource))) == a_picture()


def test_a_stranger_with_the_link_is_asked_to_sign_in(client: Client, resource: Resource) -> None:
    for address in (LIBRARY, resource.get_absolute_url(), download_of(resource), preview_of(resource)):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")


def test_the_end_of_the_partnership_closes_every_door_at_that_moment(
    sign_in: SignIn, partner: Partner, resource: Resource
) -> None:
    client = sign_in(partner.user)
    address = download_of(resource)
    assert client.get(address).status_code == 200
    end(partner)

    for closed in (LIBRARY, resource.get_absolute_url(), address):
        answer = client.get(closed)
        assert answer.status_code == 403
        assert "your partnership has ended" in answer.content.decode()
    assert client.get(preview_of(resource)).status_code == 404
    assert ResourceDownload.objects.count() == 1


def test_an_applicant_gets_nothing(sign_in: SignIn, resource: Resource) -> None:
    client = sign_in(ApplicantFactory().user)

    assert client.get(LIBRARY).status_code == 302
    assert client.get(download_of(resource)).status_code == 404
    assert client.get(preview_of(resource)).status_code == 404


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_fetch_it_and_are_not_counted(sign_in: SignIn, resource: Resource, role: str) -> None:
    client = sign_in(UserFactory(roles=[Role(role)]))

    assert client.get(download_of(resource)).status_code == 200
    assert client.get(preview_of(resource)).status_code == 200
    assert not ResourceDownload.objects.exists()


def test_a_superuser_without_a_role_gets_nothing(sign_in: SignIn, resource: Resource) -> None:
    client = sign_in(UserFactory(is_superuser=True))

    assert client.get(download_of(resource)).status_code == 404


def test_a_link_that_another_partner_passed_on_counts_for_who_uses_it(
    sign_in: SignIn, partner: Partner, resource: Resource
) -> None:
    other = PartnerFactory(started_at=MONDAY - timedelta(days=90))

    sign_in(other.user).get(download_of(resource))

    assert ResourceDownload.objects.get().partner == other


def test_what_is_archived_is_gone_for_partners_and_there_for_staff(
    client: Client, sign_in: SignIn, partner: Partner, resource: Resource
) -> None:
    archive_resource(resource=resource, by=a_publisher(), at=MONDAY)
    sign_in(partner.user)

    assert client.get(LIBRARY).context["rows"] == []
    for address in (resource.get_absolute_url(), download_of(resource)):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "It was taken out" in answer.content.decode()
    sign_in(a_publisher())
    assert client.get(download_of(resource)).status_code == 200


# --- a download -----------------------------------------------------------------
def test_a_download_is_saved_under_its_name_and_kept_by_nobody(sign_in: SignIn, partner: Partner) -> None:
    resource = a_resource(file_name="Łogo für alle.svg")

    answer = sign_in(partner.user).get(download_of(resource))

    said = answer.headers["Content-Disposition"]
    assert said == "attachment; filename*=utf-8''%C5%81ogo%20f%C3%BCr%20alle.svg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_preview_runs_nothing_and_is_kept_by_nobody(
    sign_in: SignIn, partner: Partner, resource: Resource
) -> None:
    headers = sign_in(partner.user).get(preview_of(resource)).headers

    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_clicks_headers_and_the_rest_of_it_are_one_download(
    sign_in: SignIn, partner: Partner, resource: Resource
) -> None:
    client, address = sign_in(partner.user), download_of(resource)

    client.head(address)
    assert client.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 204
    assert ResourceDownload.objects.count() == 0

    client.get(address)
    client.get(address)
    rest = client.get(address, headers={"Range": "bytes=10-"})

    assert rest.status_code == 206
    assert b"".join(rest) == a_picture()[10:]
    assert ResourceDownload.objects.count() == 1


def test_a_download_can_only_be_asked_for(sign_in: SignIn, partner: Partner, resource: Resource) -> None:
    assert sign_in(partner.user).post(download_of(resource)).status_code == 405


def test_nginx_sends_it_where_it_is_told_to(
    sign_in: SignIn, partner: Partner, resource: Resource, settings
) -> None:
    settings.FILE_DELIVERY = "x-accel"

    answer = sign_in(partner.user).get(download_of(resource))

    stored = resource.versions.get().file.name
    assert answer.headers["X-Accel-Redirect"] == f"/private-files/{stored}"
    assert answer.content == b""
    assert ResourceDownload.objects.count() == 1


def test_nginx_sends_nothing_to_who_may_not(
    sign_in: SignIn, partner: Partner, resource: Resource, settings
) -> None:
    settings.FILE_DELIVERY = "x-accel"
    end(partner)

    assert "X-Accel-Redirect" not in sign_in(partner.user).get(download_of(resource)).headers


# --- the page -------------------------------------------------------------------
def test_an_empty_library_says_so(sign_in: SignIn, partner: Partner) -> None:
    assert "Nothing here yet" in sign_in(partner.user).get(LIBRARY).content.decode()


@pytest.mark.parametrize(
    "words", ["présentation", "presentation", "PRÉSENTATION", "dEck", "handout", "slides folder", "intro.svg"]
)
def test_it_is_found_by_title_description_folder_and_file_name(
    sign_in: SignIn, partner: Partner, words: str
) -> None:
    a_resource(title="Another", file_name="other.svg")
    a_resource(
        title="Présentation deck",
        description="A handout",
        folder=FolderFactory(name="Slides folder"),
        file_name="intro.svg",
    )

    page = sign_in(partner.user).get(LIBRARY, {"q": words})

    assert [row.resource.title for row in page.context["rows"]] == ["Présentation deck"]


@pytest.mark.parametrize("words", ["%", "_", "zzz", "deck zzz"])
def test_what_is_not_there_is_not_found(sign_in: SignIn, partner: Partner, words: str) -> None:
    a_resource(title="Deck")

    page = sign_in(partner.user).get(LIBRARY, {"q": words})

    assert "No resource matches" in page.content.decode()


@pytest.mark.parametrize(
    "query", ["?kind=nonsense", "?folder=x", "?after=x", "?after=99999999999999999999", "?q=%00", "?after=٣"]
)
def test_an_address_that_makes_no_sense_shows_the_library(
    sign_in: SignIn, partner: Partner, query: str
) -> None:
    a_resource()

    assert sign_in(partner.user).get(LIBRARY + query).status_code == 200


def test_it_is_filtered_by_kind_and_folder(sign_in: SignIn, partner: Partner) -> None:
    wanted = a_resource(title="Wanted", kind="slides")
    a_resource(title="Other kind", folder=wanted.folder)
    a_resource(title="Other folder", kind="slides")

    page = sign_in(partner.user).get(LIBRARY, {"kind": "slides", "folder": wanted.folder_id})

    assert [row.resource for row in page.context["rows"]] == [wanted]


def test_the_pages_follow_one_another_without_a_gap(
    sign_in: SignIn, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partners.views.library.A_PAGE", 2)
    by, folders = a_publisher(), [FolderFactory(name="B", position=1), FolderFactory(name="A", position=1)]
    for number, position in enumerate((5, 1, 5, 9, 1)):
        a_resource(by=by, folder=folders[number % 2], title=f"No. {number}", position=position)
    client, address, seen = sign_in(partner.user), LIBRARY, []

    while address:
        page = client.get(address)
        seen += [row.resource.title for row in page.context["rows"]]
        address = page.context["next_url"]

    assert seen == ["No. 4", "No. 0", "No. 2", "No. 1", "No. 3"]


def test_it_asks_the_database_as_often_for_many_as_for_few(
    sign_in: SignIn, partner: Partner, django_assert_max_num_queries
) -> None:
    by = a_publisher()
    for number in range(12):
        a_resource(by=by, title=f"No. {number}")
    client = sign_in(partner.user)

    with django_assert_max_num_queries(14):
        client.get(LIBRARY)
    assert A_PAGE > 12


def test_who_has_an_older_version_is_told(sign_in: SignIn, partner: Partner) -> None:
    resource = a_resource()
    count_download(version=resource.versions.get(), partner=partner, at=MONDAY)
    next_version(resource, another_svg(4), changed="Rounder corners")
    client = sign_in(partner.user)

    assert "you have version 1" in client.get(LIBRARY).content.decode()
    page = client.get(resource.get_absolute_url()).content.decode()
    assert "Version 2 is newer." in page
    assert "Rounder corners" in page
    assert download_of(resource, 1) in page


def test_every_action_is_a_link_or_a_form(sign_in: SignIn, partner: Partner, resource: Resource) -> None:
    page = sign_in(partner.user).get(LIBRARY).content.decode()

    assert f'href="{download_of(resource)}"' in page
    assert '<form class="mb-6' in page
    assert 'method="get"' in page
    assert "hx-" not in page.partition("<main")[2].partition("</main>")[0]


# --- staff's pages ----------------------------------------------------------------
def upload(name: str = "logo.svg", content: bytes = SVG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_sales_lead_publishes_replaces_and_archives(sign_in: SignIn) -> None:
    folder, client = FolderFactory(), sign_in(a_publisher())
    facts = {"title": "Logo", "kind": "logo", "folder": folder.pk, "description": "", "position": 100}

    client.post(reverse("admin:partners_resource_add"), facts | {"file": upload()})
    resource = Resource.objects.get()
    own = reverse("admin:partners_resource_change", args=[resource.pk])
    client.post(
        reverse("admin:partners_resource_version", args=[resource.pk]),
        {"file": upload(content=another_svg(4)), "changed": "Rounder"},
    )
    client.post(reverse("admin:partners_resource_restore", args=[resource.pk, 1]))
    client.post(reverse("admin:partners_resource_archive", args=[resource.pk]))

    resource.refresh_from_db()
    assert (resource.latest, resource.archived_at) == (3, MONDAY)
    page = client.get(own).content.decode()
    assert "Version 1 again" in page
    assert "Bring it back" in page


def test_a_file_that_is_refused_says_why_beside_the_field(sign_in: SignIn) -> None:
    folder, client = FolderFactory(), sign_in(a_publisher())
    facts = {"title": "Logo", "kind": "logo", "folder": folder.pk, "description": "", "position": 100}

    answer = client.post(
        reverse("admin:partners_resource_add"), facts | {"file": upload("deck.pdf", a_picture())}
    )

    assert "is a PNG file inside" in answer.context["form"].errors["file"][0]
    assert not Resource.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"), [(Role.SALES, 403), (Role.FINANCE, 403), (Role.SALES_LEAD, 200), (Role.DIRECTOR, 200)]
)
def test_only_publishers_open_the_forms(sign_in: SignIn, role: Role, status: int) -> None:
    resource = a_resource()
    client = sign_in(UserFactory(roles=[role]))

    assert client.get(reverse("admin:partners_resource_change", args=[resource.pk])).status_code == 200
    for name in ("edit", "version"):
        address = reverse(f"admin:partners_resource_{name}", args=[resource.pk])
        assert client.get(address).status_code == status
    assert client.get(reverse("admin:partners_resource_add")).status_code == status
    archived = client.post(reverse("admin:partners_resource_archive", args=[resource.pk]))
    assert archived.status_code == (302 if status == 200 else 403)


def test_a_folder_is_made_and_its_name_is_taken_once(sign_in: SignIn) -> None:
    client, address = sign_in(a_publisher()), reverse("admin:partners_resourcefolder_add")

    client.post(address, {"name": "Logos", "position": 1})
    again = client.post(address, {"name": "LOGOS", "position": 2})

    assert [folder.name for folder in ResourceFolder.objects.all()] == ["Logos"]
    assert "There is a folder of this name already" in again.content.decode()


@pytest.mark.parametrize("name", ["archive", "bring_back"])
def test_a_press_is_a_post(sign_in: SignIn, name: str) -> None:
    resource = a_resource()

    answer = sign_in(a_publisher()).get(reverse(f"admin:partners_resource_{name}", args=[resource.pk]))

    assert answer.status_code == 405
    assert Resource.objects.get().archived_at is None


def test_staff_see_who_has_which_version(sign_in: SignIn, partner: Partner) -> None:
    resource = a_resource()
    for hours in (1, 2):
        count_download(version=resource.versions.get(), partner=partner, at=MONDAY - timedelta(hours=hours))

    page = sign_in(a_publisher()).get(reverse("admin:partners_resource_change", args=[resource.pk]))

    assert [(row["partner__display_name"], row["times"]) for row in page.context["by_partner"]] == [
        (partner.display_name, 2)
    ]
    assert "2 downloads by 1 partner" in " ".join(page.content.decode().split())


def test_the_list_counts_downloads_of_all_versions_once(sign_in: SignIn, partner: Partner) -> None:
    resource = a_resource()
    second = next_version(resource, another_svg(4), file_name="logo-logo.svg")
    for version in (resource.versions.get(number=1), second):
        count_download(version=version, partner=partner, at=MONDAY)

    page = sign_in(a_publisher()).get(reverse("admin:partners_resource_changelist"), {"q": "logo"})

    assert [row.counted for row in page.context["cl"].result_list] == [2]

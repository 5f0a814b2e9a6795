"""The resource library's writes: who publishes, how versions grow, what the database refuses (C13)."""

import hashlib
import io
import os
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError

from partners.errors.library import (
    FileRefused,
    LibraryClosed,
    NotPublisher,
    ResourceArchived,
    SameAsNewest,
    TitleTaken,
    VersionIsNewest,
)
from partners.models import Partner, Resource, ResourceDownload, ResourceVersion
from partners.services.library import (
    archive_resource,
    bring_back_resource,
    count_download,
    edit_resource,
    publish_resource,
    restore_version,
)
from ssp.core.audit import trail
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.library import (
    SVG,
    FolderFactory,
    a_picture,
    a_publisher,
    a_resource,
    a_zip,
    another_svg,
    next_version,
)
from tests.factories.partners import PartnerFactory, ended
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C13")]
LATER = MONDAY + timedelta(days=1)


def stored_files() -> list[str]:
    return default_storage.listdir("library")[1] if default_storage.exists("library") else []


# --- publishing -----------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SALES_LEAD, Role.DIRECTOR, Role.ADMINISTRATOR])
def test_who_answers_for_what_semi_says_fills_the_library(role: Role) -> None:
    resource = a_resource(by=UserFactory(roles=[role]))

    assert resource.versions.get().number == 1


@pytest.mark.parametrize("role", [Role.SALES, Role.FINANCE, Role.PARTNER])
def test_nobody_else_fills_it_not_even_a_superuser(role: Role) -> None:
    resource = a_resource()
    other = UserFactory(roles=[role], is_superuser=True)
    version = resource.versions.get()

    for press in (
        lambda: a_resource(by=other, title="Other"),
        lambda: next_version(resource, another_svg(4), by=other),
        lambda: restore_version(version=version, by=other, at=MONDAY),
        lambda: archive_resource(resource=resource, by=other, at=MONDAY),
        lambda: bring_back_resource(resource=resource, by=other, at=MONDAY),
        lambda: edit_resource(
            resource=resource,
            folder=resource.folder,
            title="X",
            description="",
            kind="logo",
            position=1,
            by=other,
            at=MONDAY,
        ),
    ):
        with pytest.raises(NotPublisher):
            press()


def test_a_version_keeps_what_was_uploaded() -> None:
    by = a_publisher()
    version = a_resource(by=by, file_name="C:\\Users\\simone\\../Logo  final.svg").versions.get()

    assert version.file.read() == SVG
    assert version.file_name == "Logo final.svg"
    assert "Logo" not in version.file.name
    assert version.file.name.endswith(".svg")
    assert (version.size, version.sha256) == (len(SVG), hashlib.sha256(SVG).hexdigest())
    assert (version.content_type, version.uploaded_by, version.uploaded_at) == ("image/svg+xml", by, MONDAY)


def test_a_refused_file_leaves_nothing_behind() -> None:
    with pytest.raises(FileRefused):
        a_resource(content=b"MZ\x90", file_name="logo.svg")

    assert not Resource.objects.exists()
    assert stored_files() == []


def test_a_row_that_is_not_written_takes_its_file_away() -> None:
    resource = a_resource()

    with pytest.raises(TitleTaken):
        a_resource(folder=resource.folder, title="LOGO")

    assert len(stored_files()) == 1


def test_the_same_title_may_lie_in_another_folder() -> None:
    a_resource()

    assert a_resource(title="Logo").latest == 1


def test_the_next_file_becomes_the_newest_version_and_the_earlier_one_stays() -> None:
    resource = a_resource()

    version = next_version(resource, another_svg(4), changed="Rounder", at=LATER)

    resource.refresh_from_db()
    assert (version.number, version.changed, resource.latest) == (2, "Rounder", 2)
    assert resource.versions.get(number=1).file.read() == SVG


def test_pressing_twice_makes_no_second_version() -> None:
    resource = a_resource()
    next_version(resource, another_svg(4))

    with pytest.raises(SameAsNewest):
        next_version(resource, another_svg(4))

    assert resource.versions.count() == 2
    assert len(stored_files()) == 2


def test_an_older_version_comes_back_under_a_new_number() -> None:
    resource = a_resource()
    next_version(resource, another_svg(4))

    back = restore_version(version=resource.versions.get(number=1), by=a_publisher(), at=LATER)

    assert (back.number, back.restored_from.number) == (3, 1)
    assert back.file.read() == SVG


def test_bringing_it_back_twice_is_refused() -> None:
    resource = a_resource()
    next_version(resource, another_svg(4))
    first = resource.versions.get(number=1)
    restore_version(version=first, by=a_publisher(), at=LATER)

    with pytest.raises(VersionIsNewest):
        restore_version(version=first, by=a_publisher(), at=LATER)

    assert resource.versions.count() == 3


def test_an_archived_resource_is_left_as_it_is_until_it_is_brought_back() -> None:
    resource = a_resource()
    by = a_publisher()
    archive_resource(resource=resource, by=by, at=LATER)
    archive_resource(resource=resource, by=by, at=LATER + timedelta(days=1))

    with pytest.raises(ResourceArchived):
        next_version(resource, another_svg(4))
    assert not Resource.objects.listed().exists()
    assert Resource.objects.get().archived_at == LATER

    bring_back_resource(resource=resource, by=by, at=LATER)
    assert Resource.objects.listed().get() == resource


def test_a_title_that_was_given_away_meanwhile_keeps_an_archived_resource_out() -> None:
    resource = a_resource()
    archive_resource(resource=resource, by=a_publisher(), at=MONDAY)
    a_resource(folder=resource.folder)

    with pytest.raises(TitleTaken):
        bring_back_resource(resource=resource, by=a_publisher(), at=MONDAY)


def test_a_resource_is_moved_and_the_move_is_recorded() -> None:
    resource, to = a_resource(), FolderFactory()

    edit_resource(
        resource=resource,
        folder=to,
        title="Logo, dark",
        description="For slides.",
        kind="logo",
        position=5,
        by=a_publisher(),
        at=LATER,
    )

    resource.refresh_from_db()
    assert (resource.folder, resource.title, resource.position) == (to, "Logo, dark", 5)
    entry = trail(resource).first()
    assert entry is not None
    assert (entry.action, entry.data["folder"]) == ("resource.edited", to.pk)


@pytest.mark.parametrize(("content", "name", "owed"), [(SVG, "a.svg", 0), (a_picture(), "a.png", 1)])
def test_a_preview_is_owed_where_there_can_be_one(content: bytes, name: str, owed: int) -> None:
    a_resource(content=content, file_name=name)

    assert OutboxMessage.objects.filter(kind="partners.resource_preview").count() == owed


# --- the last door ------------------------------------------------------------------
def test_versions_are_append_only() -> None:
    version = a_resource().versions.get()

    with pytest.raises(Exception, match="version_append_only"):
        ResourceVersion.objects.filter(pk=version.pk).update(sha256="0" * 64)


@pytest.mark.parametrize("number", [1, 3])
def test_the_database_refuses_a_number_twice_and_a_gap(number: int) -> None:
    version = a_resource().versions.get()
    version.pk, version.number = None, number

    with pytest.raises(IntegrityError, match="version_follows_the_last"):
        version.save(force_insert=True)


def test_the_database_refuses_a_type_that_the_library_does_not_take() -> None:
    version = a_resource().versions.get()
    version.pk, version.number, version.content_type = None, 2, "text/html"

    with pytest.raises(IntegrityError, match="version_of_a_type_we_take"):
        version.save(force_insert=True)


# --- counting -----------------------------------------------------------------------
@pytest.fixture
def version() -> ResourceVersion:
    return a_resource().versions.get()


@pytest.fixture
def partner() -> Partner:
    return PartnerFactory()


@pytest.mark.parametrize(("seconds", "counted"), [(0, 1), (59, 1), (60, 2), (3600, 2)])
def test_fetching_again_within_a_minute_is_the_same_download(
    version: ResourceVersion, partner: Partner, seconds: int, counted: int
) -> None:
    count_download(version=version, partner=partner, at=MONDAY)
    count_download(version=version, partner=partner, at=MONDAY + timedelta(seconds=seconds))

    assert version.downloads.count() == counted


def test_two_partners_and_two_versions_are_counted_apart(version: ResourceVersion, partner: Partner) -> None:
    second = next_version(version.resource, another_svg(4))

    for each in (version, second):
        for reader in (partner, PartnerFactory()):
            count_download(version=each, partner=reader, at=MONDAY)

    assert ResourceDownload.objects.count() == 4


def test_going_on_with_a_download_does_not_count(version: ResourceVersion, partner: Partner) -> None:
    count_download(version=version, partner=partner, at=MONDAY)
    count_download(version=version, partner=partner, goes_on=True, at=LATER)

    assert version.downloads.count() == 1


def test_asking_for_the_end_of_a_file_first_counts_all_the_same(
    version: ResourceVersion, partner: Partner
) -> None:
    count_download(version=version, partner=partner, goes_on=True, at=MONDAY)

    assert version.downloads.count() == 1


@pytest.mark.parametrize("when", [MONDAY - timedelta(seconds=1), LATER])
def test_the_database_counts_nobody_outside_their_partnership(version: ResourceVersion, when) -> None:
    partner = PartnerFactory()
    ended(partner, at=LATER)

    with pytest.raises(LibraryClosed):
        count_download(version=version, partner=partner, at=when)

    assert not version.downloads.exists()


def test_downloads_are_append_only(version: ResourceVersion, partner: Partner) -> None:
    count_download(version=version, partner=partner, at=MONDAY)

    with pytest.raises(Exception, match="download_append_only"):
        version.downloads.all().delete()


def test_a_large_file_is_never_whole_in_memory() -> None:
    read: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            read.append(len(piece))
            return piece

    publish_resource(
        folder=FolderFactory(),
        title="Large",
        kind="logo",
        file=Watched(a_zip({"a.png": os.urandom(3 * 1024 * 1024)})),
        file_name="large.zip",
        by=a_publisher(),
        at=MONDAY,
    )

    assert max(read) <= 1024 * 1024

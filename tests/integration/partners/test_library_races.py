"""Two at once in the library: numbers without gaps, one count. Each has a twin without its guard."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pgtrigger
import pytest
from django.db import connection

from partners.models import Resource, ResourceDownload, ResourceVersion
from partners.services import library
from partners.services.library import count_download
from tests.factories.library import a_publisher, a_resource, another_svg, next_version
from tests.factories.partners import PartnerFactory
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C13")]


def uploads(resource: Resource) -> list[Callable[[], object]]:
    by = a_publisher()
    return [lambda r=radius: next_version(resource, another_svg(r), by=by) for radius in (4, 5)]


@contextmanager
def together(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Let two threads meet right after `library.<name>`, if what it does lets them get there together."""
    barrier, real = threading.Barrier(2), getattr(library, name)

    def look(*args: object) -> object:
        seen = real(*args)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=0.5)
        return seen

    with monkeypatch.context() as patched:
        patched.setattr(library, name, look)
        yield


def test_two_uploads_at_once_become_versions_2_and_3(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = a_resource()

    with together(monkeypatch, "lock_resource"):
        raised = at_once(*uploads(resource))

    assert raised == []
    assert sorted(resource.versions.values_list("number", flat=True)) == [1, 2, 3]
    assert Resource.objects.get().latest == 3


def test_without_the_lock_one_of_two_uploads_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = a_resource()
    monkeypatch.setattr(library, "lock_resource", lambda each: Resource.objects.get(pk=each.pk))

    with together(monkeypatch, "lock_resource"):
        raised = at_once(*uploads(resource))

    assert len(raised) == 1  # the database's own door, which a person would see as an error page
    assert sorted(resource.versions.values_list("number", flat=True)) == [1, 2]


def test_a_lost_upload_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = a_resource()
    monkeypatch.setattr(library, "lock_resource", lambda each: Resource.objects.get(pk=each.pk))

    with together(monkeypatch, "lock_resource"):
        at_once(*uploads(resource))

    storage = ResourceVersion._meta.get_field("file").storage
    assert len(storage.listdir("library")[1]) == 2


def test_a_hundred_clicks_at_once_are_one_download() -> None:
    version, partner = a_resource().versions.get(), PartnerFactory()
    start = threading.Barrier(8)

    def click() -> None:
        start.wait(timeout=10)
        for _again in range(12):
            count_download(version=version, partner=partner, at=MONDAY)

    raised = at_once(*[click] * 8)

    assert raised == []
    assert ResourceDownload.objects.count() == 1


def test_without_the_constraint_each_click_counts() -> None:
    version, partner = a_resource().versions.get(), PartnerFactory()
    constraint = next(
        each for each in ResourceDownload._meta.constraints if each.name == "download_counted_once"
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(ResourceDownload, constraint)
    try:
        at_once(*[lambda: count_download(version=version, partner=partner, at=MONDAY)] * 4)
        counted = ResourceDownload.objects.count()
        with pgtrigger.ignore("partners.ResourceDownload:download_append_only"):
            ResourceDownload.objects.all().delete()
    finally:
        with connection.schema_editor() as editor:
            editor.add_constraint(ResourceDownload, constraint)

    assert counted == 4

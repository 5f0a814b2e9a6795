"""How private files are sent: by Django in ranges, by nginx, by the storage; never to be kept or run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.test import RequestFactory

from partners.models import ContractDocument
from ssp.core import delivery
from ssp.core.delivery import PrivateFile, comes_ahead, goes_on, send

CONTENT = bytes(range(256)) * 300


@pytest.fixture(autouse=True)
def no_connection_to_close() -> Iterator[None]:
    """A response that is closed would close the database's connection too, which nobody needs here."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


class SigningStorage(FileSystemStorage):
    """A storage that signs addresses the way S3's does."""

    def url(self, name: str | None, parameters: dict[str, str] | None = None, expire: int = 0) -> str:
        said = (parameters or {})["ResponseContentDisposition"]
        return f"https://bucket.example/{name}?expires={expire}&disposition={said}"


@pytest.fixture
def private(tmp_path: Path) -> PrivateFile:
    field = ContractDocument().file
    field.storage = SigningStorage(tmp_path)
    field.name = field.storage.save("library/a b.pdf", ContentFile(CONTENT))
    return PrivateFile(
        file=field, name='Präsi "1".pdf', content_type="application/pdf", size=len(CONTENT), sha256="abc"
    )


def ask(private: PrivateFile, method: str = "get", **headers: str) -> HttpResponseBase:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(getattr(RequestFactory(), method)("/", headers=given), private)


def body(response: Any) -> bytes:
    content = b"".join(response) if response.streaming else response.content
    response.close()
    return content


def test_django_sends_it_whole_to_be_saved(private: PrivateFile) -> None:
    response = ask(private)

    assert body(response) == CONTENT
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.headers["Content-Disposition"] == "attachment; filename*=utf-8''Pr%C3%A4si%20%221%22.pdf"


@pytest.mark.parametrize("way", ["django", "x-accel", "redirect"])
def test_nobody_keeps_it_and_nothing_of_it_runs(private: PrivateFile, settings, way: str) -> None:
    settings.FILE_DELIVERY = way
    headers = ask(private).headers

    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "default-src 'none'; sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, len(CONTENT) - 1),
        ("bytes=100-199", 100, 199),
        ("bytes=100-99999999", 100, len(CONTENT) - 1),
        ("bytes=-50", len(CONTENT) - 50, len(CONTENT) - 1),
        ("bytes=-99999999", 0, len(CONTENT) - 1),
    ],
)
def test_a_download_goes_on_where_it_stopped(private: PrivateFile, asked: str, first: int, last: int) -> None:
    response = ask(private, Range=asked)

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=76800-", "bytes=5-4", "bytes=-0"])
def test_a_range_that_is_not_there_is_refused(private: PrivateFile, asked: str) -> None:
    response = ask(private, Range=asked)

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=" + "9" * 5000 + "-", "bytes=٣-"]
)
def test_what_is_no_single_range_gets_the_whole_file(private: PrivateFile, asked: str) -> None:
    response = ask(private, Range=asked)

    assert response.status_code == 200
    assert body(response) == CONTENT


def test_a_download_of_another_version_is_never_continued(private: PrivateFile) -> None:
    response = ask(private, Range="bytes=100-", If_Range='"another"')

    assert response.status_code == 200
    assert body(response) == CONTENT


def test_a_look_at_the_headers_opens_no_file(private: PrivateFile) -> None:
    private.file.storage.delete(private.file.name)
    response = ask(private, "head")

    assert response.headers["Content-Length"] == str(len(CONTENT))


def test_an_answer_that_nobody_reads_closes_its_file(
    private: PrivateFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    real = private.file.storage.open
    monkeypatch.setattr(private.file.storage, "open", lambda name: opened.append(real(name)) or opened[-1])

    ask(private).close()

    assert [file.closed for file in opened] == [True]


def test_nginx_is_told_where_it_lies(private: PrivateFile, settings) -> None:
    settings.FILE_DELIVERY = "x-accel"
    response = ask(private)

    assert response.headers["X-Accel-Redirect"] == "/private-files/library/a%20b.pdf"
    assert response.headers["Content-Type"] == "application/pdf"
    assert body(response) == b""


def test_the_storage_signs_an_address_for_a_minute(private: PrivateFile, settings) -> None:
    settings.FILE_DELIVERY = "redirect"
    response = ask(private)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("https://bucket.example/library/a%20b.pdf?expires=60")
    assert "attachment" in response.headers["Location"]


@pytest.mark.parametrize(
    ("headers", "ahead", "continued"),
    [
        ({}, False, False),
        ({"Sec-Purpose": "prefetch;prerender"}, True, False),
        ({"Range": "bytes=0-"}, False, False),
        ({"Range": "bytes=1-"}, False, True),
        ({"Range": "bytes=-5"}, False, True),
        ({"Range": "nonsense"}, False, False),
    ],
)
def test_what_begins_a_download(headers: dict[str, str], ahead: bool, continued: bool) -> None:
    request = RequestFactory().get("/", headers=headers)

    assert (comes_ahead(request), goes_on(request)) == (ahead, continued)


@pytest.mark.parametrize(
    ("way", "problem"), [("nginx", "ssp.E002"), ("redirect", "ssp.E003"), ("x-accel", None), ("django", None)]
)
def test_a_way_that_cannot_work_is_found_at_the_start(settings, way: str, problem: str | None) -> None:
    settings.FILE_DELIVERY = way

    found = delivery.a_way_that_exists(None)

    assert [each.id for each in found] == ([problem] if problem else [])

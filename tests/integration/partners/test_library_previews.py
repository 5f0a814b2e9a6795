"""Previews, made by a worker: of good files, of hostile ones, and when a worker dies over them (C13)."""

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from partners import apart, handlers_library
from partners.models import Resource, ResourcePreview, ResourceVersion
from partners.services import previews
from partners.services.library import restore_version
from ssp.core.models import OutboxMessage
from tests.factories.library import (
    FolderFactory,
    a_pdf,
    a_picture,
    a_publisher,
    a_resource,
    next_version,
)
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C13")]
KIND = "partners.resource_preview"


def unchecked(content: bytes, content_type: str, name: str) -> ResourceVersion:
    """A version that got past the checks: what a parser learns tomorrow isn't refused today."""
    resource = Resource.objects.create(
        folder=FolderFactory(), title="Hostile", kind="other", latest=1, created_at=MONDAY
    )
    version = ResourceVersion(
        resource=resource,
        number=1,
        file_name=name,
        content_type=content_type,
        size=len(content),
        sha256="0" * 64,
        uploaded_by=a_publisher(),
        uploaded_at=MONDAY,
    )
    version.file.save(name, ContentFile(content), save=False)
    version.save()
    return version


@pytest.mark.parametrize(
    ("content", "name", "size"),
    [
        (a_pdf(), "deck.pdf", (480, 640)),
        (a_picture(size=(1600, 400)), "logo.png", (640, 160)),
        (a_picture("JPEG", size=(900, 900)), "logo.jpg", (640, 640)),
    ],
    ids=["pdf", "png", "jpg"],
)
def test_a_worker_draws_the_preview(content: bytes, name: str, size: tuple[int, int]) -> None:
    version = a_resource(content=content, file_name=name).versions.get()

    deliver_kind(KIND)

    preview = version.preview
    assert (preview.problem, preview.width, preview.height) == ("", *size)
    with Image.open(io.BytesIO(preview.file.read())) as picture:
        assert (picture.format, picture.size) == ("WEBP", size)


def test_a_transparent_logo_gets_white_paper() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")
    version = a_resource(content=out.getvalue(), file_name="logo.png").versions.get()

    deliver_kind(KIND)

    with Image.open(io.BytesIO(version.preview.file.read())) as picture:
        assert picture.convert("RGB").getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "content_type", "name", "problem"),
    [
        (b"%PDF-1.7 nothing", "application/pdf", "a.pdf", "PdfiumError"),
        (a_picture()[:50], "image/png", "a.png", "OSError"),
        (a_picture("JPEG"), "image/png", "a.png", "UnidentifiedImageError"),
    ],
    ids=["no PDF", "half a picture", "another type"],
)
def test_a_file_that_cannot_be_drawn_is_recorded_and_not_tried_again(
    content: bytes, content_type: str, name: str, problem: str
) -> None:
    version = unchecked(content, content_type, name)

    preview = previews.make_preview(version=version, at=MONDAY)

    assert (preview.problem, bool(preview.file)) == (problem, False)
    assert previews.make_preview(version=version, at=MONDAY) == preview


def test_a_file_that_kills_its_reader_kills_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deadly = tmp_path / "reader.py"
    deadly.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(apart, "READER", deadly)
    version = unchecked(b"%PDF-1.7 boom", "application/pdf", "a.pdf")

    assert previews.make_preview(version=version, at=MONDAY).problem == "reader ended by signal 11"


def test_a_file_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "reader.py"
    endless.write_text("import signal\nsignal.pause()\n")
    monkeypatch.setattr(apart, "READER", endless)
    monkeypatch.setattr(apart, "SECONDS", 0.3)
    version = unchecked(b"%PDF-1.7 zzz", "application/pdf", "a.pdf")

    assert previews.make_preview(version=version, at=MONDAY).problem == "too slow"


def test_the_reader_has_a_limit_of_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    greedy = tmp_path / "reader.py"
    greedy.write_text(
        apart.READER.read_text().replace("main(*sys.argv[1:4])", "keep_within(MEMORY, 5); bytes(2**31)")
    )
    monkeypatch.setattr(apart, "READER", greedy)
    version = unchecked(b"%PDF-1.7 more", "application/pdf", "a.pdf")

    assert previews.make_preview(version=version, at=MONDAY).problem == "MemoryError"


def test_a_worker_that_dies_over_it_leaves_nothing_and_the_next_one_makes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = a_resource(content=a_picture(), file_name="logo.png").versions.get()

    class Killed(BaseException):
        """Like a worker's end: nothing of ours gets to catch it."""

    def die(**_: object) -> None:
        previews.make_preview(version=version, at=MONDAY)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(handlers_library, "make_preview", die)
        with pytest.raises(Killed):
            deliver_kind(KIND)
    assert not ResourcePreview.objects.exists()

    deliver_kind(KIND)

    assert ResourcePreview.objects.get().version == version
    assert OutboxMessage.objects.get(kind=KIND).done_at is not None


def test_delivered_twice_is_drawn_once() -> None:
    version = a_resource(content=a_picture(), file_name="logo.png").versions.get()
    deliver_kind(KIND)
    message = OutboxMessage.objects.get(kind=KIND)

    handlers_library.draw_preview(message)

    assert ResourcePreview.objects.get().version == version


def test_a_version_that_comes_back_has_its_picture_at_once() -> None:
    resource = a_resource(content=a_picture(), file_name="logo.png")
    deliver_kind(KIND)
    next_version(resource, a_picture(colour="red"), file_name="logo.png")
    back = restore_version(version=resource.versions.get(number=1), by=a_publisher(), at=MONDAY)

    deliver_kind(KIND)

    assert back.preview.file.name == resource.versions.get(number=1).preview.file.name


def test_a_storage_that_cannot_be_reached_is_no_broken_file(monkeypatch: pytest.MonkeyPatch) -> None:
    version = a_resource(content=a_picture(), file_name="logo.png").versions.get()
    version.file.storage.delete(version.file.name)

    deliver_kind(KIND)

    message = OutboxMessage.objects.get(kind=KIND)
    assert (message.done_at, message.last_error) == (None, "FileNotFoundError")
    assert not ResourcePreview.objects.exists()

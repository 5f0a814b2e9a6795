"""Photos: what they are decides their content; nothing but the picture is kept (C16)."""

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from partners import photos
from partners.errors import (
    NoPhoto,
    NotAPhoto,
    PhotoHasTooManyPixels,
    PhotoIsNoPhotoAlone,
    PhotoTooHeavy,
    PhotoTooSmall,
)
from partners.models import ProfilePhoto
from partners.photos import draw_anew
from tests.factories.profiles import give_photo, listed_partner, picture
from tests.integration.referrals.conftest import signed_in

pytestmark = pytest.mark.clause("C16")


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_becomes_two_squares(kind: str) -> None:
    photo = draw_anew(picture((640, 300), kind=kind))

    assert [(opened(p).format, opened(p).size) for p in (photo.large, photo.small)] == [
        ("WEBP", (480, 480)),
        ("WEBP", (96, 96)),
    ]


def test_where_it_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Leila"
    exif.get_ifd(0x8825)[1] = "N"

    photo = draw_anew(picture(kind="JPEG", exif=exif))

    assert not opened(photo.large).getexif()
    assert b"Camera of Leila" not in photo.large + photo.small


def test_a_photo_that_lies_on_its_side_is_put_upright() -> None:
    lying = Image.new("RGB", (400, 400), "red")
    lying.paste("blue", (0, 0, 200, 400))  # the left half, which the camera says is the top
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    lying.save(out, "JPEG", exif=exif, quality=95)

    upright = opened(draw_anew(out.getvalue()).large).convert("RGB")

    red, _, blue = upright.getpixel((240, 40))
    assert blue > 200 > red


def test_what_is_transparent_becomes_white() -> None:
    clear = draw_anew(picture(mode="RGBA", colour=(0, 0, 0, 0)))

    assert min(opened(clear.large).convert("RGB").getpixel((240, 240))) > 250


@pytest.mark.parametrize("size", [(30_000, 30_000), (60_000, 1_000), (2_000_000, 200), (4_100, 4_000)])
def test_a_bomb_is_refused_before_it_unfolds(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoHasTooManyPixels):
        draw_anew(bomb(*size))


def zip_of_a_page() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.html", "<p>hello")
    return out.getvalue()


def test_a_photo_that_asks_to_be_read_a_thousand_times_is_refused() -> None:
    photo = picture(kind="JPEG", progressive=True)
    scan = photo[photo.rindex(b"\xff\xda") : photo.rindex(b"\xff\xd9")]

    with pytest.raises(NotAPhoto):
        draw_anew(photo.replace(b"\xff\xd9", scan * 1000 + b"\xff\xd9"))


def test_whatever_breaks_the_reader_is_told_as_no_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(photos.ImageOps, "exif_transpose", broken)

    with pytest.raises(NotAPhoto):
        draw_anew(picture())


@pytest.mark.parametrize(
    "hidden",
    [b"%PDF-1.7 hello", b"<script>alert(1)</script>", b"<?php system('x');", zip_of_a_page()],
    ids=["pdf", "html", "php", "zip"],
)
def test_a_photo_that_is_something_else_too_is_refused(hidden: bytes) -> None:
    with pytest.raises(PhotoIsNoPhotoAlone):
        draw_anew(picture(kind="JPEG") + hidden)


def test_what_follows_a_photo_is_not_kept() -> None:
    photo = draw_anew(picture(kind="JPEG") + b"a film that a phone hides behind it")

    assert b"a film" not in photo.large


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00 a program",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xff\xd8\xff\xe0 begins like a JPEG",
        picture()[:120],
        picture(kind="GIF"),
        picture(kind="TIFF"),
        picture(kind="BMP"),
    ],
    ids=["empty", "exe", "svg", "jpeg-head", "cut-off", "gif", "tiff", "bmp"],
)
def test_what_is_no_photo_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises(NotAPhoto):
        draw_anew(content)


def test_small_and_heavy_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhotoTooSmall):
        draw_anew(picture((199, 400)))
    monkeypatch.setattr(photos, "MAX_BYTES", 100)
    with pytest.raises(PhotoTooHeavy):
        draw_anew(picture())


def test_every_refusal_says_that_nothing_was_changed() -> None:
    assert all("Nothing was changed" in str(refusal()) for refusal in NoPhoto.__subclasses__())


# --- on the page ------------------------------------------------------------------
def upload(client: Client, content: bytes, name: str = "leila.jpg") -> str:
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    return client.post("/profile/photo/", {"photo": file}, follow=True).text


@pytest.mark.django_db
@pytest.mark.usefixtures("at_monday", "empty_cache")
def test_a_partner_uploads_and_removes_a_photo() -> None:
    leila = listed_partner()
    client = signed_in(leila)

    assert "The photo is kept" in upload(client, picture())
    assert client.get("/profile/photo/large/").headers["Content-Type"] == "image/webp"
    client.post("/profile/photo/remove/")

    assert client.get("/profile/photo/large/").status_code == 404
    assert not ProfilePhoto.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("at_monday", "empty_cache")
def test_a_refused_photo_leaves_the_one_before() -> None:
    leila = listed_partner()
    give_photo(leila)
    before = ProfilePhoto.objects.get().digest

    page = upload(signed_in(leila), bomb(30_000, 30_000))

    assert "more pixels than we open" in page
    assert ProfilePhoto.objects.get().digest == before

"""Photos as people upload them, drawn anew as squares that hold nothing but the picture (C16).

What a file is decides its content, never its name. Nothing of the file itself is kept: no EXIF, no place, no
comment, nothing that hides before or behind the picture.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from partners.errors import (
    NoPhoto,
    NotAPhoto,
    PhotoHasTooManyPixels,
    PhotoIsNoPhotoAlone,
    PhotoTooHeavy,
    PhotoTooSmall,
)

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 8 * 1024 * 1024
# A bomb is refused by its header, before it unfolds. A JPEG is read smaller than it is; the others can't be.
MAX_PIXELS = {"JPEG": 50_000_000, "PNG": 16_000_000, "WEBP": 16_000_000}
MAX_SCANS = 64  # a JPEG may ask to be gone over again and again; cameras do it ten times at most
MIN_SIDE = 200
LARGE, SMALL = 480, 96  # px; shown at half of it
QUALITY = 84
WHITE = (255, 255, 255)
# Beginnings of other kinds of files: with one of them inside, a file is two things at once.
FOREIGN = (b"%PDF-", b"<html", b"<script", b"<!DOCTYPE", b"<?php", b"<svg")
START_OF_SCAN = b"\xff\xda"
ZIP_END, ZIP_TAIL = b"PK\x05\x06", 65_557


@dataclass(frozen=True)
class Photo:
    """A photo in two sizes (WebP), and the digest that tells it from others."""

    large: bytes
    small: bytes
    digest: str


def draw_anew(content: bytes) -> Photo:
    """Return the photo of an uploaded file: upright, square, and nothing else that was in the file.

    :raises PhotoTooHeavy, NotAPhoto, PhotoIsNoPhotoAlone, PhotoHasTooManyPixels, PhotoTooSmall: C16.
    """
    if len(content) > MAX_BYTES:
        raise PhotoTooHeavy
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check(image, content)
            image.draft("RGB", (2 * LARGE, 2 * LARGE))  # a JPEG is read no larger than it is needed
            upright = _flat(ImageOps.exif_transpose(image))
    except NoPhoto:
        raise
    except Image.DecompressionBombError as bomb:
        raise PhotoHasTooManyPixels from bomb
    except Exception as broken:  # cut off, or made to break what reads it: whatever it raised, it is no photo
        raise NotAPhoto from broken
    large, small = _square(upright, LARGE), _square(upright, SMALL)
    return Photo(large=large, small=small, digest=hashlib.sha256(large).hexdigest())


def _check(image: Image.Image, content: bytes) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS[str(image.format)]:
        raise PhotoHasTooManyPixels
    if image.format == "JPEG" and content.count(START_OF_SCAN) > MAX_SCANS:
        raise NotAPhoto
    if min(width, height) < MIN_SIDE:
        raise PhotoTooSmall
    if ZIP_END in content[-ZIP_TAIL:] or any(sign in content for sign in FOREIGN):
        raise PhotoIsNoPhotoAlone


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture in plain colours; what was transparent is white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, side: int) -> bytes:
    out = io.BytesIO()
    square = ImageOps.fit(image, (side, side), method=Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    square.save(out, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()

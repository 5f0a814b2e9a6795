"""Sends private files: one function, behind which Django, nginx or the storage does the sending.

The caller has decided that this person may have this file now. `FILE_DELIVERY` says who sends it:

- `django`: this process, in pieces, with single ranges (a broken download goes on where it stopped).
- `x-accel`: nginx, told by `X-Accel-Redirect` (docs/operations.md has its configuration).
- `redirect`: the storage (S3 and its like), at an address that it signs for a minute.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models.fields.files import FieldFile
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

WAYS = ("django", "x-accel", "redirect")
PIECE = 64 * 1024
SIGNED_FOR = 60  # seconds
# Whatever a browser makes of the bytes: no script, no request, no frame, an origin of its own.
NOTHING_RUNS = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ONE_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PrivateFile:
    """A stored file and what a browser is told about it. `sha256` is that of its content."""

    file: FieldFile
    name: str
    content_type: str
    size: int
    sha256: str

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


def send(request: HttpRequest, private: PrivateFile) -> HttpResponseBase:
    """Return the response that saves a private file, whatever it is, under its name."""
    disposition = content_disposition_header(as_attachment=True, filename=private.name) or "attachment"
    if settings.FILE_DELIVERY == "redirect":
        response: HttpResponseBase = HttpResponseRedirect(_signed_address(private, disposition))
    elif settings.FILE_DELIVERY == "x-accel":
        response = HttpResponse(content_type=private.content_type)
        name = quote(str(private.file.name))
        response.headers["X-Accel-Redirect"] = f"{settings.FILE_ACCEL_PREFIX.rstrip('/')}/{name}"
    else:
        response = _sent_by_us(request, private)
    response.headers["Content-Disposition"] = disposition
    return kept_by_nobody(response)


def kept_by_nobody(response: HttpResponseBase) -> HttpResponseBase:
    """Tell browsers and proxies to keep no copy, to believe the type, and to run nothing of it."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = NOTHING_RUNS
    return response


def comes_ahead(request: HttpRequest) -> bool:
    """Tell whether a browser asks in advance, for a person who may never press the link."""
    return "prefetch" in request.headers.get("Sec-Purpose", "")


def goes_on(request: HttpRequest) -> bool:
    """Tell whether it asks for a later part of a file: the rest of a download that broke off."""
    asked = ONE_RANGE.match(request.headers.get("Range", ""))
    return asked is not None and (asked[1] == "" or int(asked[1]) > 0)


# --- by ourselves ---------------------------------------------------------------
def _sent_by_us(request: HttpRequest, private: PrivateFile) -> HttpResponseBase:
    """Answer with the whole file, or with the one range that was asked for.

    Several ranges, and a range of a file that has changed since (`If-Range`), get the whole file: right, if
    not thrifty. So a resumed download never joins two versions.
    """
    size = private.size
    first, last, status = 0, size - 1, 200
    asked = ONE_RANGE.match(request.headers.get("Range", ""))
    unchanged = request.headers.get("If-Range", private.etag) == private.etag
    if asked and unchanged and (asked[1] or asked[2]):
        first, last = _ends(asked[1], asked[2], size)
        if not 0 <= first <= last:
            refused = HttpResponse(status=416, content_type="text/plain; charset=utf-8")
            refused.headers["Content-Range"] = f"bytes */{size}"
            return refused
        status = 206
    length = last - first + 1
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(status=status, content_type=private.content_type)
    else:
        response = StreamingHttpResponse(
            Part(private.file.storage.open(str(private.file.name)), first, length),
            status=status,
            content_type=private.content_type,
        )
    if status == 206:
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Content-Length"] = str(length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = private.etag
    return response


def _ends(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and last byte, inclusive, that a range asks for; first > last when there is none."""
    if not first:  # the last so many bytes
        return (max(size - int(last), 0), size - 1) if int(last) else (size, size - 1)
    return int(first), min(int(last), size - 1) if last else size - 1


class Part:
    """`length` bytes of a file from `first` on, in pieces. Closes the file, read or not."""

    def __init__(self, file: IO[bytes], first: int, length: int) -> None:
        self.file, self.left = file, length
        file.seek(first)

    def __iter__(self) -> Iterator[bytes]:
        while self.left > 0 and (piece := self.file.read(min(PIECE, self.left))):
            self.left -= len(piece)
            yield piece

    def close(self) -> None:
        self.file.close()


# --- by the storage ---------------------------------------------------------------
def _signed_address(private: PrivateFile, disposition: str) -> str:
    """Return an address that the storage signs, as django-storages does for S3."""
    said = {"ResponseContentDisposition": disposition, "ResponseContentType": private.content_type}
    signed: str = private.file.storage.url(str(private.file.name), parameters=said, expire=SIGNED_FOR)  # type: ignore[call-arg]
    return signed


@register
def a_way_that_exists(app_configs: object, **_: object) -> list[CheckMessage]:
    """A mistyped way would send files by another one; a folder can't sign addresses."""
    if settings.FILE_DELIVERY not in WAYS:
        return [Error(f"FILE_DELIVERY is one of {', '.join(WAYS)}.", id="ssp.E002")]
    is_folder = isinstance(default_storage, FileSystemStorage)
    if settings.FILE_DELIVERY == "redirect" and is_folder:
        return [Error("FILE_DELIVERY=redirect needs a storage that signs addresses.", id="ssp.E003")]
    if settings.FILE_DELIVERY == "x-accel" and not is_folder:
        return [Error("FILE_DELIVERY=x-accel needs files in a folder that nginx reads.", id="ssp.E003")]
    return []

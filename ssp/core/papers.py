"""Signed papers that people hand in: PDFs, one by one or in a ZIP, judged by what is in them.

PDFium isn't made for several threads, so one at a time is opened.
"""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import pypdfium2
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core.archives import BROKEN_ARCHIVE
from ssp.core.errors import DomainError

MAGIC = b"%PDF-"
ZIP_MAGIC = b"PK\x03\x04"
MAX_PDF = 10 * 1024 * 1024
MAX_PARCEL = 100 * 1024 * 1024
MAX_FILES = 2_500
MAX_PAGES = 200
WIDEST = 1_400  # pixels of a picture's longer side
LONGEST_NAME = 200
_one_at_a_time = threading.Lock()


class PaperRefused(DomainError):
    """A file that can't be kept as a signed paper."""

    message = gettext_lazy("This file is no PDF that can be read. Scan or export it again.")


@dataclass(frozen=True)
class Paper:
    """A PDF that can be opened."""

    name: str
    content: bytes
    sha256: str
    pages: int


def file_name(name: str) -> str:
    """Return a file's name without its folders, however they are written."""
    return PurePosixPath(name.replace("\\", "/")).name[:LONGEST_NAME]


def read_paper(name: str, content: bytes) -> Paper:
    """Return a PDF whose content is one.

    :raises PaperRefused: too large, no PDF, damaged, locked with a password, or without pages.
    """
    name = file_name(name)
    if len(content) > MAX_PDF:
        raise PaperRefused(_("%s is larger than 10 MB. Scan it in a lower resolution.") % name)
    if not content.startswith(MAGIC):
        raise PaperRefused(_("%s is no PDF, whatever its name says.") % name)
    try:
        with _one_at_a_time, pypdfium2.PdfDocument(content) as opened:
            pages = len(opened)
            if pages:
                opened[0].close()
    except pypdfium2.PdfiumError as broken:
        raise PaperRefused(
            _("%s can't be opened: it is damaged or locked with a password. Export it again.") % name
        ) from broken
    if not 1 <= pages <= MAX_PAGES:
        raise PaperRefused(_("%s has no pages, or more than 200.") % name)
    return Paper(name, content, hashlib.sha256(content).hexdigest(), pages)


def read_papers(files: Iterable[tuple[str, bytes]]) -> tuple[list[Paper], list[str]]:
    """Return the PDFs among the files, those inside ZIPs too, and what is wrong with the others, in words.

    Two files of one name are refused: nobody could say which is meant.
    """
    papers: dict[str, Paper] = {}
    problems: list[str] = []
    unclear: set[str] = set()
    total = 0
    try:
        for name, content in _unpacked(files, problems):
            total += len(content)
            if total > MAX_PARCEL or len(papers) >= MAX_FILES:
                raise PaperRefused(
                    _("More than 100 MB or 2,500 files at once. Hand them in in several parts.")
                )
            try:
                paper = read_paper(name, content)
            except PaperRefused as refusal:
                problems.append(str(refusal))
                continue
            there = papers.setdefault(paper.name.casefold(), paper)
            if there.sha256 != paper.sha256:
                unclear.add(paper.name.casefold())
    except PaperRefused as refusal:
        return [], [str(refusal)]
    problems += [
        _("There are two different files named %s. Rename one of them.") % papers.pop(name).name
        for name in sorted(unclear)
    ]
    return list(papers.values()), problems


def _unpacked(files: Iterable[tuple[str, bytes]], problems: list[str]) -> Iterator[tuple[str, bytes]]:
    for name, content in files:
        if len(content) > MAX_PARCEL:
            raise PaperRefused(_("More than 100 MB or 2,500 files at once. Hand them in part by part."))
        if not content.startswith(ZIP_MAGIC):
            yield name, content
            continue
        try:
            yield from _members(name, content)
        except BROKEN_ARCHIVE:
            problems.append(
                _("%s is a ZIP that can't be opened: damaged, or locked with a password.") % file_name(name)
            )


def _members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a ZIP. No more is unpacked of each than a PDF may have, whatever it says."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = packed.infolist()
        if len(members) > MAX_FILES:
            raise PaperRefused(_("%s holds more than 2,500 files. Split it.") % file_name(name))
        for member in members:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if member.is_dir() or path.name.startswith(".") or "__MACOSX" in path.parts:
                continue
            with packed.open(member) as part:
                yield member.filename, part.read(MAX_PDF + 1)


def page_picture(content: bytes, number: int) -> bytes:
    """Return one page of a PDF as a PNG; `number` counts from 1.

    :raises PaperRefused: there is no such page, or it can't be drawn.
    """
    try:
        with _one_at_a_time, pypdfium2.PdfDocument(content) as opened:
            if not 1 <= number <= min(len(opened), MAX_PAGES):
                raise PaperRefused
            page = opened[number - 1]
            longer = max(page.get_size())
            drawn = page.render(scale=min(2.0, WIDEST / max(longer, 1)), may_draw_forms=False)
            picture = io.BytesIO()
            drawn.to_pil().convert("L").save(picture, "PNG")
            drawn.close()
            page.close()
    except pypdfium2.PdfiumError as broken:
        raise PaperRefused from broken
    return picture.getvalue()

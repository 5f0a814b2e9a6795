"""Looks into a file before it goes into the library: what it is, and that nothing else hides in it (C13).

A file is read in pieces, never whole; what is parsed by a large library (PDF, pictures) is parsed in a
process of its own (`partners.apart`), so that a hostile file ends that process and not the site's.
"""

import hashlib
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

import puremagic
from django.utils.translation import gettext as _

from partners import apart
from partners.errors.library import (
    ArchiveEntryRefused,
    ArchiveTooBig,
    FileBroken,
    FileCallsHome,
    FileEmpty,
    FileHidesMore,
    FileTooBig,
    FileWithProgram,
    NameNotItsContent,
    TypeNotTaken,
)
from partners.filetypes import (
    HEAD,
    IN_ARCHIVES,
    JPEG,
    OFFICE_TYPES,
    PDF,
    PNG,
    SVG,
    TYPES,
    WEBP,
    ZIP,
    FileType,
    clean_name,
    ending_of,
    type_of_head,
)
from ssp.core.archives import BROKEN_ARCHIVE

PIECE = 256 * 1024
MAX_ENTRIES = 2_000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_SVG = 5 * 1024 * 1024
MAX_PART = 20 * 1024 * 1024  # of an Office file's lists of parts and links
MAX_ELEMENTS = 200_000  # of an XML file: each takes a hundred times its letters in memory
END_OF_ZIP = 22  # bytes, before its comment
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
SCRIPT = re.compile(r"^\s*(javascript|vbscript|data\s*:\s*(text|image/svg))", re.IGNORECASE)
# Possessive, or a quote before the # would be tried without itself and look like an address.
ELSEWHERE = re.compile(r"url\(\s*+['\"]?+\s*+(?!#|data:image/(?:png|jpeg|webp))|@import", re.IGNORECASE)
STYLE_ELSEWHERE = re.compile(  # nor in another spelling
    ELSEWHERE.pattern + r"|image-set|[:'\"(\s]//|\\", re.IGNORECASE
)
SVG_PROGRAMS = {"script", "foreignobject", "iframe", "embed", "object", "handler", "listener"}


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What a file is: its type, a clean name, its size in bytes, its SHA-256."""

    type: FileType
    name: str
    size: int
    sha256: str


def inspect(file: IO[bytes], *, name: str, max_bytes: int) -> Inspected:
    """Return what a file is; its position afterwards is the beginning.

    :param file: opened for reading, seekable.
    :param name: as its sender called it.
    :raises FileRefused: why the library doesn't take it.
    """
    size, sha256 = _measure(file, max_bytes)
    name = clean_name(name)
    found = _identify(file, name)
    _check_ending(found, name)
    if found is not ZIP and found not in OFFICE_TYPES:
        _check_nothing_behind(file, found, size)
    if found is SVG:
        _check_svg(file, size)
    elif found is ZIP:
        _check_archive(file, size)
    elif found in OFFICE_TYPES:
        _check_office(file, size)
    else:
        _check_apart(file, found)
    file.seek(0)
    return Inspected(type=found, name=name, size=size, sha256=sha256)


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file from its beginning, a piece at a time."""
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _measure(file: IO[bytes], max_bytes: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces(file):
        size += len(piece)
        if size > max_bytes:
            megabytes = max_bytes // (1024 * 1024)
            raise FileTooBig(
                _(
                    "This file is larger than %(megabytes)s MB, which is the most the library takes. "
                    "Make its pictures smaller and try again."
                )
                % {"megabytes": megabytes}
            )
        digest.update(piece)
    if not size:
        raise FileEmpty
    return size, digest.hexdigest()


# --- what it is ---------------------------------------------------------------
def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(HEAD)


def _identify(file: IO[bytes], name: str) -> FileType:
    head = _head(file)
    found = type_of_head(head)
    if found is None:
        raise TypeNotTaken(_not_taken(head, name))
    if found is ZIP:
        return _office_type(file) or ZIP
    return found


def _not_taken(head: bytes, name: str) -> str:
    said = _(
        "The library takes PDF, PNG, JPEG, WebP, SVG, PowerPoint, Word, Excel and ZIP files. "
        "Save yours as one of these and try again."
    )
    if ending_of(name) in {e for each in TYPES for e in each.endings}:
        return _("“%(name)s” isn't what its name says: %(inside)s. %(said)s") % {
            "name": name,
            "inside": _inside(head),
            "said": said,
        }
    return said


def _inside(head: bytes) -> str:
    if head.startswith(PROGRAMS):
        return _("inside is a program")
    try:
        kinds = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        kinds = []
    if kinds and kinds[0].confidence >= 0.5 and kinds[0].mime_type:
        return _("inside is “%(kind)s”") % {"kind": kinds[0].mime_type}
    return _("we don't know what is inside")


def _check_ending(found: FileType, name: str) -> None:
    if ending_of(name) in found.endings:
        return
    raise NameNotItsContent(
        _(
            "“%(name)s” is a %(kind)s file inside. Give it a name that ends in %(ending)s, "
            "or save it in the format its name promises, and upload it again."
        )
        % {"name": name, "kind": found.label, "ending": found.ending}
    )


def _check_nothing_behind(file: IO[bytes], found: FileType, size: int) -> None:
    """Refuse a file that is two: an archive, or anything else, behind a picture or a document."""
    file.seek(0)
    if zipfile.is_zipfile(file):
        raise FileHidesMore
    file.seek(max(size - HEAD, 0))
    tail = file.read(HEAD)
    ends_well = {
        PDF: b"%%EOF" in tail,
        PNG: tail.endswith(b"IEND\xaeB`\x82"),
        JPEG: tail.rstrip(b"\x00\r\n").endswith(b"\xff\xd9"),
        WEBP: int.from_bytes(_head(file)[4:8], "little") + 8 >= size - 1,
    }
    if not ends_well.get(found, True):
        raise FileHidesMore


def _check_apart(file: IO[bytes], found: FileType) -> None:
    """Let a process of its own open a PDF or a picture.

    :raises FileBroken, FileWithProgram: what came of it.
    """
    with apart.on_disk(pieces(file), found.ending) as path:
        seen = apart.look(path, found.content_type)
    if seen.problem == "active":
        raise FileWithProgram
    if seen.problem == "huge":
        raise ArchiveTooBig
    if seen.problem:
        raise FileBroken


# --- XML, without what makes XML dangerous --------------------------------------
@dataclass(frozen=True)
class Element:
    """One element's beginning: its name without a namespace, in small letters, and its attributes."""

    name: str
    attributes: dict[str, str]
    text: str = ""


def read_xml(content: bytes) -> list[Element]:
    """Return the elements of an XML file, in their order, each with the text of its own.

    :raises FileBroken: it isn't well-formed.  :raises FileWithProgram: it declares entities of its own.
    :raises ArchiveTooBig: it has more elements than any honest one.
    """
    found: list[Element] = []
    texts: list[list[str]] = []
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(found) >= MAX_ELEMENTS:
            raise ArchiveTooBig
        texts.append([])
        found.append(Element(name.rpartition(":")[2].lower(), attributes))

    def refuse_subset(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        if has_subset:
            raise FileWithProgram

    def refuse_entity(*_: object) -> None:
        raise FileWithProgram

    def say(text: str) -> None:
        if texts:
            texts[-1].append(text)

    def style(_target: str, data: str) -> None:
        if _target == "xml-stylesheet":
            raise FileCallsHome

    parser.StartElementHandler = begin
    parser.CharacterDataHandler = say
    parser.StartDoctypeDeclHandler = refuse_subset
    parser.EntityDeclHandler = refuse_entity
    parser.ProcessingInstructionHandler = style
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as broken:  # also an encoding that expat can't read
        raise FileBroken from broken
    return [
        Element(each.name, each.attributes, "".join(text)) for each, text in zip(found, texts, strict=True)
    ]


def _check_svg(file: IO[bytes], size: int) -> None:
    """Refuse a drawing that runs, loads or embeds anything: browsers run what an SVG says."""
    if size > MAX_SVG:
        raise ArchiveTooBig
    file.seek(0)
    elements = read_xml(file.read(MAX_SVG + 1))
    if not elements or elements[0].name != "svg":
        raise TypeNotTaken
    for element in elements:
        if element.name in SVG_PROGRAMS:
            raise FileWithProgram
        if element.name == "style" and STYLE_ELSEWHERE.search(element.text):
            raise FileCallsHome
        for name, value in element.attributes.items():
            _check_svg_attribute(name.rpartition(":")[2].lower(), value)


def _check_svg_attribute(name: str, value: str) -> None:
    if name.startswith("on") or SCRIPT.match(value):
        raise FileWithProgram
    if name == "attributename" and value.strip().lower().endswith("href"):
        raise FileWithProgram  # an animation that turns a link into something else
    if name == "href" and not value.strip().startswith(("#", "data:image/")):
        raise FileCallsHome
    if (STYLE_ELSEWHERE if name == "style" else ELSEWHERE).search(value):
        raise FileCallsHome


# --- archives and Office files ----------------------------------------------------
def _open_zip(file: IO[bytes], size: int) -> zipfile.ZipFile:
    """Open an archive that begins where the file begins and ends where it ends."""
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN_ARCHIVE as broken:
        raise FileBroken from broken
    file.seek(max(size - END_OF_ZIP - len(archive.comment), 0))
    if not file.read(4).startswith(b"PK\x05\x06"):
        raise FileHidesMore
    return archive


def _office_type(file: IO[bytes]) -> FileType | None:
    """Return which Office file an archive is, or None."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            types = _part(archive, "[Content_Types].xml")
    except (KeyError, *BROKEN_ARCHIVE):
        return None
    if b"macroenabled" in types.lower():
        raise FileWithProgram
    parts = {each.attributes.get("ContentType", "") for each in read_xml(types)}
    return next((each for each in OFFICE_TYPES if each.main_part in parts), None)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        content: bytes = part.read(MAX_PART + 1)
    if len(content) > MAX_PART:
        raise ArchiveTooBig
    return content


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return an archive's files after a look at what they claim: number, size, names, kinds."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(each.file_size for each in entries) > MAX_UNPACKED:
        raise ArchiveTooBig
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        is_path = name.startswith("/") or ".." in name.split("/") or re.match(r"^[a-zA-Z]:", name)
        if is_path or stat.S_ISLNK(entry.external_attr >> 16):
            raise ArchiveEntryRefused(
                _("The archive would write outside its own folder when it is unpacked. Pack it again.")
            )
        if entry.flag_bits & 1:
            raise FileBroken
    if len({each.filename for each in entries}) != len(entries):
        raise FileHidesMore
    return [each for each in entries if not each.is_dir()]


def _unpack(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """Unpack every file, to nowhere, and yield its name and first bytes: what an archive claims may be a lie.

    :raises ArchiveTooBig: it unpacks to more than is good for anybody.
    """
    unpacked = 0
    for entry in entries:
        head = b""
        try:
            with archive.open(entry) as part:
                while piece := part.read(PIECE):
                    head = head or piece[:HEAD]
                    unpacked += len(piece)
                    if unpacked > MAX_UNPACKED:
                        raise ArchiveTooBig
        except BROKEN_ARCHIVE as broken:
            raise FileBroken from broken  # overlapping entries too, which is how small bombs are built
        yield entry.filename, head


def _check_archive(file: IO[bytes], size: int) -> None:
    with _open_zip(file, size) as archive:
        entries = _entries(archive)
        if not entries:
            raise FileEmpty
        for name, head in _unpack(archive, entries):
            if _is_of_the_packer(name):
                continue
            if head.startswith(PROGRAMS):
                raise FileWithProgram
            if ending_of(Path(name).name) not in IN_ARCHIVES:
                raise ArchiveEntryRefused(
                    _(
                        "The archive holds “%(name)s”, which the library doesn't take. Inside a ZIP may be "
                        "pictures, PDF and Office files, fonts and texts. Take it out and upload it again."
                    )
                    % {"name": clean_name(name)}
                )


def _is_of_the_packer(name: str) -> bool:
    """Tell whether a file is what macOS and Windows add by themselves."""
    return name.startswith("__MACOSX/") or Path(name).name in {".DS_Store", "Thumbs.db", "desktop.ini"}


def _check_office(file: IO[bytes], size: int) -> None:
    """Refuse macros, ActiveX and OLE objects, and links that load something when the file opens."""
    with _open_zip(file, size) as archive:
        entries = _entries(archive)
        for name, head in _unpack(archive, entries):
            low = name.lower()
            is_program = "vba" in low or "/activex/" in low or (low.endswith(".bin") and "embeddings" in low)
            if is_program or head.startswith(PROGRAMS):
                raise FileWithProgram
            if "/externallinks/" in low:
                raise FileCallsHome
            if low.endswith(".rels"):
                _check_links(_part(archive, name))


def _check_links(content: bytes) -> None:
    for link in read_xml(content):
        outside = link.attributes.get("TargetMode", "").lower() == "external"
        if outside and not link.attributes.get("Type", "").endswith("/hyperlink"):
            raise FileCallsHome

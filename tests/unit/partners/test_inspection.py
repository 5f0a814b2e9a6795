"""What the library takes, and what it doesn't: by content, whatever the name says."""

import io
import zlib
from collections.abc import Callable

import pytest

from partners import inspection
from partners.errors.library import (
    ArchiveEntryRefused,
    ArchiveTooBig,
    FileBroken,
    FileCallsHome,
    FileEmpty,
    FileHidesMore,
    FileRefused,
    FileTooBig,
    FileWithProgram,
    NameNotItsContent,
    TypeNotTaken,
)
from partners.inspection import Inspected, inspect
from tests.broken import broken_archives
from tests.factories.library import MACRO_PART, SVG, a_pdf, a_picture, a_zip, an_office_file

MEGABYTE = 1024 * 1024
PNG, PDF = a_picture(), a_pdf()


def look_at(content: bytes, name: str, *, max_bytes: int = 5 * MEGABYTE) -> Inspected:
    return inspect(io.BytesIO(content), name=name, max_bytes=max_bytes)


def svg(inside: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


@pytest.mark.clause("C13")
@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (PNG, "logo.PNG", "image/png"),
        (a_picture("JPEG"), "logo.jpeg", "image/jpeg"),
        (a_picture("WEBP"), "logo.webp", "image/webp"),
        (PDF, "deck.pdf", "application/pdf"),
        (SVG, "logo.svg", "image/svg+xml"),
        (
            b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a" "http://b.example/">' + SVG,
            "a.svg",
            "image/svg+xml",
        ),
        (svg('<a href="#x"/><path fill="url(#g)"/>'), "logo.svg", "image/svg+xml"),
        (svg("<style>.a{fill:url( '#g' )}</style>"), "logo.svg", "image/svg+xml"),
        (svg('<image href="data:image/png;base64,iVBORw//"/>'), "logo.svg", "image/svg+xml"),
        (a_zip({"logos/a.svg": SVG, "__MACOSX/x": b"", "b.png": PNG}), "logos.zip", "application/zip"),
        (an_office_file("docx", link=("hyperlink", "https://semi.example")), "a.docx", "wordprocessingml"),
        (an_office_file("pptx", ppt__embeddings__chart1__xlsx=b"PK"), "a.pptx", "presentationml"),
        (an_office_file("xlsx"), "a.xlsx", "spreadsheetml"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_library_takes(content: bytes, name: str, content_type: str) -> None:
    seen = look_at(content, name)

    assert content_type in seen.type.content_type
    assert seen.size == len(content)


REFUSED: dict[str, tuple[bytes | Callable[[], bytes], str, type[FileRefused]]] = {
    "nothing": (b"", "deck.pdf", FileEmpty),
    "a program": (b"MZ\x90\x00" + b"\0" * 99, "deck.pdf", TypeNotTaken),
    "a script": (b"#!/bin/sh\nrm -rf /\n", "deck.pdf", TypeNotTaken),
    "a web page": (b"<!doctype html><script>alert(1)</script>", "logo.svg", TypeNotTaken),
    "an old Office file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "a.docx", TypeNotTaken),
    "a picture of another type": (PNG, "logo.jpg", NameNotItsContent),
    "a picture as a PDF": (PNG, "deck.pdf", NameNotItsContent),
    "no ending": (PNG, "logo", NameNotItsContent),
    "a program's ending": (PNG, "logo.png.exe", NameNotItsContent),
    "Word as PowerPoint": (an_office_file("docx"), "deck.pptx", NameNotItsContent),
    "an archive as Word": (a_zip({"a.svg": SVG}), "a.docx", NameNotItsContent),
    "something before the PDF": (b"GIF89a" + PDF, "deck.pdf", TypeNotTaken),
    "an archive behind a picture": (PNG + a_zip({"x.exe": b"MZ"}), "logo.png", FileHidesMore),
    "an archive behind a PDF": (PDF + a_zip({"x.exe": b"MZ"}), "deck.pdf", FileHidesMore),
    "text behind a picture": (PNG + b"<script>alert(1)</script>", "logo.png", FileHidesMore),
    "something behind an archive": (a_zip({"a.svg": SVG}) + b"more", "a.zip", FileHidesMore),
    "half a picture": (PNG[:60] + PNG[-12:], "logo.png", FileBroken),
    "a broken PDF": (b"%PDF-1.7\nnothing\n%%EOF\n", "deck.pdf", FileBroken),
    "a locked PDF": (lambda: a_pdf(password="secret"), "deck.pdf", FileBroken),
    "a PDF that runs": (lambda: a_pdf(action="JavaScript"), "deck.pdf", FileWithProgram),
    "a PDF that starts": (lambda: a_pdf(action="Launch"), "deck.pdf", FileWithProgram),
    "a PDF that hides it": (
        lambda: a_pdf(action="JavaScript").replace(b"/JavaScript", b"/J#61vaScript"),
        "deck.pdf",
        FileWithProgram,
    ),
    "a PDF that carries": (lambda: a_pdf(carries=b"MZ"), "deck.pdf", FileWithProgram),
    "half an archive": (a_zip({"a.svg": SVG})[:-30], "a.zip", FileBroken),
    "an empty archive": (b"PK\x03\x04" + a_zip({}), "a.zip", FileEmpty),
    "a macro": (an_office_file("docx", word__vbaProject_bin=b"x"), "a.docx", FileWithProgram),
    "a macro type": (an_office_file("docx", main_part=MACRO_PART), "a.docx", FileWithProgram),
    "ActiveX": (an_office_file("docx", word__activeX__activeX1=b"x"), "a.docx", FileWithProgram),
    "a template from elsewhere": (
        an_office_file("docx", link=("attachedTemplate", "https://evil.example/t.dotm")),
        "a.docx",
        FileCallsHome,
    ),
    "a table from elsewhere": (an_office_file("xlsx", xl__externalLinks__1=b"x"), "a.xlsx", FileCallsHome),
    "a way out of the folder": (a_zip({"../a.svg": SVG}), "a.zip", ArchiveEntryRefused),
    "an absolute way": (a_zip({"/etc/a.svg": SVG}), "a.zip", ArchiveEntryRefused),
    "a drive": (a_zip({"C:\\a.svg": SVG}), "a.zip", ArchiveEntryRefused),
    "a symbolic link": (a_zip({"a.svg": b"/etc/passwd"}, links=("a.svg",)), "a.zip", ArchiveEntryRefused),
    "a program in an archive": (a_zip({"setup.exe": b"MZ"}), "a.zip", FileWithProgram),
    "a disguised program": (a_zip({"logo.png": b"MZ\x90"}), "a.zip", FileWithProgram),
    "an archive in an archive": (a_zip({"b.zip": b"PK"}), "a.zip", ArchiveEntryRefused),
    "many entries": (lambda: a_zip({f"{n}.svg": b"" for n in range(2001)}), "a.zip", ArchiveTooBig),
    "a script in a drawing": (svg("<script>alert(1)</script>"), "a.svg", FileWithProgram),
    "a handler in a drawing": (svg("<g/>", 'onload="alert(1)"'), "a.svg", FileWithProgram),
    "a page in a drawing": (svg("<foreignObject/>"), "a.svg", FileWithProgram),
    "a script's address": (svg('<a href="javascript:alert(1)"/>'), "a.svg", FileWithProgram),
    "a picture from elsewhere": (svg('<image href="https://a.example/x"/>'), "a.svg", FileCallsHome),
    "a style from elsewhere": (svg("<style>@import 'x'</style>"), "a.svg", FileCallsHome),
    "a fill from elsewhere": (svg('<g fill="url(https://a.example)"/>'), "a.svg", FileCallsHome),
    "a style in other letters": (svg(r"<style>@\69mport 'x'</style>"), "a.svg", FileCallsHome),
    "a link that changes": (svg('<set attributeName="xlink:href" to="#x"/>'), "a.svg", FileWithProgram),
    "a stylesheet": (b'<?xml-stylesheet href="a"?>' + SVG, "a.svg", FileCallsHome),
    "entities": (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aa">]>' + SVG, "a.svg", FileWithProgram),
    "another XML": (b'<?xml version="1.0"?><html/>', "a.svg", TypeNotTaken),
    "no XML after all": (b"<svg><g></svg>", "a.svg", FileBroken),
    "letters nobody reads": (b'<?xml version="1.0" encoding="shift_jis"?>' + SVG, "a.svg", FileBroken),
    "more elements than letters": (b"<svg>" + b"<a/>" * 200_000 + b"</svg>", "a.svg", ArchiveTooBig),
    **{
        f"an archive with {what}": (content, "a.zip", FileBroken)
        for what, content in broken_archives(a_zip({"\u00e9.svg": SVG})).items()
    },
    "a locked list of parts": (
        broken_archives(an_office_file("docx"))["a lock"],
        "a.docx",
        NameNotItsContent,
    ),
}


@pytest.mark.clause("C13")
@pytest.mark.parametrize("what", REFUSED)
def test_what_the_library_does_not_take(what: str) -> None:
    content, name, refusal = REFUSED[what]

    with pytest.raises(FileRefused) as refused:
        look_at(content() if callable(content) else content, name)

    assert type(refused.value) is refusal


@pytest.mark.clause("C13")
def test_a_file_larger_than_allowed_is_refused_before_it_is_read_to_the_end() -> None:
    file = io.BytesIO(b"%PDF-" + b"\0" * (3 * MEGABYTE))

    with pytest.raises(FileTooBig, match="1 MB"):
        inspect(file, name="deck.pdf", max_bytes=MEGABYTE)

    assert file.tell() < 2 * MEGABYTE


@pytest.mark.clause("C13")
@pytest.mark.parametrize("name", ["bomb.zip", "bomb.docx"])
def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(inspection, "MAX_UNPACKED", MEGABYTE)
    much = b"\0" * (2 * MEGABYTE)
    bomb = a_zip({"a.svg": much}) if name.endswith("zip") else an_office_file("docx", media=much)

    assert len(bomb) < 20_000
    with pytest.raises(ArchiveTooBig):
        look_at(bomb, name)


@pytest.mark.clause("C13")
def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = b"\0" * 100_000
    packed = bytearray(a_zip({"a.svg": content}))
    honest = len(content).to_bytes(4, "little")
    lying = bytes(packed).replace(honest, (10).to_bytes(4, "little"))
    assert lying != bytes(packed)

    with pytest.raises(FileBroken):  # the ten bytes that are left don't have the checksum of all
        look_at(lying, "a.zip")
    assert zlib.crc32(content) != zlib.crc32(content[:10])


@pytest.mark.clause("C13")
def test_a_picture_that_unpacks_to_too_much_is_refused() -> None:
    one = a_picture(size=(1, 1))
    header = bytearray(one)
    header[16:24] = (60_000).to_bytes(4, "big") * 2  # 3.6 billion pixels, it says
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")

    with pytest.raises(ArchiveTooBig):
        look_at(bytes(header), "logo.png")


@pytest.mark.clause("C13")
def test_a_refusal_says_what_is_inside_and_what_to_do() -> None:
    with pytest.raises(NameNotItsContent) as refused:
        look_at(PNG, "deck.pdf")

    assert "“deck.pdf” is a PNG file inside" in str(refused.value)
    assert ".png" in str(refused.value)


@pytest.mark.clause("C13")
def test_a_stranger_under_a_known_name_is_named() -> None:
    with pytest.raises(TypeNotTaken, match="image/gif"):
        look_at(b"GIF89a" + b"\0" * 40, "logo.png")

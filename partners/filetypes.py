"""What the resource library takes: types known by their content, and clean file names (C13)."""

import re
import unicodedata
from dataclasses import dataclass

MAX_NAME = 120
HEAD = 1024
UNSAFE = re.compile(r'[<>:"/\\|?*]+')
DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
OFFICE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True)
class FileType:
    """One type of file: what it is called, how its name ends, and what browsers are told."""

    label: str
    content_type: str
    endings: tuple[str, ...]
    main_part: str = ""  # Office files: the content type of the part that makes them what they are
    has_preview: bool = False

    @property
    def ending(self) -> str:
        return self.endings[0]


PDF = FileType("PDF", "application/pdf", (".pdf",), has_preview=True)
PNG = FileType("PNG", "image/png", (".png",), has_preview=True)
JPEG = FileType("JPEG", "image/jpeg", (".jpg", ".jpeg"), has_preview=True)
WEBP = FileType("WebP", "image/webp", (".webp",), has_preview=True)
SVG = FileType("SVG", "image/svg+xml", (".svg",))
ZIP = FileType("ZIP", "application/zip", (".zip",))
POWERPOINT = FileType(
    "PowerPoint",
    f"{OFFICE}presentationml.presentation",
    (".pptx",),
    main_part=f"{OFFICE}presentationml.presentation.main+xml",
)
WORD = FileType(
    "Word",
    f"{OFFICE}wordprocessingml.document",
    (".docx",),
    main_part=f"{OFFICE}wordprocessingml.document.main+xml",
)
EXCEL = FileType(
    "Excel",
    f"{OFFICE}spreadsheetml.sheet",
    (".xlsx",),
    main_part=f"{OFFICE}spreadsheetml.sheet.main+xml",
)

TYPES = (PDF, PNG, JPEG, WEBP, SVG, POWERPOINT, WORD, EXCEL, ZIP)
OFFICE_TYPES = (POWERPOINT, WORD, EXCEL)
BY_CONTENT_TYPE = {each.content_type: each for each in TYPES}
ENDINGS = tuple(ending for each in TYPES for ending in each.endings)
IN_ARCHIVES = frozenset(ENDINGS) - {".zip"} | {".ai", ".eps", ".ttf", ".otf", ".woff2", ".txt", ".md", ".csv"}


def type_of_head(head: bytes) -> FileType | None:
    """Return what a file says it is in its first bytes; for an Office file that is ZIP. None: not ours.

    The signature has to be at the very beginning. Readers that search for it further on are how one file
    comes to be two.
    """
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"PK\x03\x04"):
        return ZIP
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")) and b"\x00" not in head:
        return SVG
    return None


def ending_of(name: str) -> str:
    """Return how a name ends, in small letters and with its dot; nothing where there is no dot."""
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and stem else ""


def clean_name(name: str) -> str:
    """Return a file name that is safe to show, to save and to send, whatever somebody called the file.

    Folders are dropped, and with them `../`; so are control characters and those that turn the direction
    of writing (“annexe\u202efdp.exe” looks like “annexeexe.pdf”). The ending survives when a name is
    too long.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in name if unicodedata.category(each)[0] != "C")
    name = " ".join(UNSAFE.sub("-", name).split()).strip(". ")
    name = DEVICES.sub(r"\1_", name) or "file"
    ending = ending_of(name)
    if len(name) > MAX_NAME and len(ending) < MAX_NAME:
        name = name[: MAX_NAME - len(ending)].rstrip(". ") + ending
    return name[:MAX_NAME]

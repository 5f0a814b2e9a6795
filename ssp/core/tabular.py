"""Tables that people hand in: bytes of a CSV or XLSX file in, rows of text out; and out again, safely.

Nothing is guessed silently: what can be read in two ways is refused with the words to put it right.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core.archives import BROKEN_ARCHIVE
from ssp.core.errors import DomainError

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 100_000
MAX_UNPACKED = 200 * 1024 * 1024
MAX_COLUMNS = 1_000
DELIMITERS = ",;\t|"
XLSX_MAGIC = b"PK\x03\x04"
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
NUL = "\x00"
YEARS = (2000, 2100)
DANGEROUS = (
    "=+-@\t\r\n|%\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


class UnreadableTable(DomainError):
    """The file as a whole can't be used."""

    message = gettext_lazy("This file is no table we can read. Save it as CSV (UTF-8) or XLSX and try again.")


class FileTooLarge(UnreadableTable):
    message = gettext_lazy("The file is larger than 10 MB. Split it and import one part after the other.")


class EmptyTable(UnreadableTable):
    message = gettext_lazy("The file has no rows under its headings.")


class UnknownColumns(UnreadableTable):
    message = gettext_lazy("The columns aren't the ones we need.")


class UnreadableCell(DomainError):
    """One cell can't be used; its row is refused."""


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it (headings are row 1), its cells by folded heading."""

    number: int
    cells: dict[str, str]
    problem: str = ""  # a row that can't be used as it stands, in words

    def get(self, name: str) -> str:
        return self.cells.get(name, "")


@dataclass(frozen=True)
class Table:
    headers: tuple[str, ...]  # as written in the file
    rows: tuple[Row, ...]
    encoding: str = "utf-8"
    delimiter: str = ","


def fold(header: str) -> str:
    """Return a heading in the form it is compared in: `Customer Reference ` → `customer_reference`."""
    return re.sub(r"[^0-9a-z]+", "_", header.strip().casefold()).strip("_")


def is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet would calculate this cell; signed and telephone numbers are no formulas."""
    text = cell.lstrip(" \t\r\n\N{NO-BREAK SPACE}")
    if not text:
        return False
    if text[0] in "=@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH COMMERCIAL AT}":
        return True
    if text[0] in "+-\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}":
        return not re.fullmatch(r"[+-]?[\d\s().,/-]*", text)
    return False


def read_table(content: bytes, *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS) -> Table:
    """Read a CSV (UTF-8, UTF-16 or Latin-1; comma, semicolon, tab or bar) or the first sheet of an XLSX file.

    Headings are folded (`fold`). Rows that are empty are left out. A row with a formula, with cells beyond
    the headings or with control characters comes back with its `problem` set.

    :raises UnreadableTable: with what to do about it.
    """
    if len(content) > max_bytes:
        raise FileTooLarge
    if content.startswith(OLD_EXCEL_MAGIC):
        raise UnreadableTable(
            _("This is an old Excel file (.xls). Save it as XLSX or CSV (UTF-8) and try again.")
        )
    if content.startswith(XLSX_MAGIC):
        return _table(_xlsx_lines(content, max_rows), encoding="xlsx", delimiter="", max_rows=max_rows)
    text, encoding = decode(content)
    delimiter = _delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return _table(_csv_lines(reader), encoding=encoding, delimiter=delimiter, max_rows=max_rows)


def require_columns(table: Table, *needed: str) -> None:
    """Check that every needed column is there.

    :raises UnknownColumns: naming what is missing and what was found.
    """
    found = {fold(header) for header in table.headers}
    if missing := [name for name in needed if name not in found]:
        raise UnknownColumns(
            _("The file lacks these columns: %(missing)s. It has: %(found)s.")
            % {"missing": ", ".join(missing), "found": ", ".join(table.headers)[:500] or "–"}
        )


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the encoding it was in.

    :raises UnreadableTable: it isn't text.
    """
    if not content.strip():
        raise EmptyTable
    if content.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[1:40:2] == b"\x00" * len(content[1:40:2]):
        encodings = ["utf-16-le"]
    elif content[0:40:2] == b"\x00" * len(content[0:40:2]):
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8", "cp1252", "latin-1"]  # what Excel writes in the west of Europe
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if NUL in text:
            break
        return text, "utf-8" if encoding == "utf-8-sig" else encoding
    raise UnreadableTable


def _delimiter_of(text: str) -> str:
    """Return the delimiter of the heading line: the one that occurs most outside quotes."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count) if any(d in bare for d in DELIMITERS) else ","


def _csv_lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str], str]]:
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader), ""
        except StopIteration:
            return
        except csv.Error as broken:
            raise UnreadableTable(
                _("Line %(line)s can't be read as CSV. Check its quotation marks.") % {"line": number}
            ) from broken


def _xlsx_lines(content: bytes, max_rows: int) -> Iterator[tuple[int, list[str], str]]:
    from openpyxl import load_workbook  # slow to import, and most files are CSV

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise FileTooLarge
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(max_row=max_rows + 2), start=1):
            if len(cells) > MAX_COLUMNS:  # a cell in the last column makes a small file a million cells wide
                raise UnreadableTable(_("The sheet is too wide. Delete its empty columns and try again."))
            formula = any(cell.data_type == "f" for cell in cells)
            yield number, [_xlsx_cell(cell) for cell in cells], _formula_problem() if formula else ""
    except (*BROKEN_ARCHIVE, LookupError, TypeError, AttributeError, ParseError) as broken:
        raise UnreadableTable from broken


def _xlsx_cell(cell: Any) -> str:
    """Return what a cell shows: a percentage is kept as a fraction, and shown with its sign."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{_xlsx_text(float(Decimal(repr(value)) * 100))}%"
    return _xlsx_text(value)


def _xlsx_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if not (value.hour or value.minute) else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value)


def _formula_problem() -> str:
    return _("A cell holds a formula. Put the value in its place.")


def _table(
    lines: Iterable[tuple[int, list[str], str]], *, encoding: str, delimiter: str, max_rows: int
) -> Table:
    headers: tuple[str, ...] = ()
    names: list[str] = []
    rows: list[Row] = []
    for number, raw, problem in lines:
        cells = [cell.strip(" \t\r\n\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}") for cell in raw]
        if not any(cells):
            continue
        if not headers:
            headers = tuple(cell for cell in cells if cell)
            names = [fold(cell) for cell in cells]
            double = sorted({name for name in names if name and names.count(name) > 1})
            if double:
                raise UnknownColumns(_("These columns are there twice: %s.") % ", ".join(double))
            continue
        if len(rows) >= max_rows:
            raise FileTooLarge(_("The file has more than %(rows)s rows. Split it.") % {"rows": max_rows})
        rows.append(Row(number, _cells(names, cells), problem or _problem_of(names, cells)))
    if not rows:
        raise EmptyTable
    return Table(headers, tuple(rows), encoding, delimiter)


def _cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _problem_of(names: Sequence[str], cells: Sequence[str]) -> str:
    if any(cells[len(names) :]):
        return _("The row has more cells than there are headings.")
    if any(is_formula(cell) for cell in cells):
        return _formula_problem()
    if any(ord(char) < 32 and char not in "\t\r\n" for cell in cells for char in cell):
        return _("A cell holds control characters.")
    return ""


# --- what is in a cell --------------------------------------------------------
def decimal_of(cell: str, *, places: int = 2) -> Decimal:
    """Return the number in a cell, with a decimal point or comma and any grouping of thousands.

    :param places: how many decimals the currency has; more are refused.
    :raises UnreadableCell: it is no number, or can be read in two ways.
    """
    text = re.sub(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}']", "", cell)
    text = text.replace("\N{MINUS SIGN}", "-")
    if not re.fullmatch(r"[+-]?\d[\d.,]*", text):
        raise UnreadableCell(_("“%s” is no amount. Write it like 1234.50.") % cell[:40])
    whole, mark, decimals = _split(text, cell, places)
    grouping = {",": ".", ".": ","}.get(mark, "")
    groups = whole.lstrip("+-").split(grouping) if grouping else [whole.lstrip("+-")]
    if not mark and len({char for char in whole if char in ".,"}) == 1:
        groups = re.split(r"[.,]", whole.lstrip("+-"))
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise UnreadableCell(_("“%s” is no amount. Write it like 1234.50.") % cell[:40])
    if len(decimals.rstrip("0")) > places:
        raise UnreadableCell(
            _("“%(cell)s” has more than %(places)s decimals.") % {"cell": cell[:40], "places": places}
        )
    sign = "-" if whole.startswith("-") else ""
    try:
        return Decimal(f"{sign}{''.join(groups)}.{decimals or '0'}")
    except InvalidOperation as broken:
        raise UnreadableCell(_("“%s” is no amount. Write it like 1234.50.") % cell[:40]) from broken


def _split(text: str, cell: str, places: int) -> tuple[str, str, str]:
    """Return what stands before the decimal mark, the mark, and the decimals."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return text, "", ""
    mark, other = text[last], "," if text[last] == "." else "."
    decimals = text[last + 1 :]
    if text.count(mark) > 1:
        return text, "", ""  # grouping only: 1.234.567
    if other not in text and len(decimals) == 3 and places != 3:
        raise UnreadableCell(
            _("“%s” can be read in two ways. Write it without grouping, like 1234.00.") % cell[:40]
        )
    return text[:last], mark, decimals


def date_of(cell: str) -> date:
    """Return the date in a cell: 2026-08-31, 31-08-2026, 31.08.2026; slashes only when they can't mislead.

    :raises UnreadableCell: it is no date, or can be read in two ways.
    """
    text = cell.strip()
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.+Z-]*)?", text):
        year, month, day = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})", text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "/" and first <= 12 and second <= 12 and first != second:
            raise UnreadableCell(
                _("“%s” can be read in two ways. Write the date like 2026-08-31.") % cell[:40]
            )
        day, month = (second, first) if found[2] == "/" and second > 12 else (first, second)
    else:
        raise UnreadableCell(_("“%s” is no date. Write it like 2026-08-31.") % cell[:40])
    try:
        return date(year, month, day)
    except ValueError as broken:
        raise UnreadableCell(_("“%s” is no date. Write it like 2026-08-31.") % cell[:40]) from broken


def likely_date_of(cell: str) -> date:
    """Return the date in a cell; one that no business paper has is a slip of the keyboard.

    :raises UnreadableCell:
    """
    day = date_of(cell)
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise UnreadableCell(_("“%s” is too long ago or too far away. Look at its year.") % cell[:40])
    return day


# --- out again ----------------------------------------------------------------
def safe_cell(value: object) -> str:
    """Return a cell that no spreadsheet calculates: an apostrophe goes before what looks like a formula.

    Numbers (Decimal, int) stay numbers, negative ones too; text is judged by its first character.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = str(value).replace(NUL, "")
    first = text.lstrip(" \N{NO-BREAK SPACE}")[:1]
    return f"'{text}" if first and first in DANGEROUS else text


def csv_bytes(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV in UTF-8 with a BOM (so that Excel reads it right), each cell safe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([safe_cell(header) for header in headers])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")

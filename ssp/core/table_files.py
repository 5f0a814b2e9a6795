"""Tables that people take away: CSV or XLSX, row by row, so that a long one is never whole in memory."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import batched, chain
from tempfile import TemporaryFile
from typing import Any, Literal

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from ssp.core.delivery import kept_by_nobody
from ssp.core.tabular import safe_cell

Cell = str | date | Decimal | int | None
Cells = Sequence[Cell]
Format = Literal["csv", "xlsx"]
AT_ONCE = 500  # rows of a piece
PIECE = 64 * 1024
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what a sheet can't hold
CONTENT_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def answer(
    headings: Sequence[str], rows: Iterable[Cells], *, name: str, file_format: Format
) -> StreamingHttpResponse:
    """Return the response that saves a table as `name` with the ending of its format."""
    make = csv_pieces if file_format == "csv" else xlsx_pieces
    response = StreamingHttpResponse(make(headings, rows), content_type=CONTENT_TYPES[file_format])
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.{file_format}")
    response.headers["Content-Disposition"] = disposition or "attachment"
    kept_by_nobody(response)
    return response


def csv_pieces(headings: Sequence[str], rows: Iterable[Cells]) -> Iterator[bytes]:
    """Yield a CSV in pieces (UTF-8 with a BOM, so that Excel reads it right), each cell safe."""
    yield _csv([headings]).encode("utf-8-sig")
    for some in batched(rows, AT_ONCE):
        yield _csv(some).encode()


def _csv(rows: Iterable[Cells]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def xlsx_pieces(headings: Sequence[str], rows: Iterable[Cells]) -> Iterator[bytes]:
    """Yield a sheet. It is one ZIP, so it is written to the disk first, and sent from there.

    Texts are marked as such: what begins with "=" is shown, never calculated.
    """
    from openpyxl import Workbook  # slow to import, and most people take the CSV
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"

    def written(cell: Cell) -> Any:
        if not isinstance(cell, str):
            return cell
        text = WriteOnlyCell(sheet, UNWRITABLE.sub("", cell)[:32_000])
        text.data_type = "s"
        return text

    for row in chain([headings], rows):
        sheet.append([written(cell) for cell in row])
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece

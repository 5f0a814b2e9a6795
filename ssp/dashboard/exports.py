"""The table as a file: the rows that are filtered, in the columns that are shown."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import batched
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext as _
from django_countries import countries

from referrals import story
from ssp.core.money import round_half_even
from ssp.core.tabular import safe_cell
from ssp.dashboard.table import Line

AT_ONCE = 500  # rows of a piece
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what a sheet can't hold
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Cell = str | date | Decimal | None
Cells = Sequence[Cell]


def status_of(line: Line) -> tuple[str, str]:
    """Return tone and word of a row: its deal's once a window was opened, else the person's."""
    if line.use_case and line.use_case.window_starts_on:
        return story.deal_status(line.use_case)
    return story.status_of(line.referral, for_desk=True)


def _ends(line: Line) -> Cells:
    deal = line.deal
    if line.runs or line.ends_on is None:
        signed = deal.signed_on if deal else None
        return (line.ends_on or signed, _("Window") if line.runs else _("Signed") if signed else "")
    return (line.ends_on, _("First meeting"))


def _expected(line: Line) -> Cells:
    deal = line.deal
    if deal is None or deal.expected_net is None:
        return (None, "")
    return (round_half_even(deal.expected_net, deal.currency), deal.currency)


def _columns() -> dict[str, tuple[Sequence[str], Callable[[Line], Cells]]]:
    """Return the headings and the cells of each column, in the reader's language."""
    return {
        "person": (
            (_("Person"), _("Company")),
            lambda line: (line.referral.person_name, str(line.referral.company)),
        ),
        "use_case": ((_("Use case"),), lambda line: (line.use_case.title if line.use_case else "",)),
        "stage": ((_("Stage"),), lambda line: (status_of(line)[1],)),
        "ends": ((_("Ends on"), _("What ends")), _ends),
        "expected": ((_("Expected, net"), _("Currency")), _expected),
        "partner": ((_("Partner"),), lambda line: (str(line.referral.partner),)),
        "seller": ((_("Seller"),), lambda line: (str(line.referral.seller or ""),)),
        "registered": ((_("Registered on"),), lambda line: (line.referral.registered_on,)),
        "introduced": (
            (_("Introduced on"),),
            lambda line: (line.use_case.window_starts_on if line.use_case else None,),
        ),
        "role": ((_("Role"),), lambda line: (line.referral.title,)),
        "country": ((_("Partner’s country"),), lambda line: (countries.name(line.referral.partner.country),)),
    }


def headings(shown: Sequence[str]) -> list[str]:
    columns = _columns()
    return [heading for name in ("person", *shown) for heading in columns[name][0]]


def cells_of(lines: Iterable[Line], shown: Sequence[str]) -> Iterator[list[Cell]]:
    """Yield the cells of each row."""
    chosen = [_columns()[name][1] for name in ("person", *shown)]
    for line in lines:
        yield [cell for cells in chosen for cell in cells(line)]


def csv_pieces(lines: Iterable[Line], shown: Sequence[str]) -> Iterator[bytes]:
    """Yield a CSV in pieces (UTF-8 with a BOM, so that Excel reads it right), each cell safe."""
    yield _csv([headings(shown)]).encode("utf-8-sig")
    for some in batched(cells_of(lines, shown), AT_ONCE):
        yield _csv(some).encode()


def pieces(lines: Iterable[Line], shown: Sequence[str], file_format: str) -> Iterator[bytes]:
    """Yield a file in pieces. A sheet is one ZIP, so it is written to the disk first, and sent from there."""
    if file_format == "csv":
        yield from csv_pieces(lines, shown)
        return
    with TemporaryFile() as file:
        write_xlsx(file, lines, shown)
        file.seek(0)
        while piece := file.read(64 * 1024):
            yield piece


def _csv(rows: Iterable[Cells]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def write_xlsx(file: IO[bytes], lines: Iterable[Line], shown: Sequence[str]) -> None:
    """Write a sheet row by row. Texts are marked as such: what begins with "=" is shown, never calculated."""
    from openpyxl import Workbook  # slow to import, and most people take the CSV
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Introductions"))
    sheet.freeze_panes = "A2"

    def written(cell: Cell) -> Any:
        if not isinstance(cell, str):
            return cell
        text = WriteOnlyCell(sheet, UNWRITABLE.sub("", cell)[:32_000])
        text.data_type = "s"
        return text

    sheet.append([written(heading) for heading in headings(shown)])
    for row in cells_of(lines, shown):
        sheet.append([written(cell) for cell in row])
    book.save(file)

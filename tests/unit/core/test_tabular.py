"""Tables that people hand in are read as they were meant, or refused in words."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from ssp.core.tabular import (
    EmptyTable,
    FileTooLarge,
    UnknownColumns,
    UnreadableCell,
    UnreadableTable,
    csv_bytes,
    date_of,
    decimal_of,
    is_formula,
    read_table,
    require_columns,
    safe_cell,
)
from tests.broken import broken_archives

TEXT = "Reference;Customer Name\nSI-1;Noordlicht Énergie\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_file_is_read_in_any_usual_encoding(encoding: str) -> None:
    table = read_table(TEXT.encode(encoding))

    assert table.headers == ("Reference", "Customer Name")
    assert table.rows[0].cells == {"reference": "SI-1", "customer_name": "Noordlicht Énergie"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_from_the_headings(delimiter: str) -> None:
    table = read_table(f'"a, b"{delimiter}c\n1{delimiter}2\n'.encode())

    assert table.rows[0].cells == {"a_b": "1", "c": "2"}


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    table = read_table(b"a,b\n\n1,2\n,\n3,4\n")

    assert [row.number for row in table.rows] == [3, 5]


def test_a_workbook_is_read_with_its_dates_and_numbers() -> None:
    book = Workbook()
    book.active.append(["Date", "Net", "Flag"])
    book.active.append([date(2026, 8, 31), 100.05, True])
    out = io.BytesIO()
    book.save(out)

    assert read_table(out.getvalue()).rows[0].cells == {"date": "2026-08-31", "net": "100.05", "flag": "yes"}


def test_a_formula_in_a_workbook_marks_its_row() -> None:
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "=1+1"])
    out = io.BytesIO()
    book.save(out)

    assert "formula" in read_table(out.getvalue()).rows[0].problem


def a_workbook(*, sheet: bytes = b"") -> bytes:
    """A small workbook whose first part is one that is read; `sheet` replaces its sheet."""
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    saved, out = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as whole, zipfile.ZipFile(out, "w") as packed:
        for name in sorted(whole.namelist()):  # [Content_Types].xml comes first
            packed.writestr(name, (name.endswith("sheet1.xml") and sheet) or whole.read(name))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(content, id=how)
        for how, content in {**broken_archives(a_workbook()), "no XML": a_workbook(sheet=b"<")}.items()
    ],
)
def test_a_workbook_made_to_break_its_reader_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read_table(content)


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", " =A1", "＝1"])
def test_a_formula_is_recognised(cell: str) -> None:
    assert is_formula(cell)


@pytest.mark.parametrize("cell", ["-12.50", "+31 20 123 4567", "", "SI-2026-1", "-1.234,50"])
def test_numbers_and_telephone_numbers_are_no_formulas(cell: str) -> None:
    assert not is_formula(cell)


def test_a_row_with_a_formula_says_so_and_the_others_are_fine() -> None:
    table = read_table(b"a,b\n1,=HYPERLINK(1)\n2,3\n")

    assert "formula" in table.rows[0].problem
    assert table.rows[1].problem == ""


def test_a_row_with_too_many_cells_says_so() -> None:
    assert "more cells" in read_table(b"a,b\n1,2,3\n").rows[0].problem


def test_fifty_megabytes_are_refused() -> None:
    with pytest.raises(FileTooLarge):
        read_table(b"a,b\n" + b"1,2\n" * 13_000_000)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(FileTooLarge):
        read_table(b"a\n1\n2\n3\n", max_rows=2)


@pytest.mark.parametrize("content", [b"", b"  \n", b"a,b\n", b"a,b\n,\n"])
def test_nothing_is_refused(content: bytes) -> None:
    with pytest.raises(EmptyTable):
        read_table(content)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\x00\x00,a\n1", b"PK\x03\x04nothing", b"\xd0\xcf\x11\xe0old"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read_table(content)


def test_missing_columns_are_named_beside_those_found() -> None:
    with pytest.raises(UnknownColumns, match=r"email.*It has: Name, Firm"):
        require_columns(read_table(b"Name,Firm\n1,2\n"), "email", "name")


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(UnknownColumns, match="net"):
        read_table(b"net,Net\n1,2\n")


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1234.50", "1234.50"),
        ("1234,50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("-1,234,567.8", "-1234567.8"),
        ("0", "0"),
        ("100.0500", "100.05"),
    ],
)
def test_an_amount_is_read_with_point_or_comma(cell: str, amount: str) -> None:
    assert decimal_of(cell) == Decimal(amount)


@pytest.mark.parametrize(
    "cell", ["1,234", "1.234", "12.34.5", "abc", "", "1e5", "NaN", "1.005", "--1", "1,23,4.5"]
)
def test_an_amount_that_is_none_or_two_is_refused(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        decimal_of(cell)


def test_three_decimals_are_fine_where_the_currency_has_them() -> None:
    assert decimal_of("1.234", places=3) == Decimal("1.234")


@pytest.mark.parametrize(
    "cell", ["2026-08-31", "31-08-2026", "31.8.2026", "31/08/2026", "08/31/2026", "2026-08-31 00:00:00"]
)
def test_a_date_is_read(cell: str) -> None:
    assert date_of(cell) == date(2026, 8, 31)


@pytest.mark.parametrize("cell", ["03/04/2026", "2026-02-30", "tomorrow", "", "31-08-26"])
def test_a_date_that_is_none_or_two_is_refused(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        date_of(cell)


@given(st.text())
def test_what_we_export_is_no_formula_when_read_again(text: str) -> None:
    assert not is_formula(safe_cell(text))


def test_exported_numbers_stay_numbers() -> None:
    content = csv_bytes(["Amount", "What"], [[Decimal("-500.00"), "=1+1"]])

    assert content.decode("utf-8-sig") == "Amount,What\r\n-500.00,'=1+1\r\n"

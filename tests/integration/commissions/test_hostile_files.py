"""Files that nobody means well with, or that a tired person made: refused in words, nothing is half in."""

import io
from datetime import timedelta
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from commissions import intake, services
from commissions.errors import ImportRefused
from commissions.models import Fact, Invoice
from ssp.core.roles import Role
from ssp.core.tabular import FileTooLarge, UnreadableTable, read_table
from tests.factories.commissions import INVOICED_ON, plan_of
from tests.factories.core import UserFactory
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
AT = MONDAY + timedelta(days=100)
ON, END = INVOICED_ON.isoformat(), (INVOICED_ON + timedelta(days=364)).isoformat()
HEAD = (
    "kind,reference,invoice,customer,customer_reference,date,currency,net,gross,recurring,"
    "service_from,service_to,line,replaced_by\n"
)
INVOICE = f"invoice,SI-1,,Kestrel,CUST-A,{ON},EUR,1000.00,1210.00,yes,{ON},{END},,\n"


def judge(text: str) -> intake.Plan:
    return plan_of(text.encode())


def refusals(plan: intake.Plan) -> list[tuple[int, str]]:
    return [(row.number, row.message) for row in plan.rows if row.outcome == intake.REFUSED]


def test_an_invoice_row_that_is_there_twice_is_not_added_up() -> None:
    plan = judge(HEAD + INVOICE + INVOICE)

    assert not plan.is_fine
    assert "twice in the file" in refusals(plan)[-1][1]


def test_two_lines_of_an_invoice_that_differ_are_its_lines() -> None:
    plan = judge(HEAD + INVOICE + INVOICE.replace("1000.00,1210.00", "500.00,605.00"))

    assert plan.is_fine
    assert plan.invoices[0].net == 1500


@pytest.mark.parametrize("year", ["0202", "9999", "1026"])
@pytest.mark.parametrize("column", [ON, END])
def test_a_year_that_no_invoice_has_is_refused(year: str, column: str) -> None:
    plan = judge(HEAD + INVOICE.replace(column, year + column[4:]))

    assert len(refusals(plan)) == 1


@pytest.mark.parametrize("line", ["9" * 5000, "99999", "0", "-1", "2"])
def test_a_line_number_beyond_the_invoice_is_refused(line: str) -> None:
    credit = f"credit,C-1,SI-1,,,{ON},EUR,100.00,121.00,,,,{line},\n"

    assert [number for number, _ in refusals(judge(HEAD + INVOICE + credit))] == [3]


def test_one_refused_row_keeps_the_whole_file_out() -> None:
    nadia = UserFactory(roles=[Role.FINANCE])
    text = HEAD + INVOICE + INVOICE
    upload = services.upload_invoices(content=text.encode(), file_name="twice.csv", by=nadia, at=AT)

    with pytest.raises(ImportRefused):
        services.import_invoices(upload=upload, by=nadia, at=AT)

    assert (Invoice.objects.count(), Fact.objects.count()) == (0, 0)


def test_a_packed_file_that_grows_beyond_all_bounds_is_refused_unread() -> None:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (201 * 1024 * 1024))

    with pytest.raises(FileTooLarge):
        read_table(packed.getvalue())


def test_a_small_sheet_that_is_sixteen_thousand_columns_wide_is_refused_at_its_first_row() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for _row in range(2):
        sheet.append([""] * 16_383 + ["x"])
    packed = io.BytesIO()
    book.save(packed)

    with pytest.raises(UnreadableTable, match="too wide"):
        read_table(packed.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        HEAD.encode() + b"invoice,\x00,,\n",
        b"\x00" * 100,
        b"PK\x03\x04 but no archive",
        b"\xff\xfe" + b"k",
        HEAD.encode("utf-16-le")[:-1],
    ],
)
def test_what_is_no_text_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read_table(content)


def test_utf_16_without_its_mark_is_read_as_what_it_is() -> None:
    text = HEAD + INVOICE

    for encoding in ("utf-16-le", "utf-16-be"):
        plan = plan_of(text.encode(encoding))
        assert plan.is_fine

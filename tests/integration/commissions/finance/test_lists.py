"""Every invoice and every entry, filtered in the address, page by page, and as files."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commissions.finance import invoice_list, ledger_list
from commissions.finance.invoice_list import InvoiceFilters
from commissions.finance.ledger_list import LedgerFilters
from commissions.models import Commission, Invoice
from ssp.core.periods import at_local
from ssp.core.table_files import csv_pieces, xlsx_pieces
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.finance import a_payment, a_run, all_paid
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
DAY = date(2027, 1, 12)


def at(day: date) -> datetime:
    return at_local(day, MONDAY.time())


def invoice_with(*facts: tuple[str, str], deal: bool = True, **more: object) -> Invoice:
    invoice = an_invoice(a_won_deal() if deal else None, "1000", gross="1210", on=DAY, **more)
    for kind, gross in facts:
        fields = {"net": Decimal(gross) / Decimal("1.21")} if kind == "credit" else {}
        happens(invoice, kind, gross, on=DAY, **fields)
    return invoice


@pytest.mark.parametrize(
    ("facts", "state", "open_gross"),
    [
        ([], "unpaid", "1210"),
        ([("payment", "210")], "partly_paid", "1000"),
        ([("payment", "1210")], "paid", "0"),
        ([("payment", "1300")], "paid", "0"),
        ([("payment", "1210"), ("refund", "1210")], "unpaid", "1210"),
        ([("payment", "1210"), ("refund", "10")], "partly_paid", "10"),
        ([("credit", "1210")], "credited", "0"),
        ([("payment", "605"), ("credit", "605")], "paid", "0"),
        ([("credit", "605")], "unpaid", "605"),
        ([("write_off", "1210")], "written_off", "0"),
        ([("payment", "210"), ("write_off", "1000")], "written_off", "0"),
        ([("payment", "210"), ("write_off", "500")], "partly_paid", "500"),
        ([("write_off", "1210"), ("payment", "1210")], "paid", "0"),
    ],
)
def test_the_state_of_an_invoice_is_what_happened_to_it(
    facts: list[tuple[str, str]], state: str, open_gross: str
) -> None:
    invoice_with(*facts)

    (row,) = invoice_list.page_of(InvoiceFilters(state=state)).rows
    (sums,) = invoice_list.sums_of(InvoiceFilters(state=state))

    assert row.open_gross == sums["total_open"] == Decimal(open_gross)


def test_an_invoice_of_nothing_is_paid() -> None:
    an_invoice(a_won_deal(), "0", on=DAY)

    assert invoice_list.page_of(InvoiceFilters()).rows[0].state == "paid"


def test_invoices_are_filtered_by_what_the_address_says() -> None:
    mine = invoice_with()
    Invoice.objects.filter(pk=invoice_with(deal=False).pk).update(customer_name="Vinterbro A/S")
    invoice_with(currency="USD")

    def found(query: str) -> int:
        return len(invoice_list.page_of(InvoiceFilters.read(QueryDict(query))).rows)

    assert found("state=without_deal") == 1
    assert found("q=vinter a/s") == 1
    assert found("customer=Vinterbro A/S") == 1
    assert found("currency=USD") == 1
    assert found(f"partner={mine.deal.use_case.partner_id}") == 1
    assert found(f"q={mine.reference}") == 1
    assert found("until=2027-01-11") == 0
    assert found("state=nonsense&partner=x&currency=eur&since=31-1-2027&q=%00") == 3


def test_the_sums_of_invoices_are_of_all_that_match_and_per_currency() -> None:
    for _ in range(3):
        invoice_with(("payment", "210"))
    invoice_with(currency="USD")

    assert [
        (each["currency"], each["count"], each["total_gross"], each["total_open"])
        for each in invoice_list.sums_of(InvoiceFilters())
    ] == [("EUR", 3, 3630, 3000), ("USD", 1, 1210, 1210)]


def test_pages_of_invoices_follow_each_other_without_gap_or_repeat() -> None:
    for n in range(7):
        invoice_with() if n % 2 else an_invoice(None, "5", on=DAY + timedelta(days=n))

    seen, after = [], ""
    while True:
        page = invoice_list.page_of(InvoiceFilters.read(QueryDict(f"after={after}")), size=3)
        seen += [row.pk for row in page.rows]
        after = page.next
        if not after:
            break

    assert seen == list(Invoice.objects.order_by("-issued_on", "-pk").values_list("pk", flat=True))


def test_files_hold_everything_and_no_formula() -> None:
    Invoice.objects.filter(pk=invoice_with(("payment", "210")).pk).update(customer_name="=HYPERLINK(1)")
    headings, filters = invoice_list.headings(), InvoiceFilters()

    text = b"".join(csv_pieces(headings, invoice_list.every_row(filters))).decode("utf-8-sig")
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(xlsx_pieces(headings, invoice_list.every_row(filters))))
    ).worksheets[0]

    assert "'=HYPERLINK(1)" in text
    assert "1000.000" in text
    (cell,) = [cell for cell in sheet[2] if cell.value == "=HYPERLINK(1)"]
    assert cell.data_type == "s"


# --- the ledger ---------------------------------------------------------------------------
def some_entries() -> Commission:
    """Return a bonus, among entries of every state."""
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    a_payment(recruit, on=DAY, at=at(DAY))
    all_paid(a_run(at=at(DAY + timedelta(days=31))), at=at(DAY + timedelta(days=32)))
    a_payment(on=DAY + timedelta(days=3), at=at(DAY + timedelta(days=3)))
    a_run(at=at(DAY + timedelta(days=35)), approved=False)
    a_payment(on=DAY + timedelta(days=5), net="1005", currency="JPY", at=at(DAY + timedelta(days=5)))
    a_payment(on=DAY + timedelta(days=30), at=at(DAY + timedelta(days=30)))
    return Commission.objects.get(kind="bonus")


TODAY = DAY + timedelta(days=40)


def test_entries_are_filtered_by_what_the_address_says() -> None:
    bonus = some_entries()

    def found(query: str) -> int:
        return len(ledger_list.page_of(LedgerFilters.read(QueryDict(query)), on=TODAY).entries)

    states = {state: found(f"state={state}") for state in ledger_list.STATES}
    assert states == {"held": 1, "payable": 1, "in_payout": 1, "paid": 2}
    assert found("kind=bonus") == 1
    assert found(f"partner={bonus.partner_id}") == 1
    assert found(f"deal={bonus.invoice.deal_id}") == 2
    assert found(f"invoice={bonus.invoice_id}") == 2
    assert found("currency=JPY") == 1
    assert found(f"since={DAY}&until={DAY}") == 2
    assert found("state=x&kind=y&deal=-1&invoice=1e9&since=0") == 5
    assert found("deal=999999999999999999") == 0


def test_the_sums_of_entries_are_per_currency() -> None:
    some_entries()

    sums = {each["currency"]: each["total"] for each in ledger_list.sums_of(LedgerFilters(), on=TODAY)}

    assert sums == {"EUR": Decimal("310"), "JPY": Decimal("100")}


def test_pages_of_entries_follow_each_other_without_gap_or_repeat() -> None:
    some_entries()

    seen, after = [], ""
    while True:
        page = ledger_list.page_of(LedgerFilters.read(QueryDict(f"after={after}")), on=TODAY, size=2)
        seen += [entry.pk for entry in page.entries]
        after = page.next
        if not after:
            break

    assert seen == list(Commission.objects.order_by("-earned_on", "-pk").values_list("pk", flat=True))


def test_a_bonus_is_told_to_finance_and_not_to_the_recruiter() -> None:
    bonus = some_entries()

    rows = list(ledger_list.every_row(LedgerFilters(kind="bonus"), on=TODAY))

    assert rows[0][3] == f"Bonus for a sale by {bonus.use_case.partner}"
    assert rows[0][5] == bonus.invoice.reference
    assert len(rows[0]) == len(ledger_list.headings())


def test_a_page_asks_no_more_with_more_entries() -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as asked:
            list(ledger_list.every_row(LedgerFilters(), on=TODAY))
            ledger_list.page_of(LedgerFilters(), on=TODAY)
            invoice_list.page_of(InvoiceFilters())
        return len(asked)

    some_entries()
    before = asked()
    for _ in range(3):
        a_payment(on=DAY, at=at(DAY))

    assert asked() == before

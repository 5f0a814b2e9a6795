"""Files of several systems: the same number is two things, and nothing recorded is overwritten."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from commissions import accrual, handlers, intake, services
from commissions.errors import ImportRefused
from commissions.errors_intake import BeingImported, PreviewGone
from commissions.models import Commission, Fact, Invoice, InvoiceImport
from ssp.core import clock
from ssp.core.errors import NotAllowed
from ssp.core.intake import ColumnsUnclear
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import INVOICED_ON, a_won_deal, plan_of
from tests.factories.core import UserFactory
from tests.integration.commissions.test_import import CREDIT, GOOD, HEAD, INVOICE, PAYMENT
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
D = Decimal
AT = MONDAY + timedelta(days=100)
ON = INVOICED_ON.isoformat()
STRIPE = (
    "id,Number,Currency,Date (UTC),Status,Subscription,Tax,Total,Amount Due,Amount Paid,Customer Name,"
    "Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC)\n"
    f"in_1,SI-1,eur,{ON} 10:00,open,sub_1,210.00,1210.00,1210.00,0.00,Kestrel,{ON} 10:00,2030-01-01 10:00\n"
)
SAID = {"recurring": "subscription", "period": "refuse", "payments": "elsewhere"}
PAID = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Invoice ID\n"
    f"ch_1,{ON} 12:00:00,605.00,0.00,eur,TRUE,Paid,in_1\n"
)
BALANCE = (
    "balance_transaction_id,created_utc,currency,gross,reporting_category,source_id,charge_id,invoice_id\n"
    f"txn_2,{ON} 13:00:00,eur,-105.00,refund,re_1,ch_1,\n"
)


@pytest.fixture(autouse=True)
def a_hundred_days_later() -> Iterator[None]:
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


def upload(text: str, by: User) -> InvoiceImport:
    return services.upload_invoices(content=text.encode(), file_name="x.csv", by=by, at=AT)


def bring(text: str, by: User, said: dict[str, str] | None = None, **more: object) -> intake.Plan:
    record = upload(text, by)
    if said is not None:
        services.map_invoices(
            upload=record,
            layout=record.layout,
            source=record.source,
            mapping=record.mapping,
            options=said,
            by=by,
            at=AT,
        )
        record.refresh_from_db()
    return services.import_invoices(upload=record, by=by, at=AT, **more)


def test_the_same_number_from_two_systems_is_two_invoices(nadia: User) -> None:
    bring(HEAD + INVOICE, nadia)
    bring(STRIPE, nadia, SAID)

    assert sorted(Invoice.objects.values_list("source", "reference")) == [
        ("file", "SI-1"),
        ("stripe", "SI-1"),
    ]


def test_a_file_that_leaves_something_open_isnt_imported(nadia: User) -> None:
    with pytest.raises(ColumnsUnclear):
        bring(STRIPE, nadia)
    assert not Invoice.objects.exists()


def test_stripes_payments_and_refunds_find_their_invoice_by_its_id(nadia: User) -> None:
    bring(STRIPE, nadia, SAID)
    bring(PAID, nadia, {"refunds": "elsewhere"})
    bring(BALANCE, nadia)

    facts = Invoice.objects.get().facts.exclude(kind="invoice").order_by("pk")
    assert list(facts.values_list("kind", "source", "gross")) == [
        ("payment", "stripe", D(605)),
        ("refund", "stripe", D(105)),
    ]


@pytest.mark.parametrize(
    ("text", "said"), [(STRIPE, SAID), (PAID, {"refunds": "elsewhere"}), (BALANCE, None)]
)
def test_each_of_stripes_files_twice_changes_nothing(
    nadia: User, text: str, said: dict[str, str] | None
) -> None:
    bring(STRIPE, nadia, SAID)
    bring(PAID, nadia, {"refunds": "elsewhere"})
    bring(BALANCE, nadia)

    again = bring(text, nadia, said)
    assert (again.has_news, Fact.objects.count()) == (False, 3)


def test_a_refund_of_an_unknown_payment_is_refused(nadia: User) -> None:
    plan = plan_of(BALANCE.encode())

    assert [row.message for row in plan.rows] == ["The payment ch_1 isn't known here."]


def test_a_conflict_says_both_values(nadia: User) -> None:
    bring(GOOD, nadia)
    (conflict,) = [
        row for row in plan_of(GOOD.replace("605.00", "600.00").encode()).rows if row.outcome == "conflict"
    ]

    assert "gross (605 there, 600 here)" in conflict.message


def test_rows_that_differ_can_be_left_as_they_are_recorded(nadia: User) -> None:
    bring(GOOD, nadia)
    changed = GOOD.replace("605.00", "600.00") + PAYMENT.replace("P-1", "P-2")
    with pytest.raises(ImportRefused):
        bring(changed, nadia)

    plan = bring(changed, nadia, leave_differing=True)
    assert (plan.count(intake.NEW), Fact.objects.get(reference="P-1").gross) == (1, D(605))


def test_what_differs_cant_be_left_while_another_row_is_refused(nadia: User) -> None:
    bring(GOOD, nadia)
    broken = GOOD.replace("605.00", "600.00") + CREDIT.replace("C-1", "C-2").replace(",1,\n", ",9,\n")
    with pytest.raises(ImportRefused):
        bring(broken, nadia, leave_differing=True)


def test_another_invoices_other_number_is_refused(nadia: User) -> None:
    bring(STRIPE, nadia, SAID)
    record = upload(STRIPE.replace("SI-1", "SI-2"), nadia)
    record.options = SAID

    assert "belongs to invoice SI-1" in services.plan_of(record, at=AT).rows[0].message


def test_a_preview_can_be_deleted_and_is_gone_then(nadia: User) -> None:
    record = upload(GOOD, nadia)
    services.discard_invoices(upload=record, by=nadia, at=AT)

    with pytest.raises(PreviewGone):
        services.import_invoices(upload=InvoiceImport(pk=10**9), by=nadia, at=AT)
    assert not InvoiceImport.objects.exists()


def test_what_names_people_is_dropped_when_it_is_in(nadia: User) -> None:
    bring(STRIPE, nadia, SAID)
    bring(HEAD + INVOICE, nadia)

    kept = {record.layout: bytes(record.content) for record in InvoiceImport.objects.all()}
    assert kept == {"stripe_invoices": b"", "own": (HEAD + INVOICE).encode()}


def test_previews_are_forgotten_after_a_month_and_imports_are_not(nadia: User) -> None:
    upload(STRIPE, nadia)
    bring(HEAD + INVOICE, nadia)
    services.forget_old_previews(at=AT + services.KEPT)
    assert InvoiceImport.objects.count() == 2

    services.forget_old_previews(at=AT + services.KEPT + timedelta(seconds=1))
    assert [record.state for record in InvoiceImport.objects.all()] == ["imported"]


def test_only_finance_maps_and_deletes(nadia: User) -> None:
    record, sales = upload(GOOD, nadia), UserFactory(roles=[Role.SALES])
    with pytest.raises(NotAllowed):
        services.discard_invoices(upload=record, by=sales, at=AT)
    with pytest.raises(NotAllowed):
        services.map_invoices(
            upload=record, layout="own", source="file", mapping={}, options={}, by=sales, at=AT
        )


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_two_people_at_once_comes_in_once() -> None:
    people = [UserFactory(roles=[Role.FINANCE]) for _ in range(4)]
    uploads = [(upload(GOOD, each), each) for each in people]

    def press(record: InvoiceImport, by: User) -> int:
        try:
            return services.import_invoices(upload=record, by=by, at=AT).count(intake.NEW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        new = [done.result() for done in [threads.submit(press, *each) for each in uploads]]
    assert (sorted(new), Fact.objects.count()) == ([0, 0, 0, 3], 3)


# --- long files ----------------------------------------------------------------------
def long_file(rows: int) -> str:
    return HEAD + "".join(
        INVOICE.replace("SI-1", f"SI-{n}").replace("CUST-A", f"CUST-{n}")
        + PAYMENT.replace("P-1", f"P-{n}").replace("SI-1", f"SI-{n}")
        for n in range(rows // 2)
    )


def work() -> None:
    for message in OutboxMessage.objects.filter(kind="commissions.import_rows", done_at=None):
        handlers.import_long_file(message)


@pytest.fixture
def ten_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 10)


@pytest.mark.usefixtures("ten_are_many")
def test_a_long_file_is_imported_by_a_worker_all_of_it_and_once(nadia: User) -> None:
    record = upload(long_file(12), nadia)

    assert services.begin_import(upload=record, by=nadia, at=AT) is None
    with pytest.raises(BeingImported):
        services.begin_import(upload=record, by=nadia, at=AT)
    assert not Invoice.objects.exists()
    work()
    work()

    record.refresh_from_db()
    assert (record.state, Invoice.objects.count()) == ("imported", 6)


@pytest.mark.usefixtures("ten_are_many")
def test_what_came_in_between_stops_a_long_file_and_says_so(nadia: User) -> None:
    record = upload(long_file(20), nadia)
    services.begin_import(upload=record, by=nadia, at=AT)
    bring(HEAD + INVOICE.replace("1000.00", "999.00").replace("SI-1", "SI-7"), nadia)
    work()

    record.refresh_from_db()
    assert (record.state, "rows can't be used" in record.problem) == ("preview", True)
    assert Invoice.objects.count() == 1


def test_the_number_of_statements_doesnt_grow_with_the_rows(
    nadia: User, django_assert_max_num_queries: Any
) -> None:
    record = upload(long_file(4_000), nadia)
    with django_assert_max_num_queries(45):
        plan = services.import_invoices(upload=record, by=nadia, at=AT)

    assert plan.count(intake.NEW) == 4_000


# --- write-offs ------------------------------------------------------------------------
@pytest.mark.clause("C5")
def test_a_write_off_changes_no_sum_and_nobody_asks_any_more(nadia: User) -> None:
    a_won_deal(customer_reference="CUST-A")
    bring(HEAD + INVOICE + PAYMENT, nadia)
    accrual.accrue(at=AT)
    before = list(Commission.objects.values_list("amount", flat=True))

    assert Invoice.objects.unpaid().get().open_amount == D(605)
    bring(HEAD + PAYMENT.replace("payment,P-1", "write-off,W-1"), nadia)

    assert (accrual.accrue(at=AT), list(Commission.objects.values_list("amount", flat=True))) == (0, before)
    assert not Invoice.objects.unpaid().exists()


@pytest.mark.clause("C5")
def test_a_payment_after_a_write_off_earns_as_if_there_were_none(nadia: User) -> None:
    a_won_deal(customer_reference="CUST-A")
    bring(HEAD + INVOICE + PAYMENT.replace("payment,P-1", "write_off,W-1"), nadia)
    bring(HEAD + PAYMENT, nadia)
    accrual.accrue(at=AT)

    assert Commission.objects.get().amount == D("50.00")
    assert Commission.objects.get().fact.kind == "payment"


def test_more_than_an_invoice_is_about_cant_be_written_off(nadia: User) -> None:
    text = HEAD + INVOICE + PAYMENT.replace("payment,P-1", "write_off,W-1").replace("605.00", "1210.01")

    assert "More is written off" in plan_of(text.encode()).rows[1].message

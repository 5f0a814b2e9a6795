"""Invoices and what happened to them, entered one by one: a file's refusals, and nothing twice."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from commissions import handlers, recording
from commissions.errors_intake import DiffersFromRecorded, NotRecorded
from commissions.models import Commission, Fact, Invoice, Source
from commissions.recording import NewLine
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice
from tests.factories.core import UserFactory
from tests.integration.commissions.test_import import HEAD, INVOICE, bring, nadia  # noqa: F401
from tests.integration.commissions.test_pages import much_later, signed_in  # noqa: F401
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("much_later")]
AT = MONDAY + timedelta(days=100)
D = Decimal
YEAR = NewLine(
    net=D(1000),
    recurring=True,
    service_from=INVOICED_ON,
    service_to=INVOICED_ON + timedelta(days=364),
    description="Licence",
)


@pytest.fixture
def finance(nadia: User) -> Client:  # noqa: F811
    return signed_in(nadia)


def record(by: User | None = None, **changes: Any) -> Invoice:
    values: dict[str, Any] = {
        "source": Source.HAND,
        "reference": "SI-1",
        "customer": "Kestrel",
        "customer_reference": "CUST-A",
        "issued_on": INVOICED_ON,
        "currency": "EUR",
        "gross": D(1210),
        "lines": [YEAR],
    }
    return recording.record_invoice(**{**values, **changes}, by=by, at=AT)


def pay(invoice: Invoice, **changes: Any) -> Fact:
    values: dict[str, Any] = {"reference": "P-1", "happened_on": INVOICED_ON, "gross": D("605.00")}
    return recording.record_payment(invoice=invoice, **{**values, **changes}, by=None, at=AT)


def deliver() -> None:
    for message in OutboxMessage.objects.filter(kind="commissions.facts_arrived", done_at__isnull=True):
        handlers.accrue_new_facts(message)


@pytest.mark.clause("C5")
def test_what_is_entered_by_hand_earns_like_what_came_in_a_file() -> None:
    deal = a_won_deal(customer_reference="CUST-A")
    invoice = record()
    pay(invoice)
    deliver()

    assert (Invoice.objects.get().deal, Commission.objects.get().amount) == (deal, D("50.00"))


def test_the_same_again_changes_nothing_and_returns_what_is_there() -> None:
    first, second = record(), record()
    assert pay(first) == pay(second)

    assert (first, Invoice.objects.count(), Fact.objects.count()) == (second, 1, 2)


def test_a_number_that_stands_for_something_else_is_refused_with_what_differs() -> None:
    invoice = record()
    pay(invoice)

    with pytest.raises(DiffersFromRecorded, match=r"gross \(1210 there, 1300 here\)"):
        record(gross=D(1300))
    with pytest.raises(DiffersFromRecorded, match=r"gross \(605 there, 600 here\)"):
        pay(invoice, gross=D(600))
    assert invoice.facts.get(kind="payment").gross == D(605)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lines": []}, "at least one line"),
        ({"lines": [NewLine(net=D(1000), recurring=True)]}, "service period"),
        ({"gross": D(900)}, "below the net"),
        ({"currency": "€"}, "currency is missing"),
        ({"gross": D("1210.005")}, "more decimals"),
        ({"reference": ""}, "reference is missing"),
        ({"issued_on": date(1999, 1, 1)}, "too long ago"),
    ],
)
def test_an_invoice_that_cant_be_one_says_why(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(NotRecorded, match=words):
        record(**changes)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gross": D(0)}, "amount is missing"),
        ({"gross": D(-5)}, "below zero"),
        ({"happened_on": AT.date() + timedelta(days=2)}, "in the future"),
        ({"gross": D("0.005")}, "more decimals"),
    ],
)
def test_a_payment_that_cant_be_one_says_why(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(NotRecorded, match=words):
        pay(record(), **changes)


def test_amounts_of_three_and_of_no_decimals_are_recorded_exactly() -> None:
    for currency, amount in (("KWD", D("1000.125")), ("JPY", D(1000))):
        invoice = record(currency=currency, reference=currency, gross=amount, lines=[NewLine(net=amount)])
        assert (invoice.net, invoice.gross) == (amount, amount)


def test_a_credit_note_is_for_a_line_and_names_a_replacement() -> None:
    invoice, other = record(), record(reference="SI-2")
    fact = recording.record_credit(
        invoice=invoice,
        reference="CN-1",
        happened_on=INVOICED_ON,
        net=D(100),
        gross=D(121),
        line=invoice.lines.get(),
        replacement=other,
        by=None,
        at=AT,
    )

    assert (fact.line, fact.replacement) == (invoice.lines.get(), other)


def test_only_finance_records() -> None:
    with pytest.raises(NotAllowed):
        record(by=UserFactory(roles=[Role.SALES]))


def test_a_file_finds_what_was_entered_by_hand_for_its_system(bring: Callable[[str], Any]) -> None:  # noqa: F811
    record(source=Source.FILE, lines=[YEAR.__class__(**{**YEAR.__dict__, "description": ""})])

    assert bring(HEAD + INVOICE).count("known") == 1


# --- in the admin ------------------------------------------------------------------------
INVOICE_FORM = {
    "source": "hand",
    "reference": "SI-7",
    "customer": "Kestrel",
    "issued_on": INVOICED_ON.isoformat(),
    "currency": "eur",
    "gross": "121",
    "lines-TOTAL_FORMS": "2",
    "lines-INITIAL_FORMS": "0",
    "lines-0-net": "100",
    "lines-0-description": "Workshop",
}


def test_finance_enters_an_invoice_in_the_admin_once(finance: Client) -> None:
    address = reverse("admin:commissions_invoice_add")
    for _time in range(2):
        answer = finance.post(address, INVOICE_FORM)

    invoice = Invoice.objects.get()
    assert answer.headers["Location"] == reverse("commissions:invoice", args=[invoice.pk])
    assert (invoice.currency, invoice.lines.get().description) == ("EUR", "Workshop")


def test_the_admin_shows_a_refusal_on_the_form(finance: Client) -> None:
    page = finance.post(
        reverse("admin:commissions_invoice_add"), {**INVOICE_FORM, "lines-0-recurring": "on"}
    ).content.decode()

    assert "A recurring line needs its service period" in page
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("kind", ["payment", "refund", "write_off", "credit"])
def test_finance_enters_what_happened_in_the_admin(finance: Client, kind: str) -> None:
    invoice = an_invoice(None)
    data = {"kind": kind, "reference": "X-1", "happened_on": INVOICED_ON.isoformat(), "gross": "121"}
    data |= {"net": "100", "line": str(invoice.lines.get().pk)} if kind == "credit" else {}
    answer = finance.post(f"{reverse('admin:commissions_fact_add')}?invoice={invoice.pk}", data)

    assert answer.status_code == 302, answer.content.decode()
    assert invoice.facts.get(kind=kind).gross == D(121)


def test_what_only_credit_notes_have_is_refused_elsewhere(finance: Client) -> None:
    invoice = an_invoice(None)
    data = {"kind": "payment", "reference": "X-1", "happened_on": INVOICED_ON.isoformat(), "gross": "121"}
    address = f"{reverse('admin:commissions_fact_add')}?invoice={invoice.pk}"

    assert "for credit notes only" in finance.post(address, {**data, "net": "100"}).content.decode()
    assert "a credit note has one" in finance.post(address, {**data, "kind": "credit"}).content.decode()
    assert invoice.facts.count() == 1


def test_the_invoice_is_asked_for_when_the_address_names_none(finance: Client) -> None:
    invoice = an_invoice(None)
    address = reverse("admin:commissions_fact_add")

    assert "Which invoice is it about?" in finance.get(address).content.decode()
    found = finance.get(address, {"source": "file", "number": invoice.reference})
    assert found.headers["Location"].endswith(f"?invoice={invoice.pk}")
    missed = finance.get(address, {"source": "stripe", "number": invoice.reference})
    assert "There is no such invoice" in missed.content.decode()


@pytest.mark.parametrize("hostile", ["x", "9" * 40, "-1", "1; DROP"])
def test_an_address_that_names_no_invoice_is_not_found(finance: Client, hostile: str) -> None:
    assert finance.get(reverse("admin:commissions_fact_add"), {"invoice": hostile}).status_code == 404


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.SALES, Role.ADMINISTRATOR])
def test_nobody_else_enters_anything_and_nobody_edits(role: Role, finance: Client) -> None:
    invoice = an_invoice(None)
    other = signed_in(UserFactory(roles=[role]))
    for name in ("invoice", "fact"):
        assert other.post(reverse(f"admin:commissions_{name}_add"), INVOICE_FORM).status_code == 403
    change = reverse("admin:commissions_invoice_change", args=[invoice.pk])
    assert finance.get(change).status_code == 200
    assert finance.post(change, {"net": "1"}).status_code == 403
    assert Invoice.objects.get().net == 1000

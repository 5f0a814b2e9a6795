"""Invoices, payments and credit notes come in from files: all of a file, or nothing, and never twice."""

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from commissions import accrual, handlers, intake, matches, services
from commissions.errors import AlreadyImported, ImportRefused, InvoiceAlreadyMatched
from commissions.models import Commission, Fact, Invoice, InvoiceImport
from referrals.models import Deal
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from ssp.core.tabular import FileTooLarge, UnknownColumns
from tests.factories.commissions import INVOICED_ON, a_won_deal, plan_of
from tests.factories.core import UserFactory
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
D = Decimal
AT = MONDAY + timedelta(days=100)
HEAD = (
    "kind,reference,invoice,customer,customer_reference,date,currency,net,gross,recurring,"
    "service_from,service_to,line,replaced_by\n"
)
ON = INVOICED_ON.isoformat()
END = (INVOICED_ON + timedelta(days=364)).isoformat()
INVOICE = f"invoice,SI-1,,Kestrel,CUST-A,{ON},EUR,1000.00,1210.00,yes,{ON},{END},,\n"
PAYMENT = f"payment,P-1,SI-1,,,{ON},EUR,,605.00,,,,,\n"
CREDIT = f"credit,C-1,SI-1,,,{ON},EUR,100.00,121.00,,,,1,\n"
GOOD = HEAD + INVOICE + PAYMENT + CREDIT


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def bring(nadia: User) -> Callable[[str], intake.Plan]:
    def bring_in(text: str) -> intake.Plan:
        upload = services.upload_invoices(content=text.encode(), file_name="march.csv", by=nadia, at=AT)
        return services.import_invoices(upload=upload, by=nadia, at=AT)

    return bring_in


@pytest.fixture
def judge() -> Callable[[str], intake.Plan]:
    def plan(text: str) -> intake.Plan:
        return plan_of(text.encode())

    return plan


def deliver() -> None:
    for message in OutboxMessage.objects.filter(kind="commissions.facts_arrived", done_at__isnull=True):
        handlers.accrue_new_facts(message)


@pytest.mark.clause("C5")
def test_a_file_becomes_invoices_facts_and_commissions(bring: Callable[[str], intake.Plan]) -> None:
    deal = a_won_deal(customer_reference="CUST-A")

    plan = bring(GOOD)
    deliver()

    invoice = Invoice.objects.get()
    assert (plan.count(intake.NEW), invoice.deal) == (3, deal)
    assert sorted(invoice.facts.values_list("kind", flat=True)) == ["credit", "invoice", "payment"]
    assert Commission.objects.get().why["paid"] == "605.000"
    assert Commission.objects.get().amount == D("50.00")


def test_the_same_file_twice_changes_nothing(bring: Callable[[str], intake.Plan]) -> None:
    bring(GOOD)
    again = bring(GOOD)

    assert (again.count(intake.KNOWN), again.has_news) == (3, False)
    assert (Invoice.objects.count(), Fact.objects.count()) == (1, 3)


def test_a_changed_row_is_a_conflict_and_overwrites_nothing(
    bring: Callable[[str], intake.Plan], judge: Callable[[str], intake.Plan]
) -> None:
    bring(GOOD)
    changed = GOOD.replace("605.00", "600.00")

    row = judge(changed).rows[1]
    assert (row.outcome, "gross" in row.message) == (intake.CONFLICT, True)
    with pytest.raises(ImportRefused):
        bring(changed)
    assert Fact.objects.get(kind="payment").gross == D(605)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (INVOICE.replace("yes", "maybe"), "yes nor no"),
        (INVOICE.replace(END, ""), "service period"),
        (INVOICE.replace(f"{ON},{END}", f"{END},{ON}"), "before it begins"),
        (INVOICE.replace("1210.00", "900.00"), "below the net"),
        (INVOICE.replace("1000.00", "1.000"), "two ways"),
        (INVOICE.replace("1000.00", "-5"), "below zero"),
        (INVOICE.replace("EUR", "euros"), "currency"),
        (INVOICE.replace("SI-1", ""), "reference"),
        (INVOICE.replace("Kestrel", "=HYPERLINK(1)"), "formula"),
        (INVOICE + PAYMENT.replace("SI-1", "SI-9"), "no invoice SI-9"),
        (INVOICE + PAYMENT.replace("EUR", "USD"), "never mixed"),
        (INVOICE + PAYMENT.replace(ON, "2030-01-01"), "future"),
        (INVOICE + PAYMENT + PAYMENT, "twice"),
        (INVOICE + CREDIT.replace(",1,\n", ",7,\n"), "no line 7"),
        (INVOICE + CREDIT.replace(",1,\n", ",,SI-8\n"), "SI-8"),
        (f"line,1,SI-1,,,{ON},EUR,400,,no,,,,\n", "invoice row"),
        (INVOICE + f"line,1,SI-1,,,{ON},EUR,400,,no,,,,\n", "add up"),
        (INVOICE.replace("invoice", "bill"), "no kind"),
    ],
)
def test_a_row_that_cant_be_used_says_why_and_stops_the_file(
    row: str, word: str, judge: Callable[[str], intake.Plan], bring: Callable[[str], intake.Plan]
) -> None:
    text = HEAD + row + f"invoice,SI-50,,Other,,{ON},EUR,10,10,no,,,,\n"

    assert any(word in judged.message for judged in judge(text).rows)
    with pytest.raises(ImportRefused):
        bring(text)
    assert not Invoice.objects.exists()


def test_lines_come_as_rows_of_their_own_or_as_several_invoice_rows(
    bring: Callable[[str], intake.Plan],
) -> None:
    bring(
        HEAD
        + f"invoice,SI-1,,K,,{ON},EUR,1000,1210,no,,,,\n"
        + f"line,1,SI-1,,,{ON},,600,,yes,{ON},{END},,\n"
        + f"line,2,SI-1,,,{ON},,400,,no,,,,\n"
        + f"invoice,SI-2,,K,,{ON},EUR,600,726,yes,{ON},{END},,\n"
        + f"invoice,SI-2,,K,,{ON},EUR,400,484,no,,,,\n"
    )

    for invoice in Invoice.objects.all():
        assert (invoice.net, invoice.gross) == (D(1000), D(1210))
        assert list(invoice.lines.order_by("number").values_list("net", "recurring")) == [
            (D(600), True),
            (D(400), False),
        ]


@pytest.mark.clause("C5")
def test_a_credit_note_may_name_what_replaces_its_invoice(bring: Callable[[str], intake.Plan]) -> None:
    bring(HEAD + INVOICE + INVOICE.replace("SI-1", "SI-2") + CREDIT.replace(",1,\n", ",,SI-2\n"))

    assert Fact.objects.get(kind="credit").replacement == Invoice.objects.get(reference="SI-2")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_other_encodings_and_decimal_commas_are_read(encoding: str, nadia: User) -> None:
    text = GOOD.replace("1000.00", "1.000,00").replace("Kestrel", "Énergie")
    for comma, semicolon in ((",", ";"),):
        text = text.replace("1.000,00", "1.000#00").replace(comma, semicolon).replace("#", ",")
    upload = services.upload_invoices(content=text.encode(encoding), file_name="x.csv", by=nadia, at=AT)
    services.import_invoices(upload=upload, by=nadia, at=AT)

    assert (Invoice.objects.get().customer_name, Invoice.objects.get().net) == ("Énergie", D(1000))


def test_double_columns_and_too_large_files_are_refused_as_a_whole(nadia: User) -> None:
    for content, error in ((b"a,a\n1,2\n", UnknownColumns), (b"x" * 50_000_000, FileTooLarge)):
        with pytest.raises(error):
            services.upload_invoices(content=content, file_name="x.csv", by=nadia, at=AT)
    assert not InvoiceImport.objects.exists()


def test_an_upload_alone_saves_no_invoice_and_is_imported_once(nadia: User) -> None:
    upload = services.upload_invoices(content=GOOD.encode(), file_name="x.csv", by=nadia, at=AT)
    assert not Invoice.objects.exists()

    services.import_invoices(upload=upload, by=nadia, at=AT)
    with pytest.raises(AlreadyImported):
        services.import_invoices(upload=upload, by=nadia, at=AT)


def test_only_finance_imports() -> None:
    with pytest.raises(NotAllowed):
        services.upload_invoices(
            content=GOOD.encode(), file_name="x.csv", by=UserFactory(roles=[Role.SALES]), at=AT
        )


def test_an_invoice_without_a_deal_waits_and_is_matched_by_hand(
    bring: Callable[[str], intake.Plan], nadia: User
) -> None:
    deal = a_won_deal()
    bring(GOOD)
    deliver()
    invoice = Invoice.objects.without_deal().get()

    matches.match_invoice(invoice=invoice, deal=deal, by=nadia, at=AT)
    deliver()

    assert Commission.objects.get().amount == D("50.00")
    with pytest.raises(InvoiceAlreadyMatched):
        matches.match_invoice(invoice=invoice, deal=deal, by=nadia, at=AT)


def test_a_deal_won_later_finds_the_invoices_that_wait_for_it(bring: Callable[[str], intake.Plan]) -> None:
    bring(GOOD)
    deal = a_won_deal(customer_reference="")
    Deal.objects.filter(pk=deal.pk).update(customer_reference="CUST-A")
    message = OutboxMessage(kind="referrals.deal_won", payload={"deal_id": deal.pk})

    handlers.accrue_won_deal(message)
    handlers.accrue_won_deal(message)

    assert Commission.objects.get().amount == D("50.00")
    assert accrual.accrue(at=AT) == 0


def test_the_command_says_every_row_and_saves_nothing_in_a_dry_run(tmp_path: Path, at_monday: object) -> None:
    file = tmp_path / "march.csv"
    old = GOOD.replace(ON, "2026-10-01").replace(END, "2027-09-30")
    file.write_text(old)
    out = io.StringIO()

    call_command("import_invoices", str(file), "--dry-run", stdout=out)
    assert "row 2: New: invoice SI-1" in out.getvalue()
    assert not Invoice.objects.exists()

    call_command("import_invoices", str(file), stdout=out)
    call_command("import_invoices", str(file), stdout=out)
    assert "0 new, 3 already there" in out.getvalue()

    file.write_text(old.replace("605.00", "6"))
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_invoices", str(file), stdout=out)

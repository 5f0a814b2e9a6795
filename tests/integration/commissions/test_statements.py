"""Statements: what they print is frozen, months follow each other, numbers have no gaps, nothing changes."""

import hashlib
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pgtrigger
import pypdf
import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from commissions import handlers_statements, payouts, statements, tasks
from commissions.contests import contest_entry
from commissions.errors_statements import TaxStatusUnfit
from commissions.invariants import INVARIANTS
from commissions.models import Commission, Payout, Statement, StatementFile, StatementLine, TaxStatus
from commissions.services import confirm_tax_status
from commissions.statement_papers import render
from partners.models import Partner
from ssp.core import clock
from ssp.core.invariants import broken
from ssp.core.models import MutedMail, OutboxMessage, User
from ssp.core.roles import Role
from ssp.portal.own_data import archive
from tests.factories.commissions import confirmed_tax
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.factories.statements import APRIL, FEBRUARY, MARCH, MAY, an_approved_payout, enters
from tests.integration.commissions.test_pages import signed_in

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory(display_name="Ines Marchetti", legal_name="Marchetti Advisory", country="NL")


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def months() -> list[tuple[date, D, D]]:
    rows = Statement.objects.filter(kind="month").order_by("month", "currency")
    return [(row.month, row.opening, row.closing) for row in rows]


# --- months ---------------------------------------------------------------------
@pytest.mark.clause("C5")
def test_a_month_is_closed_when_it_is_over_with_everything_that_was_entered_in_it(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    enters(ines, "500", at=FEBRUARY)

    assert statements.close_months(at=FEBRUARY) == 0
    assert statements.close_months(at=MARCH) == 1

    statement = Statement.objects.get()
    assert (statement.number, statement.month) == ("M2027-0001", date(2027, 2, 1))
    assert [line.amount for line in statement.lines.order_by("position")] == [D(100), D(50)]
    assert (statement.opening, statement.closing) == (0, 150)


@pytest.mark.clause("C5")
def test_a_month_begins_with_the_balance_of_the_one_before_and_payouts_go_off_it(
    ines: Partner, nadia: User
) -> None:
    enters(ines, at=FEBRUARY)
    enters(ines, "500", at=MARCH)
    payout = an_approved_payout(ines, at=MARCH + timedelta(days=10))  # February's, held for 30 days
    payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=APRIL)

    statements.close_months(at=MAY)

    assert months() == [
        (date(2027, 2, 1), 0, 100),
        (date(2027, 3, 1), 100, 50),
        (date(2027, 4, 1), 50, 150),
    ]
    facts = Statement.objects.get(month=date(2027, 3, 1)).facts
    assert [line["amount"] for line in facts["lines"]] == ["€50.00", "−€100.00"]
    assert facts["sums"][0] == ["Held for 30 days after each payment", "€50.00"]
    assert broken(INVARIANTS) == []


def test_currencies_have_statements_of_their_own(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    enters(ines, "500", at=FEBRUARY, currency="USD")

    statements.close_months(at=MARCH)

    found = Statement.objects.order_by("currency")
    assert [(row.currency, row.closing) for row in found] == [("EUR", 100), ("USD", 50)]


def test_closing_again_changes_nothing(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)

    assert statements.close_months(at=MARCH) == 0
    assert OutboxMessage.objects.filter(kind="commissions.statement_ready").count() == 1


def test_what_was_entered_while_its_month_was_closed_goes_into_the_next(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    late = enters(ines, "500", at=FEBRUARY)  # committed after February was closed

    assert statements.close_months(at=MARCH) == 0
    statements.close_months(at=APRIL)

    assert late.statement_line.statement.month == date(2027, 3, 1)
    assert months() == [(date(2027, 2, 1), 0, 100), (date(2027, 3, 1), 100, 150)]


def test_what_was_missed_for_months_is_caught_up_on_month_by_month_with_one_mail(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    enters(ines, at=MARCH)
    clock.install(lambda: MAY)

    tasks.issue_statements()
    clock.install(clock.wall)

    assert [row[0].month for row in months()] == [2, 3]
    assert OutboxMessage.objects.filter(kind="commissions.statement_ready").count() == 1


# --- payouts ----------------------------------------------------------------------
def test_a_payout_has_its_statement_from_the_moment_it_is_approved(ines: Partner) -> None:
    confirmed_tax(ines, vat_percent="21")
    enters(ines, at=FEBRUARY)
    payout = an_approved_payout(ines, at=APRIL)

    statement = payout.statements.get()

    assert statement.number == payout.statement_number
    assert (statement.net, statement.vat, statement.total) == (100, 21, 121)
    assert statement.facts["totals"] == [["Entries", "€100.00"], ["VAT 21%", "€21.00"]]


def test_a_failed_transfer_is_cancelled_by_a_document_of_its_own(ines: Partner, nadia: User) -> None:
    confirmed_tax(ines, vat_percent="21")
    enters(ines, at=FEBRUARY)
    payout = an_approved_payout(ines, at=APRIL)

    payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=APRIL)
    again = an_approved_payout(ines, at=APRIL)

    cancellation = payout.statements.get(kind="cancellation")
    assert (cancellation.number, cancellation.total) == ("C2027-0001", -121)
    assert "Cancels statement 2027-0001" in cancellation.facts["about"]
    billed = Statement.objects.exclude(kind="month")
    assert sum(row.total for row in billed) == again.total  # what was billed is what is paid
    assert broken(INVARIANTS) == []


def test_payouts_from_before_there_were_statements_get_theirs(ines: Partner, nadia: User) -> None:
    enters(ines, at=FEBRUARY)
    payout = an_approved_payout(ines, at=APRIL)
    payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=APRIL)
    with pgtrigger.ignore(
        "commissions.Statement:statement_append_only", "commissions.StatementFile:statement_file_append_only"
    ):
        StatementFile.objects.all().delete()
        Statement.objects.all().delete()

    statements.catch_up(at=APRIL)
    statements.catch_up(at=APRIL)

    assert [row.number for row in Statement.objects.order_by("pk")] == ["2027-0001", "C2027-0001"]
    assert broken(INVARIANTS) == []


# --- what a statement prints ------------------------------------------------------
def test_a_statement_keeps_both_parties_as_they_were_that_day(ines: Partner, nadia: User, settings) -> None:
    enters(ines, at=FEBRUARY)
    confirm_tax_status(
        partner=ines, vat_percent=D(21), note="", treatment="domestic",
        postal_address="Prinsengracht 1\nAmsterdam", by=nadia, at=FEBRUARY,
    )  # fmt: skip
    payout = an_approved_payout(ines, at=APRIL)
    Partner.objects.filter(pk=ines.pk).update(legal_name="Somebody Else B.V.", country="FR")
    settings.SEMI = {**settings.SEMI, "LEGAL_NAME": "Another Company"}

    page = signed_in(ines.user).get(reverse("commissions:statement", args=[payout.statement_number]))
    said = page.content.decode()

    assert "Marchetti Advisory" in said
    assert "Prinsengracht 1" in said
    assert "Netherlands" in said
    assert "Somebody Else" not in said
    assert "Another Company" not in said


@pytest.mark.parametrize(
    ("country", "treatment", "percent", "words"),
    [
        ("BE", "reverse_charge", "0", "Reverse charge: the recipient accounts for the VAT, article 196 of "),
        ("GB", "outside_eu", "0", "Supplied from outside the EU."),
        ("NL", "small_business", "0", "Exempt from VAT: special scheme for small enterprises, article 284"),
        ("NL", "domestic", "21", "VAT 21%"),
    ],
)  # fmt: skip
def test_a_statement_says_what_the_law_wants_about_vat(
    country: str, treatment: str, percent: str, words: str, nadia: User
) -> None:
    partner = PartnerFactory(country=country, tax_number=f"{country}123456789")
    enters(partner, at=FEBRUARY)
    confirm_tax_status(
        partner=partner, vat_percent=D(percent), note="", treatment=treatment, postal_address="A street 1",
        by=nadia, at=FEBRUARY,
    )  # fmt: skip

    statement = an_approved_payout(partner, at=APRIL).statements.get()
    said = text_of(statement.file.read()).replace("\n", " ")

    assert "Self-billing" in said
    assert f"{country}123456789" in said
    assert words in said


def test_a_treatment_that_can_not_be_right_is_refused(ines: Partner, nadia: User) -> None:
    with pytest.raises(TaxStatusUnfit, match="another country"):
        confirm_tax_status(
            partner=ines, vat_percent=D(0), note="", treatment="reverse_charge", by=nadia, at=FEBRUARY
        )
    with pytest.raises(IntegrityError, match="tax_status_vat_only_domestic"), transaction.atomic():
        TaxStatus.objects.create(
            partner=ines,
            vat_percent=D(21),
            treatment="small_business",
            confirmed_by=nadia,
            confirmed_at=FEBRUARY,
        )


# --- the PDF ----------------------------------------------------------------------
def test_the_pdf_is_kept_tagged_and_the_same_bytes_each_time(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    statement = Statement.objects.get()
    client, address = signed_in(ines.user), reverse("commissions:statement_file", args=[statement.number])

    first, second = client.get(address), client.get(address)

    assert first.content == second.content == render(statement.facts)
    assert hashlib.sha256(first.content).hexdigest() == statement.file.sha256
    assert first["Content-Disposition"] == 'attachment; filename="statement-M2027-0001.pdf"'
    root = pypdf.PdfReader(BytesIO(first.content)).trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    described = root["/Metadata"].get_object().get_data().decode()
    assert "pdfaid:part>2" in described
    assert "pdfuaid:part>1" in described


@pytest.mark.parametrize(
    "name", ["#set page(fill: red) *x* $y$ \\ <a>", "田中 アドバイザリー", "🙂 & \u202e Co"]
)
def test_whatever_a_partner_is_called_the_pdf_is_made(name: str) -> None:
    partner = PartnerFactory(legal_name=name)
    enters(partner, at=FEBRUARY)

    statements.close_months(at=MARCH)

    statement = Statement.objects.get()
    assert statement.facts["partner"]["name"] == name
    assert statement.file.read().startswith(b"%PDF-")


# --- numbers, and what never changes ---------------------------------------------
def test_a_rolled_back_approval_leaves_no_gap(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        statements.close_months(at=MARCH)
        raise ZeroDivisionError

    statements.close_months(at=MARCH)

    assert [row.number for row in Statement.objects.all()] == ["M2027-0001"]


def test_the_database_refuses_a_number_out_of_turn_and_the_invariant_finds_it(ines: Partner) -> None:
    gap = {
        "kind": "month", "year": 2027, "sequence": 2, "partner": ines, "currency": "EUR",
        "month": date(2027, 2, 1), "net": 0, "issued_at": MARCH, "facts": {},
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="without gaps"), transaction.atomic():
        Statement.objects.create(**gap)

    with pgtrigger.ignore("commissions.Statement:statement_numbered_in_turn"):
        Statement.objects.create(**gap)

    assert [found.words for found in broken(INVARIANTS)] == [
        "No gap and no number twice in a series of statements."
    ]


def test_the_database_keeps_statements_their_lines_and_files_as_they_are(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)

    for model, change in (
        (Statement, {"facts": {}}), (StatementLine, {"amount": 1}), (StatementFile, {"content": b""}),
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            model.objects.update(**change)
        with (
            pytest.raises(DatabaseError, match="Cannot update or delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def test_the_database_refuses_a_month_that_does_not_add_up(ines: Partner) -> None:
    entry = enters(ines, at=FEBRUARY)
    month = {"kind": "month", "year": 2027, "sequence": 1, "partner": ines, "currency": "EUR"}
    rest = {"month": date(2027, 2, 1), "issued_at": MARCH, "facts": {}}

    with pytest.raises(IntegrityError, match="a month is its lines"), transaction.atomic():
        Statement.objects.create(**month, **rest, net=99)
        connection.check_constraints()
    with pytest.raises(IntegrityError, match="a month is its lines"), transaction.atomic():
        Statement.objects.create(**month, **rest, net=0, opening=5)
        connection.check_constraints()
    with pytest.raises(IntegrityError, match="of another partner"), transaction.atomic():
        row = Statement.objects.create(**month, **rest, net=99)
        StatementLine.objects.create(statement=row, position=1, what="entry", commission=entry, amount=99)


def test_the_database_refuses_other_sums_than_the_payouts(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    payout = an_approved_payout(ines, at=APRIL)
    row = {
        "year": 2027,
        "partner": ines,
        "currency": "EUR",
        "issued_at": APRIL,
        "facts": {},
        "payout": payout,
    }

    with pytest.raises(IntegrityError, match="a failed payout is cancelled"), transaction.atomic():
        Statement.objects.create(**row, kind="cancellation", sequence=1, net=-100)
    with pytest.raises(IntegrityError, match="other sums, or another number"), transaction.atomic():
        Statement.objects.create(**row, kind="payout", sequence=2, net=99)


# --- who reads, and who is told ----------------------------------------------------
def test_a_partner_reads_their_own_list_page_and_pdf_and_nobody_elses(ines: Partner, client: Client) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    mine, stranger = signed_in(ines.user), signed_in(PartnerFactory().user)
    addresses = [
        reverse(f"commissions:{name}", args=["M2027-0001"]) for name in ("statement", "statement_file")
    ]

    assert "M2027-0001" in mine.get(reverse("commissions:earnings_statements")).content.decode()
    assert [mine.get(address).status_code for address in addresses] == [200, 200]
    assert [stranger.get(address).status_code for address in addresses] == [404, 404]
    assert [client.get(address).status_code for address in addresses] == [302, 302]
    assert mine.get(reverse("commissions:statement", args=["M2027-0002"])).status_code == 404
    assert "M2027-0001" not in stranger.get(reverse("commissions:earnings_statements")).content.decode()


def test_finance_and_directors_read_everybodys_and_sales_nobodys(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    other = PartnerFactory()
    enters(other, at=MARCH)
    statements.close_months(at=APRIL)
    listed, one = (
        reverse("commissions:desk_statements"),
        reverse("commissions:statement", args=["M2027-0001"]),
    )

    for role in (Role.FINANCE, Role.DIRECTOR):
        reader = signed_in(UserFactory(roles=[role]))
        assert reader.get(one).status_code == 200
        assert len(reader.get(listed).context["statements"]) == 2
        assert len(reader.get(listed, {"partner": ines.pk}).context["statements"]) == 1
        assert reader.get(listed, {"partner": "x", "after": "٣"}).status_code == 200
    sales = signed_in(UserFactory(roles=[Role.SALES]))
    assert (sales.get(one).status_code, sales.get(listed).status_code) == (404, 403)


def test_statements_stay_readable_after_the_partnership_ended(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    ended(ines, at=MARCH - timedelta(days=1), kind="cause")
    statements.close_months(at=MARCH)

    reader = signed_in(ines.user)

    assert reader.get(reverse("commissions:statement", args=["M2027-0001"])).status_code == 200
    assert reader.get(reverse("commissions:statement_file", args=["M2027-0001"])).status_code == 200


def test_partners_take_their_statements_and_what_they_contested_along(ines: Partner) -> None:
    entry = enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    contest_entry(entry=entry, text="They paid more.", by=ines.user, at=MARCH)

    with zipfile.ZipFile(BytesIO(archive(ines, at=MARCH))) as packed:
        kept = packed.read("statements/M2027-0001.pdf")
        contested = packed.read("contested.csv").decode()

    assert kept == Statement.objects.get().file.read()
    assert "They paid more." in contested


def test_the_partner_is_told_of_a_month_unless_they_turned_it_off(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    statements.close_months(at=MARCH)
    message = OutboxMessage.objects.get(kind="commissions.statement_ready")

    handlers_statements.mail_statement_ready(message)
    MutedMail.objects.create(user=ines.user, kind="commissions.statement_ready", muted_at=MARCH)
    handlers_statements.mail_statement_ready(message)

    assert [sent.subject for sent in mail.outbox] == ["Your statement of February 2027: €100.00"]
    assert "/earnings/statements/M2027-0001/" in mail.outbox[0].body


def test_a_cancellation_is_always_told(ines: Partner, nadia: User) -> None:
    enters(ines, at=FEBRUARY)
    payout: Payout = an_approved_payout(ines, at=APRIL)
    payouts.mark_failed(payout=payout, reason="Closed", by=nadia, at=APRIL)

    handlers_statements.mail_statement_ready(OutboxMessage.objects.get(kind="commissions.statement_ready"))

    assert mail.outbox[0].subject == "Statement 2027-0001 is cancelled: the transfer didn’t arrive"
    assert "/earnings/statements/C2027-0001/" in mail.outbox[0].body


def test_a_recruiters_statement_says_nothing_of_the_recruits_customer() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    entry = enters(recruit, at=FEBRUARY)
    statements.close_months(at=MARCH)

    bonus = Commission.objects.get(partner=recruiter)
    said = " ".join(text_of(bonus.statement_line.statement.file.read()).split())  # a long name wraps

    assert "your recruit" in said
    assert entry.invoice.reference not in said
    assert entry.use_case.referral.company.name not in said


def test_a_payouts_statement_says_to_which_account(ines: Partner) -> None:
    enters(ines, at=FEBRUARY)
    payout = an_approved_payout(ines, at=APRIL)

    terms = Statement.objects.get(payout=payout).facts["terms"]

    assert terms[-1] == f"To account {payout.bank_details.masked}"  # type: ignore[union-attr]
    assert payout.bank_details.number not in str(terms)  # type: ignore[union-attr]

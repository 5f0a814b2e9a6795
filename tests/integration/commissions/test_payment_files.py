"""The SEPA file and the list: valid, read back by other means, the same bytes, each download on record."""

import csv
import io
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sepaxml
import xmlschema
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from commissions import payment_files, payouts
from commissions.errors import PayoutSettled, RunAlreadyDecided, RunNotApproved
from commissions.errors_payout import DebtorUnknown, NothingBySepa, NothingToMark, NotInEuro
from commissions.models import PaymentFile, PayoutRun
from partners.models import Partner
from ssp.core import clock
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import bank_details, confirmed_tax
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_pages import signed_in
from tests.integration.commissions.test_payouts import AT, ON, D, earns

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
_numbers = count(1)
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
SCHEMA = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"
GERMAN = "DE89370400440532013000"


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE], full_name="Nadia Groen")


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


@pytest.fixture(autouse=True)
def semi(settings) -> None:
    settings.SEPA_DEBTOR = {"NAME": "SeMI Technologies B.V.", "IBAN": "NL20INGB0001234567", "BIC": ""}


def a_partner(name: str = "Vos & Söhne", iban: str = GERMAN, **fields: Any) -> Partner:
    partner = PartnerFactory(display_name=f"Partner {next(_numbers):05}")  # runs go by name
    bank_details(partner, number=iban, holder=name, **{"bic": "COBADEFFXXX", **fields})
    return partner


def an_approved_run(nadia: User, willem: User, *partners: Partner, currency: str = "EUR") -> PayoutRun:
    for partner in partners:
        earns(partner, "995.50", currency=currency)
    run = payouts.prepare_payout_run(currency=currency, by=nadia, at=AT)
    return payouts.approve_payout_run(run=run, by=willem, at=AT)


def take(run: PayoutRun, by: User, *, at: datetime = AT) -> bytes:
    return payment_files.take_sepa_file(run=run, by=by, at=at).content


def read_back(content: bytes) -> dict[str, Any]:
    """Read a file as a bank would, without the library that wrote it."""
    document = ET.fromstring(content)

    def text(path: str, within: ET.Element = document) -> str:
        found = within.find(path, NS)
        assert found is not None
        assert found.text
        return found.text

    return {
        "message_id": text(".//p:GrpHdr/p:MsgId"),
        "created": text(".//p:GrpHdr/p:CreDtTm"),
        "count": text(".//p:GrpHdr/p:NbOfTxs"),
        "sum": text(".//p:GrpHdr/p:CtrlSum"),
        "debtor": (text(".//p:Dbtr/p:Nm"), text(".//p:DbtrAcct/p:Id/p:IBAN"), text(".//p:DbtrAgt//p:BICFI")),
        "day": text(".//p:ReqdExctnDt/p:Dt"),
        "transfers": [
            (
                text("p:PmtId/p:EndToEndId", each),
                text("p:Amt/p:InstdAmt", each),
                text("p:Cdtr/p:Nm", each),
                text("p:CdtrAcct/p:Id/p:IBAN", each),
                text("p:CdtrAgt//p:BICFI", each),
                text("p:RmtInf/p:Ustrd", each),
            )
            for each in document.iterfind(".//p:CdtTrfTxInf", NS)
        ],
    }


def test_a_bank_reads_what_was_approved(nadia: User, willem: User) -> None:
    first, second = a_partner(), a_partner("Œuvre d’Élan", "NL91ABNA0417164300", bic="ABNANL2A")
    confirmed_tax(second, vat_percent="21")
    run = an_approved_run(nadia, willem, first, second)
    one, two = run.payouts.order_by("pk")

    content = take(run, nadia)

    xmlschema.XMLSchema(SCHEMA).validate(content.decode())
    assert read_back(content) == {
        "message_id": f"SSP-{ON:%Y%m%d}-{run.pk}",
        "created": "2027-03-23T10:00:00",
        "count": "2",
        "sum": "220.01",
        "debtor": ("SeMI Technologies B.V.", "NL20INGB0001234567", "INGBNL2A"),
        "day": "2027-03-23",
        "transfers": [
            (f"SSP-PAYOUT-{one.pk}", "99.55", "Vos + Sohne", GERMAN, "COBADEFFXXX",
             "SeMI Sales Partnership, statement 2027-0001"),
            (f"SSP-PAYOUT-{two.pk}", "120.46", "OEuvre d'Elan", "NL91ABNA0417164300", "ABNANL2A",
             "SeMI Sales Partnership, statement 2027-0002"),
        ],
    }  # fmt: skip


def test_the_same_bytes_come_again_whatever_changed_since(nadia: User, willem: User, settings) -> None:
    partner = a_partner()
    run = an_approved_run(nadia, willem, partner)
    first = take(run, nadia)

    settings.SEPA_DEBTOR = {"NAME": "Other", "IBAN": "NL91ABNA0417164300", "BIC": ""}
    bank_details(partner, at=AT)
    payouts.mark_paid(payout=run.payouts.get(), paid_on=ON, by=nadia, at=AT)

    assert take(run, nadia, at=AT + timedelta(days=40)) == first
    taken = AuditEntry.objects.filter(action="payout_run.sepa_file_taken")
    assert [entry.by for entry in taken] == [nadia, nadia]


def test_two_files_of_the_same_facts_are_the_same_bytes(nadia: User, willem: User) -> None:
    run = an_approved_run(nadia, willem, a_partner())
    facts = {"message_id": "M-1", "execute_on": ON, "made_at": AT, "source": payment_files.debtor()}

    made = {payment_files.pain001(payment_files.open_payouts(run), **facts) for _ in range(2)}
    assert len(made) == 1


def test_it_pays_the_account_that_was_approved(nadia: User, willem: User) -> None:
    partner = a_partner()
    run = an_approved_run(nadia, willem, partner)
    bank_details(partner, number="NL91ABNA0417164300", at=AT)

    assert [transfer[3] for transfer in read_back(take(run, nadia))["transfers"]] == [GERMAN]


def test_what_is_settled_is_not_in_it(nadia: User, willem: User) -> None:
    run = an_approved_run(nadia, willem, a_partner(), a_partner(), a_partner())
    paid, failed, waiting = run.payouts.order_by("pk")
    payouts.mark_paid(payout=paid, paid_on=ON, by=nadia, at=AT)
    payouts.mark_failed(payout=failed, reason="Closed", by=nadia, at=AT)

    assert [t[0] for t in read_back(take(run, nadia))["transfers"]] == [f"SSP-PAYOUT-{waiting.pk}"]


@pytest.mark.parametrize(
    "debtor",
    [
        {"NAME": "SeMI", "IBAN": "", "BIC": ""},
        {"NAME": "SeMI", "IBAN": "NL20INGB0001234568", "BIC": ""},
        {"NAME": "", "IBAN": "NL20INGB0001234567", "BIC": ""},
    ],
)
def test_without_an_account_to_pay_from_there_is_no_file(
    debtor: dict[str, str], nadia: User, willem: User, settings
) -> None:
    settings.SEPA_DEBTOR = debtor
    run = an_approved_run(nadia, willem, a_partner())

    with pytest.raises(DebtorUnknown, match="SEPA_DEBTOR_IBAN"):
        take(run, nadia)
    assert not PaymentFile.objects.exists()


def test_there_is_a_file_of_approved_runs_in_euro_by_sepa_for_finance_alone(
    nadia: User, willem: User
) -> None:
    dollars = an_approved_run(nadia, willem, a_partner(), currency="USD")
    brazil = a_partner(iban="BR1800360305000010009795493C1", bic="CEFXBRSP")
    elsewhere = an_approved_run(nadia, willem, brazil)
    earns(brazil, "1000")
    prepared = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    for run, refusal in ((dollars, NotInEuro), (elsewhere, NothingBySepa), (prepared, RunNotApproved)):
        with pytest.raises(refusal):
            take(run, nadia)
    with pytest.raises(NotAllowed):
        take(elsewhere, willem)


@pytest.mark.parametrize("what", ["prepared", "dollars"])
def test_the_database_refuses_a_file_of_anything_else(what: str, nadia: User, willem: User) -> None:
    if what == "dollars":
        run = an_approved_run(nadia, willem, a_partner(), currency="USD")
    else:
        earns(a_partner(), "1000")
        run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    file = PaymentFile(
        run=run, message_id="M", execute_on=ON, payments=1, total=D(1), payout_ids=[], sha256="0" * 64,
        made_by=nadia, made_at=AT,
    )  # fmt: skip
    file.content = b"<x/>"

    with pytest.raises(IntegrityError, match="approved run in euro"), transaction.atomic():
        file.save()


def test_a_file_is_encrypted_and_stays(nadia: User, willem: User) -> None:
    file = payment_files.take_sepa_file(run=an_approved_run(nadia, willem, a_partner()), by=nadia, at=AT)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(f)::text FROM commissions_paymentfile f")
        assert GERMAN not in cursor.fetchone()[0]
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        PaymentFile.objects.filter(pk=file.pk).update(sha256="1" * 64)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        file.delete()


def test_the_list_has_whole_numbers_only_where_no_file_has_them(nadia: User, willem: User) -> None:
    brazil = a_partner("=cmd|' /C calc'!A1", "BR1800360305000010009795493C1", bic="CEFXBRSP")
    run = an_approved_run(nadia, willem, brazil, a_partner())

    headers, rows = payment_files.take_payment_list(run=run, by=nadia, at=AT)

    accounts = [row[headers.index("Account")] for row in rows]
    assert accounts == ["BR1800360305000010009795493C1", "DE** **** 3000"]
    payouts.mark_run_paid(run=run, paid_on=ON, by=nadia, at=AT)
    _headers, later = payment_files.take_payment_list(run=run, by=nadia, at=AT)
    assert "BR1800360305000010009795493C1" not in str(later)  # paid: nobody types it in any more


# --- the pages ------------------------------------------------------------------------
@pytest.fixture
def later():
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


def proven(user: User) -> Client:
    client = signed_in(user)
    client.post("/accounts/reauthenticate/", {"password": "correct horse battery"})
    return client


@pytest.mark.parametrize("name", ["payout_sepa_file", "payout_list"])
def test_a_download_asks_who_it_is_and_isnt_a_get(name: str, nadia: User, willem: User, later: None) -> None:
    run = an_approved_run(nadia, willem, a_partner())
    address = reverse(f"commissions:{name}", args=[run.pk])

    assert signed_in(nadia).post(address)["Location"].startswith("/accounts/")
    assert not AuditEntry.objects.filter(action__in=payment_files.TAKEN).exists()


def test_finance_downloads_both_and_the_page_says_who_did(nadia: User, willem: User, later: None) -> None:
    run = an_approved_run(nadia, willem, a_partner("=HYPERLINK(1)"))
    client, page = proven(nadia), reverse("commissions:payout_run", args=[run.pk])
    assert "1 payout goes by SEPA transfer" in client.get(page).content.decode()

    file = client.post(reverse("commissions:payout_sepa_file", args=[run.pk]))
    table = client.post(reverse("commissions:payout_list", args=[run.pk]))

    assert file["Content-Disposition"] == f'attachment; filename="SSP-{ON:%Y%m%d}-{run.pk}.xml"'
    assert "no-store" in file["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert (rows[0]["Account holder"], rows[0]["Amount"]) == ("'=HYPERLINK(1)", "99.55")
    text = client.get(page).content.decode()
    assert "Downloaded 2 times" in text
    assert GERMAN not in text
    assert client.get(reverse("commissions:payout_sepa_file", args=[run.pk])).status_code == 405


def test_a_refusal_is_a_sentence_on_the_run(nadia: User, willem: User, later: None, settings) -> None:
    settings.SEPA_DEBTOR = {"NAME": "", "IBAN": "", "BIC": ""}
    run = an_approved_run(nadia, willem, a_partner())

    page = proven(nadia).post(reverse("commissions:payout_sepa_file", args=[run.pk]), follow=True)
    assert "Whoever runs this site sets" in page.content.decode()


# --- a whole run is marked ---------------------------------------------------------------
def test_a_run_is_marked_as_paid_with_exceptions(nadia: User, willem: User, later: None) -> None:
    run = an_approved_run(nadia, willem, a_partner(), a_partner(), a_partner())
    paid, excepted, third = run.payouts.order_by("pk")
    payouts.mark_paid(payout=paid, paid_on=ON, by=nadia, at=AT)
    client, address = signed_in(nadia), reverse("commissions:payout_run_paid", args=[run.pk])
    assert client.get(address).status_code == 200

    page = client.post(address, {"paid_on": ON.isoformat(), "excepted": [excepted.pk]}, follow=True)

    assert "1 payout is marked as paid" in page.content.decode()
    days = [payout.paid_on for payout in run.payouts.order_by("pk")]
    assert days == [ON, None, ON]
    told = OutboxMessage.objects.filter(kind="commissions.payout_paid")
    assert {message.payload["payout_id"] for message in told} == {paid.pk, third.pk}


@pytest.mark.parametrize("wrong", [{"paid_on": ""}, {"paid_on": (ON + timedelta(days=1)).isoformat()}])
def test_a_wrong_day_marks_nothing(wrong: dict[str, str], nadia: User, willem: User, later: None) -> None:
    run = an_approved_run(nadia, willem, a_partner(), a_partner())
    page = signed_in(nadia).post(reverse("commissions:payout_run_paid", args=[run.pk]), wrong)

    assert page.context["form"].errors
    assert not run.payouts.filter(paid_on__isnull=False).exists()


def test_payouts_of_another_run_are_no_exceptions_of_this_one(nadia: User, willem: User, later: None) -> None:
    run, other = (an_approved_run(nadia, willem, a_partner()) for _ in range(2))
    address = reverse("commissions:payout_run_paid", args=[run.pk])

    page = signed_in(nadia).post(address, {"paid_on": ON.isoformat(), "excepted": [other.payouts.get().pk]})
    assert page.context["form"].errors["excepted"]


def test_nothing_is_marked_twice(nadia: User, willem: User) -> None:
    run = an_approved_run(nadia, willem, a_partner())
    payouts.mark_run_paid(run=run, paid_on=ON, by=nadia, at=AT)

    with pytest.raises(NothingToMark):
        payouts.mark_run_paid(run=run, paid_on=ON, by=nadia, at=AT)
    with pytest.raises(PayoutSettled):
        payouts.mark_failed(payout=run.payouts.get(), reason="Closed", by=nadia, at=AT)


def test_what_is_on_the_way_is_never_returned(nadia: User, willem: User) -> None:
    run = an_approved_run(nadia, willem, a_partner())
    take(run, nadia)

    with pytest.raises(RunAlreadyDecided):
        payouts.return_payout_run(run=run, by=nadia, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(discarded_by=nadia, discarded_at=AT)
    with pytest.raises(IntegrityError, match="frees its entries"), transaction.atomic():
        run.payouts.get().entries.update(released_at=AT)


# --- at once ---------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_eight_downloads_at_once_make_one_file() -> None:
    nadia, willem = UserFactory(roles=[Role.FINANCE]), UserFactory(roles=[Role.DIRECTOR])
    run = an_approved_run(nadia, willem, a_partner())
    files: list[bytes] = []

    raised = all_at_once(lambda: files.append(take(run, nadia)), threads=8)

    assert raised == []
    assert (len(files), len(set(files)), PaymentFile.objects.count()) == (8, 1, 1)
    assert AuditEntry.objects.filter(action="payout_run.sepa_file_taken").count() == 8


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_marked_four_times_at_once_is_marked_once() -> None:
    nadia, willem = UserFactory(roles=[Role.FINANCE]), UserFactory(roles=[Role.DIRECTOR])
    run = an_approved_run(nadia, willem, a_partner(), a_partner())

    raised = all_at_once(lambda: payouts.mark_run_paid(run=run, paid_on=ON, by=nadia, at=AT), threads=4)

    assert [type(error) for error in raised] == [NothingToMark] * 3
    assert OutboxMessage.objects.filter(kind="commissions.payout_paid").count() == 2
    assert AuditEntry.objects.filter(action="payout.paid").count() == 2

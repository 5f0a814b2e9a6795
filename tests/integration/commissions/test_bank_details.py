"""Where a partner's money goes: entered by them alone, encrypted, told, and frozen for 72 hours."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from commissions import bank, handlers_bank, payouts
from commissions.candidates import candidates
from commissions.errors_payout import (
    AccountsChanged,
    NoRestingAccount,
    NotYourAccount,
    ProofTooOld,
    SameAccount,
)
from commissions.models import BankDetails, FormerAddress, Payout, PayoutEntry, PayoutRun
from commissions.rules.accounts import read_iban
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import bank_details, confirmed_tax
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.integration.commissions.test_pages import signed_in
from tests.integration.commissions.test_payouts import AT, D, earns
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
PASSWORD = "correct horse battery"
OLD, NEW = "NL91ABNA0417164300", "DE89370400440532013000"
ALMOST = timedelta(hours=72) - timedelta(microseconds=1)


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory(user__full_name="Ines Marchetti", legal_name="Marchetti Advisory")


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


def enters(partner: Partner, iban: str = NEW, *, at: datetime = AT, **more: Any) -> BankDetails:
    values = {"proved_at": at, "by": partner.user, **more}
    return bank.enter_bank_details(
        partner=partner, account=read_iban(iban, holder="Marchetti Advisory"), at=at, **values
    )


# --- who, and how ------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMINISTRATOR, Role.PARTNER])
def test_nobody_but_the_partner_says_where_their_money_goes(ines: Partner, role: Role) -> None:
    somebody = UserFactory(roles=[role])

    with pytest.raises(NotYourAccount):
        enters(ines, by=somebody)
    with pytest.raises(IntegrityError, match="only the partner"), transaction.atomic():
        bank_details(ines, entered_by=somebody)


@pytest.mark.parametrize("ago", [None, timedelta(minutes=5, seconds=1), timedelta(seconds=-1)])
def test_an_account_is_entered_right_after_a_proof(ines: Partner, ago: timedelta | None) -> None:
    with pytest.raises(ProofTooOld):
        enters(ines, proved_at=None if ago is None else AT - ago)
    if ago is not None:
        with pytest.raises(IntegrityError, match="bank_details_proved_just_before"), transaction.atomic():
            bank_details(ines, at=AT, proved_at=AT - ago)
    assert not BankDetails.objects.exists()


def test_the_same_account_again_changes_nothing_and_freezes_nothing(ines: Partner) -> None:
    bank_details(ines, number=OLD, holder="Marchetti Advisory")

    with pytest.raises(SameAccount):
        enters(ines, OLD)
    assert BankDetails.objects.get().entered_at == MONDAY


def test_the_number_is_in_no_column_no_audit_and_no_outbox(ines: Partner) -> None:
    details = enters(ines)

    assert details.number == NEW
    with connection.cursor() as cursor:
        for table in ("commissions_bankdetails", "core_auditentry", "core_outboxmessage"):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            written = " ".join(row for (row,) in cursor.fetchall())
            assert written
            assert NEW not in written
            assert NEW[4:12] not in written
            assert ("3000" in written) is (table == "commissions_bankdetails")  # the mask
    assert AuditEntry.objects.get(action="bank_details.entered").data == {"partner": ines.pk, "first": True}


def test_the_database_refuses_a_number_in_the_clear(ines: Partner) -> None:
    details = BankDetails(
        partner=ines, kind="iban", holder="X", sealed_number=NEW, masked="DE", bic="COBADEFF", country="DE",
        entered_by=ines.user, proved_at=AT, entered_at=AT,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="bank_details_sealed"), transaction.atomic():
        details.save()


def test_an_account_is_never_changed_deleted_or_entered_in_the_past(ines: Partner) -> None:
    details = enters(ines)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        BankDetails.objects.filter(pk=details.pk).update(entered_at=MONDAY)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        details.delete()
    with pytest.raises(IntegrityError, match="never entered before"), transaction.atomic():
        bank_details(ines, at=AT - timedelta(days=9), number=OLD)


def test_another_key_reads_nothing_until_it_is_told_the_one_before(ines: Partner, settings) -> None:
    details = enters(ines)
    settings.FIELD_ENCRYPTION_KEY, before = "another", settings.FIELD_ENCRYPTION_KEY
    with pytest.raises(ImproperlyConfigured):
        _ = details.number

    settings.FIELD_ENCRYPTION_KEYS_BEFORE = [before]
    call_command("reseal", stdout=io.StringIO())
    call_command("reseal", stdout=io.StringIO())
    settings.FIELD_ENCRYPTION_KEYS_BEFORE = []

    details.refresh_from_db()
    assert details.number == NEW


# --- 72 hours ---------------------------------------------------------------------
def test_a_new_account_is_paid_to_after_72_hours_and_the_old_one_not_at_all(
    ines: Partner, nadia: User
) -> None:
    earns(ines, "1000")
    details = enters(ines)

    left_out = candidates("EUR", at=AT + ALMOST)[0]
    assert [reason.code for reason in left_out.reasons] == ["frozen"]
    assert "DE** **** 3000 is new" in left_out.why_not
    assert left_out.reasons[0].changes_on == (AT + timedelta(hours=72)).date()
    with pytest.raises(NoRestingAccount):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT + ALMOST)

    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT + timedelta(hours=72))
    assert run.payouts.get().bank_details == details


def test_the_first_account_rests_as_well(ines: Partner, nadia: User) -> None:
    earns(ines, "1000", taxed=False)
    enters(ines)
    confirmed_tax(ines)

    with pytest.raises(NoRestingAccount):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT + timedelta(hours=71))


def test_without_an_account_a_partner_is_left_out_and_the_others_are_paid(nadia: User) -> None:
    without, other = PartnerFactory(), PartnerFactory()
    earns(other, "1000")
    earns(without, "1000", taxed=False)
    with connection.cursor() as cursor:  # confirmed, without the account that the factory brings
        cursor.execute(
            "INSERT INTO commissions_taxstatus (partner_id, vat_percent, note, confirmed_by_id, confirmed_at)"
            " VALUES (%s, 0, '', %s, now())",
            [without.pk, nadia.pk],
        )

    found = {c.partner: c for c in candidates("EUR", at=AT)}
    assert "hasn’t said where the money goes" in found[without].why_not
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    assert [payout.partner for payout in run.payouts.all()] == [other]

    message = OutboxMessage.objects.get(kind="commissions.bank_details_wanted")
    assert message.payload["partner_id"] == without.pk
    handlers_bank.ask_for_an_account(message)
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        ([without.user.email], "Where do your payouts go?")
    ]
    bank_details(without, at=AT)
    handlers_bank.ask_for_an_account(message)  # late, or a second time: they have said so since
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("which", ["new", "former", "anothers", "none"])
def test_the_database_refuses_a_payout_to_an_account_that_doesnt_rest(
    which: str, ines: Partner, nadia: User
) -> None:
    earns(ines, "1000")
    former = ines.bank_details.get()
    new = enters(ines)
    account = {"new": new, "former": former, "anothers": bank_details(PartnerFactory()), "none": None}[which]
    run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)

    with pytest.raises(IntegrityError, match="rests for 72 hours"), transaction.atomic():
        Payout.objects.create(
            run=run, partner=ines, currency="EUR", entries_total=D(100), bank_details=account
        )


def test_who_writes_no_account_gets_the_one_that_rests(ines: Partner, nadia: User) -> None:
    """So does the release before, which knows of none."""
    earns(ines, "1000")
    run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)
    made = Payout.objects.create(run=run, partner=ines, currency="EUR", entries_total=D(100))
    PayoutEntry.objects.create(payout=made, commission=ines.commissions.get())

    made.refresh_from_db()
    assert made.bank_details == ines.bank_details.get()
    with pytest.raises(IntegrityError, match="prepared for"), transaction.atomic():
        Payout.objects.update(bank_details=enters(ines))


# --- changed between the preparation and the approval --------------------------------
def test_who_changes_their_account_before_the_approval_is_set_aside(
    ines: Partner, nadia: User, willem: User
) -> None:
    other = PartnerFactory()
    for partner in (ines, other):
        earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    enters(ines)

    payouts.approve_payout_run(run=run, by=willem, at=AT)

    aside, approved = run.payouts.get(partner=ines), run.payouts.get(partner=other)
    assert (aside.failed_at, aside.statement_number) == (AT, "")
    assert (approved.failed_at, approved.statement_number) == (None, "2027-0001")
    assert [
        m.payload["payout_id"] for m in OutboxMessage.objects.filter(kind="commissions.payout_approved")
    ] == [approved.pk]
    assert candidates("EUR", at=AT)[0].total == D(100)  # free again, and waiting


def test_a_run_of_changed_accounts_alone_isnt_approved(ines: Partner, nadia: User, willem: User) -> None:
    earns(ines, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    enters(ines)

    with pytest.raises(AccountsChanged):
        payouts.approve_payout_run(run=run, by=willem, at=AT)
    with pytest.raises(IntegrityError, match="changed since"), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by=willem, approved_at=AT)
    payouts.return_payout_run(run=run, by=willem, at=AT)


# --- who is told ------------------------------------------------------------------
def told(details: BankDetails) -> list[str]:
    message = OutboxMessage.objects.get(payload__bank_details_id=details.pk)
    mail.outbox.clear()
    handlers_bank.warn_of_a_new_account(message)
    return [letter.to[0] for letter in mail.outbox]


def test_the_partner_is_told_what_to_do_if_it_wasnt_them(ines: Partner) -> None:
    bank_details(ines, number=OLD)
    assert told(enters(ines)) == [ines.user.email]

    letter = mail.outbox[0]
    assert letter.subject == "Your payouts go to DE** **** 3000 from now on"
    assert "changed from NL** **** 4300 to DE** **** 3000" in letter.body
    assert "Choose a new password at once" in letter.body
    assert NEW not in letter.body


@pytest.mark.parametrize("first", ["address", "account"])
def test_an_address_that_was_replaced_lately_is_told_too(ines: Partner, first: str) -> None:
    old = ines.user.email
    if first == "account":
        details = enters(ines)
    User.objects.filter(pk=ines.user_id).update(email="thief@people.example")  # however it was changed
    if first == "address":
        details = enters(ines)
    ines.user.refresh_from_db()

    assert told(details) == ["thief@people.example", old]


def test_an_address_of_last_week_is_neither_told_nor_kept(ines: Partner) -> None:
    User.objects.filter(pk=ines.user_id).update(email="ines@new.example")
    FormerAddress.objects.update(replaced_at=clock.wall() - timedelta(hours=72, minutes=1))
    ines.user.refresh_from_db()
    assert told(enters(ines)) == ["ines@new.example"]

    assert bank.forget_former_addresses(at=clock.wall()) == 0
    assert bank.forget_former_addresses(at=clock.wall() + timedelta(days=7)) == 1


# --- the pages -----------------------------------------------------------------------
@pytest.fixture
def own(ines: Partner) -> Client:
    client = Client()
    client.force_login(ines.user, backend="ssp.core.auth.RoleBackend")
    return client


SHOWN, CHANGE = "/earnings/account/", "/earnings/account/change/"
FILLED_IN = {"holder": "Marchetti Advisory", "kind": "iban", "iban": "DE89 3704 0044 0532 0130 00"}


def proven(client: Client) -> Client:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_a_password_is_asked_for_before_the_form(own: Client) -> None:
    asked = own.get(CHANGE)
    assert asked["Location"].startswith("/accounts/reauthenticate/")

    assert "To which account" in proven(own).get(CHANGE).content.decode()


def test_a_post_without_a_proof_changes_nothing_and_leaves_no_number_in_the_session(own: Client) -> None:
    answer = own.post(CHANGE, FILLED_IN)

    assert answer["Location"] == CHANGE
    assert not BankDetails.objects.exists()
    assert "3704" not in json.dumps(dict(own.session.items()))


def test_a_partner_enters_an_account_and_sees_it_masked(own: Client, ines: Partner) -> None:
    page = proven(own).post(CHANGE, FILLED_IN, follow=True).content.decode()

    assert "Payouts go to DE** **** 3000" in page
    assert "New accounts wait for 72 hours." in page
    assert "37040044" not in page
    assert ines.bank_details.get().number == NEW


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"iban": "DE89370400440532013001"}, "iban"),
        ({"iban": ""}, "iban"),
        ({"holder": ""}, "holder"),
        ({"kind": "other"}, "number"),
        ({"kind": "other", "number": "123456789", "country": "US"}, "bic"),
        ({"kind": "cash"}, "kind"),
        ({"iban": "BE68539007547034"}, "bic"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(typed: dict[str, str], field: str, own: Client) -> None:
    page = proven(own).post(CHANGE, FILLED_IN | typed)

    assert list(page.context["form"].errors) == [field]
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_an_account_without_iban_is_entered(own: Client, ines: Partner) -> None:
    proven(own).post(
        CHANGE,
        {"holder": "Jo Doe", "kind": "other", "number": "000 123 456", "routing": "021000021",
         "country": "US", "bic": "CHASUS33"},
    )  # fmt: skip
    made = ines.bank_details.get()
    assert (made.number, made.masked, made.routing, made.is_by_sepa("EUR")) == (
        "000123456", "**** 456", "021000021", False,
    )  # fmt: skip


def test_another_partners_account_is_on_nobodys_page(own: Client) -> None:
    other = PartnerFactory()
    bank_details(other, number=NEW)

    assert "3000" not in own.get(SHOWN).content.decode()
    assert signed_in(UserFactory(roles=[Role.FINANCE])).get(SHOWN).status_code == 302


def test_the_own_data_hold_the_accounts_in_full(own: Client, ines: Partner) -> None:
    bank_details(ines, number=OLD)
    content = proven(own).post("/my-data/").content

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = packed.read("bank-accounts.csv").decode("utf-8-sig")
    assert OLD in text
    assert EmailAddress.objects.filter(user=ines.user).exists()


# --- finance confirms the tax status anew ------------------------------------------------
@pytest.mark.parametrize(
    "changed", [{"tax_number": "NL2"}, {"country": "BE"}, {"legal_name": "Marchetti B.V."}]
)
def test_who_isnt_what_the_tax_status_was_confirmed_for_waits_for_finance(
    changed: dict[str, str], ines: Partner, nadia: User
) -> None:
    earns(ines, "1000")
    Partner.objects.filter(pk=ines.pk).update(**changed)

    left_out = candidates("EUR", at=AT)[0]
    assert (left_out.is_paid, left_out.waits_for_tax) == (False, True)
    assert "to be confirmed anew" in left_out.why_not
    run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)
    with pytest.raises(IntegrityError, match="confirmed it for has changed"), transaction.atomic():
        Payout.objects.create(run=run, partner=ines, currency="EUR", entries_total=D(100))

    form = signed_in(nadia).get(reverse("commissions:tax_status", args=[ines.pk])).content.decode()
    assert "isn’t what this was confirmed for" in form
    from_now_on = ines.tax_status
    from_now_on.save()  # confirmed again, even with the same numbers
    assert candidates("EUR", at=AT)[0].is_paid


# --- after the end --------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["notice", "cause"])
def test_who_left_still_says_where_the_rest_goes_and_gets_it_however_small(
    kind: str, ines: Partner, nadia: User, willem: User
) -> None:
    earns(ines, "100")  # 10.00, below the minimum
    ended(ines, at=AT - timedelta(days=5), kind=kind)
    enters(ines, at=AT - timedelta(days=4))

    assert signed_in(ines.user).get(reverse("commissions:bank_account")).status_code == 200
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)

    payout = run.payouts.get()
    assert (payout.partner, payout.total) == (ines, D(10))
    statement = reverse("commissions:statement", args=[payout.statement_number])
    assert signed_in(ines.user).get(statement).status_code == 200

"""Who works in finance and is a partner too: nobody decides alone about money that they get."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from commissions import contests, matches, matching, payouts, recording, services
from commissions.candidates import candidates
from commissions.errors import OwnMoney, OwnPayout
from commissions.errors_payout import AccountsChanged
from commissions.errors_statements import OwnEntry
from commissions.models import Fact, Invoice, InvoiceImport, Payout, PayoutRun, Source, TaxStatus
from partners.models import Partner
from referrals.models import Deal
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice, confirmed_tax
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_import import HEAD, INVOICE
from tests.integration.commissions.test_pages import signed_in
from tests.integration.commissions.test_payouts import AT, ON, D, an_approved_payout, earns

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


@pytest.fixture
def otto() -> User:
    """Return somebody from finance who is a partner besides."""
    return UserFactory(email="otto@semi.example", roles=[Role.FINANCE, Role.PARTNER])


@pytest.fixture
def otto_second() -> User:
    """Return another account of the same person."""
    return UserFactory(email="otto+money@semi.example", roles=[Role.FINANCE])


@pytest.fixture
def his(otto: User) -> Partner:
    return PartnerFactory(user=otto)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


def paid(payout: Payout, by: User) -> object:
    return payouts.mark_paid(payout=payout, paid_on=ON, by=by, at=AT)


def failed(payout: Payout, by: User) -> object:
    return payouts.mark_failed(payout=payout, reason="It came back.", by=by, at=AT)


def returned(payout: Payout, by: User) -> object:
    return payouts.mark_returned(payout=payout, returned_on=ON, reason="It came back.", by=by, at=AT)


def run_paid(payout: Payout, by: User) -> object:
    return payouts.mark_run_paid(run=payout.run, paid_on=ON, by=by, at=AT)


@pytest.mark.parametrize("settles", [paid, failed, run_paid])
def test_nobody_says_what_became_of_their_own_transfer(
    settles: Callable[[Payout, User], object],
    his: Partner,
    otto: User,
    otto_second: User,
    nadia: User,
    willem: User,
) -> None:
    payout = an_approved_payout(his, nadia, willem)

    for account in (otto, otto_second):  # "it failed" would pay it twice
        with pytest.raises(OwnMoney):
            settles(payout, account)

    payout.refresh_from_db()
    assert (payout.paid_on, payout.failed_at) == (None, None)
    settles(payout, nadia)


def test_nobody_says_that_their_own_payout_came_back(
    his: Partner, otto: User, otto_second: User, nadia: User, willem: User
) -> None:
    payout = an_approved_payout(his, nadia, willem)
    paid(payout, nadia)

    for account in (otto, otto_second):
        with pytest.raises(OwnMoney):
            returned(payout, account)

    payout.refresh_from_db()
    assert payout.returned_on is None


def test_somebody_from_finance_excepts_their_own_and_marks_the_others(
    his: Partner, otto: User, nadia: User, willem: User
) -> None:
    earns(PartnerFactory(), "1000")
    own = an_own_payout(his, nadia, willem)

    marked = payouts.mark_run_paid(run=own.run, paid_on=ON, excepted=[own.pk], by=otto, at=AT)

    assert [payout.partner == his for payout in marked] == [False]


def an_own_payout(his: Partner, nadia: User, willem: User) -> Payout:
    earns(his, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)
    return Payout.objects.select_related("run").get(run=run, partner=his)


def test_a_second_account_approves_nothing_either(his: Partner, otto_second: User, nadia: User) -> None:
    earns(his, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    with pytest.raises(OwnPayout):
        payouts.approve_payout_run(run=run, by=otto_second, at=AT)
    with pytest.raises(IntegrityError, match="approve it"), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by=otto_second, approved_at=AT)
    with pgtrigger.ignore("commissions.PayoutRun:payout_run_approved_by_nobody_it_pays"):
        PayoutRun.objects.filter(pk=run.pk).update(approved_by=otto_second, approved_at=AT)


def test_the_run_says_why_there_is_no_button(his: Partner, otto: User, nadia: User) -> None:
    earns(his, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    address = reverse("commissions:payout_run", args=[run.pk])

    assert "This run pays you" in signed_in(otto).get(address).content.decode()
    assert "This run pays you" not in signed_in(nadia).get(address).content.decode()


def test_a_post_that_says_neither_decides_nothing(his: Partner, nadia: User, willem: User) -> None:
    earns(his, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    answer = signed_in(willem).post(reverse("commissions:payout_decide", args=[run.pk]))

    run.refresh_from_db()
    assert (answer.status_code, run.approved_at, run.discarded_at) == (400, None, None)


def taxed(partner: Partner, by: User, percent: str = "21") -> TaxStatus:
    return services.confirm_tax_status(partner=partner, vat_percent=Decimal(percent), note="", by=by, at=AT)


def test_nobody_confirms_their_own_vat(his: Partner, otto: User, otto_second: User) -> None:
    for account in (otto, otto_second):
        with pytest.raises(OwnMoney):
            taxed(his, account)

    status = confirmed_tax(his)
    with pytest.raises(IntegrityError, match="confirm their own VAT"), transaction.atomic():
        TaxStatus.objects.filter(pk=status.pk).update(vat_percent=21, confirmed_by=otto)


@pytest.mark.parametrize("who", ["partner", "recruiter"])
def test_nobody_gives_an_invoice_to_a_deal_that_they_earn_from(
    who: str, his: Partner, otto: User, nadia: User
) -> None:
    owner = his if who == "partner" else PartnerFactory(recruiter=his)
    deal = a_won_deal(partner=owner)
    invoice = an_invoice(None)

    with pytest.raises(OwnMoney):
        matches.match_invoice(invoice=invoice, deal=deal, by=otto, at=AT)
    matches.match_invoice(invoice=invoice, deal=deal, by=nadia, at=AT)
    with pytest.raises(OwnMoney):
        matches.unmatch_invoice(invoice=invoice, by=otto, at=AT)


def test_nobody_enters_a_payment_that_they_earn_from(his: Partner, otto: User, nadia: User) -> None:
    invoice = an_invoice(a_won_deal(partner=his))

    def pay(by: User) -> Fact:
        return recording.record_payment(
            invoice=invoice, reference="P-1", happened_on=INVOICED_ON, gross=D(1000), by=by, at=AT
        )

    with pytest.raises(OwnMoney):
        pay(otto)
    assert not Fact.objects.filter(kind="payment").exists()
    pay(nadia)


@pytest.mark.parametrize("own", [True, False])
def test_nobody_imports_what_they_earn_from(own: bool, his: Partner, otto: User) -> None:
    a_won_deal(partner=his if own else PartnerFactory(), customer_reference="CUST-A")
    upload = services.upload_invoices(
        content="\n".join([HEAD, INVOICE]).encode(), file_name="x.csv", by=otto, at=AT
    )

    if own:
        with pytest.raises(OwnMoney):
            services.import_invoices(upload=upload, by=otto, at=AT)
    else:
        services.import_invoices(upload=upload, by=otto, at=AT)

    assert Invoice.objects.exists() is not own
    assert InvoiceImport.objects.filter(imported_at=None).exists() is own


def by_file(by: User) -> None:
    upload = services.upload_invoices(
        content="\n".join([HEAD, INVOICE]).encode(), file_name="x.csv", by=by, at=AT
    )
    services.import_invoices(upload=upload, by=by, at=AT)


def by_hand(by: User, reference: str = "SI-1") -> Invoice:
    return recording.record_invoice(
        source=Source.HAND,
        reference=reference,
        customer="Kestrel",
        customer_reference="CUST-A",
        issued_on=INVOICED_ON,
        currency="EUR",
        gross=D(1000),
        lines=[recording.NewLine(D(1000))],
        by=by,
        at=AT,
    )


def a_payment_by_hand(by: User) -> None:
    invoice = by_hand(UserFactory(roles=[Role.FINANCE]))
    recording.record_payment(
        invoice=invoice, reference="P-1", happened_on=INVOICED_ON, gross=D(1000), by=by, at=AT
    )


@pytest.mark.parametrize("brings_in", [by_file, by_hand, a_payment_by_hand])
@pytest.mark.parametrize("who", ["partner", "recruiter", "second account", "nobody"])
def test_no_machine_gives_what_somebody_brought_in_to_their_own_deal(
    who: str,
    brings_in: Callable[[User], object],
    his: Partner,
    otto: User,
    otto_second: User,
    nadia: User,
) -> None:
    brings_in(otto_second if who == "second account" else otto)  # nobody knows yet whose it is
    recruit = PartnerFactory(recruiter=his if who == "recruiter" else None)
    deal = a_won_deal(partner=recruit if who in ("nobody", "recruiter") else his)
    deal.customer_reference = "CUST-A"  # a seller enters it later
    deal.save()

    assert matches.match_waiting_invoices(deal=deal, at=AT) == (who == "nobody")
    assert matches.match_all_waiting_invoices(at=AT) == 0

    if who != "nobody":
        invoice = Invoice.objects.get()
        assert [each.deal for each in matching.suggestions(invoice)] == [deal]
        matches.match_invoice(invoice=invoice, deal=deal, by=nadia, at=AT)  # two people know now


def test_an_account_that_moved_is_known_by_where_it_is_now(his: Partner, otto: User) -> None:
    User.objects.filter(pk=otto.pk).update(email="otto.new@gmail.com")
    a_won_deal(partner=his, customer_reference="CUST-A")

    with pytest.raises(OwnMoney):
        by_file(UserFactory(email="ottonew+books@googlemail.com", roles=[Role.FINANCE]))


@pytest.mark.django_db(transaction=True)
def test_an_own_payment_that_comes_while_its_invoice_is_matched_is_refused() -> None:
    otto = UserFactory(email="otto@semi.example", roles=[Role.FINANCE, Role.PARTNER])
    deal = a_won_deal(partner=PartnerFactory(user=otto))
    invoice = by_hand(UserFactory(roles=[Role.FINANCE]))
    raised: list[BaseException] = []

    def pays_himself() -> None:
        try:
            recording.record_payment(
                invoice=invoice, reference="P-1", happened_on=INVOICED_ON, gross=D(1000), by=otto, at=AT
            )
        except OwnMoney as refusal:
            raised.append(refusal)
        finally:
            connection.close()

    with transaction.atomic():
        Deal.objects.filter(pk=deal.pk).update(customer_reference="CUST-A")
        deal.refresh_from_db()
        assert matches.match_waiting_invoices(deal=deal, at=AT) == 1
        other = threading.Thread(target=pays_himself)
        other.start()
        somebody_waits()
    other.join()

    assert len(raised) == 1
    assert not Fact.objects.filter(kind="payment").exists()


def somebody_waits() -> None:
    """Return once another connection waits for a lock that is held."""
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
    raise AssertionError("Nobody waited.")


def test_a_second_account_answers_no_contest_of_its_own(
    his: Partner, otto: User, otto_second: User, nadia: User, willem: User
) -> None:
    entry = an_approved_payout(his, nadia, willem).entries.get().commission
    contest = contests.contest_entry(entry=entry, text="Too little.", by=otto, at=AT)

    for account in (otto, otto_second):
        with pytest.raises(OwnEntry):
            contests.answer_contest(contest=contest, agreed=False, answer="No.", by=account, at=AT)
    contests.answer_contest(contest=contest, agreed=False, answer="No.", by=nadia, at=AT)


# --- a tax status that changes before the approval ----------------------------------------
def test_who_has_another_tax_status_since_is_set_aside(nadia: User, willem: User) -> None:
    moved, other = PartnerFactory(), PartnerFactory()
    for partner in (moved, other):
        earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    taxed(moved, nadia)

    payouts.approve_payout_run(run=run, by=willem, at=AT)

    aside, approved = run.payouts.get(partner=moved), run.payouts.get(partner=other)
    assert (aside.failed_at, aside.statement_number, "tax status" in aside.failure) == (AT, "", True)
    assert (approved.failed_at, approved.statement_number) == (None, "2027-0001")
    assert [(c.partner, c.would_be_paid) for c in candidates("EUR", at=AT)] == [(moved, D(121))]


def test_who_moved_abroad_since_is_set_aside(nadia: User, willem: User) -> None:
    moved, other = PartnerFactory(), PartnerFactory()
    for partner in (moved, other):
        earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    Partner.objects.filter(pk=moved.pk).update(country="BE")

    page = signed_in(willem).get(reverse("commissions:payout_run", args=[run.pk])).content.decode()
    payouts.approve_payout_run(run=run, by=willem, at=AT)

    assert "1 partner has another tax status since." in page
    assert [payout.partner for payout in run.payouts.filter(failed_at=None)] == [other]


def test_the_database_approves_no_outdated_vat(nadia: User, willem: User) -> None:
    partner = PartnerFactory()
    earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    taxed(partner, nadia)

    with pytest.raises(AccountsChanged):
        payouts.approve_payout_run(run=run, by=willem, at=AT)
    with pytest.raises(IntegrityError, match="tax status was changed"), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by=willem, approved_at=AT)


# --- other people's ids -------------------------------------------------------------------
def test_another_partners_money_is_behind_no_address(nadia: User, willem: User) -> None:
    payout = an_approved_payout(PartnerFactory(), nadia, willem)
    entry = payout.entries.get().commission
    stranger: Client = signed_in(PartnerFactory(user=UserFactory(roles=[Role.PARTNER])).user)
    number = payout.statement_number

    for address in (
        reverse("commissions:statement", args=[number]),
        reverse("commissions:statement_file", args=[number]),
        reverse("commissions:contest", args=[entry.pk]),
        reverse("commissions:compare", args=[entry.use_case_id]),
    ):
        assert stranger.get(address).status_code == 404, address
    for name, args in (
        ("payout_run", [payout.run_id]),
        ("payout_settle", [payout.pk]),
        ("tax_status", [payout.partner_id]),
        ("finance_ledger", []),
        ("journal", []),
        ("election_change", [entry.use_case_id]),
    ):
        assert stranger.get(reverse(f"commissions:{name}", args=args)).status_code == 403, name

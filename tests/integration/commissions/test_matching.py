"""Which deal an invoice is for: suggested with reasons, accepted, and taken back while it earned nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction

from commissions import accrual, handlers, matches, matching
from commissions.errors_intake import MatchEarned, NotMatched
from commissions.models import Commission, Fact, Invoice, InvoiceLine
from referrals.models import Company, Deal
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

D = Decimal

pytestmark = pytest.mark.django_db
AT = MONDAY + timedelta(days=100)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


def a_deal_of(name: str, *, domain: str = "", **fields: Any) -> Deal:
    deal = a_won_deal(**fields)
    company = deal.use_case.referral.company
    company.name, company.domain = name, domain
    company.save()
    return deal


def waiting(customer: str, **fields: Any) -> Invoice:
    invoice = an_invoice(None, "1000")
    Invoice.objects.filter(pk=invoice.pk).update(customer_name=customer, **fields)
    invoice.refresh_from_db()
    return invoice


def reasons(invoice: Invoice) -> str:
    return " ".join(matching.suggestions(invoice)[0].reasons)


# --- suggestions ------------------------------------------------------------------------
def test_the_company_is_found_by_its_name_however_its_legal_form_is_written() -> None:
    deal = a_deal_of("Kestrel Biotech")
    a_deal_of("Scheldt Ports")

    (found,) = matching.suggestions(waiting("KESTREL BIOTECH B.V."))
    assert (found.deal, "has the company’s name" in " ".join(found.reasons)) == (deal, True)


def test_a_similar_name_is_suggested_and_says_so() -> None:
    deal = a_deal_of("Kestrel Biotech")

    (found,) = matching.suggestions(waiting("Kestrel Biotechnology Group"))
    assert (found.deal, "is like “Kestrel Biotech”" in " ".join(found.reasons)) == (deal, True)


def test_the_domain_finds_a_company_of_quite_another_name() -> None:
    deal = a_deal_of("Kestrel Biotech", domain="kestrel.example")

    (found,) = matching.suggestions(waiting("KB Holding", customer_domain="kestrel.example"))
    assert found.deal == deal


def test_a_reference_that_is_spelled_otherwise_is_suggested_not_matched() -> None:
    deal = a_deal_of("Kestrel Biotech", customer_reference="KESTREL-2026")
    invoice = waiting("Somebody else", customer_reference="kestrel 2026")

    assert matches.match_all_waiting_invoices(at=AT) == 0
    assert "same but for its spelling" in reasons(invoice)
    assert matching.suggestions(invoice)[0].deal == deal


def test_without_a_sign_of_the_company_nothing_is_suggested() -> None:
    a_deal_of("Kestrel Biotech", expected_net=Decimal(1000))

    assert matching.suggestions(waiting("Halvorsen Shipping")) == []


@pytest.mark.parametrize(
    ("fields", "line", "words"),
    [
        ({"expected_net": Decimal(1040)}, "", "close to the €1,040.00"),
        ({"expected_net": Decimal(4000)}, "", "a quarter of the €4,000.00"),
        ({}, "%s, first year", "A line is about “Search "),
        ({}, "", "after the customer signed"),
        ({}, "", "The currency is the deal’s, EUR."),
    ],
)
def test_what_fits_is_said(fields: dict[str, Any], line: str, words: str) -> None:
    deal = a_deal_of("Kestrel Biotech", **fields)
    invoice = waiting("Kestrel Biotech")
    if line:
        InvoiceLine.objects.create(
            invoice=invoice, number=9, net=Decimal(0), recurring=False, description=line % deal.use_case.title
        )

    assert words in reasons(invoice)


def test_of_two_deals_of_a_company_the_one_that_fits_stands_first_and_doubts_are_said() -> None:
    other = a_deal_of("Kestrel Biotech", currency="USD")
    right = a_won_deal(expected_net=Decimal(1000))
    Company.objects.filter(pk=right.use_case.referral.company_id).update(
        name="Kestrel Biotech", key="kestrel biotech"
    )

    first, second = matching.suggestions(waiting("Kestrel Biotech"))
    assert (first.deal, second.deal) == (right, other)
    assert second.doubts == ["The deal is in USD."]


def test_another_invoice_to_the_same_customer_speaks_for_its_deal(nadia: User) -> None:
    deal = a_deal_of("Kestrel Biotech")
    matches.match_invoice(invoice=waiting("KB Holding"), deal=deal, by=nadia, at=AT)

    assert "Another invoice to this customer" in reasons(waiting("KB Holding"))


def test_a_lost_deal_is_no_suggestion() -> None:
    deal = a_deal_of("Kestrel Biotech")
    Deal.objects.filter(pk=deal.pk).update(stage="lost", signed_on=None, lost_reason="Price")

    assert matching.suggestions(waiting("Kestrel Biotech")) == []


# --- taking a match back --------------------------------------------------------------------
def test_a_match_that_earned_nothing_is_taken_back_and_made_again(nadia: User) -> None:
    wrong, right = a_won_deal(), a_won_deal()
    invoice = an_invoice(None)
    matches.match_invoice(invoice=invoice, deal=wrong, by=nadia, at=AT)
    matches.unmatch_invoice(invoice=invoice, by=nadia, at=AT)
    matches.match_invoice(invoice=invoice, deal=right, by=nadia, at=AT)

    invoice.refresh_from_db()
    kinds = list(invoice.facts.order_by("pk").values_list("kind", flat=True))
    assert (invoice.deal, kinds) == (right, ["invoice", "match", "unmatch", "match"])
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)
    assert Commission.objects.get().use_case == right.use_case


@pytest.mark.clause("C5")
def test_a_match_that_earned_something_stays(nadia: User) -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)

    with pytest.raises(MatchEarned):
        matches.unmatch_invoice(invoice=invoice, by=nadia, at=AT)


@pytest.mark.clause("C5")
def test_the_database_keeps_an_invoice_with_the_deal_it_earned_for() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)

    with pytest.raises(IntegrityError, match="keeps the deal"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(deal=None)


@pytest.mark.clause("C5")
def test_without_the_guard_an_entry_would_lose_its_deal() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)

    with pgtrigger.ignore("commissions.Invoice:invoice_stays_as_it_came"):
        Invoice.objects.filter(pk=invoice.pk).update(deal=None)
    invoice.refresh_from_db()
    assert (invoice.deal, invoice.commissions.count()) == (None, 1)


@pytest.mark.clause("C5")
def test_the_database_moves_no_invoice_from_deal_to_deal() -> None:
    invoice = an_invoice(a_won_deal())

    with pytest.raises(IntegrityError, match="keeps the deal"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(deal=a_won_deal())


@pytest.mark.clause("C5")
def test_the_database_writes_no_entry_for_a_write_off() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)
    entry = Commission.objects.get()
    entry.pk, entry.fact = None, happens(invoice, "write_off", "10", on=entry.earned_on)
    entry.amount, entry.due = Decimal(-1), entry.due - 1
    entry.eligible_net -= 10

    with pytest.raises(IntegrityError, match="write-offs change nothing"), transaction.atomic():
        entry.save(force_insert=True)


@pytest.mark.clause("C5")
def test_a_written_off_invoice_waits_for_its_deal_too_since_it_is_the_first(nadia: User) -> None:
    deal = a_won_deal(model="first_invoice")
    early = an_invoice(None, "1000", on=INVOICED_ON - timedelta(days=30))
    happens(early, "write_off", "1000")
    happens(an_invoice(deal, "5000"), "payment", "5000")
    assert list(Invoice.objects.without_deal()) == [early]
    assert early not in Invoice.objects.unpaid()  # nobody asks the customer for it

    matches.match_invoice(invoice=early, deal=deal, by=nadia, at=AT)
    accrual.accrue(at=AT)

    assert not Commission.objects.exists()


def test_what_somebody_took_from_a_deal_isnt_given_back_by_the_machine(nadia: User) -> None:
    deal = a_won_deal(customer_reference="CUST-A")
    invoice = waiting("Kestrel", customer_reference="CUST-A")
    assert matches.match_waiting_invoices(deal=deal, at=AT) == 1
    matches.unmatch_invoice(invoice=invoice, by=nadia, at=AT)

    assert matches.match_waiting_invoices(deal=deal, at=AT) == 0
    assert matches.match_all_waiting_invoices(at=AT) == 0


@pytest.mark.clause("C5")
def test_the_other_invoices_earn_what_they_would_have_without_the_wrong_one(nadia: User) -> None:
    deal = a_won_deal(model="first_invoice")
    wrong = an_invoice(None, on=INVOICED_ON - timedelta(days=1))
    matches.match_invoice(invoice=wrong, deal=deal, by=nadia, at=AT)
    right = an_invoice(deal, "1000")
    happens(right, "payment", "1000")
    accrual.accrue(at=AT)
    assert not Commission.objects.exists()  # the wrong one was the first

    matches.unmatch_invoice(invoice=wrong, by=nadia, at=AT)
    for message in OutboxMessage.objects.filter(kind="commissions.invoice_unmatched"):
        handlers.accrue_without_an_invoice(message)
    assert Commission.objects.get().invoice == right


@pytest.mark.clause("C5", "C20")
def test_what_was_written_beside_a_wrong_one_is_settled_without_a_new_fact(nadia: User) -> None:
    recruit = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=1, numbers={"cap_count": 1})
    deal = a_won_deal(partner=recruit)
    wrong = an_invoice(
        None, on=INVOICED_ON - timedelta(days=73)
    )  # its service begins a fifth of a year earlier
    matches.match_invoice(invoice=wrong, deal=deal, by=nadia, at=AT)
    right = an_invoice(deal, "1000")
    nothing, paid = (happens(right, "payment", amount) for amount in ("0", "1000"))
    accrual.accrue(at=AT)
    assert written() == [("recurring", D(80), paid), ("bonus", D(8), paid)]

    matches.unmatch_invoice(invoice=wrong, by=nadia, at=AT)
    accrual.accrue(at=AT)

    # No fact is new to the deal: the last one without an entry is named, though it came before the payment.
    assert written()[2:] == [("recurring", D(20), nothing), ("bonus", D(2), nothing)]
    assert accrual.accrue(at=AT) == 0


def written() -> list[tuple[str, Decimal, Fact | None]]:
    return [(entry.kind, entry.amount, entry.fact) for entry in Commission.objects.order_by("pk")]


def test_only_finance_takes_a_match_back_and_only_where_there_is_one(nadia: User) -> None:
    with pytest.raises(NotAllowed):
        matches.unmatch_invoice(invoice=an_invoice(a_won_deal()), by=UserFactory(roles=[Role.SALES]), at=AT)
    with pytest.raises(NotMatched):
        matches.unmatch_invoice(invoice=an_invoice(None), by=nadia, at=AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.clause("C5")
def test_taking_back_while_entries_are_written_never_leaves_an_entry_without_its_deal() -> None:
    nadia = UserFactory(roles=[Role.FINANCE])
    invoices = [an_invoice(a_won_deal()) for _ in range(6)]
    for invoice in invoices:
        happens(invoice, "payment", "1000")

    def take_back(invoice: Invoice) -> None:
        try:
            matches.unmatch_invoice(invoice=invoice, by=nadia, at=AT)
        except MatchEarned:
            pass
        finally:
            connection.close()

    def write(invoice: Invoice) -> None:
        try:
            accrual.accrue_deal(invoice.deal_id, at=AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        done = [threads.submit(each, invoice) for invoice in invoices for each in (take_back, write)]
    for each in done:
        each.result()

    for invoice in invoices:
        invoice.refresh_from_db()
        assert invoice.commissions.exists() is (invoice.deal_id is not None)
    assert Fact.objects.filter(kind="unmatch").count() == sum(not i.commissions.exists() for i in invoices)

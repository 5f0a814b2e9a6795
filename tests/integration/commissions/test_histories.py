"""Nasty histories, against the real database: what came in any order is written once, and never wrongly."""

from datetime import date, timedelta
from decimal import Decimal

import pgtrigger
import pytest
from django.core.management import CommandError, call_command

from commissions import accrual
from commissions.models import AccrualFailure, Commission, Invoice
from referrals.models import Deal, UseCase
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended
from tests.moments import MONDAY

D = Decimal
LATER = MONDAY + timedelta(days=100)
pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


def amounts(kind: str = "recurring") -> list[Decimal]:
    return list(Commission.objects.filter(kind=kind).order_by("pk").values_list("amount", flat=True))


def test_a_payment_and_its_refund_that_come_together_are_both_written() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "1000")
    happens(invoice, "refund", "1000")

    accrual.accrue(at=LATER)

    assert amounts() == [D(100), D(-100)]


def test_a_credit_before_the_payment_and_one_larger_than_paid_end_where_two_people_would() -> None:
    invoice = an_invoice(a_won_deal(), "1000")
    happens(invoice, "credit", "400")
    happens(invoice, "payment", "300")
    happens(invoice, "credit", "500")
    happens(invoice, "refund", "300")

    accrual.accrue(at=LATER)

    assert amounts() == [D(30), D(-20), D(-10)]


def test_a_refund_that_comes_before_its_payment_writes_nothing_below_zero() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "refund", "400")
    happens(invoice, "payment", "1000")

    accrual.accrue(at=LATER)

    assert amounts() == [D(60)]


def test_a_deal_that_cant_be_worked_out_keeps_no_other_from_being_paid() -> None:
    deals = [a_won_deal() for _ in range(5)]
    broken = deals[2]
    happens(an_invoice(broken), "payment", "1000")
    accrual.accrue(at=LATER)
    for deal in deals:
        happens(an_invoice(deal, "500"), "payment", "500")
    elect(broken, "first_invoice")  # the database refuses entries of a second model

    assert accrual.accrue(at=LATER) == 4

    failure = AccrualFailure.objects.get()
    assert (failure.deal, failure.reason) == (broken, "one use case pays by one model")
    elect(broken, "recurring")
    assert accrual.accrue(at=LATER) == 1
    assert not AccrualFailure.objects.exists()


def elect(deal: Deal, model: str) -> None:
    """Let a use case pay by another model, as no director could once an invoice exists."""
    with pgtrigger.ignore("commissions.ElectedUseCase:use_case_election_is_kept"):
        UseCase.objects.filter(pk=deal.use_case_id).update(model=model)


def test_a_failure_keeps_when_it_began_and_the_command_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    deal = a_won_deal()
    happens(an_invoice(deal), "payment", "1000")
    accrual.accrue(at=LATER)
    happens(an_invoice(deal), "payment", "1000")
    elect(deal, "first_invoice")
    for moment in (LATER, LATER + timedelta(days=1)):
        accrual.accrue(at=moment)

    with pytest.raises(CommandError, match="everything else is written"):
        call_command("accrue")

    assert AccrualFailure.objects.get().first_failed_at == LATER
    assert "one use case pays by one model" in capsys.readouterr().err


@pytest.mark.clause("C20")
def test_a_bonus_on_first_invoices_ends_with_the_recruits_sales() -> None:
    recruiter = PartnerFactory(numbers={"bonus_basis": "first_invoice"})
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    deal = a_won_deal(partner=recruit)
    ended(recruit, at=MONDAY + timedelta(days=45), kind="cause")
    happens(an_invoice(deal), "payment", "1000")

    accrual.accrue(at=LATER)

    assert not Commission.objects.exists()


def test_the_tenth_invoice_of_a_day_comes_after_the_ninth() -> None:
    deal = a_won_deal(model="first_invoice")
    tenth, ninth = an_invoice(deal, "700"), an_invoice(deal, "1000")
    for invoice in (tenth, ninth):
        happens(invoice, "payment", str(invoice.net))
    # Numbers are fixed once an invoice is in: these two came with theirs.
    renumber(tenth, "SI-10")
    renumber(ninth, "SI-9")

    accrual.accrue(at=LATER)

    assert sum(amounts("first_invoice")) == D(250)


def renumber(invoice: Invoice, number: str) -> None:
    with pgtrigger.ignore("commissions.Invoice:invoice_stays_as_it_came"):
        Invoice.objects.filter(pk=invoice.pk).update(reference=number)


def test_a_line_that_ends_with_the_calendar_is_counted_and_breaks_nothing() -> None:
    invoice = an_invoice(a_won_deal(), on=date(9997, 1, 1))
    happens(invoice, "payment", "1000", on=INVOICED_ON)

    accrual.accrue(at=LATER)

    assert amounts() == [D(100)]


@pytest.mark.parametrize(
    "currency, net, paid, entries",
    [
        ("JPY", "1005", ["335", "335", "335"], [D(34), D(33), D(33)]),
        ("KWD", "100.055", ["33.35", "33.35", "33.355"], [D("3.335"), D("3.335"), D("3.336")]),
    ],
)
def test_each_currency_is_rounded_to_its_own_unit(currency, net, paid, entries) -> None:
    invoice = an_invoice(a_won_deal(currency=currency), net, currency=currency)
    for amount in paid:
        happens(invoice, "payment", amount)

    accrual.accrue(at=LATER)

    assert sum(amounts()) == sum(entries)
    assert len(amounts()) == 3


@pytest.mark.clause("C2")
def test_an_invoice_matched_late_pays_what_was_paid_before() -> None:
    deal = a_won_deal()
    invoice = an_invoice(None)
    happens(invoice, "payment", "600")
    accrual.accrue(at=LATER)
    Invoice.objects.filter(pk=invoice.pk).update(deal=deal)
    happens(invoice, "match")

    assert accrual.accrue(at=LATER) == 1
    assert amounts() == [D(60)]

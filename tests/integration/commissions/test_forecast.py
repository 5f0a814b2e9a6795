"""What is coming: an estimate, by the rules that write the ledger."""

from decimal import Decimal

import pytest

from commissions.accrual import accrue_deal
from commissions.forecast import coming
from commissions.models import Commission
from partners.models import Partner
from tests.factories.commissions import INVOICED_ON, SIGNED_ON, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


@pytest.fixture
def ines(db: None) -> Partner:
    return PartnerFactory()


def amounts(partner: Partner) -> list[Decimal]:
    return [each.amount for each in coming(partner, on=INVOICED_ON)]


def test_an_open_invoice_brings_its_commission(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")

    assert amounts(ines) == [Decimal("100.00")]


def test_of_an_invoice_paid_in_part_only_the_rest_is_coming(ines: Partner) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "500")
    accrue_deal(deal.pk, at=MONDAY)

    assert amounts(ines) == [Decimal("50.00")]


def test_a_paid_invoice_brings_nothing_more(ines: Partner) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "1000")
    accrue_deal(deal.pk, at=MONDAY)

    assert amounts(ines) == []


def test_what_was_credited_is_not_expected(ines: Partner) -> None:
    happens(an_invoice(a_won_deal(partner=ines), "1000"), "credit", "400")

    assert amounts(ines) == [Decimal("60.00")]


def test_of_the_first_invoice_model_only_the_first_counts(ines: Partner) -> None:
    deal = a_won_deal(partner=ines, model="first_invoice")
    an_invoice(deal, "1000")
    an_invoice(deal, "3000", on=INVOICED_ON.replace(year=INVOICED_ON.year + 1))

    assert amounts(ines) == [Decimal("250.00")]


def test_a_deal_signed_after_its_window_promises_nothing(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines, signed_on=SIGNED_ON.replace(year=SIGNED_ON.year + 1)), "1000")

    assert amounts(ines) == []


def test_nobody_sees_what_comes_to_somebody_else(ines: Partner) -> None:
    an_invoice(a_won_deal(), "1000")

    assert amounts(ines) == []


def test_an_estimate_writes_nothing(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")

    coming(ines, on=INVOICED_ON)

    assert not Commission.objects.exists()

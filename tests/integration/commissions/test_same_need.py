"""What a link of two use cases does to the ledger: nothing is rewritten, and one of them pays (C18)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from commissions import accrual
from commissions.invariants import INVARIANTS
from commissions.models import Commission, Invoice
from referrals.models import Deal, UseCase
from referrals.services.deals import win_deal
from referrals.services.links import take_back_link
from ssp.core.invariants import broken
from tests.factories.commissions import an_invoice, happens
from tests.factories.referrals import linked, sales_lead, seller, two_needs
from tests.integration.dashboard.test_desk import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C18")]
D = Decimal
LATER = MONDAY + timedelta(days=90)


def won(case: UseCase) -> Deal:
    return win_deal(deal=case.deal, signed_on=MONDAY.date(), by=seller(), at=MONDAY)


def paid(deal: Deal, gross: str = "1000") -> Invoice:
    invoice = an_invoice(deal, "2000", on=MONDAY.date())
    happens(invoice, "payment", gross)
    accrual.accrue(at=LATER)
    return invoice


def amounts(case: UseCase) -> list[Decimal]:
    return list(case.commissions.order_by("pk").values_list("amount", flat=True))


def test_the_one_that_does_not_pay_earns_nothing() -> None:
    ines, pieter = two_needs()
    deal = won(pieter)
    linked(ines, pieter)

    paid(deal)

    assert amounts(pieter) == []


def test_the_one_whose_meeting_began_first_earns() -> None:
    ines, pieter = two_needs()
    deal = won(ines)
    linked(ines, pieter)

    paid(deal)

    assert amounts(ines) == [D(100)]


def test_what_the_later_one_earned_before_stays_and_no_more_comes() -> None:
    ines, pieter = two_needs()
    invoice = paid(won(pieter))
    before = list(Commission.objects.values())

    linked(ines, pieter)
    happens(invoice, "payment", "1000")
    accrual.accrue(at=LATER)

    assert list(Commission.objects.values()) == before
    assert amounts(pieter) == [D(100)]


def test_a_refund_still_takes_back_by_the_formula() -> None:
    ines, pieter = two_needs()
    invoice = paid(won(pieter))

    linked(ines, pieter)
    happens(invoice, "refund", "400")
    accrual.accrue(at=LATER)

    assert amounts(pieter) == [D(100), D(-40)]
    assert broken(INVARIANTS) == []


def test_the_desk_doesnt_say_that_a_linked_won_deal_pays() -> None:
    ines, pieter = two_needs()
    deal = won(pieter)
    linked(ines, pieter)

    page = signed_in(seller()).get(reverse("desk:deal", args=[deal.pk])).text

    assert "another use case pays" in page
    assert "Its invoices pay the partner" not in page


def test_taken_back_it_earns_what_it_would_have() -> None:
    ines, pieter = two_needs()
    deal = won(pieter)
    link = linked(ines, pieter)
    paid(deal)

    take_back_link(link=link, reason="Two needs.", by=sales_lead(), at=MONDAY)
    accrual.accrue(at=LATER)

    assert amounts(pieter) == [D(100)]


def test_the_database_writes_nothing_positive_for_a_duplicate(monkeypatch: pytest.MonkeyPatch) -> None:
    ines, pieter = two_needs()
    deal = won(pieter)
    linked(ines, pieter)
    whatever_became_of_it = accrual.WORK_OUT.replace("u.outcome = '' AND ", "")
    assert whatever_became_of_it != accrual.WORK_OUT
    monkeypatch.setattr(accrual, "WORK_OUT", whatever_became_of_it)
    happens(an_invoice(deal, "2000", on=MONDAY.date()), "payment", "1000")

    with pytest.raises(IntegrityError, match="another use case pays"), transaction.atomic():
        accrual.accrue_deal(deal.pk, at=LATER)

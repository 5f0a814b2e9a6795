"""What was earned stays earned; what comes later depends on how the partnership ended (*Ending*, C20)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from commissions import accrual
from commissions.models import Commission
from partners.models import Ending, Partner
from partners.services.starting import start_partnership
from ssp.core.periods import start_of_day
from tests.factories.commissions import INVOICED_ON, SIGNED_ON, a_use_case, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended, signed_contract
from tests.moments import MONDAY

D = Decimal
pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=900)
END = start_of_day(INVOICED_ON + timedelta(days=20))


def sums(partner: Partner) -> list[Decimal]:
    return list(Commission.objects.owned_by(partner).order_by("pk").values_list("amount", flat=True))


def comes_back(partner: Partner, *, at) -> Partner:
    start_partnership(signed_contract(partner, at=at), started_at=at, at=at)
    return Partner.objects.get(pk=partner.pk)


@pytest.mark.clause("C5")
def test_after_a_notice_a_won_use_case_runs_to_its_cap() -> None:
    deal = a_won_deal()
    partner = deal.use_case.partner
    ended(partner, at=END, kind="notice")
    for year in range(4):
        invoice = an_invoice(deal, on=INVOICED_ON.replace(year=INVOICED_ON.year + year))
        happens(invoice, "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(partner) == [D(100), D(100), D(100)]


@pytest.mark.clause("C2")
def test_after_a_notice_a_window_that_was_open_may_still_be_won() -> None:
    partner = PartnerFactory()
    ended(partner, at=MONDAY + timedelta(days=20), kind="notice")
    assert start_of_day(SIGNED_ON) > MONDAY + timedelta(days=20)
    happens(an_invoice(a_won_deal(partner=partner)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(partner) == [D(100)]


@pytest.mark.clause("C5")
def test_for_cause_what_was_earned_stays_and_nothing_later_is_added() -> None:
    deal = a_won_deal()
    partner = deal.use_case.partner
    invoice = an_invoice(deal)
    happens(invoice, "payment", "400", on=END.date() - timedelta(days=1))
    accrual.accrue(at=LATER)
    ended(partner, at=END, kind="cause")
    happens(invoice, "payment", "600", on=END.date() + timedelta(days=2))
    happens(an_invoice(deal, on=INVOICED_ON + timedelta(days=365)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(partner) == [D(40)]


@pytest.mark.clause("C5")
def test_for_cause_a_refund_still_takes_its_part_back() -> None:
    deal = a_won_deal()
    partner = deal.use_case.partner
    invoice = an_invoice(deal)
    happens(invoice, "payment", "1000", on=END.date() - timedelta(days=1))
    ended(partner, at=END, kind="cause")
    happens(invoice, "refund", "300", on=END.date() + timedelta(days=9))

    accrual.accrue(at=LATER)

    assert sums(partner) == [D(100), D(-30)]


@pytest.mark.clause("C2")
def test_for_cause_a_deal_signed_afterwards_pays_nothing() -> None:
    partner = PartnerFactory()
    ended(partner, at=MONDAY + timedelta(days=20), kind="cause")
    happens(an_invoice(a_won_deal(partner=partner)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(partner) == []


@pytest.mark.clause("C20")
@pytest.mark.parametrize(("kind", "bonuses"), [("notice", [D(10)]), ("cause", [])])
def test_a_recruiter_keeps_the_bonus_after_a_notice_and_loses_it_for_cause(
    kind: str, bonuses: list[Decimal]
) -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1, started_at=MONDAY)
    ended(recruiter, at=MONDAY + timedelta(days=2), kind=kind)
    happens(an_invoice(a_won_deal(partner=recruit)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(recruiter) == bonuses


@pytest.mark.clause("C5")
def test_coming_back_revives_nothing_that_was_lost_for_cause() -> None:
    deal = a_won_deal()
    partner = deal.use_case.partner
    invoice = an_invoice(deal)
    ended(partner, at=END, kind="cause")
    happens(invoice, "payment", "1000", on=END.date() + timedelta(days=2))
    back = comes_back(partner, at=END + timedelta(days=10))
    happens(an_invoice(deal, on=END.date() + timedelta(days=40)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert back.is_active(at=END + timedelta(days=11))
    assert sums(partner) == []


@pytest.mark.clause("C5")
def test_who_came_back_earns_on_what_begins_afterwards() -> None:
    partner = PartnerFactory(started_at=MONDAY - timedelta(days=100))
    ended(partner, at=MONDAY - timedelta(days=50), kind="cause")
    back = comes_back(partner, at=MONDAY - timedelta(days=30))
    happens(an_invoice(a_won_deal(partner=back)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(back) == [D(100)]


@pytest.mark.clause("C20")
def test_a_recruiter_who_came_back_gets_no_bonus_on_recruits_lost_for_cause() -> None:
    recruiter = PartnerFactory(started_at=MONDAY - timedelta(days=100))
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1, started_at=MONDAY - timedelta(days=90))
    ended(recruiter, at=MONDAY - timedelta(days=50), kind="cause")
    comes_back(recruiter, at=MONDAY - timedelta(days=30))
    happens(an_invoice(a_won_deal(partner=recruit)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert sums(recruiter) == []


@pytest.mark.clause("C5")
def test_by_notice_the_time_between_two_partnerships_costs_a_won_use_case_nothing() -> None:
    deal = a_won_deal()
    partner = deal.use_case.partner
    ended(partner, at=END, kind="notice")
    happens(an_invoice(deal), "payment", "1000", on=END.date() + timedelta(days=3))
    back = comes_back(partner, at=END + timedelta(days=10))

    accrual.accrue(at=LATER)

    assert sums(back) == [D(100)]
    assert Ending.objects.get().rejoined_with is not None
    assert a_use_case(partner=back).window_ends_on > date(2027, 1, 1)

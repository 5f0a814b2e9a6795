"""What the end of a partnership says about use cases that were won: how long they go on (*Ending*)."""

from datetime import date, timedelta
from typing import Any

import pytest

from commissions import accrual, partnership_ends
from commissions.models import Invoice
from partners.consequences import Leaving, Line
from partners.models import Partner
from referrals.models import Deal
from ssp.core.periods import add_years
from tests.factories.commissions import INVOICED_ON, SIGNED_ON, a_won_deal, an_invoice, happens
from tests.factories.openings import an_opening
from tests.factories.partners import PartnerFactory, signed_contract
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
IN_THREE_YEARS = add_years(INVOICED_ON, 3) - timedelta(days=1)


def line_of(deal: Deal, kind: str = Partner.EndKind.NOTICE) -> Line:
    partner = Partner.objects.get(pk=deal.use_case.partner_id)
    leaving = Leaving(
        partner=partner,
        kind=kind,
        last_on=SIGNED_ON + timedelta(days=60),
        ends_at=MONDAY + timedelta(days=101),
        today=SIGNED_ON + timedelta(days=30),
    )
    (consequence,) = partnership_ends.won(leaving)
    (line,) = consequence.lines
    return line


def cap_of(deal: Deal) -> date | None:
    return line_of(deal).on


def test_an_invoice_says_where_the_cap_ends_before_anybody_paid_it() -> None:
    deal = a_won_deal()
    assert cap_of(deal) is None
    assert "first service day" in line_of(deal).text

    an_invoice(deal)

    assert cap_of(deal) == IN_THREE_YEARS
    assert line_of(deal).fact["cap_ends_on"] == IN_THREE_YEARS.isoformat()


def test_an_earlier_service_moves_it_though_it_wrote_nothing() -> None:
    deal = a_won_deal()
    happens(an_invoice(deal), "payment", "1000")
    accrual.accrue_deal(deal.pk, at=MONDAY)

    an_invoice(deal, on=INVOICED_ON - timedelta(days=10))

    assert cap_of(deal) == IN_THREE_YEARS - timedelta(days=10)


def test_what_was_reckoned_before_this_system_says_it_without_an_invoice() -> None:
    deal = a_won_deal()
    an_opening(deal, "100", as_of=SIGNED_ON + timedelta(days=20), cap_starts_on=INVOICED_ON)

    assert cap_of(deal) == IN_THREE_YEARS


def test_its_length_is_that_of_the_contract_it_is_paid_by() -> None:
    partner = PartnerFactory(numbers={"cap_count": 1})
    paid, unpaid = a_won_deal(partner=partner), a_won_deal(partner=partner)
    for deal in (paid, unpaid):
        an_invoice(deal)
    happens(Invoice.objects.get(deal=paid), "payment", "1000")
    accrual.accrue_deal(paid.pk, at=MONDAY)
    signed_contract(partner, at=MONDAY + timedelta(days=60), cap_count=2)

    leaving = Leaving(
        partner=partner,
        kind=Partner.EndKind.NOTICE,
        last_on=SIGNED_ON + timedelta(days=60),
        ends_at=MONDAY + timedelta(days=101),
        today=(MONDAY + timedelta(days=90)).date(),
    )
    (consequence,) = partnership_ends.won(leaving)

    assert [line.on for line in consequence.lines] == [
        add_years(INVOICED_ON, years) - timedelta(days=1) for years in (1, 2)
    ]


@pytest.mark.parametrize(
    "fields, numbers", [({"model": "first_invoice"}, {}), ({}, {"cap_unit": "invoices", "cap_count": 2})]
)
def test_where_no_years_count_no_day_is_said(fields: dict[str, Any], numbers: dict[str, Any]) -> None:
    deal = a_won_deal(partner=PartnerFactory(numbers=numbers), **fields)
    an_invoice(deal)

    assert cap_of(deal) is None


def test_for_cause_the_day_is_the_last_of_the_partnership() -> None:
    deal = a_won_deal()
    an_invoice(deal)

    assert line_of(deal, Partner.EndKind.CAUSE).on == SIGNED_ON + timedelta(days=60)

"""Entries in the months in which they were written, and payouts of them."""

from datetime import date, datetime, timedelta

from commissions import accrual, payouts
from commissions.models import Commission, Payout
from partners.models import Partner
from ssp.core.periods import local_date
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.moments import MONDAY

FEBRUARY = MONDAY + timedelta(days=80)  # 11 February 2027
MARCH = MONDAY + timedelta(days=110)  # 13 March
APRIL = MONDAY + timedelta(days=135)  # 7 April
MAY = MONDAY + timedelta(days=165)  # 7 May


def enters(
    partner: Partner, paid: str = "1000", *, at: datetime, on: date | None = None, currency: str = "EUR"
) -> Commission:
    """Return the entry of 10% of a payment that came in at that moment."""
    invoice = an_invoice(a_won_deal(partner=partner, currency=currency), "1000", currency=currency)
    happens(invoice, "payment", paid, on=on or local_date(at))
    accrual.accrue_invoices([invoice.pk], at=at)
    return Commission.objects.select_related("partner__user").get(invoice=invoice, partner=partner)


def an_approved_payout(partner: Partner, *, at: datetime, currency: str = "EUR") -> Payout:
    """Return the payout of everything that is payable then, of every partner's that has some."""
    confirmed_tax(partner)
    run = payouts.prepare_payout_run(currency=currency, by=UserFactory(roles=[Role.FINANCE]), at=at)
    payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.DIRECTOR]), at=at)
    return run.payouts.get(partner=partner)

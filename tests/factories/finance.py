"""A small ledger with everything in it: several partners, currencies, states, and a recruit's bonus."""

from datetime import date, datetime, timedelta

from commissions import accrual, payouts
from commissions.models import Invoice, PayoutRun
from partners.models import Partner
from ssp.core.periods import local_date
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory


def a_payment(
    partner: Partner | None = None,
    *,
    on: date,
    net: str = "1000",
    gross: str = "",
    paid: str = "",
    currency: str = "EUR",
    at: datetime | None = None,
) -> Invoice:
    """Return an invoice that a customer paid on a day, with its entry written at `at`."""
    deal = a_won_deal(partner=partner or PartnerFactory(), currency=currency)
    invoice = an_invoice(deal, net, gross=gross, on=on - timedelta(days=5), currency=currency)
    happens(invoice, "payment", paid or gross or net, on=on)
    if at is not None:
        accrual.accrue_deal(deal.pk, at=at)
    return invoice


def a_run(*, at: datetime, currency: str = "EUR", vat_percent: str = "0", approved: bool = True) -> PayoutRun:
    """Return a run of everything payable, prepared at `at` and approved an hour later."""
    for partner in Partner.objects.filter(commissions__isnull=False).distinct():
        confirmed_tax(partner, vat_percent=vat_percent)
    run = payouts.prepare_payout_run(currency=currency, by=UserFactory(roles=[Role.FINANCE]), at=at)
    if approved:
        approver = UserFactory(roles=[Role.DIRECTOR])
        run = payouts.approve_payout_run(run=run, by=approver, at=at + timedelta(hours=1))
    return run


def all_paid(run: PayoutRun, *, at: datetime, on: date | None = None) -> None:
    """Let the bank transfer every payout of a run; it is marked at `at`."""
    by = UserFactory(roles=[Role.FINANCE])
    for payout in run.payouts.all():
        payouts.mark_paid(payout=payout, paid_on=on or local_date(at), by=by, at=at)

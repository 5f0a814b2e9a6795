"""What comes when the customers pay: an estimate by the same rules that write the ledger (C5)."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from commissions import rules
from commissions.cases import case_of, written_for
from commissions.models import Invoice
from partners.models import Partner
from referrals.models import Deal


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The commission that one open invoice brings once it is paid. Never added to what is earned."""

    invoice: Invoice
    company: str
    kind: str
    rate: Decimal
    eligible: Decimal
    amount: Decimal
    currency: str


def coming(partner: Partner, *, on: date) -> list[Expected]:
    """Return what the open invoices of a partner's deals would bring if they were paid in full on that day.

    By invoice date. What customers still owe is counted; invoices that nobody wrote yet are not.
    """
    deals = Deal.objects.filter(use_case__partner=partner, invoices__isnull=False).distinct().order_by("pk")
    expected = [
        each for deal in deals.select_related("use_case__referral__company") for each in _of(deal, on=on)
    ]
    return sorted(expected, key=lambda each: (each.invoice.issued_on, each.invoice.reference))


def _of(deal: Deal, *, on: date) -> list[Expected]:
    case = case_of(deal)
    if case is None or not case.pays:
        return []
    books = rules.Books(case.bills)
    for fact in case.facts:
        books.add(fact)
    payments = []
    for bill in books.bills:
        paid, owed = books.paid_share(bill)
        if owed > paid:
            imagined = rules.Happening(id=-bill.id, bill=bill.id, kind="payment", on=on, gross=owed - paid)
            payments.append(imagined)
    if not payments:
        return []
    entries = rules.entries_due(replace(case, facts=(*case.facts, *payments)), written_for(deal))
    invoices = Invoice.objects.in_bulk([-payment.id for payment in payments])
    referral = deal.use_case.referral
    return [
        Expected(
            invoice=invoices[entry.bill],
            company=referral.company.name if referral else "",
            kind=entry.kind,
            rate=entry.rate,
            eligible=Decimal(round(entry.eligible * 100)) / 100,
            amount=entry.amount,
            currency=entry.currency,
        )
        for entry in entries
        if entry.fact == -entry.bill and entry.kind != rules.BONUS and entry.amount > 0
    ]

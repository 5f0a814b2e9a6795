"""What comes when the customers pay: an estimate by the same rules that write the ledger (C5)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from commissions import rules
from commissions.cases import case_of, cases_of, written_for
from commissions.models import Fact, Invoice
from commissions.rules.renewals import Outlook, outlook
from partners.models import Partner
from referrals.models import Deal, DealStage, UseCase


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
        each for deal in deals.select_related("use_case__referral__company") for each in if_paid(deal, on=on)
    ]
    return sorted(expected, key=lambda each: (each.invoice.issued_on, each.invoice.reference))


def if_paid(deal: Deal, *, on: date, bonuses: bool = False) -> list[Expected]:
    """Return what a deal's open invoices would bring if they were paid in full on that day.

    :param bonuses: what its partner's recruiter would get, too.
    """
    return _of(deal, case_of(deal), _written_off([deal]), on=on, bonuses=bonuses)


def _written_off(deals: Iterable[Deal]) -> dict[int, Decimal]:
    """Return {invoice: what nobody asks its customer for any more}."""
    rows = Fact.objects.filter(invoice__deal__in=list(deals), kind=Fact.Kind.WRITE_OFF).order_by("invoice")
    return dict(rows.values("invoice").annotate(total=Sum("gross")).values_list("invoice", "total"))


def _of(
    deal: Deal,
    case: rules.Case | None,
    written_off: dict[int, Decimal],
    *,
    on: date,
    bonuses: bool = False,
) -> list[Expected]:
    if case is None or not case.pays:
        return []
    books = rules.Books(case.bills, case.opening)
    for fact in case.facts:
        books.add(fact)
    payments = []
    for bill in books.bills:
        paid, owed = books.paid_share(bill)
        still = owed - paid - written_off.get(bill.id, Decimal(0))
        if still > 0:
            imagined = rules.Happening(id=-bill.id, bill=bill.id, kind="payment", on=on, gross=still)
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
        if entry.fact == -entry.bill and (bonuses or entry.kind != rules.BONUS) and entry.amount > 0
    ]


@dataclass(frozen=True, kw_only=True)
class DealForecast:
    """What one deal may still bring to its partner in one currency; never added to what is earned."""

    use_case: UseCase
    company: str
    currency: str
    invoices: tuple[Expected, ...]  # open ones
    renewals: Outlook | None
    goes_on: bool = False  # its caps go on from before this system

    @property
    def open_invoices(self) -> Decimal:
        return sum((each.amount for each in self.invoices), Decimal(0))

    @property
    def amount(self) -> Decimal:
        return self.open_invoices + (self.renewals.amount if self.renewals else Decimal(0))


def to_the_cap(partner: Partner, *, on: date) -> list[DealForecast]:
    """Return what each deal would bring until its cap: open invoices once they are paid, and renewals.

    Renewals are the recurring lines known so far, renewed as they are and paid when they are due. A deal is
    listed once for each of its currencies; one that brings nothing any more isn't.
    """
    deals = (
        Deal.objects.filter(use_case__partner=partner, stage=DealStage.WON, invoices__isnull=False)
        .distinct()
        .order_by("pk")
        .select_related("use_case__referral__company", "use_case__partner__recruiter")
    )
    cases, written_off = cases_of(list(deals)), _written_off(deals)
    return [each for deal in deals for each in _forecast(deal, cases.get(deal.pk), written_off, on=on)]


def _forecast(
    deal: Deal, case: rules.Case | None, written_off: dict[int, Decimal], *, on: date
) -> list[DealForecast]:
    if case is None or not case.pays:
        return []
    expected, renewals = _of(deal, case, written_off, on=on), outlook(case, on=on)
    referral = deal.use_case.referral
    currencies = {each.currency for each in expected} | ({renewals.currency} if renewals else set())
    return [
        DealForecast(
            use_case=deal.use_case,
            company=referral.company.name if referral else "",
            currency=currency,
            invoices=tuple(each for each in expected if each.currency == currency),
            renewals=renewals if renewals and renewals.currency == currency else None,
            goes_on=case.opening is not None,
        )
        for currency in sorted(currencies)
    ]


def totals(forecasts: Iterable[DealForecast]) -> list[tuple[str, Decimal]]:
    """Return (currency, sum): never summed across currencies."""
    sums: dict[str, Decimal] = {}
    for each in forecasts:
        sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.amount
    return sorted(sums.items())

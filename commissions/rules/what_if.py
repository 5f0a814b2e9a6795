"""What both models would pay for an imagined sale: the ledger's own arithmetic, on imagined facts.

Every invoice is written on the first day of the service it is for, and paid in full on that day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from commissions.rules.books import Books, reckon
from commissions.rules.facts import FIRST_INVOICE, RECURRING, Bill, Happening, Kind, Line, Terms
from ssp.core.money import minor_units, round_half_even
from ssp.core.periods import add_months, add_years

AT_ONCE = 0  # all years on the first invoice
MOST_YEARS = 10


@dataclass(frozen=True)
class Sale:
    """What somebody types: net amounts, and how often a year the customer is invoiced.

    `per_year` is 1, 2, 4 or 12, or AT_ONCE when the first invoice carries all years.
    """

    yearly: Decimal
    one_off: Decimal
    years: int
    per_year: int
    currency: str


@dataclass(frozen=True)
class Year:
    """What is invoiced and paid in one year, and what each model has brought by its end."""

    number: int
    invoiced: Decimal
    recurring: Decimal
    recurring_so_far: Decimal
    once: Decimal
    once_so_far: Decimal


@dataclass(frozen=True)
class Comparison:
    """Both models, year by year."""

    sale: Sale
    years: tuple[Year, ...]
    first_invoice: Decimal  # its net

    @property
    def recurring(self) -> Decimal:
        return self.years[-1].recurring_so_far

    @property
    def once(self) -> Decimal:
        return self.years[-1].once_so_far

    @property
    def overtaken_in(self) -> int | None:
        """The first year at whose end recurring is ahead; None when it never is."""
        return next((year.number for year in self.years if year.recurring_so_far > year.once_so_far), None)


def compare(sale: Sale, terms: Terms, *, on: date) -> Comparison:
    """Return what both models would pay for a sale whose service begins on that day."""
    bills = tuple(_bills(sale, on=on))
    recurring, once = (_by_year(model, bills, terms, sale, on=on) for model in (RECURRING, FIRST_INVOICE))
    invoiced = [Decimal(0)] * sale.years
    for bill in bills:
        invoiced[_year_of(bill, on=on)] += bill.net
    rows = zip(invoiced, recurring, accumulate(recurring), once, accumulate(once), strict=True)
    years = tuple(Year(number, *row) for number, row in enumerate(rows, start=1))
    return Comparison(sale, years, bills[0].net)


def _bills(sale: Sale, *, on: date) -> Iterator[Bill]:
    """Yield the invoices; what can't be divided evenly is on the last of each year."""
    if sale.per_year == AT_ONCE:
        yield _bill(1, sale.yearly * sale.years, sale.one_off, on, add_years(on, sale.years), sale.currency)
        return
    part = round_half_even(sale.yearly / sale.per_year, sale.currency)
    number = 0
    for year in range(sale.years):
        begins, left = add_years(on, year), sale.yearly
        for place in range(1, sale.per_year + 1):
            number += 1
            last = place == sale.per_year
            net = left if last else min(part, left)
            left -= net
            first_day = add_months(begins, 12 // sale.per_year * (place - 1))
            next_day = add_years(on, year + 1) if last else add_months(begins, 12 // sale.per_year * place)
            one_off = sale.one_off if number == 1 else Decimal(0)
            yield _bill(number, net, one_off, first_day, next_day, sale.currency)


def _bill(pk: int, net: Decimal, one_off: Decimal, first: date, next_day: date, currency: str) -> Bill:
    lines = [Line(pk * 2, net, True, first, next_day - timedelta(days=1))]
    if one_off:
        lines.append(Line(pk * 2 + 1, one_off, False))
    return Bill(pk, str(pk), first, currency, net + one_off, net + one_off, tuple(lines))


def _by_year(model: Kind, bills: tuple[Bill, ...], terms: Terms, sale: Sale, *, on: date) -> list[Decimal]:
    books = Books(bills)
    for bill in bills:
        books.add(Happening(bill.id * 2, bill.id, "invoice", bill.issued_on))
        books.add(Happening(bill.id * 2 + 1, bill.id, "payment", bill.issued_on, bill.gross))
    position = books.position()
    sums = [Decimal(0).scaleb(-minor_units(sale.currency))] * sale.years
    for bill in bills:
        due = reckon(books, position, bill, model, terms, terms.percent(model)).due
        sums[_year_of(bill, on=on)] += due
    return sums


def _year_of(bill: Bill, *, on: date) -> int:
    year = bill.issued_on.year - on.year
    return year if bill.issued_on >= add_years(on, year) else year - 1

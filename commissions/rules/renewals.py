"""What the recurring lines of a deal would bring until its cap if they renew as they are: an estimate (C5).

A line renews for the same net and the same length, from the day after its last one, unless another known
line goes on from there. What the customer let end is not renewed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from commissions.rules.books import Books, Position, reckon
from commissions.rules.facts import (
    RECURRING,
    Bill,
    Case,
    Happening,
    Line,
    Terms,
    cap_ends_on,
    contract_in_force,
)
from ssp.core.money import round_half_even
from ssp.core.periods import add_months

A_GAP = timedelta(days=31)  # a renewal that begins so much later still goes on from a line
GRACE = timedelta(days=90)  # so long after a service ended its renewal may still be invoiced
MOST = 400  # renewals of one line; a daily service that runs for a century is nobody's estimate


@dataclass(frozen=True)
class Renewal:
    """One imagined invoice: its service, and the commission it would bring when paid in full."""

    service_from: date
    service_to: date
    net: Decimal
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Outlook:
    """What a deal may still bring by renewals, up to the last service day or the last invoice that counts."""

    renewals: tuple[Renewal, ...]
    rate: Decimal
    cap_ends_on: date | None  # None: the cap is in invoices
    currency: str

    @property
    def amount(self) -> Decimal:
        return sum((renewal.amount for renewal in self.renewals), Decimal(0))


def outlook(case: Case, *, on: date) -> Outlook | None:
    """Return what renewals would bring by the contract in force on that day, or None where none do.

    Each is imagined as invoiced and paid in full on the first day of its service.
    """
    terms = contract_in_force(case.contracts, on)
    if case.model != RECURRING or not case.pays or case.ended_for_cause_on or terms is None:
        return None
    known = _books(case, case.bills, case.facts)
    position = known.position()
    last = _last_day(position, terms)
    imagined = list(_renewals(known, last, _places_left(position, terms), on=on))
    if not imagined:
        return None
    books = _books(case, (*case.bills, *imagined), (*case.facts, *_paid(imagined)))
    position, rate = books.position(), terms.percent(RECURRING)
    renewals = [
        Renewal(line.service_from, line.service_to, bill.net, due, bill.currency)
        for bill in imagined
        for line in bill.lines
        if line.service_from
        and line.service_to
        and (due := reckon(books, position, bill, RECURRING, terms, rate).due)
    ]
    by_years = terms.cap_unit == "years"
    return (
        Outlook(tuple(renewals), rate, last if by_years else None, imagined[0].currency) if renewals else None
    )


def last_service_day(case: Case, *, on: date, contract: int | None = None) -> date | None:
    """Return where a deal's cap in years ends, as its invoices say by now; None where that isn't known.

    :param contract: whose cap counts; the one in force on that day unless told.
    """
    terms = next((each for each in case.contracts if each.contract == contract), None)
    terms = terms or contract_in_force(case.contracts, on)
    starts_on = _books(case, case.bills, case.facts).position().starts_on
    if case.model != RECURRING or terms is None or terms.cap_unit != "years" or starts_on is None:
        return None
    return cap_ends_on(starts_on, terms.cap_count)


def _books(case: Case, bills: tuple[Bill, ...], facts: tuple[Happening, ...]) -> Books:
    books = Books(bills, case.opening)
    for fact in facts:
        books.add(fact)
    return books


def _last_day(position: Position, terms: Terms) -> date:
    if terms.cap_unit != "years" or position.starts_on is None:
        return date.max
    return cap_ends_on(position.starts_on, terms.cap_count)


def _places_left(position: Position, terms: Terms) -> int:
    if terms.cap_unit == "years":
        return MOST
    return max(terms.cap_count - position.before - len(position.recurring), 0)


@dataclass(frozen=True)
class _Service:
    """What of a recurring line is left, and its days."""

    bill: Bill
    first: date
    to: date
    net: Decimal


def _services(books: Books) -> list[_Service]:
    return [
        _Service(bill, line.service_from, line.service_to, round_half_even(left[line.id], bill.currency))
        for bill, left in ((bill, books.remaining(bill)) for bill in books.bills)
        for line in bill.lines
        if line.recurring and line.service_from and line.service_to and left[line.id]
    ]


def _renewals(books: Books, last: date, places: int, *, on: date) -> Iterator[Bill]:
    """Yield imagined invoices in the order of their service; lines that end together share one."""
    services = _services(books)
    together: dict[tuple[int, date, date], list[_Service]] = {}
    for service in services:
        if (on - service.to) <= GRACE and not _goes_on(service, services):
            together.setdefault((service.bill.id, service.first, service.to), []).append(service)
    found = [
        (begins, place, number, ends, sum((each.net for each in alike), Decimal(0)), alike[0].bill.currency)
        for place, ((_bill, first, to), alike) in enumerate(together.items())
        for number, (begins, ends) in enumerate(_periods(first, to, last))
    ]
    for pk, (begins, _place, _number, ends, net, currency) in enumerate(sorted(found)[:places], start=1):
        yield Bill(-pk, f"~{pk}", begins, currency, net, net, (Line(-pk, net, True, begins, ends),))


def _goes_on(service: _Service, others: list[_Service]) -> bool:
    """Tell whether another known line goes on where this one ends."""
    return any(timedelta(0) < other.first - service.to <= A_GAP for other in others)


def _periods(first: date, to: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield what follows a period, of the same length, as long as it begins on or before the last day."""
    if to.year + 20 > date.max.year:
        return
    months = next((n for n in range(1, 121) if add_months(first, n) - timedelta(days=1) == to), None)
    for n in range(1, MOST + 1):
        if to.year + (n + 1) * (to.year - first.year + 1) > date.max.year:
            return  # the calendar ends before the estimate does
        if months:
            begins, following = add_months(first, months * n), add_months(first, months * (n + 1))
        else:
            length = (to - first).days + 1
            begins = first + timedelta(days=length * n)
            following = begins + timedelta(days=length)
        if begins > last:
            return
        yield begins, following - timedelta(days=1)


def _paid(bills: list[Bill]) -> Iterator[Happening]:
    for bill in bills:
        yield Happening(bill.id * 2, bill.id, "invoice", bill.issued_on)
        yield Happening(bill.id * 2 - 1, bill.id, "payment", bill.issued_on, bill.gross)

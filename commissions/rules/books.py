"""What an invoice has earned by now: the formula of C5, from the facts known so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from commissions.rules.facts import (
    RECURRING,
    ZERO,
    Bill,
    FactKind,
    Happening,
    Kind,
    Opening,
    Terms,
    cap_ends_on,
)
from ssp.core.money import round_half_even


@dataclass(frozen=True)
class Position:
    """What the deal decides as a whole: the first invoice, where the cap starts, how invoices count."""

    first: int | None
    starts_on: date | None
    recurring: tuple[int, ...]
    before: int = 0  # how many recurring invoices count that aren't here

    def place(self, bill: int) -> int | None:
        """Return the how-manieth recurring invoice of the deal this is."""
        return self.before + self.recurring.index(bill) + 1 if bill in self.recurring else None


class Books:
    """The invoices of a deal and what is known about them so far."""

    def __init__(self, bills: Iterable[Bill], opening: Opening | None = None) -> None:
        self._bills = {bill.id: bill for bill in bills}
        self._opening = opening
        self._facts: dict[int, list[Happening]] = {}

    def add(self, fact: Happening) -> None:
        if self._opening and self._opening.leaves_out(fact):
            fact = replace(fact, gross=Decimal(0))
        self._facts.setdefault(fact.bill, []).append(fact)

    @property
    def bills(self) -> list[Bill]:
        """The invoices that have arrived, by date, then number."""
        known = [self._bills[pk] for pk in self._facts if pk in self._bills]
        return sorted(known, key=lambda bill: bill.place)

    def bill(self, pk: int) -> Bill:
        return self._bills[pk]

    def total(self, bill: Bill, *kinds: FactKind) -> Decimal:
        """Return the gross amounts of these facts about an invoice."""
        return sum((f.gross for f in self._facts.get(bill.id, ()) if f.kind in kinds), Decimal(0))

    def credits(self, bill: Bill) -> list[Happening]:
        return [fact for fact in self._facts.get(bill.id, ()) if fact.kind == "credit"]

    def remaining(self, bill: Bill) -> dict[int, Fraction]:
        """Return the net of each line less its credits; never below zero.

        A credit that names no line spreads over the lines by their net. What is more than a line has left
        goes to the others in the same way.
        """
        left = {line.id: Fraction(line.net) for line in bill.lines}
        loose = ZERO
        for credit in self.credits(bill):
            if credit.line in left:
                left[credit.line] -= Fraction(credit.net)
            else:
                loose += Fraction(credit.net)
        for pk, net in left.items():
            if net < 0:  # more than the line had: the rest is taken from the others
                loose, left[pk] = loose - net, ZERO
        return _spread(loose, left, {line.id: Fraction(line.net) for line in bill.lines})

    def paid_share(self, bill: Bill) -> tuple[Decimal, Decimal]:
        """Return (paid less refunded, gross less credited); none below zero, the first at most the second."""
        remaining = max(bill.gross - self.total(bill, "credit"), Decimal(0))
        paid = max(self.total(bill, "payment") - self.total(bill, "refund"), Decimal(0))
        return min(paid, remaining), remaining

    def position(self) -> Position:
        starts: list[date] = []
        recurring: list[Bill] = []
        for bill in self.bills:
            left = self.remaining(bill)
            days = [x.service_from for x in bill.lines if x.recurring and x.service_from and left[x.id] > 0]
            if days:
                starts.append(min(days))
                recurring.append(bill)
        numbers = tuple(bill.id for bill in recurring)
        opening = self._opening
        if opening is None:
            return Position(self._first(), min(starts, default=None), numbers)
        if opening.cap_starts_on:
            starts.append(opening.cap_starts_on)
        among = sum(bill.issued_on <= opening.as_of for bill in recurring)  # counted before, and here too
        first = None if opening.first_taken else self._first()
        return Position(first, min(starts, default=None), numbers, max(opening.recurring_before - among, 0))

    def _first(self) -> int | None:
        """Return the first invoice: the earliest whose total isn't zero, or what replaced it, and so on."""
        first = next((bill.id for bill in self.bills if bill.gross > 0), None)
        seen: set[int] = set()
        while first is not None and first not in seen:
            seen.add(first)
            named = [f for f in self._facts.get(first, ()) if f.kind == "credit" and f.replacement]
            if not named:
                return first
            first = max(named, key=lambda fact: (fact.on, fact.id)).replacement
        return first


def _spread(
    amount: Fraction, left: Mapping[int, Fraction], weights: Mapping[int, Fraction]
) -> dict[int, Fraction]:
    """Take `amount` from what is left, by weight, none below zero."""
    left = dict(left)
    while amount > 0:
        open_lines = [pk for pk, net in left.items() if net > 0]
        base = sum((weights[pk] for pk in open_lines), ZERO)
        if not base:
            break
        over = ZERO
        for pk in open_lines:
            after = left[pk] - amount * weights[pk] / base
            over, left[pk] = over + max(-after, ZERO), max(after, ZERO)
        amount = over
    return left


@dataclass(frozen=True)
class Reckoning:
    """`due` and every figure it came from."""

    due: Decimal
    eligible: Fraction
    numerator: Decimal
    denominator: Decimal
    why: dict[str, object]


def reckon(
    books: Books, position: Position, bill: Bill, kind: Kind, terms: Terms, rate: Decimal
) -> Reckoning:
    """Return what an invoice has earned by now: the formula of C5, rounded once."""
    eligible, why = (
        _recurring_net(books, position, bill, terms)
        if kind == RECURRING
        else _first_invoice_net(books, position, bill)
    )
    numerator, denominator = books.paid_share(bill)
    share = Fraction(numerator) / Fraction(denominator) if denominator else ZERO
    due = round_half_even(Fraction(rate) / 100 * eligible * share, bill.currency)
    why |= {
        "gross": str(bill.gross),
        "credited_gross": str(books.total(bill, "credit")),
        "paid": str(books.total(bill, "payment")),
        "refunded": str(books.total(bill, "refund")),
        "counted": figure(eligible * share),
    }
    return Reckoning(due, eligible, numerator, denominator, why)


def _first_invoice_net(books: Books, position: Position, bill: Bill) -> tuple[Fraction, dict[str, object]]:
    credited = sum((Fraction(credit.net) for credit in books.credits(bill)), ZERO)
    is_first = bill.id == position.first
    eligible = max(Fraction(bill.net) - credited, ZERO) if is_first else ZERO
    return eligible, {
        "invoice_net": figure(Fraction(bill.net)),
        "credits": figure(-credited),
        "is_first": is_first,
        "eligible": figure(eligible),
    }


def _recurring_net(
    books: Books, position: Position, bill: Bill, terms: Terms
) -> tuple[Fraction, dict[str, object]]:
    left = books.remaining(bill)
    recurring = [line for line in bill.lines if line.recurring]
    whole = sum((Fraction(line.net) for line in recurring), ZERO)
    kept = sum((left[line.id] for line in recurring), ZERO)
    eligible = ZERO
    why: dict[str, object] = {"cap_unit": terms.cap_unit, "cap_count": terms.cap_count}
    if position.starts_on is None:
        pass
    elif terms.cap_unit == "invoices":
        place = position.place(bill.id)
        why["place"] = place
        eligible = kept if place and place <= terms.cap_count else ZERO
    else:
        last = cap_ends_on(position.starts_on, terms.cap_count)
        why |= {"cap_starts_on": position.starts_on.isoformat(), "cap_ends_on": last.isoformat()}
        for line in recurring:
            all_days = line.days(date.min, date.max)
            eligible += left[line.id] * Fraction(line.days(position.starts_on, last), all_days or 1)
            if left[line.id] and line.days(position.starts_on, last) < all_days:
                why |= {"days_inside": line.days(position.starts_on, last), "days": all_days}
    starts = [line.service_from for line in recurring if line.service_from]
    ends = [line.service_to for line in recurring if line.service_to]
    if starts and ends:
        why |= {"service_from": min(starts).isoformat(), "service_to": max(ends).isoformat()}
    why |= {
        "invoice_net": figure(Fraction(bill.net)),
        "one_off": figure(whole - Fraction(bill.net)),
        "credits": figure(kept - whole),
        "outside_cap": figure(eligible - kept),
        "eligible": figure(eligible),
    }
    return eligible, why


def figure(number: Fraction) -> str:
    """Return a number as the explanation shows it: up to six decimals, the needless ones left out."""
    scaled = Decimal(round(number * 10**6)).scaleb(-6)
    text = f"{scaled:f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0", "-") else text

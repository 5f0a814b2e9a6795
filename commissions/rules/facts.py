"""What the arithmetic works with: invoices, what happened to them, contracts, and entries."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from ssp.core.periods import add_years

HOLD = timedelta(days=30)
ZERO = Fraction(0)

FactKind = Literal["invoice", "payment", "refund", "credit", "match"]
Kind = Literal["recurring", "first_invoice", "bonus"]
RECURRING: Kind = "recurring"
FIRST_INVOICE: Kind = "first_invoice"
BONUS: Kind = "bonus"


@dataclass(frozen=True)
class Line:
    id: int
    net: Decimal
    recurring: bool
    service_from: date | None = None
    service_to: date | None = None  # the last day, inclusive

    def days(self, first: date, last: date) -> int:
        """Return how many days of the service lie from `first` to `last`, both counted."""
        if self.service_from is None or self.service_to is None:
            return 0
        return max((min(self.service_to, last) - max(self.service_from, first)).days + 1, 0)


@dataclass(frozen=True)
class Bill:
    """An invoice to a customer. Gross includes VAT, net doesn't."""

    id: int
    number: str
    issued_on: date
    currency: str
    net: Decimal
    gross: Decimal
    lines: tuple[Line, ...]

    @property
    def place(self) -> tuple[date, list[str | int], int]:
        """Where it stands among a deal's invoices: by date, then number, and 9 comes before 10 (C5)."""
        parts = re.split(r"([0-9]+)", self.number)  # text at even places, digits at odd ones
        number = [int(part) if odd % 2 else part for odd, part in enumerate(parts)]
        return self.issued_on, number, self.id


@dataclass(frozen=True)
class Happening:
    """A fact about an invoice."""

    id: int
    bill: int
    kind: FactKind
    on: date
    gross: Decimal = Decimal(0)
    net: Decimal = Decimal(0)  # credit notes
    line: int | None = None  # the line a credit note is for; None spreads it over all
    replacement: int | None = None  # the invoice that takes this one's place


@dataclass(frozen=True)
class Terms:
    """The numbers of a signed contract."""

    contract: int
    signed_on: date
    recurring_percent: Decimal = Decimal(0)
    first_invoice_percent: Decimal = Decimal(0)
    bonus_percent: Decimal = Decimal(0)
    bonus_basis: str = "commission"
    cap_unit: str = "years"
    cap_count: int = 3

    def percent(self, kind: Kind) -> Decimal:
        return {
            RECURRING: self.recurring_percent,
            FIRST_INVOICE: self.first_invoice_percent,
            BONUS: self.bonus_percent,
        }[kind]


@dataclass(frozen=True)
class Opening:
    """What was reckoned before this system, up to and including a day: here it goes on from there (ADR 22).

    What customers paid or got back until that day was counted then, so it doesn't count here.
    """

    as_of: date
    cap_starts_on: date | None = None  # the first recurring service day before
    recurring_before: int = 0  # recurring invoices dated up to that day, whether they are here or not
    first_taken: bool = False  # the first invoice was before: none here is

    def leaves_out(self, fact: "Happening") -> bool:
        return fact.kind in ("payment", "refund") and fact.on <= self.as_of


@dataclass(frozen=True)
class Case:
    """Everything that decides what one use case pays. `facts` are in the order in which they arrived."""

    model: Kind
    bills: tuple[Bill, ...]
    facts: tuple[Happening, ...]
    contracts: tuple[Terms, ...]  # the partner's signed ones
    pays: bool = True  # won within the window, and not a reseller's
    ended_for_cause_on: date | None = None
    recruiter_contracts: tuple[Terms, ...] = ()  # none: no recruiter, or no bonus slot (C21)
    recruiter_ended_for_cause_on: date | None = None
    opening: Opening | None = None


@dataclass(frozen=True)
class Written:
    """An entry that is in the ledger already; in the order in which they were written."""

    fact: int
    bill: int
    kind: Kind
    amount: Decimal
    contract: int


@dataclass(frozen=True)
class Entry:
    """An entry to write. A bonus on a commission belongs to the entry with the same fact and invoice."""

    fact: int
    bill: int
    kind: Kind
    contract: int
    rate: Decimal
    eligible: Fraction
    numerator: Decimal
    denominator: Decimal
    due: Decimal
    amount: Decimal
    currency: str
    on: date
    payable_on: date
    why: Mapping[str, object] = field(compare=False)


def payable_on(fact_on: date, amount: Decimal) -> date:
    """Return the day from which an entry counts: 30 days after its fact, a negative one at once."""
    return fact_on + HOLD if amount > 0 else fact_on


def contract_in_force(contracts: Iterable[Terms], on: date) -> Terms | None:
    """Return the contract signed last, up to and including that day."""
    signed = [terms for terms in contracts if terms.signed_on <= on]
    return max(signed, key=lambda terms: (terms.signed_on, terms.contract)) if signed else None


def cap_ends_on(starts_on: date, years: int) -> date:
    """Return the last service day that counts: 1 Sep 2026 and 3 years → 31 Aug 2029."""
    if starts_on.year + years > date.max.year:
        return date.max
    return add_years(starts_on, years) - timedelta(days=1)

"""What a worked example is made of: papers, invoices, what happened in which order, and the sums by hand.

An example knows nothing of the code: amounts are text, as people write them on paper. The same examples are
put to the pure rules and to the database (`test_worked_examples.py`, unit and integration).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.unit.commissions.worked.handwriting import Line as Written
from tests.unit.commissions.worked.handwriting import read

PAPER_SIGNED = date(2026, 3, 1)
MET = date(2026, 7, 12)  # the introduction: the window's last day is 12 January 2027
DEAL_SIGNED = date(2026, 8, 20)
INVOICED = date(2026, 9, 1)


@dataclass(frozen=True)
class Paper:
    """A signed contract: X, Y and Z in percent, and the cap."""

    signed: date = PAPER_SIGNED
    x: str = "10"
    y: str = "25"
    z: str = "10"
    basis: str = "commission"
    cap: int = 3
    unit: str = "years"


@dataclass(frozen=True)
class Item:
    """A line of an invoice; without days it is one-off, and with days it may be, if told."""

    net: str
    first: date | None = None
    last: date | None = None  # inclusive
    one_off: bool = False

    @property
    def recurring(self) -> bool:
        return self.first is not None and not self.one_off


@dataclass(frozen=True)
class Bill:
    number: str
    items: tuple[Item, ...]
    on: date = INVOICED
    gross: str = ""  # the net unless told
    currency: str = "EUR"

    @property
    def net(self) -> Decimal:
        return sum((Decimal(item.net) for item in self.items), Decimal(0))

    @property
    def total(self) -> Decimal:
        return Decimal(self.gross) if self.gross else self.net


@dataclass(frozen=True)
class Step:
    """A fact as it arrives, and the entries that name it, worked out by hand."""

    kind: str
    bill: str
    work: tuple[Written, ...]
    gross: str = "0"
    net: str = "0"
    item: int | None = None  # the line a credit note is for, from 1
    replaced_by: str = ""
    on: date | None = None  # some days after the invoice unless told
    payable: date | None = None


@dataclass(frozen=True)
class Ended:
    kind: str  # notice or cause
    on: date  # the last day


@dataclass(frozen=True)
class Before:
    """What was reckoned before this system, by hand: up to a day, and what the caps go on from."""

    as_of: date
    cap_starts_on: date | None = None
    recurring: int = 0
    first_taken: bool = False
    earned: str = "0"
    paid: str = "0"


@dataclass(frozen=True)
class Example:
    """Facts in, entries and their sum out. `says` is a sentence that one could write to a partner."""

    says: str
    clause: str
    bills: tuple[Bill, ...]
    story: tuple[Step, ...]
    sum: str
    bonus_sum: str = "0"
    model: str = "recurring"
    papers: tuple[Paper, ...] = (Paper(),)
    # the deal
    pays: bool = True  # what the window and the outcome below come to
    deal_signed: date = DEAL_SIGNED
    extended: int = 0
    outcome: str = ""
    elected: str = ""  # what the partner had chosen, if a director changed it
    reseller_after_winning: bool = False
    another_use_case: bool = False  # at the same company, by the other model, paid before
    # the people
    ended: Ended | None = None
    recruiter: tuple[Paper, ...] = ()
    slot: int | None = 1
    recruiter_is_recruit: bool = False
    recruiter_ended: Ended | None = None
    before: Before | None = None

    @property
    def steps(self) -> Iterator[Step]:
        """All facts in order: invoices arrive first unless the story says when; each step has its day."""
        told = {step.bill for step in self.story if step.kind == "invoice"}
        for bill in self.bills:
            if bill.number not in told:
                yield Step("invoice", bill.number, (), on=bill.on)
        for place, step in enumerate(self.story):
            issued = next(bill.on for bill in self.bills if bill.number == step.bill)
            later = issued if step.kind == "invoice" else issued + timedelta(days=5 + place)
            yield replace(step, on=step.on or later)

    @property
    def matched_late(self) -> set[str]:
        return {step.bill for step in self.story if step.kind == "match"}

    @property
    def expected(self) -> dict[tuple[int, str, str], Decimal]:
        """Return {(place of the fact, number of the invoice, kind): amount}, zero entries left out."""
        found = {}
        for place, step in enumerate(self.steps):
            for line in step.work:
                kind = "bonus" if line.bonus else self.model
                if line.amount:
                    found[place, line.bill or step.bill, kind] = line.amount
        return found


def yearly(
    net: str, number: str = "SI-1", *, on: date = INVOICED, gross: str = "", currency: str = "EUR"
) -> Bill:
    """An invoice of one recurring year that begins on its day."""
    last = on.replace(year=on.year + 1) - timedelta(days=1)
    return Bill(number, (Item(net, on, last),), on, gross, currency)


def with_one_off(
    recurring: str, one_off: str, number: str = "SI-1", *, on: date = INVOICED, gross: str = ""
) -> Bill:
    """An invoice of a recurring year (line 1) and something one-off (line 2)."""
    year = yearly(recurring, on=on).items[0]
    return Bill(number, (year, Item(one_off)), on, gross)


def comes(bill: str, *work: str) -> Step:
    return Step("invoice", bill, tuple(map(read, work)))


def paid(
    gross: str, *work: str, bill: str = "SI-1", on: date | None = None, payable: date | None = None
) -> Step:
    return Step("payment", bill, tuple(map(read, work)), gross, on=on, payable=payable)


def refunded(
    gross: str, *work: str, bill: str = "SI-1", on: date | None = None, payable: date | None = None
) -> Step:
    return Step("refund", bill, tuple(map(read, work)), gross, on=on, payable=payable)


def credited(
    gross: str,
    *work: str,
    bill: str = "SI-1",
    net: str = "",
    item: int | None = None,
    replaced_by: str = "",
    on: date | None = None,
) -> Step:
    """A credit note; its net is its gross unless told."""
    return Step("credit", bill, tuple(map(read, work)), gross, net or gross, item, replaced_by, on)


def written_off(gross: str, *work: str, bill: str = "SI-1") -> Step:
    return Step("write_off", bill, tuple(map(read, work)), gross)


def matched(*work: str, bill: str = "SI-1") -> Step:
    """A person says which deal an invoice belongs to: until then it counts nowhere."""
    return Step("match", bill, tuple(map(read, work)))

"""From facts to entries: each fact in its turn, and never twice."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from commissions.rules.books import Books, Position, Reckoning, reckon
from commissions.rules.facts import (
    BONUS,
    FIRST_INVOICE,
    Bill,
    Case,
    Entry,
    Happening,
    Kind,
    Terms,
    Written,
    contract_in_force,
    payable_on,
)
from ssp.core.money import round_half_even


class Ledger:
    """What is written, and what this run adds to it."""

    def __init__(self, written: Sequence[Written]) -> None:
        self.sums: dict[tuple[int, Kind], Decimal] = {}
        self.contracts: dict[tuple[int, Kind], int] = {}
        self.named: set[tuple[int, int, Kind]] = set()
        self.new: list[Entry] = []
        for entry in written:
            self._count(entry)

    def _count(self, entry: Written | Entry) -> None:
        key = (entry.bill, entry.kind)
        self.sums[key] = self.sums.get(key, Decimal(0)) + entry.amount
        self.contracts.setdefault(key, entry.contract)
        self.named.add((entry.fact, *key))

    def sum(self, bill: int, kind: Kind) -> Decimal:
        return self.sums.get((bill, kind), Decimal(0))

    def add(self, entry: Entry) -> None:
        self.new.append(entry)
        self._count(entry)


class Accrual:
    """Walks through the facts of one case as they arrived and writes what each of them changes."""

    def __init__(self, case: Case, written: Sequence[Written]) -> None:
        self.case = case
        self.books = Books(case.bills, case.opening)
        # What was known about the time until the partner's end for cause, and the recruiter's.
        self.at_end = Books(case.bills, case.opening)
        self.at_recruiter_end = Books(case.bills, case.opening)
        self.ledger = Ledger(written)
        order = {fact.id: place for place, fact in enumerate(case.facts)}
        self.last: dict[tuple[int, Kind], int] = {}
        for entry in written:
            key = (entry.bill, entry.kind)
            self.last[key] = max(self.last.get(key, -1), order.get(entry.fact, -1))

    def run(self) -> list[Entry]:
        case, before = self.case, None
        mine = {bill.id for bill in case.bills}
        for place, fact in enumerate(case.facts):
            self._learn(fact)
            position = self.books.position()
            moved = position != before
            before = position
            for bill in self.books.bills:
                if bill.id == fact.bill or moved:
                    self._write(bill, fact, position, place)
        # A fact that became visible late: what it changes is named by the last one without an entry.
        if before is not None:
            for bill in self.books.bills:
                if bill.id in mine:
                    self._settle(bill, before)
        return self.ledger.new

    def _learn(self, fact: Happening) -> None:
        self.books.add(fact)
        for end, books in (
            (self.case.ended_for_cause_on, self.at_end),
            (self.case.recruiter_ended_for_cause_on, self.at_recruiter_end),
        ):
            if end is not None and fact.on <= end:
                books.add(fact)

    def _write(self, bill: Bill, fact: Happening, position: Position, place: int) -> None:
        source = None
        if place > self.last.get((bill.id, self.case.model), -1):
            source = self._commission(bill, fact, position)
        if self.case.recruiter_contracts and place > self.last.get((bill.id, BONUS), -1):
            self._bonus(bill, fact, position, source)

    def _settle(self, bill: Bill, position: Position) -> None:
        kinds: tuple[Kind, ...] = (self.case.model, BONUS)
        for fact in reversed(self.case.facts):
            if any((fact.id, bill.id, kind) in self.ledger.named for kind in kinds):
                continue
            source = self._commission(bill, fact, position)
            if self.case.recruiter_contracts:
                self._bonus(bill, fact, position, source)
            return

    def _terms(self, bill: Bill, kind: Kind, contracts: tuple[Terms, ...], on: date) -> Terms | None:
        """Return the contract of the first entry for this invoice, or the one in force on the fact's day."""
        first = self.ledger.contracts.get((bill.id, kind))
        fixed = next((terms for terms in contracts if terms.contract == first), None)
        return fixed or contract_in_force(contracts, on)

    def _commission(self, bill: Bill, fact: Happening, position: Position) -> Entry | None:
        kind = self.case.model
        terms = self._terms(bill, kind, self.case.contracts, fact.on)
        if terms is None:
            return None
        rate = terms.percent(kind)
        now = reckon(self.books, position, bill, kind, terms, rate)
        if self.case.ended_for_cause_on is not None:
            now = self._at_most(now, self.at_end, bill, kind, terms, rate)
        return self._entry(bill, fact, kind, terms, rate, now)

    def _at_most(
        self, now: Reckoning, then: Books, bill: Bill, kind: Kind, terms: Terms, rate: Decimal
    ) -> Reckoning:
        """After an end for cause a sum may fall, and never rises."""
        earlier = reckon(then, then.position(), bill, kind, terms, rate)
        return now if now.due <= earlier.due else earlier

    def _bonus(self, bill: Bill, fact: Happening, position: Position, source: Entry | None) -> None:
        terms = self._terms(bill, BONUS, self.case.recruiter_contracts, fact.on)
        if terms is None:
            return
        rate = terms.bonus_percent
        ended = self.case.recruiter_ended_for_cause_on is not None
        if terms.bonus_basis == FIRST_INVOICE:
            now = reckon(self.books, position, bill, FIRST_INVOICE, terms, rate)
            if self.case.ended_for_cause_on is not None:  # it lasts while the recruit's sales pay
                now = self._at_most(now, self.at_end, bill, FIRST_INVOICE, terms, rate)
            if ended:
                now = self._at_most(now, self.at_recruiter_end, bill, FIRST_INVOICE, terms, rate)
            self._entry(bill, fact, BONUS, terms, rate, now)
            return
        if source is None:
            return
        base = self.ledger.sum(bill.id, self.case.model)
        if ended:
            own = next((t for t in self.case.contracts if t.contract == source.contract), None)
            then = self.at_recruiter_end
            if own is not None:
                earlier = reckon(then, then.position(), bill, self.case.model, own, source.rate)
                base = min(base, earlier.due)
        due = round_half_even(Fraction(rate) / 100 * Fraction(base), bill.currency)
        one = Decimal(1)
        why: dict[str, object] = {"commission": str(base), "of": str(source.amount)}
        self._entry(bill, fact, BONUS, terms, rate, Reckoning(due, Fraction(base), one, one, why))

    def _entry(
        self, bill: Bill, fact: Happening, kind: Kind, terms: Terms, rate: Decimal, now: Reckoning
    ) -> Entry | None:
        before = self.ledger.sum(bill.id, kind)
        amount = now.due - before
        if not amount or (amount > 0 and not self.case.pays):
            return None
        why = now.why | {"rate": str(rate), "due": str(now.due), "before": str(before), "fact": fact.kind}
        entry = Entry(
            fact=fact.id,
            bill=bill.id,
            kind=kind,
            contract=terms.contract,
            rate=rate,
            eligible=now.eligible,
            numerator=now.numerator,
            denominator=now.denominator,
            due=now.due,
            amount=amount,
            currency=bill.currency,
            on=fact.on,
            payable_on=payable_on(fact.on, amount),
            why=why,
        )
        self.ledger.add(entry)
        return entry


def entries_due(case: Case, written: Sequence[Written] = ()) -> list[Entry]:
    """Return the entries that the facts of a case call for and that aren't written yet (C5, C20).

    Written in full, a second call returns nothing. The order of the facts may change entries, never sums.
    """
    return Accrual(case, written).run()

"""Whatever happens to an invoice, in whatever order: the same sums, none below zero, nothing twice."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.rules import FIRST_INVOICE, RECURRING, Bill, Case, Entry, Happening, Line, Terms, entries_due
from tests.unit.commissions.test_rules import sums, written

START = date(2026, 9, 1)
CENTS = st.integers(0, 50_000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def bills(draw: st.DrawFn) -> tuple[Bill, ...]:
    made = []
    for pk in range(1, draw(st.integers(1, 3)) + 1):
        on = START + timedelta(days=draw(st.integers(0, 900)))
        lines = []
        for number in range(draw(st.integers(1, 3))):
            recurring = draw(st.booleans())
            start = on + timedelta(days=draw(st.integers(-30, 60)))
            end = start + timedelta(days=draw(st.integers(0, 800)))
            period = (start, end) if recurring else (None, None)
            lines.append(Line(pk * 10 + number, draw(CENTS), recurring, *period))
        net = sum((line.net for line in lines), Decimal(0))
        made.append(
            Bill(
                pk,
                f"SI-{pk}",
                on,
                "EUR",
                net,
                net * draw(st.sampled_from([1, Decimal("1.21")])),
                tuple(lines),
            )
        )
    return tuple(made)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    known = draw(bills())
    facts = [Happening(bill.id, bill.id, "invoice", bill.issued_on) for bill in known]
    for pk in range(100, 100 + draw(st.integers(0, 7))):
        bill = draw(st.sampled_from(known))
        kind = draw(st.sampled_from(["payment", "payment", "refund", "credit"]))
        amount = draw(CENTS)
        fact = Happening(
            pk, bill.id, kind, bill.issued_on + timedelta(days=draw(st.integers(0, 400))), amount
        )
        if kind == "credit":
            line = draw(st.none() | st.sampled_from([line.id for line in bill.lines]))
            other = draw(st.none() | st.sampled_from([b.id for b in known]))
            fact = replace(fact, net=amount, line=line, replacement=other)
        facts.append(fact)
    contract = Terms(
        1,
        date(2026, 1, 1),
        draw(st.sampled_from([Decimal(10), Decimal("12.5"), Decimal("0.33")])),
        Decimal(25),
        cap_unit=draw(st.sampled_from(["years", "invoices"])),
        cap_count=draw(st.integers(1, 2)),
    )
    recruiter = Terms(
        2,
        date(2026, 1, 1),
        bonus_percent=Decimal(10),
        bonus_basis=draw(st.sampled_from(["commission", "first_invoice"])),
    )
    return Case(
        draw(st.sampled_from([RECURRING, FIRST_INVOICE])),
        known,
        tuple(facts),
        (contract,),
        ended_for_cause_on=draw(st.none() | st.just(START + timedelta(days=300))),
        recruiter_contracts=draw(st.sampled_from([(), (recruiter,)])),
        recruiter_ended_for_cause_on=draw(st.none() | st.just(START + timedelta(days=200))),
    )


def per_invoice(entries: list[Entry]) -> dict[tuple[int, str], Decimal]:
    kinds = {entry.kind for entry in entries}
    return {
        (bill, kind): total
        for kind in kinds
        for bill, total in sums([entry for entry in entries if entry.kind == kind]).items()
        if total
    }


@pytest.mark.clause("C5")
@settings(deadline=None)
@given(case=cases(), data=st.data())
def test_the_order_of_facts_never_changes_a_sum(case: Case, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(case.facts))

    assert per_invoice(entries_due(replace(case, facts=tuple(shuffled)))) == per_invoice(entries_due(case))


@pytest.mark.clause("C5")
@settings(deadline=None)
@given(case=cases())
def test_replaying_writes_nothing(case: Case) -> None:
    assert entries_due(case, written(entries_due(case))) == []


@pytest.mark.clause("C5")
@settings(deadline=None)
@given(case=cases())
def test_fact_by_fact_is_the_same_as_all_at_once(case: Case) -> None:
    ledger: list[Entry] = []
    for known in range(1, len(case.facts) + 1):
        ledger += entries_due(replace(case, facts=case.facts[:known]), written(ledger))

    assert ledger == entries_due(case)


@pytest.mark.clause("C5")
@settings(deadline=None)
@given(case=cases())
def test_a_sum_is_never_below_zero_nor_above_the_rate_times_net(case: Case) -> None:
    nets = {bill.id: bill.net for bill in case.bills}
    running: dict[tuple[int, str], Decimal] = {}
    for entry in entries_due(case):
        key = (entry.bill, entry.kind)
        running[key] = running.get(key, Decimal(0)) + entry.amount
        assert running[key] == entry.due >= 0
        ceiling = Fraction(entry.rate) / 100 * min(Fraction(nets[entry.bill]), entry.eligible)
        assert Fraction(running[key]) <= ceiling + Fraction(1, 200)


@pytest.mark.clause("C5")
@settings(deadline=None)
@given(case=cases())
def test_a_fact_writes_at_most_one_entry_per_invoice_and_kind(case: Case) -> None:
    keys = [(entry.fact, entry.bill, entry.kind) for entry in entries_due(case)]

    assert len(keys) == len(set(keys))


@pytest.mark.clause("C22")
@settings(deadline=None)
@given(case=cases())
def test_without_a_recruiter_there_is_no_bonus(case: Case) -> None:
    assert all(entry.kind == case.model for entry in entries_due(replace(case, recruiter_contracts=())))

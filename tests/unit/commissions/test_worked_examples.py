"""The worked examples against the pure rules: each fact in its turn, all at once, and again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from commissions.rules import Bill, Case, Entry, Happening, Line, Opening, Terms, Written, entries_due
from tests.unit.commissions.worked import EXAMPLES
from tests.unit.commissions.worked.handwriting import half_even, read, value
from tests.unit.commissions.worked.shape import Example, Paper

D = Decimal


def told(example: Example) -> object:
    return pytest.param(example, id=example.says, marks=pytest.mark.clause(example.clause))


worked = pytest.mark.parametrize("example", [told(example) for example in EXAMPLES])


def terms(papers: Sequence[Paper], first: int) -> tuple[Terms, ...]:
    return tuple(
        Terms(pk, p.signed, D(p.x), D(p.y), D(p.z), p.basis, p.unit, p.cap)
        for pk, p in enumerate(papers, start=first)
    )


def bills(example: Example) -> tuple[Bill, ...]:
    return tuple(
        Bill(
            pk,
            bill.number,
            bill.on,
            bill.currency,
            bill.net,
            bill.total,
            tuple(
                Line(pk * 10 + place, D(item.net), item.recurring, item.first, item.last)
                for place, item in enumerate(bill.items, start=1)
            ),
        )
        for pk, bill in enumerate(example.bills, start=1)
    )


def happenings(example: Example) -> tuple[Happening, ...]:
    """Return the facts; the place of each in the story is its id."""
    pks = {bill.number: pk for pk, bill in enumerate(example.bills, start=1)}
    return tuple(
        Happening(
            place,
            pks[step.bill],
            step.kind,
            step.on or date.max,
            D(step.gross),
            D(step.net),
            pks[step.bill] * 10 + step.item if step.item else None,
            pks.get(step.replaced_by),
        )
        for place, step in enumerate(example.steps)
    )


def case_of(example: Example) -> Case:
    ended, theirs, before = example.ended, example.recruiter_ended, example.before
    return Case(
        example.model,
        bills(example),
        happenings(example),
        terms(example.papers, 1),
        example.pays,
        ended.on if ended and ended.kind == "cause" else None,
        terms(example.recruiter, 10) if example.slot else (),
        theirs.on if theirs and theirs.kind == "cause" else None,
        Opening(before.as_of, before.cap_starts_on, before.recurring, before.first_taken) if before else None,
    )


def ledger_of(example: Example, entries: Sequence[Entry]) -> dict[tuple[int, str, str], Decimal]:
    numbers = {pk: bill.number for pk, bill in enumerate(example.bills, start=1)}
    return {(entry.fact, numbers[entry.bill], entry.kind): entry.amount for entry in entries}


def written(entries: Sequence[Entry]) -> list[Written]:
    return [Written(e.fact, e.bill, e.kind, e.amount, e.contract) for e in entries]


@worked
def test_the_rules_write_what_was_worked_out_by_hand(example: Example) -> None:
    entries = entries_due(case_of(example))

    assert ledger_of(example, entries) == example.expected
    assert entries_due(case_of(example), written(entries)) == []


@worked
def test_fact_by_fact_the_rules_write_the_same(example: Example) -> None:
    case, ledger = case_of(example), list[Entry]()
    for known in range(1, len(case.facts) + 1):
        facts = case.facts[:known]
        matched = {fact.bill for fact in facts if fact.kind == "match"}
        late = {pk for pk, bill in enumerate(example.bills, start=1) if bill.number in example.matched_late}
        seen = tuple(fact for fact in facts if fact.bill not in late - matched)
        ledger += entries_due(replace(case, facts=seen), written(ledger))

    assert ledger_of(example, ledger) == example.expected


@worked
def test_an_entry_is_payable_when_the_example_says(example: Example) -> None:
    entries = {entry.fact: entry.payable_on for entry in entries_due(case_of(example))}
    days = {place: step.payable for place, step in enumerate(example.steps) if step.payable}

    assert {place: entries[place] for place in days} == days


# --- the paper itself -----------------------------------------------------------------------------
@worked
def test_every_sum_on_paper_is_right(example: Example) -> None:
    wrong = [line.wrong for step in example.story for line in step.work if line.wrong]

    assert wrong == []


@worked
def test_the_entries_of_an_example_add_up_to_its_sum(example: Example) -> None:
    of = {True: D(0), False: D(0)}
    for (_place, _bill, kind), amount in example.expected.items():
        of[kind == "bonus"] += amount

    assert of == {False: D(example.sum), True: D(example.bonus_sum)}


@pytest.mark.clause("C5")
def test_there_are_sixty_examples_and_each_says_something_else() -> None:
    sentences = {(example.says, example.model) for example in EXAMPLES}

    assert len(sentences) == len(EXAMPLES) >= 60


@pytest.mark.parametrize(
    "text",
    [
        "10% × 1,000 = 100.01",
        "10% × 100.05 ≈ 10.01",
        "10% × 1,000 × 500/1,000 = 50.00; 50.00 − 20.00 = 31.00",
        "50.00",
    ],
)
def test_a_wrong_sum_on_paper_is_found(text: str) -> None:
    assert read(text).wrong


def test_a_sum_on_paper_is_read_exactly() -> None:
    assert value("10% × 1,000 × min(1, 1,500/1,000) − (20 + 5)/2") == D("87.5")
    assert [half_even(value(n), 2) for n in ("0.005", "0.015", "−0.005")] == [0, D("0.02"), 0]

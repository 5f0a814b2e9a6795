"""Two honest people compute the same: programme.md's worked numbers, and more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest

from commissions.rules import (
    BONUS,
    FIRST_INVOICE,
    RECURRING,
    Bill,
    Case,
    Entry,
    Happening,
    Kind,
    Line,
    Terms,
    Written,
    cap_ends_on,
    contract_in_force,
    entries_due,
    payable_on,
)

D = Decimal
ISSUED = date(2026, 9, 1)
TERMS = Terms(1, date(2026, 1, 1), D(10), D(25), D(10))
RECRUITERS = Terms(2, date(2026, 1, 1), D(10), D(25), D(10))


def bill(net: str, *, pk: int = 1, gross: str = "", on: date = ISSUED, lines: Sequence[Line] = ()) -> Bill:
    return Bill(
        pk, f"SI-{pk}", on, "EUR", D(net), D(gross or net), tuple(lines) or (yearly(net, pk=pk * 10),)
    )


def yearly(net: str, *, pk: int = 10, start: date = ISSUED) -> Line:
    return Line(pk, D(net), True, start, start.replace(year=start.year + 1) - timedelta(days=1))


def one_off(net: str, *, pk: int) -> Line:
    return Line(pk, D(net), False)


def happened(*steps: tuple, bill: int = 1, on: date = ISSUED) -> tuple[Happening, ...]:
    """`("payment", "500")`, `("credit", "300", {…})`: in that order, a day apart, after the invoice."""
    ids = count(bill * 100 + 1)
    facts = [Happening(bill * 100, bill, "invoice", on)]
    for kind, amount, *more in steps:
        pk = next(ids)
        net = D(amount) if kind == "credit" else D(0)
        fact = Happening(pk, bill, kind, on + timedelta(days=pk - bill * 100), D(amount), net)
        facts.append(replace(fact, **(more[0] if more else {})))
    return tuple(facts)


def a_case(
    bills: Sequence[Bill], facts: Sequence[Happening], model: Kind = RECURRING, **more: object
) -> Case:
    return replace(Case(model, tuple(bills), tuple(facts), (TERMS,)), **more)


def written(entries: Sequence[Entry]) -> list[Written]:
    return [Written(e.fact, e.bill, e.kind, e.amount, e.contract) for e in entries]


def step_by_step(case: Case) -> dict[int, Decimal]:
    """Accrue after each fact, as it happens in life; returns what each fact wrote."""
    ledger: list[Entry] = []
    for known in range(1, len(case.facts) + 1):
        ledger += entries_due(replace(case, facts=case.facts[:known]), written(ledger))
    assert ledger == entries_due(case)  # all at once is the same
    assert entries_due(case, written(ledger)) == []
    return {fact.id: sum((e.amount for e in ledger if e.fact == fact.id), D(0)) for fact in case.facts}


def amounts(case: Case) -> list[Decimal]:
    return list(step_by_step(case).values())[1:]


@pytest.mark.clause("C5")
@pytest.mark.parametrize("model", [RECURRING, FIRST_INVOICE])
def test_payment_credit_payment(model: Kind) -> None:
    terms = replace(TERMS, first_invoice_percent=D(10))
    case = a_case(
        [bill("1000")],
        happened(("payment", "500"), ("credit", "300"), ("payment", "200")),
        model,
        contracts=(terms,),
    )

    assert amounts(case) == [D("50.00"), D(0), D("20.00")]


@pytest.mark.clause("C5")
def test_fully_paid_then_credit_then_its_refund() -> None:
    case = a_case([bill("1000")], happened(("payment", "1000"), ("credit", "300"), ("refund", "300")))

    assert amounts(case) == [D("100.00"), D("-30.00"), D(0)]


@pytest.mark.clause("C5")
def test_three_payments_never_add_a_cent() -> None:
    case = a_case([bill("100.05")], happened(*[("payment", "33.35")] * 3))

    assert amounts(case) == [D("3.34"), D("3.33"), D("3.33")]  # = 10.00, never 10.02


@pytest.mark.clause("C5")
def test_a_service_period_that_straddles_the_cap_counts_by_days() -> None:
    first = bill("0.01", pk=1, lines=[yearly("0.01", pk=10, start=date(2026, 9, 1))])
    last_year = bill(
        "36500", pk=2, on=date(2029, 1, 1), lines=[yearly("36500", pk=20, start=date(2029, 1, 1))]
    )
    facts = (*happened(), *happened(("payment", "36500"), bill=2, on=date(2029, 1, 1)))
    entry = entries_due(a_case([first, last_year], facts))[-1]

    assert cap_ends_on(date(2026, 9, 1), 3) == date(2029, 8, 31)
    assert cap_ends_on(date(9997, 9, 1), 3) == date.max  # the calendar ends before the cap
    assert (entry.why["days_inside"], entry.why["days"]) == (243, 365)
    assert entry.eligible == 24300
    assert entry.amount == D("2430.00")


@pytest.mark.clause("C20")
def test_a_bonus_follows_each_entry_of_the_recruit_with_both_signs() -> None:
    case = a_case(
        [bill("8400")],
        happened(("payment", "8400"), ("credit", "3000")),
        recruiter_contracts=(RECRUITERS,),
    )
    entries = entries_due(case)

    assert [(e.kind, e.amount) for e in entries] == [
        (RECURRING, D("840.00")),
        (BONUS, D("84.00")),
        (RECURRING, D("-300.00")),
        (BONUS, D("-30.00")),
    ]


@pytest.mark.clause("C20")
def test_many_small_entries_never_round_a_bonus_away_or_up() -> None:
    case = a_case([bill("100.05")], happened(*[("payment", "33.35")] * 3), recruiter_contracts=(RECRUITERS,))
    bonuses = [e.amount for e in entries_due(case) if e.kind == BONUS]

    assert sum(bonuses) == D("1.00")


@pytest.mark.clause("C20")
def test_a_bonus_on_the_first_invoice_ignores_the_recruits_model() -> None:
    bills = [
        bill("1000", lines=[yearly("600"), one_off("400", pk=11)]),
        bill("1000", pk=2, on=date(2027, 9, 1)),
    ]
    facts = (
        *happened(("payment", "500"), ("payment", "500")),
        *happened(("payment", "1000"), bill=2, on=date(2027, 9, 1)),
    )
    recruiter = replace(RECRUITERS, bonus_basis="first_invoice")
    entries = entries_due(a_case(bills, facts, recruiter_contracts=(recruiter,)))

    assert [(e.bill, e.amount) for e in entries if e.kind == BONUS] == [(1, D("50.00")), (1, D("50.00"))]


@pytest.mark.clause("C20")
def test_a_bonus_uses_the_recruiters_own_rate() -> None:
    recruiter = replace(RECRUITERS, bonus_percent=D("12.5"), recurring_percent=D(99))
    entries = entries_due(
        a_case([bill("1000")], happened(("payment", "1000")), recruiter_contracts=(recruiter,))
    )

    assert (entries[1].contract, entries[1].rate, entries[1].amount) == (2, D("12.5"), D("12.50"))


@pytest.mark.clause("C20")
def test_a_recruiter_ended_for_cause_gets_no_bonus_afterwards_and_still_gives_back() -> None:
    facts = happened(("payment", "500"), ("payment", "500"), ("credit", "800"))
    case = a_case(
        [bill("1000")],
        facts,
        recruiter_contracts=(RECRUITERS,),
        recruiter_ended_for_cause_on=facts[1].on,
    )

    assert [e.amount for e in entries_due(case) if e.kind == BONUS] == [D("5.00"), D("-3.00")]


def test_a_partner_ended_for_cause_keeps_what_was_earned_and_earns_no_more() -> None:
    facts = happened(("payment", "500"), ("payment", "500"), ("refund", "800"))
    case = a_case([bill("1000")], facts, ended_for_cause_on=facts[1].on)

    assert amounts(case) == [D("50.00"), D(0), D("-30.00")]


@pytest.mark.clause("C5")
def test_vat_never_earns() -> None:
    case = a_case([bill("1000", gross="1210")], happened(("payment", "605"), ("payment", "605")))

    assert amounts(case) == [D("50.00"), D("50.00")]


@pytest.mark.clause("C5")
def test_one_off_lines_dont_count_for_recurring_and_do_for_the_first_invoice() -> None:
    bills = [bill("15600", lines=[yearly("12600"), one_off("3000", pk=11)])]
    facts = happened(("payment", "15600"))

    assert amounts(a_case(bills, facts)) == [D("1260.00")]
    assert amounts(a_case(bills, facts, FIRST_INVOICE)) == [D("3900.00")]


@pytest.mark.clause("C5")
def test_an_unallocated_credit_spreads_over_lines_by_net() -> None:
    bills = [bill("1000", lines=[yearly("600"), one_off("400", pk=11)])]

    assert amounts(a_case(bills, happened(("payment", "1000"), ("credit", "100")))) == [
        D("60.00"),
        D("-6.00"),
    ]


@pytest.mark.clause("C5")
def test_a_credit_for_one_line_leaves_the_others_alone() -> None:
    bills = [bill("1000", lines=[yearly("600"), one_off("400", pk=11)])]
    facts = happened(("payment", "1000"), ("credit", "400", {"line": 11}), ("credit", "600", {"line": 10}))

    assert amounts(a_case(bills, facts)) == [D("60.00"), D(0), D("-60.00")]


@pytest.mark.clause("C5")
def test_a_credit_never_takes_more_than_a_line_has() -> None:
    bills = [bill("200", lines=[yearly("100"), one_off("100", pk=11)])]
    facts = happened(("credit", "90", {"line": 11}), ("credit", "100"), ("payment", "10"))

    # the one-off line has 10 left: the loose 100 takes them, and 90 of the recurring line
    assert amounts(a_case(bills, facts)) == [D(0), D(0), D("1.00")]


@pytest.mark.clause("C5")
def test_a_credit_before_the_payment_ends_at_the_same_sum() -> None:
    case = a_case([bill("1000")], happened(("credit", "300"), ("payment", "700")))

    assert amounts(case) == [D(0), D("70.00")]


@pytest.mark.clause("C5")
@pytest.mark.parametrize("credit", ["1000", "1500"])
def test_nothing_is_due_when_nothing_remains(credit: str) -> None:
    case = a_case([bill("1000")], happened(("payment", "1000"), ("credit", credit)))

    assert amounts(case) == [D("100.00"), D("-100.00")]


@pytest.mark.clause("C5")
def test_paying_too_much_earns_nothing_more() -> None:
    case = a_case([bill("1000")], happened(("payment", "1000"), ("payment", "500"), ("refund", "500")))

    assert amounts(case) == [D("100.00"), D(0), D(0)]


@pytest.mark.clause("C5")
def test_a_refund_before_the_payment_never_makes_a_sum_negative() -> None:
    case = a_case([bill("1000")], happened(("refund", "200"), ("payment", "1000")))

    assert amounts(case) == [D(0), D("80.00")]


# --- the first invoice --------------------------------------------------------
def two_invoices(*steps: tuple) -> Case:
    bills = [bill("1000"), bill("2000", pk=2, on=date(2026, 10, 1))]
    facts = (
        *happened(*steps),
        *happened(("payment", "2000"), bill=2, on=date(2026, 10, 1)),
    )
    return a_case(bills, facts, FIRST_INVOICE)


def sums(entries: Sequence[Entry]) -> dict[int, Decimal]:
    total: dict[int, Decimal] = {}
    for entry in entries:
        total[entry.bill] = total.get(entry.bill, D(0)) + entry.amount
    return total


@pytest.mark.clause("C5")
def test_only_the_first_invoice_pays() -> None:
    assert sums(entries_due(two_invoices(("payment", "1000")))) == {1: D("250.00")}


@pytest.mark.clause("C5")
def test_a_credit_leaves_it_the_first() -> None:
    assert sums(entries_due(two_invoices(("payment", "1000"), ("credit", "1000")))) == {1: D("0.00")}


@pytest.mark.clause("C5")
def test_a_credit_that_names_its_replacement_passes_the_place_on() -> None:
    bills = [bill("1000"), bill("2000", pk=2, on=date(2026, 10, 1))]
    paid = (*happened(("payment", "1000")), *happened(("payment", "2000"), bill=2, on=date(2026, 10, 1)))
    credit = Happening(900, 1, "credit", date(2026, 10, 5), D(1000), D(1000), replacement=2)
    case = a_case(bills, (*paid, credit), FIRST_INVOICE)

    assert [(e.fact, e.bill, e.amount) for e in entries_due(case)] == [
        (101, 1, D("250.00")),
        (900, 1, D("-250.00")),
        (900, 2, D("500.00")),
    ]
    assert step_by_step(case)[900] == D("250.00")


@pytest.mark.clause("C5")
def test_totals_of_zero_are_skipped_and_numbers_break_ties() -> None:
    bills = [
        bill("0", pk=1, lines=[yearly("0", pk=10)]),
        bill("100", pk=3),
        bill("200", pk=2),
    ]
    facts = (*happened(), *happened(("payment", "100"), bill=3), *happened(("payment", "200"), bill=2))

    assert {
        pk: total for pk, total in sums(entries_due(a_case(bills, facts, FIRST_INVOICE))).items() if total
    } == {2: D("50.00")}


@pytest.mark.clause("C5")
def test_an_earlier_invoice_that_comes_late_takes_the_place() -> None:
    bills = [bill("1000"), bill("2000", pk=2, on=date(2026, 10, 1))]
    facts = (
        *happened(("payment", "2000"), bill=2, on=date(2026, 10, 1)),
        *happened(("payment", "1000")),
    )

    assert sums(entries_due(a_case(bills, facts, FIRST_INVOICE))) == {1: D("250.00"), 2: D("0.00")}


# --- the cap ------------------------------------------------------------------
@pytest.mark.clause("C5")
def test_a_cap_in_invoices_counts_recurring_ones_by_date_then_number() -> None:
    terms = replace(TERMS, cap_unit="invoices", cap_count=2)
    days = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 10, 1), date(2026, 11, 1)]
    bills = [bill("100", pk=pk, on=on) for pk, on in enumerate(days, start=1)]
    bills[0] = replace(bills[0], lines=(one_off("100", pk=10),))
    facts = [f for b in bills for f in happened(("payment", "100"), bill=b.id, on=b.issued_on)]

    assert sums(entries_due(a_case(bills, facts, contracts=(terms,)))) == {2: D("10.00"), 3: D("10.00")}


@pytest.mark.clause("C5")
def test_the_cap_runs_from_the_earliest_service_day_that_isnt_fully_credited() -> None:
    terms = replace(TERMS, cap_count=1)
    bills = [
        bill("100"),
        bill("366", pk=2, on=date(2027, 3, 1), lines=[yearly("366", pk=20, start=date(2027, 3, 1))]),
    ]
    facts = [
        *happened(("payment", "100")),
        *happened(("payment", "366"), bill=2, on=date(2027, 3, 1)),
        Happening(900, 1, "credit", date(2027, 3, 9), D(100), D(100), line=10),
    ]
    entries = entries_due(a_case(bills, facts, contracts=(terms,)))

    # 1 Mar to 31 Aug 2027 are 184 days inside; then the first year's line is gone and the whole leap year is
    assert [(e.bill, e.amount) for e in entries] == [
        (1, D("10.00")),
        (2, D("18.40")),
        (1, D("-10.00")),
        (2, D("18.20")),
    ]


# --- contracts, holds, doors --------------------------------------------------
@pytest.mark.clause("C5")
def test_the_rate_of_the_first_entry_is_the_rate_of_all() -> None:
    later = replace(TERMS, contract=9, signed_on=date(2026, 9, 3), recurring_percent=D(50))
    bills = [bill("1000"), bill("1000", pk=2, on=date(2026, 12, 1), lines=[yearly("1000", pk=20)])]
    facts = (
        *happened(("payment", "100"), ("payment", "900")),
        *happened(("payment", "1000"), bill=2, on=date(2026, 12, 1)),
    )
    entries = entries_due(a_case(bills, facts, contracts=(TERMS, later)))

    assert [(e.contract, e.amount) for e in entries] == [(1, D("10.00")), (1, D("90.00")), (9, D("500.00"))]


def test_the_contract_in_force_is_the_last_signed() -> None:
    later = replace(TERMS, contract=9, signed_on=date(2026, 9, 3))

    assert contract_in_force([TERMS, later], date(2026, 9, 2)) == TERMS
    assert contract_in_force([TERMS, later], date(2026, 9, 3)) == later
    assert contract_in_force([later], date(2026, 9, 2)) is None


def test_a_positive_entry_is_held_for_thirty_days_and_a_negative_one_counts_at_once() -> None:
    assert payable_on(date(2026, 11, 2), D(1)) == date(2026, 12, 2)
    assert payable_on(date(2026, 11, 2), D(-1)) == date(2026, 11, 2)


@pytest.mark.clause("C2")
def test_a_deal_that_doesnt_pay_writes_nothing() -> None:
    assert entries_due(a_case([bill("1000")], happened(("payment", "1000")), pays=False)) == []


@pytest.mark.clause("C2")
def test_an_extension_earns_on_payments_already_received_each_with_its_own_hold() -> None:
    facts = happened(("payment", "400"), ("payment", "600"))
    before = a_case([bill("1000")], facts, pays=False)
    after = replace(before, pays=True)

    assert entries_due(before) == []
    assert [(e.fact, e.amount) for e in entries_due(after)] == [(101, D("40.00")), (102, D("60.00"))]


@pytest.mark.clause("C5")
@pytest.mark.parametrize(
    ("currency", "net", "due"),
    [("JPY", "1005", "100"), ("JPY", "1015", "102"), ("KWD", "1.005", "0.100"), ("KWD", "1.015", "0.102")],
)
def test_rounding_is_half_even_to_the_currencys_minor_unit(currency: str, net: str, due: str) -> None:
    case = a_case([replace(bill(net), currency=currency)], happened(("payment", net)))

    assert amounts(case) == [D(due)]


def test_a_fact_that_became_visible_late_is_settled_once() -> None:
    bills = [bill("1000"), bill("2000", pk=2, on=date(2026, 10, 1))]
    seen = happened(("payment", "2000"), bill=2, on=date(2026, 10, 1))
    ledger = entries_due(a_case(bills[1:], seen, FIRST_INVOICE))
    whole = a_case(bills, (*happened(), *seen), FIRST_INVOICE)
    more = entries_due(whole, written(ledger))

    assert sums([*ledger, *more]) == {2: D("0.00")}
    assert entries_due(whole, written([*ledger, *more])) == []

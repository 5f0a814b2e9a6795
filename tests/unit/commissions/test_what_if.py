"""The calculator computes as the ledger does; the sums are by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.rules import FIRST_INVOICE, RECURRING, Bill, Case, Happening, Terms, entries_due
from commissions.rules.what_if import AT_ONCE, Sale, _bills, compare

D = Decimal
TODAY = date(2026, 11, 25)
TERMS = Terms(1, date(2026, 3, 1), D(10), D(25), D(10))
pytestmark = pytest.mark.clause("C5")


def a_sale(yearly: str = "36000", one_off: str = "6000", years: int = 3, per_year: int = 1) -> Sale:
    return Sale(D(yearly), D(one_off), years, per_year, "EUR")


def test_both_models_year_by_year() -> None:
    found = compare(a_sale(), TERMS, on=TODAY)

    # 10% × 36,000 = 3,600 a year; 25% × (36,000 + 6,000) = 10,500 once
    assert [year.recurring_so_far for year in found.years] == [D(3600), D(7200), D(10800)]
    assert [year.once_so_far for year in found.years] == [D(10500)] * 3
    assert [year.invoiced for year in found.years] == [D(42000), D(36000), D(36000)]
    assert found.overtaken_in == 3


def test_the_cap_ends_what_recurring_pays() -> None:
    assert compare(a_sale(years=5), TERMS, on=TODAY).recurring == D(10800)  # 3 × 3,600, not 5


def test_a_first_invoice_for_a_quarter_is_a_quarter() -> None:
    found = compare(a_sale(per_year=4), TERMS, on=TODAY)

    assert found.first_invoice == D(15000)  # 36,000 / 4 + 6,000
    assert found.once == D(3750)  # 25% × 15,000
    assert found.recurring == D(10800)


def test_all_years_at_once_are_all_on_the_first_invoice() -> None:
    found = compare(a_sale(per_year=AT_ONCE), TERMS, on=TODAY)

    assert found.once == D(28500)  # 25% × (3 × 36,000 + 6,000)
    assert found.recurring == D(10800)
    assert found.overtaken_in is None


def test_what_cant_be_divided_evenly_is_on_the_last_invoice_of_the_year() -> None:
    bills = list(_bills(a_sale("100", "0", 1, 12), on=TODAY))

    assert [bill.net for bill in bills] == [D("8.33")] * 11 + [D("8.37")]


def test_a_cap_in_invoices_counts_them() -> None:
    terms = Terms(1, TODAY, D(10), D(25), cap_unit="invoices", cap_count=4)

    assert compare(a_sale(per_year=4), terms, on=TODAY).recurring == D(3600)  # 4 × 10% × 9,000


def test_yen_have_no_decimals() -> None:
    found = compare(Sale(D(1005), D(0), 1, 1, "JPY"), TERMS, on=TODAY)

    assert str(found.recurring) == "100"  # 100.5, a tie to the even one


@settings(deadline=None, max_examples=40)
@given(
    yearly=st.decimals(0, 10**6, places=2),
    one_off=st.decimals(0, 10**5, places=2),
    years=st.integers(1, 4),
    per_year=st.sampled_from([AT_ONCE, 1, 2, 4]),
    on=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_it_ends_where_the_ledger_would(
    yearly: Decimal, one_off: Decimal, years: int, per_year: int, on: date
) -> None:
    sale = Sale(yearly, one_off, years, per_year, "EUR")
    found = compare(sale, TERMS, on=on)

    bills = tuple(_bills(sale, on=on))
    assert found.recurring == written(RECURRING, bills, on)
    assert found.once == written(FIRST_INVOICE, bills, on)
    assert sum(year.invoiced for year in found.years) == yearly * years + one_off


def written(model: str, bills: tuple[Bill, ...], on: date) -> Decimal:
    facts = [Happening(bill.id, bill.id, "invoice", bill.issued_on) for bill in bills]
    facts += [Happening(1000 + b.id, b.id, "payment", b.issued_on, b.gross) for b in bills]
    terms = Terms(1, min(on, TODAY), D(10), D(25))
    return sum((e.amount for e in entries_due(Case(model, bills, tuple(facts), (terms,)))), D(0))

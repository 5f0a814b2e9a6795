"""Money is rounded once, half-even, to the currency's minor unit (programme.md, Arithmetic)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssp.core.money import format_money, minor_units, round_half_even


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        (Fraction(5, 1000), "EUR", "0.00"),
        (Fraction(15, 1000), "EUR", "0.02"),
        (Fraction(-15, 1000), "EUR", "-0.02"),
        (Fraction(2430), "EUR", "2430.00"),
        (Fraction(5, 2), "JPY", "2"),
        (Fraction(7, 2), "JPY", "4"),
        (Fraction(12345, 10000), "KWD", "1.234"),
    ],
)
def test_halves_go_to_the_even_neighbour(exact: Fraction, currency: str, rounded: str) -> None:
    assert round_half_even(exact, currency) == Decimal(rounded)
    assert round_half_even(exact, currency).as_tuple().exponent == -minor_units(currency)


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6))
def test_rounding_moves_an_amount_by_at_most_half_a_cent(exact: Fraction) -> None:
    assert abs(Fraction(round_half_even(exact, "EUR")) - exact) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("-500", "EUR", "−€500.00"),
        ("1200", "CHF", "CHF 1,200.00"),
        ("1200", "JPY", "¥1,200"),
        ("1.5", "KWD", "KWD 1.500"),
    ],
)
def test_an_amount_reads_as_people_write_it(amount: str, currency: str, text: str) -> None:
    assert format_money(Decimal(amount), currency) == text


def test_where_currencies_mix_the_code_is_said() -> None:
    assert format_money(Decimal(1200), "USD", code=True) == "USD 1,200.00"

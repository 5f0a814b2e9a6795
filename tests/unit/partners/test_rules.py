"""The clauses of the partnership as arithmetic (C5, C6, C20-C22)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.rules import BONUS_SLOTS, differences, free_slot, normal_tax_number, share_of
from partners.words import count_in_full, percent_in_full


@pytest.mark.clause("C21")
@given(taken=st.sets(st.sampled_from(BONUS_SLOTS)))
def test_a_slot_is_the_first_that_nobody_took(taken: set[int]) -> None:
    free = sorted(set(BONUS_SLOTS) - taken)

    assert free_slot(taken) == (free[0] if free else None)


@pytest.mark.clause("C21")
def test_three_recruits_leave_no_slot() -> None:
    assert free_slot({1, 2, 3}) is None


@pytest.mark.clause("C6")
def test_only_what_differs_from_the_standard_is_a_difference() -> None:
    standard = {"recurring_percent": Decimal(10), "cap_count": 3}

    assert differences({"recurring_percent": Decimal("10.00"), "cap_count": 4}, standard) == {
        "cap_count": (3, 4)
    }


@pytest.mark.clause("C22")
@pytest.mark.parametrize("written", ["NL001234567B01", "nl 0012.34.567.b01", "NL-001234567-B01"])
def test_one_tax_number_has_one_form(written: str) -> None:
    assert normal_tax_number(written) == "NL001234567B01"


@pytest.mark.clause("C5")
def test_the_example_on_the_page_is_exact() -> None:
    assert share_of(Decimal("12.5"), Decimal(12000)) == Decimal(1500)


@pytest.mark.clause("C6")
@pytest.mark.parametrize(
    ("percent", "full"),
    [
        ("10.00", "ten per cent (10%)"),
        ("12.50", "twelve point five per cent (12.5%)"),
        ("0.25", "zero point two five per cent (0.25%)"),
        ("100", "one hundred per cent (100%)"),
    ],
)
def test_a_contract_writes_percentages_in_words_and_figures(percent: str, full: str) -> None:
    assert percent_in_full(Decimal(percent)) == full


@pytest.mark.clause("C6")
@pytest.mark.parametrize(
    ("count", "unit", "full"),
    [
        (3, "year", "three (3) years"),
        (1, "year", "one (1) year"),
        (12, "recurring invoice", "twelve (12) recurring invoices"),
    ],
)
def test_a_contract_writes_counts_in_words_and_figures(count: int, unit: str, full: str) -> None:
    assert count_in_full(count, unit) == full

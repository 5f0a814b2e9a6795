"""Which treatment of VAT can be right for whom, and when a contest is answered."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.rules.contests import answer_by
from commissions.rules.tax import unfit


@pytest.mark.parametrize(
    ("treatment", "percent", "country", "number", "found"),
    [
        ("domestic", "21", "NL", True, ""),
        ("domestic", "21", "NL", False, ""),
        ("domestic", "0", "NL", True, "domestic_needs_percent"),
        ("domestic", "21", "BE", True, "not_domestic"),
        ("reverse_charge", "0", "BE", True, ""),
        ("reverse_charge", "0", "BE", False, "needs_tax_number"),
        ("reverse_charge", "0", "NL", True, "not_elsewhere_in_eu"),
        ("reverse_charge", "0", "GB", True, "not_elsewhere_in_eu"),
        ("reverse_charge", "21", "BE", True, "percent_needs_domestic"),
        ("outside_eu", "0", "GB", False, ""),
        ("outside_eu", "0", "BE", True, "not_outside_eu"),
        ("outside_eu", "0", "NL", True, "not_outside_eu"),
        ("small_business", "0", "NL", False, ""),
        ("small_business", "0", "DE", False, ""),
        ("small_business", "19", "DE", False, "percent_needs_domestic"),
    ],
)
def test_a_treatment_fits_the_partners_country(
    treatment: str, percent: str, country: str, number: bool, found: str
) -> None:
    why = unfit(treatment, percent=Decimal(percent), country=country, home="NL", has_tax_number=number)

    assert why == found


@pytest.mark.clause("C5")
def test_a_contest_is_answered_within_ten_working_days() -> None:
    assert answer_by(date(2026, 11, 18)) == date(2026, 12, 2)
    assert answer_by(date(2026, 11, 21)) == date(2026, 12, 4)  # a Saturday: Monday is the first working day

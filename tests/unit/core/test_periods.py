"""Calendar arithmetic (programme.md, preamble)."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssp.core.periods import (
    add_months,
    add_working_days,
    is_working_day,
    local_date,
    start_of_day,
    working_days_between,
)

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 6, 9), 6, date(2026, 12, 9)),
        (date(2026, 11, 20), 6, date(2027, 5, 20)),
    ],
)
def test_months_are_calendar_months(day: date, months: int, last: date) -> None:
    assert add_months(day, months) == last


@pytest.mark.parametrize(
    ("at", "on"),
    [
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_a_day_begins_at_midnight_in_amsterdam(at: datetime, on: date) -> None:
    assert local_date(at) == on


def test_the_day_the_clocks_change_still_begins_at_midnight() -> None:
    assert local_date(start_of_day(date(2026, 3, 29))) == date(2026, 3, 29)
    summer, winter = start_of_day(date(2026, 10, 25)), start_of_day(date(2026, 10, 26))
    assert winter.timestamp() - summer.timestamp() == 25 * 3600


def test_two_working_days_after_friday_is_tuesday() -> None:
    assert add_working_days(date(2026, 11, 20), 2) == date(2026, 11, 24)


@given(day=days, count=st.integers(0, 40))
def test_counting_forward_and_between_agree(day: date, count: int) -> None:
    end = add_working_days(day, count)
    assert working_days_between(day, end) == count
    assert count == 0 or is_working_day(end)

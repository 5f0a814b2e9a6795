"""C12: what a wait for SeMI adds to a claim, as a partner could check it with a calendar."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals import rules
from ssp.core.periods import working_days_between

pytestmark = pytest.mark.clause("C12")
DAY_60 = date(2027, 1, 22)  # a Friday
days = st.dates(date(2026, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("proposed", "answered", "last_on"),
    [
        (date(2027, 1, 22), date(2027, 1, 22), date(2027, 1, 22)),  # answered the same day
        (date(2027, 1, 21), date(2027, 1, 22), date(2027, 1, 29)),  # Saturday, then five working days
        (date(2027, 1, 22), date(2027, 1, 23), date(2027, 1, 29)),
        (date(2027, 1, 22), date(2027, 1, 25), date(2027, 2, 1)),  # over a weekend: Monday, then five
        (date(2027, 1, 4), date(2027, 1, 8), date(2027, 2, 2)),  # Tuesday, then five
    ],
)
def test_the_wait_in_days_then_five_working_days(proposed: date, answered: date, last_on: date) -> None:
    found = rules.claim_last_on_after_wait(DAY_60, proposed_on=proposed, answered_on=answered)
    assert found == last_on


@given(last_on=days, wait=st.integers(1, 120), left=st.integers(0, 60))
def test_whoever_waited_has_five_working_days_after_the_answer(last_on: date, wait: int, left: int) -> None:
    proposed_on = date.fromordinal(last_on.toordinal() - left)
    answered_on = date.fromordinal(proposed_on.toordinal() + wait)

    found = rules.claim_last_on_after_wait(last_on, proposed_on=proposed_on, answered_on=answered_on)

    assert working_days_between(answered_on, found) >= rules.ADD_AFTER_WAIT


@given(last_on=days, left=st.integers(0, 60), wait=st.integers(0, 120))
def test_times_taken_back_leave_as_many_days_as_before(last_on: date, left: int, wait: int) -> None:
    proposed_on = date.fromordinal(last_on.toordinal() - left)
    back_on = date.fromordinal(proposed_on.toordinal() + wait)

    found = rules.claim_last_on_after_taking_back(last_on, proposed_on=proposed_on, taken_back_on=back_on)

    assert (found - back_on).days == left


@pytest.mark.parametrize(("left", "mark"), [(15, None), (14, 14), (4, 14), (3, 3), (0, 3), (-1, None)])
def test_a_claim_is_reminded_of_at_14_and_3_days(left: int, mark: int | None) -> None:
    on = date.fromordinal(DAY_60.toordinal() - left)
    assert rules.claim_reminder_due(DAY_60, on) == mark


def test_an_appeal_is_possible_for_ten_working_days_and_answered_after_five() -> None:
    assert rules.appeal_until(date(2027, 1, 22)) == date(2027, 2, 5)
    assert rules.appeal_answered_on(date(2027, 1, 22)) == date(2027, 1, 29)

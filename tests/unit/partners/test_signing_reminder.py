"""When an applicant is reminded to sign (C6)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.rules import SIGN_WITHIN_DAYS, signing_reminder

pytestmark = pytest.mark.clause("C6")
SENT = date(2026, 11, 2)
ENDS = SENT + timedelta(days=SIGN_WITHIN_DAYS)


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (0, ""),
        (2, ""),
        (3, "after-3"),
        (6, "after-3"),
        (7, "after-7"),
        (26, "after-7"),
        (27, "expiry"),
        (29, "expiry"),
        (30, ""),
        (300, ""),
    ],
)
def test_only_the_newest_reminder_is_due(days: int, step: str) -> None:
    assert signing_reminder(SENT, ENDS, on=SENT + timedelta(days=days)) == step


@given(st.integers(-400, 400), st.integers(1, 400))
def test_nobody_is_reminded_before_the_sending_or_after_the_end(days: int, life: int) -> None:
    on, ends = SENT + timedelta(days=days), SENT + timedelta(days=life)

    if days < 0 or on >= ends:
        assert signing_reminder(SENT, ends, on=on) in ({""} if on >= ends or life > 3 else {"", "expiry"})

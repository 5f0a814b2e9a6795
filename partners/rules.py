"""The clauses of the partnership as plain functions: no Django, no clock, no database."""

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ssp.core.periods import add_years

BONUS_SLOTS = (1, 2, 3)
INVITATION_LASTS = timedelta(days=30)
APPROVALS_NEEDED = 2
POLL_EVERY = timedelta(minutes=15)


def free_slot(taken: Collection[int]) -> int | None:
    """Return the first of the three slots that nobody took, or None: a fourth recruit gets none (C21)."""
    return next((slot for slot in BONUS_SLOTS if slot not in taken), None)


def differences(numbers: Mapping[str, Any], standard: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {name: (standard, ours)} of what differs from the standard terms (C6)."""
    return {name: (standard[name], value) for name, value in numbers.items() if value != standard[name]}


def normal_tax_number(text: str) -> str:
    """Return a tax number without spaces, dots and dashes, in capitals: as it is compared (C22)."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def share_of(percent: Decimal, amount: Decimal) -> Decimal:
    """Return that percentage of an amount, for the examples on the programme page (C5)."""
    return percent * amount / 100


def latest_last_day(today: date) -> date:
    """Return the latest day that a notice may name (*Ending*): a year from today."""
    return add_years(today, 1)


REVIEW_AIM = 5  # working days: an aim that the applicant is told, no clause

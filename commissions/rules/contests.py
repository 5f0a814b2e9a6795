"""When a contested entry is answered (C5)."""

from datetime import date

from ssp.core.periods import add_working_days

ANSWER_WITHIN = 10  # working days, as long as a partner has to contest an answer (C14)


def answer_by(contested_on: date) -> date:
    """Return the last day for an answer, inclusive; the day after, directors hear of it."""
    return add_working_days(contested_on, ANSWER_WITHIN)

"""No deadline comes as a surprise (C2)."""

from datetime import datetime

from referrals import queries, rules
from ssp.core import outbox
from ssp.core.periods import local_date


def remind_of_deadlines(*, at: datetime) -> int:
    """Owe partner and seller the reminder that is due for each open window; its key makes it one mail
    each.
    """
    today = local_date(at)
    due = 0
    for use_case in queries.open_windows(on=today).iterator(chunk_size=500):
        if use_case.window_ends_on is None:
            continue
        mark = rules.reminder_due(use_case.window_ends_on, today)
        if mark is None:
            continue
        due += 1
        for recipient in ("partner", "seller"):
            outbox.enqueue(
                "referrals.window_reminder",
                key=f"use-case:{use_case.pk}:window:{use_case.window_ends_on}:{mark}:{recipient}",
                payload={"use_case_id": use_case.pk, "days": mark, "to": recipient},
                at=at,
            )
    return due

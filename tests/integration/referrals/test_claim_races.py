"""A claim whose last day is over, and what keeps it, at the same moment (C12)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from referrals.models import Introduction, Referral, ReferralStatus
from referrals.services import claims, introductions
from referrals.services.claims import end_overdue_claim
from ssp.core import outbox
from tests.factories.referrals import held, registered, seller
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C12")]
DAY_60 = MONDAY + timedelta(days=60)
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def logged_while_the_job_waits(monkeypatch: pytest.MonkeyPatch) -> tuple[Referral, list[object]]:
    """A seller logs a meeting of day 60; before that is committed, the nightly job wants to end the claim."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    referral, tom = registered(), seller()
    is_written, never, real = threading.Event(), threading.Event(), introductions.audit.record

    def linger(*args: Any, **facts: Any) -> Any:
        if args[0] == "introduction.logged":
            is_written.set()
            for _each in range(200):
                with connection.cursor() as cursor:
                    cursor.execute(WAITS)
                    if cursor.fetchone() != (0,):
                        break
                never.wait(timeout=0.02)
        return real(*args, **facts)

    def nightly_job() -> bool:
        is_written.wait(timeout=10)
        return end_overdue_claim(referral=referral, at=DAY_60 + timedelta(days=1))

    monkeypatch.setattr(introductions.audit, "record", linger)
    results = at_once(lambda: held(referral, host=tom, starts_at=DAY_60 - timedelta(hours=3)), nightly_job)
    return Referral.objects.get(pk=referral.pk), results


def test_a_meeting_that_is_logged_meanwhile_keeps_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    referral, (meeting, has_ended) = logged_while_the_job_waits(monkeypatch)

    assert isinstance(meeting, Introduction)
    assert has_ended is False
    assert referral.is_live


def test_without_a_second_look_the_claim_would_end_before_its_meeting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "_is_still_overdue", lambda row, *, at: True)

    referral, (meeting, has_ended) = logged_while_the_job_waits(monkeypatch)

    assert isinstance(meeting, Introduction)
    assert has_ended is True
    assert referral.status == ReferralStatus.LAPSED

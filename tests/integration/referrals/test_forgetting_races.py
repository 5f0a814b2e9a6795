"""Forgetting, twice at once: each person once. And without the lock and the second look: not."""

from datetime import UTC, datetime
from threading import Barrier

import pytest

from referrals.forgetting import came_to_nothing
from referrals.models import Referral
from referrals.services import forgetting
from referrals.services.claims import withdraw_referral
from ssp.core import outbox
from ssp.core.models import AuditEntry
from tests.factories.referrals import active_partner, registered
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
YEARS_LATER = datetime(2036, 1, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_came_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    partner = active_partner()
    for _ in range(4):
        withdraw_referral(referral=registered(partner), by=partner.user, at=MONDAY)


def forget_at_once() -> int:
    """Let four workers begin with the same list of people; return how many times one was forgotten."""
    at_once(*[lambda: forgetting.forget_whom_nothing_came_of(at=YEARS_LATER)] * 4)
    return AuditEntry.objects.filter(action="referral.anonymised").count()


def test_four_workers_at_once_forget_each_person_once() -> None:
    assert forget_at_once() == 4
    assert Referral.objects.filter(anonymised_at__isnull=False).count() == 4


def test_without_lock_and_second_look_they_would_be_forgotten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_is_ready = Barrier(4, timeout=20)
    people = list(came_to_nothing(on=YEARS_LATER.date()))

    def without(pk: int, *, at: datetime) -> bool:
        if pk == people[0].pk:
            everybody_is_ready.wait()
        row = next(each for each in people if each.pk == pk)
        forgetting.empty_person(Referral.objects.get(pk=pk), at=at)
        forgetting.audit.record("referral.anonymised", row, by=None, at=at)
        return True

    monkeypatch.setattr(forgetting, "_forget_if_due", without)
    assert forget_at_once() > 4

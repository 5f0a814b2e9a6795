"""Whatever people do with referrals, in whatever order: no invariant of the programme is ever broken.

The machine is in `histories.py`. SSP_HISTORIES=500 walks that many histories, each twice as long, and
shortens the one that fails; without it a failing one is told as it was walked: shortening takes minutes.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pgtrigger
import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from referrals import queries, rules
from referrals.models import Introduction, Referral, UseCase
from referrals.rules import Answer
from referrals.services import claims, outcomes
from tests.integration.referrals.histories import Histories
from tests.integration.referrals.history import Cast

pytestmark = pytest.mark.django_db

MANY = int(os.environ.get("SSP_HISTORIES", "0"))
WALK = settings(
    max_examples=MANY or 10,
    stateful_step_count=60 if MANY else 30,
    phases=[Phase.generate, Phase.shrink] if MANY else [Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def cast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who take part in every history; nobody nudges a worker."""
    monkeypatch.setattr(Histories, "cast", Cast.assembled())
    monkeypatch.setattr(Histories, "outcomes", Counter())
    monkeypatch.setattr("ssp.core.outbox.nudge", Mock())
    monkeypatch.setattr("ssp.core.outbox.log", Mock())


@pytest.mark.timeout(0 if MANY else 300)
@pytest.mark.clause("C2")
@pytest.mark.clause("C3")
@pytest.mark.clause("C10")
@pytest.mark.clause("C12")
@pytest.mark.clause("C14")
def test_no_history_breaks_an_invariant() -> None:
    run_state_machine_as_test(Histories, settings=WALK)
    assert Histories.outcomes["register", "done"]


# --- with a guard off, the walk finds it ----------------------------------------------------
def claims_never_lapse(patch: pytest.MonkeyPatch) -> None:
    """C12: whoever meets an overdue claim first leaves it alone."""
    patch.setattr(claims, "end_overdue_claim", lambda *, referral, at: False)


def one_person_may_be_claimed_twice(patch: pytest.MonkeyPatch) -> None:
    """C12: neither the check nor the constraint looks for a live claim."""
    real = queries.what_semi_knew
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX referral_one_live_claim_per_person")
    patch.setattr(
        queries, "what_semi_knew", lambda *args, **kwargs: real(*args, **kwargs) | {"live_claim": False}
    )


def a_later_meeting_restarts_the_window(patch: pytest.MonkeyPatch) -> None:
    """C2: each qualifying meeting opens the window anew."""
    real = outcomes._become_warm

    def forgetful(introduction: Introduction, referral: Referral, answer: Answer, **facts: Any) -> None:
        real(introduction, referral, answer, **facts)
        for case in UseCase.objects.filter(pk__in=answer.use_case_ids, window_starts_on__isnull=False):
            with pgtrigger.ignore("commissions.ElectedUseCase:use_case_election_is_kept"):
                outcomes.open_window(case, introduction, at=facts["at"])

    patch.setattr(outcomes, "_become_warm", forgetful)


def a_root_has_four_places(patch: pytest.MonkeyPatch) -> None:
    """C3: neither the rule nor the constraint stops at three."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_referral DROP CONSTRAINT referral_internal_slot_within_cap")
    patch.setattr(rules, "INTERNAL_REFERRALS", 4)


@pytest.mark.parametrize(
    ("guard_off", "found", "way"),
    [
        pytest.param(claims_never_lapse, "a claim outlived its last day", 2, marks=pytest.mark.clause("C12")),
        pytest.param(
            one_person_may_be_claimed_twice, "No two live claims", 3, marks=pytest.mark.clause("C12")
        ),
        pytest.param(a_later_meeting_restarts_the_window, "window of", 0, marks=pytest.mark.clause("C2")),
        pytest.param(a_root_has_four_places, "more than 3 internal", 2, marks=pytest.mark.clause("C3")),
    ],
)
def test_with_a_guard_off_the_walk_finds_it(
    guard_off: Callable[[pytest.MonkeyPatch], None], found: str, way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`way` seeds the walk: one on which it gets there soon; nearly every other one gets there, too."""
    guard_off(monkeypatch)
    walk = settings(WALK, max_examples=60, phases=[Phase.generate])

    with pytest.raises(AssertionError, match=found):
        run_state_machine_as_test(seed(way)(type("Walk", (Histories,), {})), settings=walk)

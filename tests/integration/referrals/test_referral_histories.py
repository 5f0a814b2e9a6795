"""Whatever people do with referrals, in whatever order: no invariant is ever broken (all clauses, C2-C19).

The machine is in `histories.py`. SSP_HISTORIES=1000 walks as many histories, each twice as long.
"""

import os
from collections import Counter
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.referrals.histories import Cast, Histories

pytestmark = pytest.mark.django_db

MANY = int(os.environ.get("SSP_HISTORIES", "0"))
WALK = settings(
    max_examples=MANY or 12,
    stateful_step_count=60 if MANY else 30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if MANY else [])],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def cast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Those who take part in every history; nobody nudges a worker."""
    monkeypatch.setattr(Histories, "cast", Cast.assembled())
    monkeypatch.setattr(Histories, "outcomes", Counter())
    monkeypatch.setattr("ssp.core.outbox.nudge", Mock())
    yield


@pytest.mark.clause("C2")
@pytest.mark.clause("C3")
@pytest.mark.clause("C10")
@pytest.mark.clause("C12")
@pytest.mark.clause("C14")
def test_no_history_breaks_an_invariant() -> None:
    run_state_machine_as_test(Histories, settings=WALK)
    if os.environ.get("SHOWOUT"):
        for k, n in sorted(Histories.outcomes.items()):
            print(n, *k)

"""Patterns of refusals (C12): each at its threshold, and not one before it."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.probing import Refused, patterns

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.clause("C12")


def refused(*, ago: timedelta, who: str, where: str = "acme") -> Refused:
    return Refused(NOW - ago, who, where)


def spread(count: int, every: timedelta, **what: str) -> list[Refused]:
    return [
        refused(ago=every * n, who=what.get("who", f"p{n}"), where=what.get("where", f"c{n}"))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("refusals", "found"),
    [
        ([], {}),
        (spread(3, timedelta(minutes=5)), {}),
        (spread(4, timedelta(minutes=5)), {"in_a_row": 4}),
        (spread(4, timedelta(minutes=20)), {}),  # the fourth is a whole hour ago
        (spread(2, timedelta(days=1), where="acme"), {}),
        (spread(3, timedelta(days=2), where="acme"), {"of_a_company": 3}),
        (spread(3, timedelta(days=4), where="acme"), {}),
        (spread(2, timedelta(days=5), who="jane"), {}),
        (spread(3, timedelta(days=10), who="jane"), {"same_person": 3}),
        (spread(3, timedelta(days=15), who="jane"), {}),
        (
            spread(3, timedelta(days=1), who="jane", where="acme"),
            {"same_person": 3},
        ),
    ],
)
def test_each_pattern_at_its_threshold(refusals: list[Refused], found: dict[str, int]) -> None:
    assert patterns(refusals, [], at=NOW) == found


@pytest.mark.parametrize(("count", "found"), [(2, {}), (3, {"given_up": 3})])
def test_held_introductions_given_up(count: int, found: dict[str, int]) -> None:
    assert patterns([], [NOW - timedelta(days=n) for n in range(count)], at=NOW) == found


def test_what_comes_later_is_no_reason_yet() -> None:
    later = [Refused(NOW + timedelta(minutes=n), f"p{n}", "acme") for n in range(1, 6)]
    assert patterns(later, [], at=NOW) == {}

"""Two directors extend one window at once: one of them does, and without the guards both would (C2)."""

from collections.abc import Iterator
from threading import Barrier

import pytest
from django.db import connection

from referrals.errors import WindowExtendedAlready
from referrals.models import UseCase, WindowExtension
from referrals.services import windows
from ssp.core import outbox
from tests.factories.referrals import confirmed_warm, director, extended
from tests.integration.referrals.test_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C2")]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


def both_at_once() -> list[object]:
    case, bram, carla = confirmed_warm(), director("Bram de Jong"), director("Carla Winter")
    return at_once(lambda: extended(case, months=1, by=bram), lambda: extended(case, months=3, by=carla))


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the window before either of them writes."""
    gate = Barrier(2)

    def read(use_case: UseCase) -> UseCase:
        row = UseCase.objects.select_related("partner__user", "referral", "deal").get(pk=use_case.pk)
        gate.wait(timeout=10)
        return row

    monkeypatch.setattr(windows, "_locked", read)


@pytest.fixture
def no_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE referrals_windowextension DISABLE TRIGGER USER, "
            f"DROP CONSTRAINT {windows.ONE_PER_USE_CASE}"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_windowextension")
        cursor.execute(
            f"ALTER TABLE referrals_windowextension ENABLE TRIGGER USER, "
            f"ADD CONSTRAINT {windows.ONE_PER_USE_CASE} UNIQUE (use_case_id)"
        )


def check_one_won(results: list[object]) -> None:
    row = WindowExtension.objects.get()
    case = UseCase.objects.get()
    assert sum(isinstance(r, WindowExtendedAlready) for r in results) == 1
    assert case.extended_months == row.months


def test_two_directors_at_once_extend_a_window_once() -> None:
    check_one_won(both_at_once())


@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_the_database_still_lets_one_extend() -> None:
    check_one_won(both_at_once())


@pytest.mark.usefixtures("no_lock", "no_constraint")
def test_without_lock_and_constraint_both_would() -> None:
    both_at_once()
    assert WindowExtension.objects.count() == 2

"""Two leads at once: a file moves in once, and one person comes once, whichever file brings them."""

import pytest
from django.db import connection

from referrals.errors_moving import MoveInChanged, MovesInOnce
from referrals.models import Referral, ReferralMoveIn
from referrals.running_plan import Plan
from referrals.services import moving_in
from ssp.core import outbox
from ssp.core.models import User
from tests.factories.referrals import active_partner, sales_lead, seller
from tests.integration.dashboard.test_moving_in import handed_in
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C12")]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


@pytest.fixture
def files() -> tuple[User, list[ReferralMoveIn]]:
    """Two files that bring the same person."""
    sofie = sales_lead()
    row = {
        "partner": active_partner().user.email,
        "first_name": "Noor",
        "last_name": "Jansen",
        "email": "noor@harbour.example",
        "company": "Harbour Lines",
        "registered_on": "2026-08-03",
        "agreed": "yes",
        "use_case": "Search",
        "problem": "Nobody finds anything.",
        "introduced_on": "2026-08-31",
        "medium": "video",
        "host": seller().email,
    }
    return sofie, [handed_in(sofie, row), handed_in(sofie, row)]


def press(by: User, *records: ReferralMoveIn) -> list[object]:
    """Let a lead press the button of each at the same moment, having seen each."""
    shown = [moving_in.shown_by(moving_in.plan_of(each, at=MONDAY)) for each in records]
    return at_once(
        *[
            lambda record=record, mark=mark: moving_in.commit_running(  # type: ignore[misc]
                record=record, shown=mark, attested=True, by=by, at=MONDAY
            )
            for record, mark in zip(records, shown, strict=True)
        ]
    )


def test_two_presses_at_once_move_a_file_in_once(files: tuple[User, list[ReferralMoveIn]]) -> None:
    sofie, (record, _other) = files
    results = press(sofie, record, record)
    assert sorted(type(each).__name__ for each in results) == [MovesInOnce.__name__, Plan.__name__]
    assert Referral.objects.count() == 1


def test_two_files_at_once_bring_a_person_once(files: tuple[User, list[ReferralMoveIn]]) -> None:
    sofie, records = files
    results = press(sofie, *records)
    assert sorted(type(each).__name__ for each in results) == [MoveInChanged.__name__, Plan.__name__]
    assert Referral.objects.count() == 1


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> object:
    """Nobody takes turns, and a person may be claimed twice."""
    monkeypatch.setattr(moving_in, "one_after_another", lambda name: None)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX referral_one_live_claim_per_person")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_referral CASCADE")
        cursor.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS referral_one_live_claim_per_person "
            "ON referrals_referral (identity) WHERE claim_ended_at IS NULL"
        )


@pytest.mark.usefixtures("unguarded")
def test_without_turns_and_constraint_they_would_come_twice(
    files: tuple[User, list[ReferralMoveIn]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sofie, records = files
    plans = {each.pk: moving_in.plan_of(each, at=MONDAY) for each in records}
    monkeypatch.setattr(moving_in, "plan_of", lambda record, *, at: plans[record.pk])  # both looked before
    press(sofie, *records)
    assert Referral.objects.count() == 2

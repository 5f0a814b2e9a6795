"""Many at once: what the constraints decide, and that without them nobody would."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from referrals import rules
from referrals.errors import NotEligible
from referrals.models import Company, Referral
from referrals.rules import Colleague
from referrals.services.outcomes import add_internal_referral
from referrals.services.registration import register_referral
from ssp.core import outbox
from tests.factories.referrals import active_partner, person, registered
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is about the database: nobody nudges a worker."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run all calls in threads of their own, released together; return what each gave or raised."""
    results: list[object] = [None] * len(calls)
    gate = Barrier(len(calls))

    def run(n: int) -> None:
        try:
            gate.wait()
            results[n] = calls[n]()
        except Exception as refusal:
            results[n] = refusal
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def register_thirty_at_once() -> list[object]:
    jane = person(email="jane@acme.example", last_name="Doe")
    Company.objects.create(name="Acme", domain="acme.example")  # else its row would queue them
    partners = [active_partner(f"Partner {n}") for n in range(30)]
    return at_once(
        *[
            lambda p=p: register_referral(partner=p, person=jane, by=p.user, at=MONDAY)  # type: ignore[misc]
            for p in partners
        ]
    )


@pytest.fixture
def no_guard() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX referral_one_live_claim_per_person")


@pytest.fixture
def restored() -> object:
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_referral CASCADE")
        cursor.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS referral_one_live_claim_per_person "
            "ON referrals_referral (identity) WHERE claim_ended_at IS NULL"
        )


@pytest.mark.clause("C12")
def test_thirty_partners_register_one_person_at_once_and_one_gets_them() -> None:
    results = register_thirty_at_once()
    assert [r for r in results if not isinstance(r, Referral | NotEligible)] == []
    assert sum(isinstance(r, Referral) for r in results) == 1
    assert sum(isinstance(r, NotEligible) for r in results) == 29
    assert len({str(r) for r in results if isinstance(r, NotEligible)}) == 1


@pytest.mark.clause("C12")
@pytest.mark.usefixtures("restored", "no_guard")
def test_without_the_constraint_more_than_one_would_get_them() -> None:
    register_thirty_at_once()
    assert Referral.objects.live().count() > 1


def name_ten_at_once(root: Referral) -> list[object]:
    by = root.partner.user
    colleagues = [Colleague("Person", f"N{n}", f"p{n}@ostrava.example") for n in range(10)]
    return at_once(
        *[
            lambda c=c: add_internal_referral(passed_on_by=root, colleague=c, by=by, at=MONDAY)  # type: ignore[misc]
            for c in colleagues
        ]
    )


@pytest.mark.clause("C3")
def test_ten_colleagues_at_once_get_exactly_three_places() -> None:
    results = name_ten_at_once(registered())
    assert sum(isinstance(r, Referral) for r in results) == 3
    assert sum(r is None for r in results) == 7
    assert set(Referral.objects.filter(root__isnull=False).values_list("internal_slot", flat=True)) == {
        1,
        2,
        3,
    }


@pytest.fixture
def no_slots() -> object:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_referral DROP CONSTRAINT referral_internal_slot_taken_once")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_referral CASCADE")
        cursor.execute(
            "ALTER TABLE referrals_referral ADD CONSTRAINT referral_internal_slot_taken_once "
            "UNIQUE (root_id, internal_slot)"
        )


@pytest.mark.clause("C3")
@pytest.mark.usefixtures("no_slots")
def test_without_the_numbered_places_more_than_three_would_be_taken() -> None:
    name_ten_at_once(registered())
    assert Referral.objects.filter(root__isnull=False).count() > 3


@pytest.mark.clause("C12")
def test_ten_questions_at_once_are_counted_like_ten_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "REFUSALS_A_DAY", 2)
    owner, curious = active_partner("Owner"), active_partner("Curious")
    people = [person() for _ in range(10)]
    for each in people:
        register_referral(partner=owner, person=each, by=owner.user, at=MONDAY)

    answers = at_once(
        *[
            lambda p=p: register_referral(partner=curious, person=p, by=curious.user, at=MONDAY)  # type: ignore[misc]
            for p in people
        ]
    )

    told = sorted(type(answer).__name__ for answer in answers)
    assert told == ["NotEligible"] * 2 + ["TooManyRefusals"] * 8

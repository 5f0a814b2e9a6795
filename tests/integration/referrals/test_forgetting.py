"""*People's data*, invariant 14: whom nothing came of is forgotten after 12 months, everybody else is not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from referrals import forgetting as asked_of
from referrals import rules
from referrals.errors import ReferralNotOpen
from referrals.forgetting import came_to_nothing, last_activity_on
from referrals.invariants import FORGETTING, INVARIANTS
from referrals.models import Confirmation, Deal, Introduction, Note, Referral, UseCaseComment
from referrals.rules import Answer, Colleague
from referrals.services import forgetting
from referrals.services.claims import end_overdue_claims, object_to_contact, withdraw_referral
from referrals.services.comments import comment_on_use_case
from referrals.services.confirmations import answer_confirmation, contest_answer, settle_contest
from referrals.services.deals import lose_deal, move_deal, win_deal
from referrals.services.forgetting import erase_words_of_answers, forget_whom_nothing_came_of
from referrals.services.introductions import book_introduction
from referrals.services.notes import write_note
from referrals.services.outcomes import add_internal_referral
from ssp.core.invariants import broken
from ssp.core.links import token_of
from ssp.core.models import AuditEntry, OutboxMessage
from ssp.core.periods import AMSTERDAM
from tests.factories.referrals import (
    asked,
    confirmed_warm,
    held,
    registered,
    sales_lead,
    seller,
    use_case,
)
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def noon(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


def withdrawn(at: datetime = MONDAY, **fields: str) -> Referral:
    """Somebody whose partner gave them up at once."""
    referral = registered(at=at, **fields)
    withdraw_referral(referral=referral, by=referral.partner.user, at=at)
    return Referral.objects.get(pk=referral.pk)


def forgotten(referral: Referral) -> bool:
    return Referral.objects.get(pk=referral.pk).anonymised_at is not None


# --- when ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2026, 8, 31), date(2027, 8, 31)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_twelve_months_are_calendar_months(last: date, due: date) -> None:
    assert rules.forgotten_on(last) == due


@pytest.mark.parametrize(
    ("last", "before", "due"),
    [
        (noon(2026, 8, 31), noon(2027, 8, 30, 23, 59), noon(2027, 8, 31, 0, 0)),
        (noon(2028, 2, 29), noon(2029, 2, 27, 23, 59), noon(2029, 2, 28, 0, 0)),
        (noon(2026, 10, 24, 23, 59), noon(2027, 10, 23, 23, 59), noon(2027, 10, 24, 0, 0)),
        (noon(2026, 10, 25, 0, 0), noon(2027, 10, 24, 23, 59), noon(2027, 10, 25, 0, 0)),
    ],
    ids=["31 August", "leap day", "before a midnight", "after it"],
)
def test_the_twelve_months_end_at_midnight_in_amsterdam(
    last: datetime, before: datetime, due: datetime
) -> None:
    referral = withdrawn(at=last)
    assert forget_whom_nothing_came_of(at=before) == 0
    assert forget_whom_nothing_came_of(at=due) == 1
    assert forgotten(referral)


def test_the_database_counts_months_as_the_rule_does() -> None:
    for day in (date(2026, 8, 31), date(2028, 2, 29), date(2027, 2, 28), date(2026, 12, 31)):
        referral = withdrawn(at=noon(day.year, day.month, day.day))
        due = rules.forgotten_on(last_activity_on(referral))
        assert not came_to_nothing(on=due - timedelta(days=1)).filter(pk=referral.pk).exists()
        assert came_to_nothing(on=due).filter(pk=referral.pk).exists()


# --- what counts as activity ------------------------------------------------------------
def lapsed(referral: Referral) -> None:
    end_overdue_claims(at=MONDAY + timedelta(days=300))


def said_not_warm(referral: Referral) -> None:
    question = asked(held(referral, starts_at=MONDAY + timedelta(days=5)))
    answer_confirmation(
        confirmation=question,
        answer=Answer(kind="not_warm", reason="Mila had no time."),
        by=question.introduction.host,
        at=MONDAY + timedelta(days=9),
    )
    end_overdue_claims(at=MONDAY + timedelta(days=300))


def commented(referral: Referral) -> None:
    withdraw_referral(referral=referral, by=referral.partner.user, at=MONDAY)
    case = referral.use_cases.get()
    comment_on_use_case(
        use_case=case, text="Still of interest.", by=referral.partner.user, at=MONDAY + timedelta(days=40)
    )


def window_passed(referral: Referral) -> None:
    confirmed_warm(referral)  # on 25 Nov 2026: until 25 May 2027


def deal_worked_on(referral: Referral) -> None:
    case = confirmed_warm(referral)
    move_deal(deal=case.deal, stage="proposal", by=seller(), at=noon(2027, 6, 10))


def deal_lost(referral: Referral) -> None:
    case = confirmed_warm(referral)
    lose_deal(deal=case.deal, reason="No budget.", by=seller(), at=noon(2027, 1, 10))


@pytest.mark.parametrize(
    ("happens", "last"),
    [
        (lapsed, date(2027, 1, 22)),
        (said_not_warm, date(2027, 1, 27)),
        (commented, date(2027, 1, 2)),
        (window_passed, date(2027, 5, 25)),
        (deal_worked_on, date(2027, 6, 10)),
        (deal_lost, date(2027, 1, 10)),
    ],
)
def test_the_last_thing_that_happened_counts(happens: Callable[[Referral], None], last: date) -> None:
    referral = registered()
    happens(referral)
    assert last_activity_on(referral) == last
    assert came_to_nothing(on=rules.forgotten_on(last)).filter(pk=referral.pk).exists()


# --- who is never forgotten ---------------------------------------------------------------
def claim_held(referral: Referral) -> None:
    """Registered, and nobody ended it yet."""


def meeting_unanswered(referral: Referral) -> None:
    asked(held(referral))


def won(referral: Referral) -> None:
    win_deal(
        deal=confirmed_warm(referral).deal, signed_on=date(2026, 12, 1), by=seller(), at=noon(2026, 12, 1)
    )


def won_too_late(referral: Referral) -> None:
    win_deal(deal=confirmed_warm(referral).deal, signed_on=date(2027, 6, 1), by=seller(), at=noon(2027, 6, 1))


def contested(referral: Referral) -> None:
    question = asked(held(referral))
    answer_confirmation(
        confirmation=question,
        answer=Answer(kind="reseller", reason="They resell."),
        by=question.introduction.host,
        at=MONDAY + timedelta(days=3),
    )
    contest_answer(
        confirmation=question, reason="They don't.", by=referral.partner.user, at=MONDAY + timedelta(days=4)
    )


RUNNING = [claim_held, meeting_unanswered, won, won_too_late, contested]
YEARS_LATER = noon(2036, 1, 1)


@pytest.mark.parametrize("happens", RUNNING)
def test_what_runs_or_was_won_is_never_forgotten(happens: Callable[[Referral], None]) -> None:
    referral = registered()
    happens(referral)
    assert forget_whom_nothing_came_of(at=YEARS_LATER) == 0


@pytest.mark.parametrize("happens", RUNNING)
def test_the_database_forgets_none_of_them_either(happens: Callable[[Referral], None]) -> None:
    referral = registered()
    happens(referral)
    with pytest.raises(IntegrityError, match="still runs"):
        forgetting.empty_person(Referral.objects.get(pk=referral.pk), at=YEARS_LATER)


def test_without_the_trigger_a_won_deal_would_lose_its_person_and_an_invariant_says_so() -> None:
    referral = registered()
    won(referral)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE referrals_referral DISABLE TRIGGER USER")
    forgetting.empty_person(Referral.objects.get(pk=referral.pk), at=YEARS_LATER)
    assert [each.words for each in broken(FORGETTING)] == [FORGETTING[1][1]]


def test_the_colleague_of_a_person_who_is_talked_to_is_kept_with_them() -> None:
    root = registered()
    colleague = add_internal_referral(
        passed_on_by=root,
        colleague=Colleague("Milan", "Hora", f"milan@{root.company.domain}"),
        by=root.partner.user,
        at=MONDAY,
    )
    assert colleague is not None
    withdraw_referral(referral=colleague, by=root.partner.user, at=MONDAY)
    assert forget_whom_nothing_came_of(at=YEARS_LATER) == 0
    withdraw_referral(referral=root, by=root.partner.user, at=MONDAY)
    assert forget_whom_nothing_came_of(at=YEARS_LATER) == 2


# --- what is left -------------------------------------------------------------------------
@pytest.mark.clause("C12")
def test_nothing_personal_is_left_and_what_counts_is() -> None:
    referral = registered(email="mila@ostrava.example", title="Lead", relation="Old friends")
    said_not_warm(referral)
    forget_whom_nothing_came_of(at=YEARS_LATER)

    row = Referral.objects.get(pk=referral.pk)
    left = {field.attname: getattr(row, field.attname) for field in Referral._meta.concrete_fields}
    assert not {"mila@ostrava.example", "Mila", referral.last_name, "Lead", "Old friends"} & {
        value for value in left.values() if isinstance(value, str)
    }
    assert row.name_key == ""
    assert row.introductions.get().place == ""
    assert Confirmation.objects.get(asked="host").reason == ""
    assert Confirmation.objects.get(asked="host").answer == "not_warm"
    assert row.use_cases.get().title == "Search"
    assert broken(INVARIANTS) == []


def test_the_audit_says_so_by_ids_alone() -> None:
    referral = withdrawn()
    forget_whom_nothing_came_of(at=YEARS_LATER)
    entry = AuditEntry.objects.get(action="referral.anonymised")
    assert (entry.target_id, entry.by, entry.data) == (referral.pk, None, {"last_activity_on": "2026-11-23"})


def test_what_sales_noted_goes_with_the_person() -> None:
    referral = withdrawn()
    named = f"Heard from {referral.last_name} again."
    for about in (referral, referral.company):
        write_note(about=about, text=named, by=seller(), at=MONDAY)
    forget_whom_nothing_came_of(at=YEARS_LATER)
    assert [note.text for note in Note.objects.all()] == ["", ""]


def test_nobody_is_written_to() -> None:
    withdrawn()
    OutboxMessage.objects.all().delete()
    assert forget_whom_nothing_came_of(at=YEARS_LATER) == 1
    assert not OutboxMessage.objects.exists()


@pytest.mark.clause("C12")
def test_who_was_vested_stays_their_partners_and_nothing_new_is_planned() -> None:
    case = confirmed_warm(registered(email="mila@ostrava.example"))
    forget_whom_nothing_came_of(at=YEARS_LATER)
    person = Referral.objects.get(pk=case.referral_id)
    assert person.is_live
    assert person.anonymised_at == YEARS_LATER
    with pytest.raises(ReferralNotOpen):
        book_introduction(
            referral=person,
            host=seller(),
            starts_at=YEARS_LATER + timedelta(days=2),
            ends_at=YEARS_LATER + timedelta(days=2, hours=1),
            medium="video",
            place="",
            use_cases=[],
            by=seller(),
            at=YEARS_LATER,
        )
    with pytest.raises(ReferralNotOpen):
        use_case(person.partner, referral=person, at=YEARS_LATER)


def test_a_withdrawn_person_may_be_introduced_again() -> None:
    withdrawn(email="mila@ostrava.example")
    forget_whom_nothing_came_of(at=YEARS_LATER)
    assert registered(at=YEARS_LATER, email="mila@ostrava.example").is_live


# --- an objection, before and after ---------------------------------------------------------
def test_an_objection_keeps_the_words_that_a_contest_needs_until_it_is_settled() -> None:
    referral = registered()
    contested(referral)
    object_to_contact(referral=referral, at=MONDAY + timedelta(days=5))
    question = Confirmation.objects.get(asked="host")
    assert question.contest_reason == "They don't."
    assert erase_words_of_answers(at=YEARS_LATER) == 0

    settle_contest(confirmation=question, answer=None, reason="They do.", by=sales_lead(), at=YEARS_LATER)
    assert erase_words_of_answers(at=YEARS_LATER) == 1
    question.refresh_from_db()
    assert (question.reason, question.contest_reason, question.settlement) == ("", "", "")
    assert erase_words_of_answers(at=YEARS_LATER) == 0


@pytest.mark.clause("C11")
def test_a_forgotten_person_may_still_object_and_is_barred() -> None:
    referral = withdrawn(email="mila@ostrava.example")
    forget_whom_nothing_came_of(at=YEARS_LATER)
    again = registered(at=YEARS_LATER, email="mila@ostrava.example")
    link = reverse("referrals:object", args=[token_of("objection", referral.objection_salt)])
    page = Client().get(link).content.decode()
    assert "Your details were removed on 1 Jan 2036" in page
    assert Referral.objects.filter(objected_at__isnull=False).count() == 0

    Client().post(link)
    assert Referral.objects.filter(objected_at__isnull=False).count() == 2
    assert forgotten(again)


@pytest.mark.clause("C11")
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_objection_changes_nothing(method: str) -> None:
    referral = registered()
    before = Referral.objects.values().get(pk=referral.pk)
    counts = (AuditEntry.objects.count(), OutboxMessage.objects.count())
    link = reverse("referrals:object", args=[token_of("objection", referral.objection_salt)])
    answer = getattr(Client(), method)(link)
    assert answer.status_code == 200
    assert Referral.objects.values().get(pk=referral.pk) == before
    assert (AuditEntry.objects.count(), OutboxMessage.objects.count()) == counts


@pytest.mark.clause("C11")
def test_the_objection_is_one_button_and_one_press() -> None:
    referral = registered()
    link = reverse("referrals:object", args=[token_of("objection", referral.objection_salt)])
    assert Client().get(link).content.decode().count('<button class="btn btn-primary"') == 1
    assert Client().post(link).status_code == 302
    assert forgotten(referral)


# --- the doors -------------------------------------------------------------------------------
def test_the_database_keeps_no_name_on_somebody_forgotten() -> None:
    referral = withdrawn()
    forget_whom_nothing_came_of(at=YEARS_LATER)
    with pytest.raises(IntegrityError, match="referral_anonymised_is_empty"):
        Referral.objects.filter(pk=referral.pk).update(last_name="Novak")


def test_without_the_check_it_would_and_an_invariant_says_so() -> None:
    referral = withdrawn()
    forget_whom_nothing_came_of(at=YEARS_LATER)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE referrals_referral DROP CONSTRAINT referral_anonymised_is_empty")
    Referral.objects.filter(pk=referral.pk).update(last_name="Novak")
    assert [each.number for each in broken(INVARIANTS)] == [14]


AS_THE_RELEASE_BEFORE = """
    UPDATE referrals_referral
       SET first_name = '', last_name = '', email = '', title = '', relation = '',
           objected_at = now(), anonymised_at = now(), status = 'withdrawn', claim_ended_at = now()
     WHERE id = %s
"""


def test_an_objection_written_by_the_release_before_empties_the_key_of_the_name() -> None:
    """It knows no `name_key`, and docs/operations.md promises that it runs on this schema."""
    referral = registered()
    assert Referral.objects.get(pk=referral.pk).name_key
    with connection.cursor() as cursor:
        cursor.execute(AS_THE_RELEASE_BEFORE, [referral.pk])
    assert Referral.objects.get(pk=referral.pk).name_key == ""


def test_without_the_trigger_that_objection_would_fail() -> None:
    referral = registered()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%forgotten_name_has_no_key%'")
        cursor.execute(f"DROP TRIGGER {cursor.fetchone()[0]} ON referrals_referral")
        with pytest.raises(IntegrityError, match="referral_anonymised_is_empty"):
            cursor.execute(AS_THE_RELEASE_BEFORE, [referral.pk])


# --- twice, and halfway -------------------------------------------------------------------------
def test_a_worker_that_dies_loses_nobody_and_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = withdrawn(), withdrawn()
    real = forgetting.empty_person

    def dies(row: Referral, *, at: datetime) -> None:
        real(row, at=at)
        if row.pk == second.pk:
            raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, "empty_person", dies)
    with pytest.raises(KeyboardInterrupt):
        forget_whom_nothing_came_of(at=YEARS_LATER)
    assert (forgotten(first), forgotten(second)) == (True, False)

    monkeypatch.setattr(forgetting, "empty_person", real)
    assert forget_whom_nothing_came_of(at=YEARS_LATER) == 1
    assert AuditEntry.objects.filter(action="referral.anonymised").count() == 2


def test_it_goes_in_batches_until_nobody_is_due() -> None:
    for _ in range(3):
        withdrawn()
    assert [forget_whom_nothing_came_of(at=YEARS_LATER, limit=2) for _ in range(3)] == [2, 1, 0]


def test_the_facts_are_read_from_the_rows_alone() -> None:
    """Nobody's handing over or export of a person keeps them longer."""
    referral = withdrawn()
    AuditEntry.objects.create(
        at=YEARS_LATER,
        action="referral.seller_assigned",
        target_type="referrals.referral",
        target_id=referral.pk,
    )
    assert asked_of.last_activity_on(referral) == MONDAY.date()
    assert Introduction.objects.count() == Deal.objects.count() == UseCaseComment.objects.count() == 0

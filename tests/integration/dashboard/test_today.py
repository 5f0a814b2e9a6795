"""What needs us today: each thing once, with its age, its date and its owner."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals.models import DealStage, KnownContact, Referral, UseCase
from referrals.rules import Answer, company_key, name_key
from referrals.services.comments import comment_on_use_case
from referrals.services.confirmations import answer_confirmation, contest_answer, follow_up
from referrals.services.deals import lose_deal, move_deal
from referrals.services.introductions import book_introduction
from referrals.services.notes import write_note
from referrals.services.registration import assign_seller, register_referral
from ssp.core import audit
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.roles import Role
from ssp.dashboard.today import STALLED_AFTER, needed
from ssp.dashboard.waiting import Reader, Row, Section
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    asked,
    confirmed_warm,
    held,
    person,
    registered,
    sales_lead,
    seller,
)
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.test_proposals import others, proposed
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
TODAY = local_date(MONDAY)


def days(n: float) -> timedelta:
    return timedelta(days=n)


def section(name: str, user: User, *, mine: bool = True, at: datetime = MONDAY) -> Section | None:
    found = [each for each in needed(Reader(user=user, mine=mine), at=at) if each.name == name]
    return found[0] if found else None


def rows(name: str, user: User, *, mine: bool = True, at: datetime = MONDAY) -> list[Row]:
    found = section(name, user, mine=mine, at=at)
    return found.rows if found else []


def row(name: str, user: User, *, mine: bool = True, at: datetime = MONDAY) -> Row:
    [only] = rows(name, user, mine=mine, at=at)
    return only


@pytest.fixture
def tom() -> User:
    return seller()


def assigned(referral: Referral, to: User) -> Referral:
    assign_seller(referral=referral, seller=to, by=to, at=referral.registered_at)
    return referral


def to_check(*, at: datetime = MONDAY) -> Referral:
    KnownContact.objects.create(
        identity="somebody-else",
        first_name="Robert",
        last_name="Klein",
        email="robert@private.example",
        company_name="Acme",
        company_key=company_key("Acme"),
        name_key=name_key("Robert", "Klein"),
        known_since=MONDAY - days(90),
    )
    return registered(at=at, first_name="Bob", last_name="Klein", company_name="Acme")


def in_hand(seller: User, *, met: datetime) -> UseCase:
    """An open deal of `seller`'s, introduced then, with nothing recorded since."""
    case = confirmed_warm(starts_at=met)
    Referral.objects.filter(pk=case.referral_id).update(seller=seller)
    return case


# --- C10 ---------------------------------------------------------------------------
@pytest.mark.clause("C10")
def test_a_name_to_check_is_due_in_two_working_days_and_everybodys(tom: User) -> None:
    to_check()

    found = row("names", tom)

    assert (found.person, found.due, found.owner) == ("Bob Klein", date(2026, 11, 25), "Sales")


@pytest.mark.clause("C10")
def test_a_name_that_waits_longer_is_the_leads_until_it_is_accepted(tom: User) -> None:
    to_check(at=MONDAY - days(4))  # Thu 19 Nov: 2 working days are over on Mon 23, 5 on Thu 26

    assert row("names", tom, at=MONDAY).due == date(2026, 11, 23)
    late = row("names", tom, at=MONDAY + days(1))

    assert (late.due, late.owner) == (date(2026, 11, 26), "Sales leads")


# --- C12 ---------------------------------------------------------------------------
@pytest.mark.clause("C12")
def test_an_accepted_person_without_a_meeting_is_to_schedule_until_the_claim_lapses(tom: User) -> None:
    assigned(registered(at=MONDAY - days(10)), tom)

    found = row("schedule", tom)

    assert (found.since, found.due, found.owner) == (TODAY - days(10), TODAY + days(50), "Tom Brandt")


@pytest.mark.clause("C12")
def test_a_booked_meeting_takes_a_person_off_the_list(tom: User) -> None:
    referral = assigned(registered(at=MONDAY - days(10)), tom)
    book_introduction(
        referral=referral,
        host=tom,
        starts_at=MONDAY + days(2),
        ends_at=MONDAY + days(2.03),
        medium="video",
        place="",
        use_cases=[],
        by=tom,
        at=MONDAY,
    )

    assert rows("schedule", tom) == []


@pytest.mark.clause("C12")
def test_other_times_of_ours_wait_for_the_partner(tom: User) -> None:
    referral = assigned(registered(), tom)
    others(proposed(referral), MONDAY + days(2), at=MONDAY, host=tom)

    found = row("schedule", tom)

    assert (found.tone, found.word) == ("moving", f"Other times sent: {referral.partner} chooses")


@pytest.mark.clause("C12")
def test_who_was_not_warm_is_to_schedule_again(tom: User) -> None:
    meeting = held(registered(at=MONDAY - days(10)), host=tom, starts_at=MONDAY - days(7))
    answer_confirmation(
        confirmation=asked(meeting),
        answer=Answer(kind="not_warm", reason="Nothing was discussed."),
        by=tom,
        at=meeting.ends_at,
    )

    found = row("schedule", tom)

    assert (found.word, found.since) == ("Not warm yet: another meeting", TODAY - days(7))


def test_nobodys_work_is_in_everybodys_list(tom: User) -> None:
    registered()

    assert row("schedule", tom).owner == "Nobody yet"


def test_a_colleagues_work_is_only_in_the_list_of_everybodys(tom: User) -> None:
    assigned(registered(), seller("Priya Nair"))

    assert rows("schedule", tom) == []
    assert row("schedule", tom, mine=False).owner == "Priya Nair"


# --- C14 ---------------------------------------------------------------------------
@pytest.mark.clause("C14")
def test_a_host_answers_before_the_sixth_working_day(tom: User) -> None:
    meeting = held(registered(at=MONDAY - days(9)), host=tom, starts_at=MONDAY - days(3))  # Fri 20 Nov
    question = asked(meeting)

    found = row("confirmations", tom)

    assert (found.due, found.action) == (date(2026, 11, 30), "Answer")
    assert found.url == reverse("desk:confirmation_answer", args=[question.pk])


@pytest.mark.clause("C14")
def test_an_escalated_question_is_the_leads_too_and_due_before_the_partners_word_stands(tom: User) -> None:
    lead = sales_lead()
    asked(held(registered(at=MONDAY - days(14)), host=tom, starts_at=MONDAY - days(10)))  # Fri 13 Nov
    assert rows("confirmations", lead) == []
    follow_up(at=MONDAY)

    found = row("confirmations", lead)

    assert (found.due, found.owner) == (date(2026, 12, 4), "Tom Brandt, Sales leads")


@pytest.mark.clause("C14")
def test_a_contested_answer_is_the_leads_to_settle(tom: User) -> None:
    meeting = held(registered(at=MONDAY - days(10)), host=tom, starts_at=MONDAY - days(7))
    question = asked(meeting)
    no = Answer(kind="not_warm", reason="Nothing was discussed.")
    answer_confirmation(confirmation=question, answer=no, by=tom, at=meeting.ends_at)
    partner = meeting.referral.partner.user
    contest_answer(confirmation=question, reason="We did.", by=partner, at=MONDAY - days(2))

    assert rows("contests", tom) == []
    assert row("contests", tom, mine=False).action == "Open"
    found = row("contests", sales_lead())
    assert (found.action, found.since, found.due) == ("Settle", TODAY - days(2), None)


# --- C2 ----------------------------------------------------------------------------
@pytest.mark.clause("C2")
@pytest.mark.parametrize(
    ("met", "last_day", "text"),
    [
        (datetime(2026, 7, 22, 12, 0), date(2027, 1, 22), "within 60 days"),
        (datetime(2026, 6, 23, 12, 0), date(2026, 12, 23), "within 30 days"),
        (datetime(2026, 6, 7, 12, 0), date(2026, 12, 7), "within 14 days"),
        (datetime(2026, 5, 26, 12, 0), date(2026, 11, 26), "within 3 days"),
    ],
)
def test_a_window_is_listed_from_its_sixtieth_day_with_the_mark_it_passed(
    tom: User, met: datetime, last_day: date, text: str
) -> None:
    in_hand(tom, met=met.replace(tzinfo=MONDAY.tzinfo))

    found = row("closing", tom)

    assert (found.due, found.text) == (last_day, f"Search · {text}")


@pytest.mark.clause("C2")
def test_a_window_of_61_days_and_a_decided_deal_are_not_listed(tom: User) -> None:
    in_hand(tom, met=datetime(2026, 7, 23, 12, 0, tzinfo=MONDAY.tzinfo))  # until 23 Jan 2027
    lost = in_hand(tom, met=datetime(2026, 6, 7, 12, 0, tzinfo=MONDAY.tzinfo))
    lose_deal(deal=lost.deal, reason="No budget.", by=tom, at=MONDAY)

    assert rows("closing", tom) == []


# --- stalled -----------------------------------------------------------------------
@pytest.mark.parametrize(("ago", "is_listed"), [(STALLED_AFTER, True), (STALLED_AFTER - 1, False)])
def test_a_deal_stalls_when_nobody_recorded_anything_for_fourteen_days(
    tom: User, ago: int, is_listed: bool
) -> None:
    case = in_hand(tom, met=MONDAY - days(50))
    move_deal(deal=case.deal, stage=DealStage.PROPOSAL, by=tom, at=MONDAY - days(ago))

    assert [found.since for found in rows("stalled", tom)] == [TODAY - days(ago)] * is_listed


def test_a_comment_is_a_sign_of_life(tom: User) -> None:
    case = in_hand(tom, met=MONDAY - days(50))
    assert len(rows("stalled", tom)) == 1

    comment_on_use_case(use_case=case, text="They ask for a quote.", by=tom, at=MONDAY - days(1))

    assert rows("stalled", tom) == []


def test_a_note_is_a_sign_of_life(tom: User) -> None:
    case = in_hand(tom, met=MONDAY - days(50))

    write_note(about=case, text="They ask for a quote.", by=tom, at=MONDAY - days(1))

    assert rows("stalled", tom) == []


def test_what_a_clock_did_is_no_sign_of_life(tom: User) -> None:
    case = in_hand(tom, met=MONDAY - days(50))

    audit.record("deal.looked_at", case.deal, by=None, at=MONDAY - days(1))

    assert len(rows("stalled", tom)) == 1


def test_a_booked_meeting_with_a_colleague_is_a_sign_of_life(tom: User) -> None:
    case = in_hand(tom, met=MONDAY - days(50))
    assert case.referral
    book_introduction(
        referral=case.referral,
        host=tom,
        starts_at=MONDAY + days(20),
        ends_at=MONDAY + days(20.03),
        medium="video",
        place="",
        use_cases=[],
        by=tom,
        at=MONDAY - days(40),
    )

    assert rows("stalled", tom) == []


def test_what_closes_soon_is_listed_once_and_what_is_over_stalls(tom: User) -> None:
    in_hand(tom, met=datetime(2026, 6, 7, 12, 0, tzinfo=MONDAY.tzinfo))  # until 7 Dec 2026
    in_hand(tom, met=datetime(2026, 5, 20, 12, 0, tzinfo=MONDAY.tzinfo))  # until 20 Nov 2026

    assert [found.due for found in rows("closing", tom)] == [date(2026, 12, 7)]
    assert [found.due for found in rows("stalled", tom)] == [date(2026, 11, 20)]


@pytest.mark.clause("C11")
def test_a_partner_who_does_not_confirm_is_listed_after_as_long(tom: User) -> None:
    partner = active_partner()
    for ago in (STALLED_AFTER, STALLED_AFTER - 1):
        register_referral(partner=partner, person=person(), by=tom, at=MONDAY - days(ago))

    assert [found.since for found in rows("unconfirmed", tom)] == [TODAY - days(STALLED_AFTER)]


# --- the page ----------------------------------------------------------------------
def test_the_page_lists_mine_and_with_a_press_everybodys(tom: User) -> None:
    assigned(registered(last_name="Minethen"), tom)
    assigned(registered(last_name="Herssoon"), seller("Priya Nair"))
    desk = signed_in(tom)

    mine, all_of_it = desk.get(reverse("desk:today")), desk.get(reverse("desk:today"), {"who": "everybody"})

    assert ("Minethen" in mine.text, "Herssoon" in mine.text) == (True, False)
    assert ("Minethen" in all_of_it.text, "Herssoon" in all_of_it.text) == (True, True)


def test_an_empty_list_says_so_and_offers_everybodys(tom: User) -> None:
    page = signed_in(tom).get(reverse("desk:today")).text

    assert "Nothing waits for you" in page
    assert "?who=everybody" in page


def test_what_is_not_shown_is_counted(tom: User, monkeypatch) -> None:
    monkeypatch.setattr("ssp.dashboard.waiting.SHOWN", 2)
    for _n in range(3):
        registered()

    found = section("schedule", tom)

    assert found
    assert (len(found.rows), found.count, found.more) == (2, 3, 1)


@pytest.mark.parametrize(
    ("roles", "first"),
    [
        ([Role.SALES], "desk:today"),
        ([Role.SALES_LEAD, Role.FINANCE], "desk:today"),
        ([Role.FINANCE], "desk:home"),
    ],
)
def test_sales_begins_the_day_here(roles: list[Role], first: str) -> None:
    answer = signed_in(UserFactory(roles=roles)).get(reverse("core:after_sign_in"))

    assert answer.headers["Location"] == reverse(first)


def test_more_work_is_no_more_queries(tom: User) -> None:
    desk = signed_in(tom)
    _some_of_everything(tom)
    few = queries_of(desk)
    for _n in range(3):
        _some_of_everything(tom)

    assert queries_of(desk) == few
    assert few <= 7 + 8  # a query a section; session, user, second factor and roles


def queries_of(desk: Client) -> int:
    desk.get(reverse("desk:today"), {"who": "everybody"})
    with CaptureQueriesContext(connection) as asked_for:
        page = desk.get(reverse("desk:today"), {"who": "everybody"})
    assert page.text.count("<section") == 5
    return len(asked_for)


def _some_of_everything(tom: User) -> None:
    registered()
    asked(held(registered(at=MONDAY - days(9)), host=tom, starts_at=MONDAY - days(3)))
    in_hand(tom, met=datetime(2026, 6, 7, 12, 0, tzinfo=MONDAY.tzinfo))
    in_hand(tom, met=MONDAY - days(50))
    register_referral(partner=active_partner(), person=person(), by=tom, at=MONDAY - days(STALLED_AFTER + 1))

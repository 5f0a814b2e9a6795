"""What people find in their mailboxes and calendars, over a real SMTP connection."""

from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar, Event

from partners.models import Partner
from referrals import rules, tasks
from referrals.models import Confirmation, Introduction, Referral
from referrals.rules import Answer
from referrals.services.claims import object_to_contact
from referrals.services.confirmations import answer_confirmation, follow_up
from referrals.services.introductions import (
    book_introduction,
    cancel_introduction,
    reschedule_introduction,
)
from referrals.services.registration import assign_seller
from ssp.core.links import token_of
from ssp.core.models import OutboxMessage, RoleGrant, User
from ssp.core.outbox import deliver
from ssp.core.periods import at_local, local_date
from ssp.core.roles import Role
from ssp.core.staff import end_role
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    asked,
    confirmed_warm,
    held,
    registered,
    sales_lead,
    seller,
)
from tests.integration.referrals.conftest import SetClock, deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
MILA = "mila@ostrava.example"
TO_COME = MONDAY + timedelta(days=2)


@pytest.fixture
def mila(ines: Partner) -> Referral:
    return registered(ines, email=MILA)


def book(
    referral: Referral, host: User, *, starts_at: datetime = TO_COME, at: datetime = MONDAY
) -> Introduction:
    return book_introduction(
        referral=referral,
        host=host,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        medium="video",
        place="https://meet.example/1",
        use_cases=referral.use_cases.all(),
        by=host,
        at=at,
    )


def parts(mail: EmailMessage) -> dict[str, str]:
    """The text and the HTML of a mail, white space folded."""
    found = {}
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        found[kind] = " ".join(part.get_content().split())
    return found


def entry(mail: EmailMessage) -> tuple[str, Event]:
    """The method of a mail's calendar part, and the meeting in it."""
    (part,) = [p for p in mail.walk() if p.get_content_type() == "text/calendar" and not p.get_filename()]
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    assert part.get_param("method") == str(calendar["method"])
    return str(calendar["method"]), event


def subjects(inbox: Inbox, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in inbox.to(address)]


# --- the privacy notice (C11) --------------------------------------------------------
@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_the_person_is_told_who_why_until_when_and_how_to_object(inbox: Inbox, mila: Referral) -> None:
    deliver_all()

    (mail,) = inbox.to(MILA)
    assert mail["Subject"] == "Ines Marchetti would like to introduce you to SeMI"
    for words in parts(mail).values():
        assert "Ines Marchetti passed your name, work e-mail, role and company on to us" in words
        assert "The reason: they think a conversation with SeMI" in words
        assert "we remove them 12 months after the last contact" in words
        assert f"/objections/{token_of('objection', mila.objection_salt)}/" in words


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_a_notice_that_was_sent_twice_is_recognisably_one(inbox: Inbox, mila: Referral) -> None:
    message = OutboxMessage.objects.get(kind="referrals.privacy_notice")
    for _ in range(2):
        OutboxMessage.objects.filter(pk=message.pk).update(done_at=None)
        deliver(OutboxMessage.objects.get(pk=message.pk))

    assert len({mail["Message-ID"] for mail in inbox.to(MILA)}) == 1


# --- invitations ----------------------------------------------------------------------
@pytest.mark.clause("C1")
@pytest.mark.usefixtures("at_monday")
def test_person_host_and_partner_get_one_invitation_each(inbox: Inbox, ines: Partner, mila: Referral) -> None:
    host = seller("Tom Brandt")
    introduction = book(mila, host)
    deliver_all()
    deliver_all()

    for address in (MILA, host.email, ines.user.email):
        (mail,) = [m for m in inbox.to(address) if "Introduction of" in str(m["Subject"])]
        method, event = entry(mail)
        assert method == "REQUEST"
        assert (str(event["uid"]), event["sequence"]) == (introduction.calendar_uid, 0)
        assert (event.decoded("dtstart"), event.decoded("dtend")) == (
            TO_COME,
            TO_COME + timedelta(minutes=45),
        )
        assert str(event["location"]) == "https://meet.example/1"
        assert {str(guest) for guest in event["attendee"]} == {
            f"mailto:{guest}" for guest in (MILA, host.email, ines.user.email)
        }


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_the_invitation_repeats_who_passed_on_the_details(inbox: Inbox, mila: Referral) -> None:
    book(mila, seller())
    deliver_all()

    (mail,) = [m for m in inbox.to(MILA) if "Introduction of" in str(m["Subject"])]
    for words in parts(mail).values():
        assert "Ines Marchetti passed your name, work e-mail, role and company on to us" in words
        assert f"/objections/{token_of('objection', mila.objection_salt)}/" in words


@pytest.mark.usefixtures("at_monday")
def test_a_moved_meeting_is_the_same_entry_with_a_higher_sequence(inbox: Inbox, mila: Referral) -> None:
    introduction = book(mila, seller())
    deliver_all()
    for days in (1, 2):
        introduction = reschedule_introduction(
            introduction=introduction,
            starts_at=TO_COME + timedelta(days=days),
            ends_at=TO_COME + timedelta(days=days, minutes=30),
            medium="video",
            place="https://meet.example/2",
            by=mila.partner.user,
            at=MONDAY,
        )
        deliver_all()

    entries = [entry(mail)[1] for mail in inbox.to(MILA) if "Ostrava" in str(mail["Subject"])]
    assert {str(event["uid"]) for event in entries} == {introduction.calendar_uid}
    assert [event["sequence"] for event in entries] == [0, 1, 2]
    assert entries[-1].decoded("dtstart") == TO_COME + timedelta(days=2)
    assert subjects(inbox, MILA)[-1].startswith("Moved to Fri 27 Nov 2026")


@pytest.mark.usefixtures("at_monday")
def test_an_invitation_overtaken_by_a_move_is_not_sent(inbox: Inbox, mila: Referral) -> None:
    introduction = book(mila, seller())
    reschedule_introduction(
        introduction=introduction,
        starts_at=TO_COME + timedelta(days=1),
        ends_at=TO_COME + timedelta(days=1, hours=1),
        medium="video",
        place="https://meet.example/2",
        by=mila.partner.user,
        at=MONDAY,
    )
    deliver_all()

    assert len([m for m in inbox.to(MILA) if "Ostrava" in str(m["Subject"])]) == 1


@pytest.mark.usefixtures("at_monday")
def test_a_cancelled_meeting_leaves_every_calendar(inbox: Inbox, ines: Partner, mila: Referral) -> None:
    host = seller("Tom Brandt")
    introduction = book(mila, host)
    deliver_all()
    cancel_introduction(introduction=introduction, by=ines.user, at=MONDAY)
    deliver_all()

    for address in (MILA, host.email, ines.user.email):
        (mail,) = [m for m in inbox.to(address) if str(m["Subject"]).startswith("Cancelled")]
        method, event = entry(mail)
        assert (method, str(event["status"])) == ("CANCEL", "CANCELLED")
        assert (str(event["uid"]), event["sequence"]) == (introduction.calendar_uid, 1)


@pytest.mark.parametrize(
    ("day", "wall", "instant"),
    [
        (date(2027, 3, 28), time(1, 30), datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),  # before it goes forward
        (date(2027, 3, 28), time(3, 30), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # after
        (date(2027, 10, 31), time(1, 30), datetime(2027, 10, 30, 23, 30, tzinfo=UTC)),  # before it goes back
        (date(2027, 10, 31), time(3, 30), datetime(2027, 10, 31, 2, 30, tzinfo=UTC)),  # after
    ],
)
def test_the_entry_says_the_right_instant_when_the_clocks_change(
    inbox: Inbox, ines: Partner, day: date, wall: time, instant: datetime
) -> None:
    soon = at_local(day - timedelta(days=7), time(9))
    book(registered(ines, email=MILA, at=soon), seller(), starts_at=at_local(day, wall), at=soon)
    deliver_all()

    (mail,) = [m for m in inbox.to(MILA) if "Introduction of" in str(m["Subject"])]
    _, event = entry(mail)
    assert event.decoded("dtstart") == instant
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=45)
    assert wall.strftime("%H:%M") in parts(mail)["plain"]


# --- the question (C14) ----------------------------------------------------------------
def tick() -> None:
    """One minute of the scheduler and the worker."""
    tasks.ask_for_confirmations()
    tasks.end_overdue_claims()
    tasks.remind_of_deadlines()
    deliver_all()


@pytest.mark.clause("C14")
def test_host_and_partner_are_asked_once_however_often_the_clock_ticks(
    inbox: Inbox, ines: Partner, mila: Referral, set_clock: SetClock
) -> None:
    host = seller("Tom Brandt")
    introduction = book(mila, host)
    set_clock(introduction.ends_at - timedelta(seconds=1))
    tick()
    before = len([m for m in inbox.messages if "What type" in str(m["Subject"])])

    set_clock(introduction.ends_at)
    tick()
    tick()

    assert before == 0
    for asked_one, address in (("host", host.email), ("partner", ines.user.email)):
        (mail,) = [m for m in inbox.to(address) if "What type of referral was" in str(m["Subject"])]
        row = introduction.confirmations.get(asked=asked_one)
        for words in parts(mail).values():
            assert f"/confirmations/{token_of('confirmation', row.token_salt)}/" in words
            assert "Opening the link changes nothing." in words
    assert len([m for m in inbox.to(MILA) if "What type" in str(m["Subject"])]) == 0


@pytest.mark.clause("C14")
def test_silence_is_reminded_twice_and_escalated_on_the_sixth_working_day(
    inbox: Inbox, ines: Partner, mila: Referral, set_clock: SetClock
) -> None:
    host, lead = seller("Tom Brandt"), sales_lead()
    asked(held(mila, host=host))  # on Wednesday 25 November
    seen: dict[str, list[date]] = {"reminder": [], "partner": [], "escalated": []}
    for days in range(14):
        now = at_local(date(2026, 11, 25) + timedelta(days=days), time(18))
        set_clock(now)
        counts = len(inbox.to(host.email)), len(inbox.to(ines.user.email)), len(inbox.to(lead.email))
        tick()
        tick()
        if days == 0:
            continue  # the question itself
        if len(inbox.to(host.email)) == counts[0] + 1:
            seen["reminder"].append(local_date(now))
        if len(inbox.to(ines.user.email)) == counts[1] + 1:
            seen["partner"].append(local_date(now))
        if len(inbox.to(lead.email)) == counts[2] + 1:
            seen["escalated"].append(local_date(now))

    assert seen["reminder"] == seen["partner"] == [date(2026, 11, 27), date(2026, 12, 2)]
    assert seen["escalated"] == [date(2026, 12, 3)]
    assert [s for s in subjects(inbox, host.email) if s.startswith("Reminder:")] != []
    assert len(inbox.to(host.email)) == 3
    assert len(inbox.to(lead.email)) == 1


@pytest.mark.clause("C14")
def test_questions_nobody_ever_answers_crowd_no_later_one_out(
    inbox: Inbox, mila: Referral, set_clock: SetClock, django_assert_max_num_queries: Any
) -> None:
    row = asked(held(mila, host=seller("Tom Brandt")))
    sales_lead()
    set_clock(row.asked_at + timedelta(days=40))
    tick()

    with django_assert_max_num_queries(1):
        follow_up(at=row.asked_at + timedelta(days=41))


@pytest.mark.clause("C14")
def test_who_answered_is_not_reminded(inbox: Inbox, mila: Referral, set_clock: SetClock) -> None:
    host = seller("Tom Brandt")
    row = asked(held(mila, host=host))
    set_clock(row.asked_at)
    tick()
    answer_confirmation(
        confirmation=row, answer=Answer(kind="not_warm", reason="A call only"), by=host, at=row.asked_at
    )
    set_clock(row.asked_at + timedelta(days=30))
    tick()

    assert [s for s in subjects(inbox, host.email) if "Reminder" in s] == []
    (mail,) = [m for m in inbox.to(mila.partner.user.email) if str(m["Subject"]).endswith("Not warm")]
    assert "You may contest this until Wed 9 Dec 2026" in parts(mail)["plain"]
    assert "The reason given: A call only" in parts(mail)["plain"]


# --- the window (C2) -------------------------------------------------------------------
@pytest.mark.clause("C2")
def test_partner_and_seller_are_reminded_once_at_each_mark(inbox: Inbox, set_clock: SetClock) -> None:
    case = confirmed_warm()
    assert case.referral is not None
    assert case.window_ends_on is not None
    tom = seller("Tom Responsible")
    assign_seller(referral=case.referral, seller=tom, by=tom, at=MONDAY)
    set_clock(MONDAY)
    deliver_all()
    inbox.messages.clear()
    days: dict[str, list[int]] = {tom.email: [], case.partner.user.email: []}
    for left in range(64, -2, -1):
        set_clock(at_local(case.window_ends_on - timedelta(days=left), time(12)))
        before = {address: len(inbox.to(address)) for address in days}
        tick()
        tick()
        for address, sent in before.items():
            days[address] += [left] * (len(inbox.to(address)) - sent)

    assert days == {tom.email: [60, 30, 14, 3], case.partner.user.email: [60, 30, 14, 3]}
    assert [s.split(": ")[1] for s in subjects(inbox, tom.email)] == [
        f"{left} days left to sign" for left in rules.WINDOW_REMINDERS
    ]


# --- objections (C11) --------------------------------------------------------------------
@pytest.mark.clause("C11")
def test_nothing_is_ever_sent_to_who_objected(
    inbox: Inbox, ines: Partner, mila: Referral, set_clock: SetClock
) -> None:
    host = seller("Tom Brandt")
    introduction = book(mila, host)
    object_to_contact(referral=mila, at=MONDAY)  # before anything was delivered
    for days in (0, 2, 3, 10, 70):
        set_clock(MONDAY + timedelta(days=days))
        tick()

    assert inbox.to(MILA) == []
    assert all(MILA not in mail.as_string() for mail in inbox.messages)
    assert all("Mila" not in mail.as_string() for mail in inbox.messages)
    (told,) = [m for m in inbox.to(ines.user.email) if "objected" in str(m["Subject"])]
    assert "don’t contact them" in str(told["Subject"])
    (gone,) = [m for m in inbox.to(host.email) if str(m["Subject"]).startswith("Cancelled")]
    assert entry(gone)[0] == "CANCEL"
    introduction.refresh_from_db()
    assert introduction.status == "cancelled"


@pytest.mark.clause("C11")
def test_who_objects_after_a_warm_meeting_hears_no_more(inbox: Inbox, set_clock: SetClock) -> None:
    case = confirmed_warm(registered(email=MILA))
    referral = case.referral
    assert referral is not None
    book(referral, seller(), starts_at=MONDAY + timedelta(days=9), at=MONDAY + timedelta(days=4))
    object_to_contact(referral=referral, at=MONDAY + timedelta(days=4))
    for days in (4, 10, 20, 100, 180):
        set_clock(MONDAY + timedelta(days=days))
        tick()

    assert inbox.to(MILA) == []
    referral.refresh_from_db()
    assert referral.is_live


# --- work handed over (issue: a role that ends) --------------------------------------------
@pytest.fixture
def tom() -> User:
    return seller("Tom Brandt")


def leaves(user: User, *, hand_to: User, at: datetime = MONDAY) -> None:
    administrator = UserFactory(roles=[Role.ADMINISTRATOR])
    end_role(user=user, role=Role.SALES, hand_to=hand_to, by=administrator, at=at)


@pytest.mark.usefixtures("at_monday")
def test_open_referrals_and_meetings_go_to_the_successor(inbox: Inbox, mila: Referral, tom: User) -> None:
    introduction = book(mila, tom)
    deliver_all()
    inbox.messages.clear()
    sofie = seller("Sofie de Wit")

    leaves(tom, hand_to=sofie)
    deliver_all()
    deliver_all()

    mila.refresh_from_db()
    introduction.refresh_from_db()
    assert (mila.seller, introduction.host, introduction.calendar_sequence) == (sofie, sofie, 1)
    for address in (MILA, sofie.email, mila.partner.user.email):
        (mail,) = inbox.to(address)
        method, event = entry(mail)
        assert (method, event["sequence"], str(event["uid"])) == ("REQUEST", 1, introduction.calendar_uid)
        assert f"mailto:{sofie.email}" in {str(guest) for guest in event["attendee"]}
    (mail,) = inbox.to(tom.email)  # who has the entry is told that it is no longer theirs
    method, event = entry(mail)
    assert (method, event["sequence"], str(event["uid"])) == ("CANCEL", 1, introduction.calendar_uid)
    assert str(event["status"]) == "CANCELLED"


def test_an_unanswered_question_goes_to_the_successor_and_the_old_link_dies(
    inbox: Inbox, mila: Referral, tom: User, client: Client, set_clock: SetClock
) -> None:
    row = asked(held(mila, host=tom))
    set_clock(row.asked_at)
    deliver_all()
    old = f"/confirmations/{token_of('confirmation', row.token_salt)}/"
    sofie = seller("Sofie de Wit")

    leaves(tom, hand_to=sofie, at=row.asked_at)
    deliver_all()

    row.refresh_from_db()
    (mail,) = inbox.to(sofie.email)
    assert f"/confirmations/{token_of('confirmation', row.token_salt)}/" in parts(mail)["plain"]
    assert client.get(old).status_code == 404
    assert Confirmation.objects.get(pk=row.pk).introduction.host == sofie


@pytest.mark.usefixtures("at_monday")
def test_what_is_over_stays_with_who_did_it(mila: Referral, tom: User) -> None:
    row = asked(held(mila, host=tom))
    answer_confirmation(
        confirmation=row, answer=Answer(kind="not_warm", reason="A call only"), by=tom, at=row.asked_at
    )

    leaves(tom, hand_to=seller("Sofie de Wit"))
    deliver_all()

    row.refresh_from_db()
    assert row.introduction.host == row.answered_by == tom


@pytest.mark.usefixtures("at_monday")
def test_who_still_leads_sales_keeps_their_work(mila: Referral) -> None:
    tom = seller("Tom Brandt", Role.SALES_LEAD)
    introduction = book(mila, tom)

    leaves(tom, hand_to=seller("Sofie de Wit"))
    deliver_all()

    introduction.refresh_from_db()
    assert introduction.host == tom


@pytest.mark.clause("C1")
@pytest.mark.usefixtures("at_monday")
def test_a_successor_does_not_host_whom_they_introduced_themselves(
    ines: Partner, mila: Referral, tom: User
) -> None:
    introduction = book(mila, tom)
    other = seller("Sofie de Wit")
    RoleGrant.objects.create(user=ines.user, role=Role.SALES, granted_at=MONDAY)

    leaves(tom, hand_to=ines.user)
    deliver_all()

    introduction.refresh_from_db()
    assert introduction.host == other

"""What a partner turned off stays away from their mailbox, and nothing else does (C2, ADR 11)."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar

from partners.models import Partner
from referrals import tasks
from referrals.services.introductions import book_introduction
from referrals.services.registration import assign_seller
from ssp.core.mail_kinds import kind_named
from ssp.core.models import User
from ssp.core.periods import at_local
from ssp.core.preferences import set_mail
from tests.factories.referrals import confirmed_warm, registered, seller
from tests.integration.referrals.conftest import SetClock, deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def turn_off(user: User, name: str) -> None:
    kind = kind_named(name)
    assert kind is not None
    set_mail(user=user, kind=kind, wanted=False, at=MONDAY)


@pytest.mark.clause("C2")
def test_who_turned_reminders_off_gets_the_last_one_and_the_seller_all(
    inbox: Inbox, set_clock: SetClock
) -> None:
    case = confirmed_warm()
    assert case.referral is not None
    assert case.window_ends_on is not None
    tom = seller("Tom Responsible")
    assign_seller(referral=case.referral, seller=tom, by=tom, at=MONDAY)
    deliver_all()
    turn_off(case.partner.user, "referrals.deadline")
    inbox.messages.clear()

    for left in (60, 30, 14, 3):
        noon = at_local(case.window_ends_on - timedelta(days=left), MONDAY.time())
        set_clock(noon)
        tasks.remind_of_deadlines()
        deliver_all()

    def marks(address: str) -> list[str]:
        return [str(m["Subject"]).split(": ")[1].split(" ")[0] for m in inbox.to(address)]

    assert (marks(case.partner.user.email), marks(tom.email)) == (["3"], ["60", "30", "14", "3"])


@pytest.fixture
def booked(inbox: Inbox, ines: Partner, set_clock: SetClock) -> Callable[[str], EmailMessage]:
    """Book a meeting for Ines, whose time zone that is; return the mail she gets."""

    def book(zone: str) -> EmailMessage:
        User.objects.filter(pk=ines.user_id).update(time_zone=zone)
        ines.user.refresh_from_db()
        referral = registered(ines)
        deliver_all()
        inbox.messages.clear()
        book_introduction(
            referral=referral,
            host=seller(),
            starts_at=MONDAY + timedelta(days=2),
            ends_at=MONDAY + timedelta(days=2, minutes=45),
            medium="video",
            place="https://meet.example/1",
            use_cases=referral.use_cases.all(),
            by=seller(),
            at=MONDAY,
        )
        deliver_all()
        (mail,) = inbox.to(ines.user.email)
        return mail

    return book


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def test_a_meeting_is_told_by_the_partners_own_clock_too(booked: Callable[[str], EmailMessage]) -> None:
    text = text_of(booked("America/New_York"))

    assert "10:00 to 10:45 (Amsterdam time; 04:00 to 04:45 in New York)" in text


def test_in_amsterdam_the_time_is_said_once(booked: Callable[[str], EmailMessage]) -> None:
    text = text_of(booked(""))

    assert "10:00 to 10:45 (Amsterdam time)." in text


def test_the_calendar_entry_knows_no_time_zone_of_the_reader(booked: Callable[[str], EmailMessage]) -> None:
    mail = booked("America/New_York")

    (ics,) = [part for part in mail.iter_attachments() if part.get_filename() == "invitation.ics"]
    (event,) = Calendar.from_ical(ics.get_content()).walk("VEVENT")
    assert "New York" not in str(event["description"])
    assert event["dtstart"].dt == MONDAY + timedelta(days=2)

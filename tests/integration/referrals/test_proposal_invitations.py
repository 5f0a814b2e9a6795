"""Calendar entries of meetings that came from proposed times: one UID for life, whatever becomes of them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from partners.models import Partner
from referrals.models import Introduction, Proposal, Referral
from referrals.services.claims import object_to_contact, withdraw_referral
from referrals.services.introductions import cancel_introduction, reschedule_introduction
from ssp.core.models import User
from ssp.core.periods import at_local
from tests.factories.referrals import registered, seller
from tests.integration.referrals.conftest import SetClock, deliver_all, signed_in
from tests.integration.referrals.test_mails import MILA, entry
from tests.integration.referrals.test_proposals import LASTS, others, proposed, taken
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12"), pytest.mark.usefixtures("at_monday")]
TO_COME = MONDAY + timedelta(days=2)
LATER = MONDAY + timedelta(days=3)


@pytest.fixture
def mila(ines: Partner) -> Referral:
    return registered(ines, email=MILA)


@pytest.fixture
def tom() -> User:
    return seller()


def entries(inbox: Inbox, address: str) -> list[tuple[str, int, datetime, str]]:
    """What somebody's calendar was told, in order: method, sequence, start and UID."""
    found = []
    for mail in inbox.to(address):
        if any(part.get_content_type() == "text/calendar" for part in mail.walk()):
            method, event = entry(mail)
            found.append((method, int(event["sequence"]), event.decoded("dtstart"), str(event["uid"])))
    return found


def moved(meeting: Introduction, to: datetime, by: User) -> None:
    reschedule_introduction(
        introduction=meeting,
        starts_at=to,
        ends_at=to + LASTS,
        medium="video",
        place="https://meet.example/2",
        by=by,
        at=MONDAY,
    )
    deliver_all()


@pytest.mark.parametrize("whose", ["the partner's", "SeMI's"])
def test_a_time_that_was_taken_moved_and_cancelled_is_one_entry_in_three_calendars(
    inbox: Inbox, ines: Partner, mila: Referral, tom: User, whose: str
) -> None:
    proposal = proposed(mila, TO_COME, LATER)
    if whose == "SeMI's":
        proposal = others(proposal, TO_COME, LATER, at=MONDAY, host=tom)
    deliver_all()
    assert not any(entries(inbox, address) for address in (MILA, tom.email, ines.user.email))

    meeting = taken(proposal, at=MONDAY, by=tom if proposal.by_partner else ines.user)
    deliver_all()
    moved(meeting, LATER, by=ines.user)
    moved(meeting, LATER + timedelta(hours=2), by=tom)
    cancel_introduction(introduction=meeting, by=ines.user, at=MONDAY)
    deliver_all()
    deliver_all()

    last = LATER + timedelta(hours=2)
    for address in (MILA, tom.email, ines.user.email):
        assert entries(inbox, address) == [
            ("REQUEST", 0, TO_COME, meeting.calendar_uid),
            ("REQUEST", 1, LATER, meeting.calendar_uid),
            ("REQUEST", 2, last, meeting.calendar_uid),
            ("CANCEL", 3, last, meeting.calendar_uid),
        ]


def test_two_meetings_of_one_person_are_two_entries(inbox: Inbox, mila: Referral, tom: User) -> None:
    first = taken(proposed(mila, TO_COME), at=MONDAY, by=tom)
    cancel_introduction(introduction=first, by=tom, at=MONDAY)
    second = taken(proposed(mila, LATER), at=MONDAY, by=tom)
    deliver_all()

    assert first.calendar_uid != second.calendar_uid
    assert entries(inbox, MILA)[-1] == ("REQUEST", 0, LATER, second.calendar_uid)


def test_a_claim_that_is_given_up_takes_the_meeting_out_of_every_calendar(
    inbox: Inbox, ines: Partner, mila: Referral, tom: User
) -> None:
    meeting = taken(proposed(mila, TO_COME), at=MONDAY, by=tom)
    deliver_all()
    withdraw_referral(referral=mila, by=ines.user, at=MONDAY)
    deliver_all()

    for address in (MILA, tom.email, ines.user.email):
        assert entries(inbox, address)[-1] == ("CANCEL", 1, TO_COME, meeting.calendar_uid)


def test_an_objection_takes_it_out_of_the_others_and_writes_to_nobody_who_objected(
    inbox: Inbox, ines: Partner, mila: Referral, tom: User
) -> None:
    meeting = taken(proposed(mila, TO_COME), at=MONDAY, by=tom)
    deliver_all()
    before = len(inbox.to(MILA))
    object_to_contact(referral=mila, at=MONDAY)
    deliver_all()

    assert len(inbox.to(MILA)) == before
    for address in (tom.email, ines.user.email):
        assert entries(inbox, address)[-1] == ("CANCEL", 1, TO_COME, meeting.calendar_uid)


@pytest.mark.parametrize(
    ("before", "after", "instants"),
    [
        (
            date(2027, 3, 27),
            date(2027, 3, 28),  # the clocks go forward that night
            (datetime(2027, 3, 27, 8, 30, tzinfo=UTC), datetime(2027, 3, 28, 7, 30, tzinfo=UTC)),
        ),
        (
            date(2027, 10, 30),
            date(2027, 10, 31),  # and back
            (datetime(2027, 10, 30, 7, 30, tzinfo=UTC), datetime(2027, 10, 31, 8, 30, tzinfo=UTC)),
        ),
    ],
)
def test_half_past_nine_is_half_past_nine_on_both_sides_of_a_clock_change(
    inbox: Inbox,
    ines: Partner,
    tom: User,
    set_clock: SetClock,
    before: date,
    after: date,
    instants: tuple[datetime, datetime],
) -> None:
    """Typed in as Amsterdam time, kept and sent as instants: before the change, and moved behind it."""
    soon = at_local(before - timedelta(days=7), time(9))
    set_clock(soon)
    referral = registered(ines, email=MILA, at=soon)
    said = {
        "on": before.isoformat(), "starts_at": "09:30", "on_2": after.isoformat(), "starts_at_2": "09:30",
        "minutes": "45", "medium": "video", "place": "https://meet.example/1", "host": tom.pk,
        "use_cases": [referral.use_cases.get().pk],
    }  # fmt: skip
    signed_in(ines).post(reverse("referrals:propose", args=[referral.pk]), said)
    meeting = taken(Proposal.objects.get(), at=soon, by=tom)
    deliver_all()
    move = {name: said[name] for name in ("minutes", "medium", "place", "starts_at")}
    signed_in(ines).post(reverse("referrals:move", args=[meeting.pk]), {**move, "on": after.isoformat()})
    deliver_all()

    assert [(sequence, start) for _, sequence, start, _ in entries(inbox, MILA)] == list(enumerate(instants))
    meeting.refresh_from_db()
    assert meeting.ends_at - meeting.starts_at == timedelta(minutes=45)

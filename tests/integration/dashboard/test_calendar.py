"""The calendar of meetings: whole weeks, days of Amsterdam, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals.models import Introduction
from referrals.services.introductions import book_introduction, cancel_introduction
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.dashboard.meetings import Page, month_of, page_of, week_of
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, registered, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]


@pytest.fixture
def tom() -> User:
    return seller()


def booked(host: User, starts_at: datetime, *, last_name: str = "Novak") -> Introduction:
    """A meeting that was booked a week before it."""
    partner = active_partner()
    at = starts_at - timedelta(days=7)
    return book_introduction(
        referral=registered(partner, at=at, last_name=last_name),
        host=host,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        medium="video",
        place="https://meet.example/1",
        use_cases=[],
        by=host,
        at=at,
    )


def days_with_meetings(page: Page) -> list[date]:
    return [day.on for day in page.days for _entry in day.entries]


@pytest.mark.parametrize(
    ("on", "first", "last", "days"),
    [
        (date(2026, 11, 23), date(2026, 10, 26), date(2026, 12, 6), 42),
        (date(2027, 2, 28), date(2027, 2, 1), date(2027, 2, 28), 28),
        (date(2028, 2, 29), date(2028, 1, 31), date(2028, 3, 5), 35),
    ],
)
def test_a_month_is_shown_in_whole_weeks(on: date, first: date, last: date, days: int) -> None:
    span = month_of(on)

    assert (span.shown_first, span.shown_last) == (first, last)
    assert len(page_of(span, at=MONDAY).days) == days


def test_a_week_begins_on_monday() -> None:
    span = week_of(date(2026, 11, 29))

    assert (span.first, span.last, span.after) == (
        date(2026, 11, 23),
        date(2026, 11, 29),
        date(2026, 11, 30),
    )


@pytest.mark.parametrize(
    ("starts_at", "on"),
    [
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),  # midnight, in summer time
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),  # 25 hours long: 23:59
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2027, 3, 27, 23, 0, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),  # 23 hours long: 23:59
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
    ],
)
def test_a_day_is_amsterdams_when_the_clocks_change(tom: User, starts_at: datetime, on: date) -> None:
    booked(tom, starts_at)

    assert days_with_meetings(page_of(month_of(on), at=MONDAY)) == [on]
    assert days_with_meetings(page_of(week_of(on), at=MONDAY)) == [on]


def test_the_week_before_and_after_the_clocks_change_hold_nothing_of_it(tom: User) -> None:
    booked(tom, datetime(2026, 10, 25, 22, 59, tzinfo=UTC))  # Sunday 23:59
    span = week_of(date(2026, 10, 25))

    assert page_of(week_of(span.before), at=MONDAY).count == 0
    assert page_of(week_of(span.after), at=MONDAY).count == 0


def test_each_meeting_says_where_it_stands_and_cancelled_ones_are_gone(tom: User) -> None:
    confirmed_warm(starts_at=MONDAY - timedelta(days=6))
    asked(held(registered(at=MONDAY - timedelta(days=9)), host=tom, starts_at=MONDAY - timedelta(days=5)))
    booked(tom, MONDAY + timedelta(days=3))
    gone = booked(tom, MONDAY + timedelta(days=4))
    cancel_introduction(introduction=gone, by=tom, at=MONDAY)

    page = page_of(month_of(MONDAY.date()), at=MONDAY)

    assert [entry.word for day in page.days for entry in day.entries] == ["Held", "To confirm", "Booked"]


def test_one_host_is_shown_alone_and_a_stranger_is_nobody(tom: User) -> None:
    priya = seller("Priya Nair")
    booked(tom, MONDAY + timedelta(days=1), last_name="Tomsdottir")
    booked(priya, MONDAY + timedelta(days=1), last_name="Priyasson")
    desk = signed_in(tom)

    one = desk.get(reverse("desk:calendar"), {"host": priya.pk}).text
    anybody = desk.get(reverse("desk:calendar"), {"host": active_partner().user.pk}).text

    assert ("Tomsdottir" in one, "Priyasson" in one) == (False, True)
    assert ("Tomsdottir" in anybody, "Priyasson" in anybody) == (True, True)


def test_the_page_leads_to_the_referral_and_to_other_months(tom: User) -> None:
    meeting = booked(tom, MONDAY + timedelta(days=1))

    page = signed_in(tom).get(reverse("desk:calendar")).text

    assert reverse("desk:referral", args=[meeting.referral_id]) in page
    assert "on=2026-10-01" in page
    assert "on=2026-12-01" in page
    assert "10:00 to 10:45" in page


def test_any_address_answers(tom: User) -> None:
    desk = signed_in(tom)
    odd = ["", "2026-02-30", "9999-12-31", "0001-01-01", "x\x00", "2000-01-01", "2099-12-31"]
    asked_for = [{"on": on, "view": view, "host": "x"} for on in odd for view in ("month", "week", "year")]

    assert {desk.get(reverse("desk:calendar"), each).status_code for each in asked_for} == {200}


def test_a_full_day_leads_to_its_week(tom: User) -> None:
    for hour in range(6):
        booked(tom, MONDAY + timedelta(days=1, hours=hour))

    month = page_of(month_of(MONDAY.date()), at=MONDAY)
    week = page_of(week_of(MONDAY.date()), at=MONDAY)

    assert [(len(day.entries), day.more) for day in month.days if day.entries] == [(4, 2)]
    assert [(len(day.entries), day.more) for day in week.days if day.entries] == [(6, 0)]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.DIRECTOR])
def test_the_calendar_is_for_sales(role: Role) -> None:
    assert signed_in(UserFactory(roles=[role])).get(reverse("desk:calendar")).status_code == 403


def test_more_meetings_are_no_more_queries(tom: User) -> None:
    desk = signed_in(tom)

    def count() -> int:
        desk.get(reverse("desk:calendar"))
        with CaptureQueriesContext(connection) as asked_for:
            desk.get(reverse("desk:calendar"))
        return len(asked_for)

    booked(tom, MONDAY + timedelta(days=1))
    few = count()
    for n in range(2, 5):
        booked(tom, MONDAY + timedelta(days=n))

    assert count() == few

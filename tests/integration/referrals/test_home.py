"""What waits for a partner, and what they read about what is over."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from partners.models import Partner
from referrals import queries, story
from referrals.models import Confirmation, DealStage
from referrals.rules import Answer
from referrals.services.confirmations import answer_confirmation, contest_answer
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, registered, seller, warm
from tests.integration.referrals.conftest import SetClock
from tests.integration.referrals.test_pages import text_of

pytestmark = pytest.mark.django_db
LAST_DAY = date(2026, 12, 9)  # 10 working days after Wednesday 25 November


def answered(partner: Partner, **said: str) -> Confirmation:
    row = asked(held(registered(partner), host=seller("Sofie de Wit")))
    return answer_confirmation(
        confirmation=row, answer=Answer(**said), by=row.introduction.host, at=row.asked_at
    )


@pytest.fixture
def not_warm(ines: Partner) -> Confirmation:
    return answered(ines, kind="not_warm", reason="No use case was discussed.")


def to_read(partner: Partner, on: date) -> list[queries.ToDo]:
    return [todo for todo in queries.needs_partner(partner, on) if todo.action == "Read the answer"]


@pytest.mark.clause("C14")
def test_a_not_warm_answer_is_read_and_contested_until_a_day(
    ines: Partner, portal: Client, not_warm: Confirmation, set_clock: SetClock
) -> None:
    set_clock(not_warm.introduction.ends_at)
    referral = not_warm.introduction.referral

    (todo,) = to_read(ines, date(2026, 11, 25))
    home = text_of(portal.get(reverse("portal:home")))

    assert todo.on == LAST_DAY
    assert todo.url == referral.get_absolute_url()
    assert f"Accept or contest “Not warm” for {referral.person_name}" in home
    assert "Sofie de Wit answered on 25 Nov 2026: “No use case was discussed.”" in home
    assert "You may contest until Wed 9 Dec 2026." in home
    assert "Contest" in text_of(portal.get(todo.url))


@pytest.mark.clause("C14")
@pytest.mark.parametrize(("on", "shown"), [(LAST_DAY, 1), (LAST_DAY + timedelta(days=1), 0)])
def test_its_last_day_counts(ines: Partner, not_warm: Confirmation, on: date, shown: int) -> None:
    assert len(to_read(ines, on)) == shown


@pytest.mark.clause("C14")
def test_once_contested_it_lies_with_the_sales_leads(ines: Partner, not_warm: Confirmation) -> None:
    at = not_warm.introduction.ends_at
    contest_answer(confirmation=not_warm, reason="We spoke of search.", by=ines.user, at=at)

    assert to_read(ines, date(2026, 11, 25)) == []
    waiting = [row.title for row in queries.with_semi(ines, date(2026, 11, 25))]
    assert any("contested, with the sales leads" in title for title in waiting)


@pytest.mark.clause("C14")
def test_a_later_warm_meeting_leaves_nothing_to_contest(ines: Partner, not_warm: Confirmation) -> None:
    later = held(
        not_warm.introduction.referral, starts_at=not_warm.introduction.starts_at + timedelta(days=1)
    )
    answer_confirmation(confirmation=asked(later), answer=warm(later), by=later.host, at=later.ends_at)

    assert to_read(ines, date(2026, 11, 27)) == []


@pytest.mark.clause("C14")
@pytest.mark.usefixtures("not_warm")
def test_it_is_nobody_elses_to_read() -> None:
    assert to_read(active_partner("Other"), date(2026, 11, 25)) == []


@pytest.mark.clause("C14")
def test_a_warm_answer_needs_nothing(ines: Partner) -> None:
    confirmed_warm(registered(ines))

    assert to_read(ines, date(2026, 11, 25)) == []


@pytest.mark.clause("C19")
def test_a_deal_closed_by_a_reseller_says_so_in_words(
    ines: Partner, portal: Client, set_clock: SetClock
) -> None:
    case = confirmed_warm(registered(ines))
    referral = case.referral
    assert referral is not None
    later = held(referral, starts_at=referral.registered_at + timedelta(days=4))
    answer_confirmation(
        confirmation=asked(later), answer=Answer(kind="reseller"), by=later.host, at=later.ends_at
    )
    set_clock(later.ends_at)
    case.refresh_from_db()

    row = story.case_of(case, None)
    page = text_of(portal.get(referral.get_absolute_url()))

    assert case.deal.stage == DealStage.LOST
    assert row.word == "Closed: reseller"
    assert row.note == (
        "The company wants to resell. That is not part of the agreement, so it pays nothing (C19)."
    )
    assert row.note in page
    assert " reseller " not in page.replace("Closed: reseller", "")
    (todo,) = to_read(ines, later.held_on)
    assert "“Reseller”" in todo.title

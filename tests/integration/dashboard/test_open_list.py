"""The desk's list of introductions: what is open is what somebody can still do something about."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from referrals.models import Deal, UseCase
from referrals.services.confirmations import answer_confirmation
from referrals.services.deals import lose_deal, win_deal
from ssp.core import clock
from ssp.core.models import User
from ssp.dashboard import queries, table
from ssp.dashboard.filters import Filters
from tests.factories.referrals import asked, confirmed_warm, held, registered, seller, use_case, warm
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=225)  # 42 days after the window's last day
TODAY = LATER.date()


@pytest.fixture
def at_later() -> Iterator[None]:
    clock.install(lambda: LATER)
    yield
    clock.install(clock.wall)


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def won(tom: User) -> UseCase:
    case = confirmed_warm()
    win_deal(deal=Deal.objects.get(use_case=case), signed_on=date(2027, 1, 15), by=tom, at=LATER)
    case.refresh_from_db()
    return case


def listed(view: str, on: date = TODAY) -> list[table.Line]:
    return table.page_of(Filters(view=view), on=on).lines


def test_a_won_deal_leaves_open_and_is_found_under_won(won: UseCase) -> None:
    assert listed("open") == []
    assert queries.figures(on=LATER.date()).open == 0
    assert [line.use_case for line in listed("won", on=date(2027, 2, 1))] == [won]


def test_a_won_deal_never_sorts_first_nor_counts_down(won: UseCase) -> None:
    waiting = registered(at=LATER)

    found = listed("all")

    assert [line.referral for line in found] == [waiting, won.referral]
    assert (found[1].runs, found[1].ends_on) == (False, None)


@pytest.mark.usefixtures("at_later")
def test_the_desk_shows_no_risk_for_a_deal_that_is_won(won: UseCase, tom: User) -> None:
    client = Client()
    client.force_login(tom, backend="ssp.core.auth.RoleBackend")
    TOTP.activate(tom, generate_totp_secret())

    everything = client.get(reverse("desk:home")).text
    won_ones = client.get(reverse("desk:home"), {"view": "won", "q": won.title}).text

    assert "ended 42 days ago" not in everything
    assert "ended 42 days ago" not in won_ones


def test_a_second_use_case_keeps_the_person_open_and_the_won_one_out(won: UseCase) -> None:
    assert won.referral is not None
    second = use_case(won.partner, at=MONDAY + timedelta(days=3), referral=won.referral, title="Chat")

    assert [line.use_case for line in listed("open")] == [second]


def test_a_window_that_ended_without_a_signature_stays_open_until_sales_closes_it(tom: User) -> None:
    case = confirmed_warm()
    before = [line.use_case for line in listed("open")]
    lose_deal(deal=Deal.objects.get(use_case=case), reason="No budget", by=tom, at=LATER)

    assert before == [case]
    assert listed("open") == []


def test_a_window_that_closes_soon_shows_beside_a_won_one(tom: User) -> None:
    referral = registered()
    first = use_case(referral.partner, referral=referral, title="Chat")
    meeting = held(referral)
    assert first in meeting.use_cases.all()
    answer_confirmation(
        confirmation=asked(meeting), answer=warm(meeting), by=meeting.host, at=meeting.ends_at
    )
    win_deal(deal=Deal.objects.get(use_case=first), signed_on=meeting.held_on, by=tom, at=LATER)

    closing = listed("closing", on=date(2027, 5, 10))

    assert [line.use_case for line in closing] == list(referral.use_cases.exclude(pk=first.pk))


def test_a_person_who_has_not_met_stays_open(tom: User) -> None:
    referral = registered(at=LATER)

    assert [line.referral for line in listed("open")] == [referral]

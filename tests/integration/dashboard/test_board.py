"""The board: what is open, by stage. Moving a card records a stage and nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals.models import Deal, DealStage, Referral
from referrals.services.deals import lose_deal, move_deal, update_deal, win_deal
from referrals.services.proposals import propose_other_times
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from ssp.dashboard.board import Lane, Reader, lanes
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, registered, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.test_proposals import proposed
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def desk(tom: User) -> Client:
    return signed_in(tom)


def a_deal(
    owner: User,
    *,
    days_ago: int = 20,
    expected: int | None = None,
    currency: str = "EUR",
    stage: DealStage = DealStage.DISCOVERY,
) -> Deal:
    case = confirmed_warm(starts_at=MONDAY - timedelta(days=days_ago))
    Referral.objects.filter(pk=case.referral_id).update(seller=owner)
    update_deal(
        deal=case.deal,
        expected_net=None if expected is None else Decimal(expected),
        expected_on=None,
        currency=currency,
        customer_reference="",
        reseller_name="",
        by=owner,
        at=MONDAY,
    )
    return move_deal(deal=case.deal, stage=stage, by=owner, at=MONDAY)


def lane(name: str, user: User, *, mine: bool = True) -> Lane:
    return next(each for each in lanes(Reader(user=user, mine=mine), at=MONDAY) if each.name == name)


def moved(desk: Client, deal: Deal, stage: str) -> str:
    answer = desk.post(reverse("desk:board_move", args=[deal.pk]), {"stage": stage, "who": "mine"})
    assert answer.headers["Location"] == f"/desk/board/?who=mine#deal-{deal.pk}"
    deal.refresh_from_db()
    return deal.stage


def test_a_lane_counts_its_deals_and_adds_up_each_currency_by_itself(tom: User) -> None:
    a_deal(tom, expected=1000)
    a_deal(tom, expected=500)
    a_deal(tom, expected=700, currency="USD")
    a_deal(tom)

    found = lane("discovery", tom)

    assert [(each.currency, each.expected) for each in found.totals] == [("EUR", 1500), ("USD", 700)]
    assert (found.count, found.without_estimate) == (4, 1)


def test_a_lane_shows_so_many_cards_and_leads_to_the_rest(tom: User, desk: Client, monkeypatch) -> None:
    monkeypatch.setattr("ssp.dashboard.board.SHOWN", 2)
    for days_ago in (10, 30, 20):
        a_deal(tom, days_ago=days_ago)

    found = lane("discovery", tom)

    assert (len(found.tickets), found.count, found.more) == (2, 3, 1)
    assert "/desk/deals/?stage=discovery" in desk.get(reverse("desk:board")).text


def test_the_window_that_ends_first_is_on_top_and_one_that_is_over_below(tom: User) -> None:
    later, over, sooner = (a_deal(tom, days_ago=days_ago) for days_ago in (10, 300, 100))

    assert [ticket.deal for ticket in lane("discovery", tom).tickets] == [sooner, later, over]


def test_what_is_decided_is_on_no_board(tom: User) -> None:
    won, lost = a_deal(tom), a_deal(tom)
    win_deal(deal=won, signed_on=MONDAY.date(), by=tom, at=MONDAY)
    lose_deal(deal=lost, reason="No budget.", by=tom, at=MONDAY)

    assert [each.count for each in lanes(Reader(user=tom, mine=False), at=MONDAY)] == [0] * 6


def test_people_stand_before_their_first_meeting_and_then_wait_for_its_answer(tom: User) -> None:
    registered(last_name="Unmet")
    asked(held(registered(at=MONDAY - timedelta(days=9), last_name="Met"), host=tom))

    assert [t.referral.last_name for t in lane("meeting", tom).tickets] == ["Unmet"]
    assert [t.referral.last_name for t in lane("confirm", tom).tickets] == ["Met"]


@pytest.mark.clause("C12")
def test_proposed_times_say_who_answers_and_lead_there(tom: User, desk: Client) -> None:
    """Without it, a partner who waits for us looks like one whom nobody has asked for a meeting."""
    referral = registered()
    proposal = proposed(referral, MONDAY + timedelta(days=2))
    (ticket,) = lane("meeting", tom).tickets
    assert (ticket.tone, ticket.word, ticket.action) == ("you", "Times proposed", "Answer")
    assert ticket.who == "Sales answers"
    assert ticket.url == reverse("desk:proposal", args=[proposal.pk])
    assert "Sales answers" in desk.get(reverse("desk:board")).text

    Referral.objects.filter(pk=referral.pk).update(seller=tom)
    assert lane("meeting", tom).tickets[0].who == "Tom Brandt answers"

    later = MONDAY + timedelta(days=4)
    propose_other_times(
        proposal=proposal,
        times=[(later, later + timedelta(minutes=45))],
        host=tom,
        medium="video",
        place="https://meet.example/1",
        by=tom,
        at=MONDAY,
    )
    (ticket,) = lane("meeting", tom).tickets
    assert (ticket.tone, ticket.word) == ("moving", "Other times sent")
    assert ticket.who == f"{referral.partner} chooses"


def test_a_colleagues_cards_are_on_everybodys_board_alone(tom: User) -> None:
    a_deal(seller("Priya Nair"))

    assert (lane("discovery", tom).count, lane("discovery", tom, mine=False).count) == (0, 1)


@pytest.mark.clause("C9")
def test_a_card_moves_to_another_open_stage_and_nothing_else_happens(tom: User, desk: Client) -> None:
    deal = a_deal(tom)
    owed = OutboxMessage.objects.count()

    assert moved(desk, deal, "negotiating") == "negotiating"

    assert (deal.signed_on, deal.recorded_at, OutboxMessage.objects.count()) == (None, None, owed)


@pytest.mark.clause("C9")
@pytest.mark.parametrize("stage", ["won", "lost", "warm", "", "x" * 500])
def test_no_card_is_won_or_lost_by_moving_it(tom: User, desk: Client, stage: str) -> None:
    assert moved(desk, a_deal(tom), stage) == "discovery"


def test_a_second_press_moves_nothing_and_records_nothing(tom: User, desk: Client) -> None:
    deal = a_deal(tom)
    moved(desk, deal, "proposal")
    moved(desk, deal, "proposal")

    assert AuditEntry.objects.filter(action="deal.moved", target_id=deal.pk).count() == 1


def test_a_deal_that_a_colleague_closed_meanwhile_says_so(tom: User, desk: Client) -> None:
    deal = a_deal(tom)
    lose_deal(deal=deal, reason="No budget.", by=tom, at=MONDAY)

    assert moved(desk, deal, "proposal") == "lost"
    assert 'data-tone="stop"' in desk.get(reverse("desk:board")).text


@pytest.mark.parametrize("role", [Role.FINANCE, Role.DIRECTOR])
def test_only_sales_moves_a_card(tom: User, role: Role) -> None:
    deal = a_deal(tom)
    other = signed_in(UserFactory(roles=[role]))

    assert other.post(reverse("desk:board_move", args=[deal.pk]), {"stage": "proposal"}).status_code == 403
    assert signed_in(tom).get(reverse("desk:board_move", args=[deal.pk])).status_code == 405


def test_more_cards_are_no_more_queries(tom: User, desk: Client) -> None:
    def fill() -> None:
        a_deal(tom, expected=100)
        partner = active_partner()
        registered(partner)
        asked(held(registered(partner, at=MONDAY - timedelta(days=9)), host=tom))

    def count() -> int:
        desk.get(reverse("desk:board"))
        with CaptureQueriesContext(connection) as asked_for:
            desk.get(reverse("desk:board"))
        return len(asked_for)

    fill()
    few = count()
    for _n in range(3):
        fill()

    assert count() == few


def test_a_meeting_that_runs_is_no_longer_before_the_first(tom: User) -> None:
    """Nobody has been asked yet, and nobody needs to book it any more."""
    referral = registered(at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    held(referral, host=tom, starts_at=MONDAY - timedelta(hours=2))

    assert lane("meeting", tom).tickets == []

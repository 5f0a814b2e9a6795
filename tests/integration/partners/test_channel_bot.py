"""The bot at work: outbox, services and the real slack-sdk, against the stand-in over HTTP (C15, C16)."""

import secrets
from datetime import timedelta

import pytest

from partners.channel_words import why
from partners.models import Announcement, ChannelAccess, ChannelTask, Partner, Profile
from partners.services.announcements import announce_partner
from partners.services.channel_endings import withdraw_channels
from partners.services.channels import grant_channels
from partners.services.starting import start_partnership
from ssp.core import clock, outbox
from ssp.core.models import OutboxMessage
from ssp.sandbox.slack.store import Workspace
from ssp.slack.sdk import SlackSdk
from tests.factories.channels import LINK, ChannelFactory, SlackChannelFactory, end
from tests.factories.partners import ApplicantFactory, PartnerFactory, signed_contract
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def room(slack: Workspace, at_monday) -> object:
    """A channel at Slack, with the bot in it, that announces."""
    channel_id = f"C{secrets.token_hex(5).upper()}"
    slack.add_channel(channel_id, channel_id.lower())
    return SlackChannelFactory(announces=True, slack_channel_id=channel_id)


def started(**partner: object) -> Partner:
    contract = signed_contract(ApplicantFactory(**partner), at=MONDAY)
    return start_partnership(contract, started_at=MONDAY, at=MONDAY)


def invited(partner: Partner) -> ChannelAccess:
    (access,) = grant_channels(partner=partner, at=MONDAY)
    deliver_kind("partners.invite_to_channel")
    access.refresh_from_db()
    return access


def message(kind: str) -> OutboxMessage:
    return OutboxMessage.objects.get(kind=kind)


# --- letting in -------------------------------------------------------------------
@pytest.mark.clause("C15")
def test_a_partner_from_outside_is_invited_by_slack_connect(slack: Workspace, room) -> None:
    access = invited(PartnerFactory())

    assert (access.how, access.invited_at, access.slack_user_id) == ("bot", MONDAY, "")
    assert [row["email"] for row in slack.invites(room.slack_channel_id)] == [access.partner.user.email]


@pytest.mark.clause("C15")
def test_a_partner_in_our_workspace_is_put_into_the_channel(slack: Workspace, room) -> None:
    partner = PartnerFactory(user__email=f"{room.slack_channel_id}@people.example".lower())
    user_id = slack.add_user(partner.user.email, "Pieter Vos")

    access = invited(partner)

    assert access.slack_user_id == user_id
    assert user_id in slack.members(room.slack_channel_id)


@pytest.mark.clause("C15")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("invalid_auth", "invalid_auth"),
        ("missing_scope", "missing_scope"),
        ("no_inviting", "restricted_action"),
    ],
)
def test_what_slack_refuses_is_a_task_with_a_sentence(slack: Workspace, room, fault: str, code: str) -> None:
    slack.set_fault(fault, -1)

    access = invited(PartnerFactory())

    task = ChannelTask.objects.get()
    assert (task.kind, task.reason, access.how, access.invited_at) == ("invite", code, "hand", None)
    assert code not in why(task)
    assert message("partners.invite_to_channel").done_at


@pytest.mark.clause("C15")
def test_a_channel_slack_does_not_know_is_a_task(slack: Workspace, at_monday) -> None:
    SlackChannelFactory(slack_channel_id="C0GONE", invitation_link=LINK)

    access = invited(PartnerFactory())

    assert ChannelTask.objects.get().reason == "channel_not_found"
    assert access.how == "link"  # meanwhile they can use that


@pytest.mark.clause("C15")
def test_a_limit_is_waited_for_as_long_as_slack_says(slack: Workspace, room) -> None:
    slack.set_fault("rate_limit", 1)
    before = clock.wall()

    access = invited(PartnerFactory())

    waiting = message("partners.invite_to_channel")
    assert access.invited_at is None
    assert (waiting.dead_at, waiting.attempts, waiting.last_error) == (None, 0, "ratelimited")
    assert timedelta(seconds=6) < waiting.next_try_at - before < timedelta(seconds=20)


@pytest.mark.clause("C15")
@pytest.mark.parametrize("fault", ["outage", "garbage", "internal_error", "lost_answer"])
def test_what_passes_at_slack_is_tried_again(slack: Workspace, room, fault: str) -> None:
    partner = PartnerFactory(user__email=f"{room.slack_channel_id}.{fault}@people.example".lower())
    slack.add_user(partner.user.email, "Pieter Vos")
    slack.set_fault(fault, 1)

    first = invited(partner).invited_at
    deliver_kind("partners.invite_to_channel")

    access = ChannelAccess.objects.get()
    assert (first, access.invited_at) == (None, MONDAY)
    assert not ChannelTask.objects.exists()


@pytest.mark.clause("C15")
def test_whose_partnership_ended_meanwhile_is_not_invited(slack: Workspace, room) -> None:
    partner = PartnerFactory(started_at=MONDAY - timedelta(days=2))
    grant_channels(partner=partner, at=MONDAY - timedelta(days=1))
    end(partner, at=MONDAY)

    deliver_kind("partners.invite_to_channel")

    assert slack.invites(room.slack_channel_id) == []


# --- taking out -------------------------------------------------------------------
@pytest.mark.clause("C15")
def test_on_the_last_day_the_bot_removes_whom_it_can(slack: Workspace, room) -> None:
    partner = PartnerFactory(user__email=f"out.{room.slack_channel_id}@people.example".lower())
    user_id = slack.add_user(partner.user.email, "Pieter Vos")
    access = invited(partner)
    end(partner, at=TUESDAY)
    withdraw_channels(partner=partner, at=TUESDAY)

    deliver_kind("partners.remove_from_channel")

    access.refresh_from_db()
    assert user_id not in slack.members(room.slack_channel_id)
    assert (access.removal, ChannelTask.objects.count()) == ("bot", 0)


@pytest.mark.clause("C15")
def test_whom_the_bot_can_not_remove_is_left_to_people(slack: Workspace, room) -> None:
    access = invited(PartnerFactory())
    slack.accept_invite(slack.invites(room.slack_channel_id)[0]["id"])
    end(access.partner, at=TUESDAY)
    withdraw_channels(partner=access.partner, at=TUESDAY)

    deliver_kind("partners.remove_from_channel")

    task = ChannelTask.objects.get()
    assert (task.kind, task.reason) == ("remove", "user_not_found")


@pytest.mark.clause("C15")
def test_a_removal_whose_answer_was_lost_is_found_done(slack: Workspace, room) -> None:
    partner = PartnerFactory(user__email=f"lost.{room.slack_channel_id}@people.example".lower())
    slack.add_user(partner.user.email, "Pieter Vos")
    access = invited(partner)
    end(partner, at=TUESDAY)
    withdraw_channels(partner=partner, at=TUESDAY)
    slack.set_fault("lost_answer", 1)

    deliver_kind("partners.remove_from_channel")
    deliver_kind("partners.remove_from_channel")

    access.refresh_from_db()
    assert access.removal == "bot"


@pytest.mark.clause("C15")
def test_who_came_back_in_time_is_not_removed(slack: Workspace, room) -> None:
    partner = PartnerFactory(user__email=f"back.{room.slack_channel_id}@people.example".lower())
    user_id = slack.add_user(partner.user.email, "Pieter Vos")
    invited(partner)
    end(partner, at=TUESDAY)
    withdraw_channels(partner=partner, at=TUESDAY)
    start_partnership(signed_contract(partner, at=TUESDAY), started_at=TUESDAY, at=TUESDAY)
    grant_channels(partner=partner, at=TUESDAY)

    deliver_kind("partners.remove_from_channel")

    assert user_id in slack.members(room.slack_channel_id)


# --- announcing -------------------------------------------------------------------
@pytest.mark.clause("C16")
def test_a_partner_who_agreed_is_announced_when_the_partnership_starts(slack: Workspace, room) -> None:
    partner = started(display_name="Ines <!channel> Marchetti", country="NL")

    deliver_kind("partners.announce_partner")
    deliver_kind("partners.post_announcement")

    (posted,) = slack.messages(room.slack_channel_id)
    assert posted["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": "Ines <!channel> Marchetti (Netherlands) is a new sales partner of SeMI. Welcome!",
        "emoji": False,
    }
    assert "<!channel>" not in posted["text"]
    assert Announcement.objects.get(contract__partner=partner).slack_ts == posted["ts"]


@pytest.mark.clause("C16")
def test_the_news_says_the_shown_trade_and_leads_to_the_partners_page(slack: Workspace, room) -> None:
    partner = started(display_name="Ines Marchetti")
    Profile.objects.filter(partner=partner).update(headline="Retail and energy", shown=["headline"])

    deliver_kind("partners.announce_partner")
    deliver_kind("partners.post_announcement")

    (posted,) = slack.messages(room.slack_channel_id)
    assert posted["blocks"][0]["text"]["text"].endswith("Welcome! Retail and energy")
    assert "/partners/ines-marchetti" in str(posted["blocks"])


@pytest.mark.clause("C16")
def test_who_did_not_agree_is_not_announced(slack: Workspace, room) -> None:
    started(listing_consent=False)

    deliver_kind("partners.announce_partner")

    assert not Announcement.objects.exists()


@pytest.mark.clause("C16")
def test_who_takes_their_consent_back_before_the_post_is_not_announced(slack: Workspace, room) -> None:
    partner = started()
    deliver_kind("partners.announce_partner")
    Partner.objects.filter(pk=partner.pk).update(listing_consent=False)

    deliver_kind("partners.post_announcement")

    assert slack.messages(room.slack_channel_id) == []


@pytest.mark.clause("C16")
def test_a_start_is_announced_once_however_often_it_is_told(slack: Workspace, room) -> None:
    partner = started()
    contract = partner.contracts.get()

    for _time in range(3):
        start_partnership(contract, started_at=MONDAY, at=TUESDAY)
        deliver_kind("partners.announce_partner")
        announce_partner(partner=partner, contract=contract, at=TUESDAY)
        deliver_kind("partners.post_announcement")

    assert len(slack.messages(room.slack_channel_id)) == 1


@pytest.mark.clause("C16")
def test_another_contract_within_the_partnership_is_no_news(slack: Workspace, room) -> None:
    partner = started()
    renewed = signed_contract(partner, at=TUESDAY)

    start_partnership(renewed, started_at=TUESDAY, at=TUESDAY)

    assert OutboxMessage.objects.filter(kind="partners.announce_partner").count() == 1


@pytest.mark.clause("C16")
def test_a_start_that_docusigns_clock_puts_in_the_next_moment_is_waited_for(slack: Workspace, room) -> None:
    at = MONDAY + timedelta(seconds=1)
    start_partnership(signed_contract(ApplicantFactory(), at=at), started_at=at, at=MONDAY)

    deliver_kind("partners.announce_partner")

    waiting = message("partners.announce_partner")
    assert (waiting.done_at, waiting.dead_at) == (None, None)


@pytest.mark.clause("C16")
def test_a_worker_that_dies_after_slack_said_yes_posts_nothing_twice(
    slack: Workspace, room, monkeypatch: pytest.MonkeyPatch
) -> None:
    started()
    deliver_kind("partners.announce_partner")

    def die(*args: object, **said: object) -> None:
        raise SystemExit("killed")  # no handler of the outbox catches this

    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        killed.setattr("partners.services.announcements.audit.record", die)
        deliver_kind("partners.post_announcement")
    assert Announcement.objects.get().posted_at is None  # nothing of the first try is left with us
    deliver_kind("partners.post_announcement")

    (posted,) = slack.messages(room.slack_channel_id)
    assert Announcement.objects.get().slack_ts == posted["ts"]


@pytest.mark.clause("C16")
def test_without_the_look_a_dead_worker_would_post_twice(
    slack: Workspace, room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, without its guard."""
    monkeypatch.setattr(SlackSdk, "_find_post", lambda *args: "")
    started()
    deliver_kind("partners.announce_partner")
    (owed,) = OutboxMessage.objects.filter(kind="partners.post_announcement")
    for _try in range(2):
        outbox._handlers[owed.kind](owed)
        Announcement.objects.update(posted_at=None, slack_ts="")

    assert len(slack.messages(room.slack_channel_id)) == 2


@pytest.mark.clause("C16")
def test_a_limit_while_announcing_is_waited_for(slack: Workspace, room) -> None:
    started()
    deliver_kind("partners.announce_partner")
    slack.set_fault("rate_limit", 1)

    deliver_kind("partners.post_announcement")
    waiting = message("partners.post_announcement")
    deliver_kind("partners.post_announcement")

    assert (waiting.done_at, waiting.attempts) == (None, 0)
    assert len(slack.messages(room.slack_channel_id)) == 1


@pytest.mark.clause("C16")
def test_what_slack_does_not_let_the_bot_post_is_announced_by_a_person(slack: Workspace, room) -> None:
    slack.set_fault("no_posting", -1)
    started()

    deliver_kind("partners.announce_partner")
    deliver_kind("partners.post_announcement")

    task = ChannelTask.objects.get(kind="announce")
    assert task.reason == "not_in_channel"


@pytest.mark.clause("C16")
def test_without_a_bot_a_person_announces(at_monday) -> None:
    ChannelFactory()
    channel = SlackChannelFactory(announces=True)
    started()

    deliver_kind("partners.announce_partner")

    task = ChannelTask.objects.get(kind="announce")
    assert (task.channel, task.reason) == (channel, "no_bot")

"""Our client, through the unmodified slack-sdk, against the stand-in over HTTP."""

import logging
import secrets
from datetime import timedelta

import pytest

from ssp.core import clock
from ssp.sandbox.slack.store import BOT, Workspace
from ssp.slack.client import (
    Post,
    RateLimited,
    SlackError,
    SlackRefused,
    SlackService,
    SlackUnavailable,
    Way,
    slack_service,
)

HELLO = Post(text="Ines Marchetti is a new sales partner.")


@pytest.fixture
def service(slack: Workspace) -> SlackService:
    one = slack_service()
    assert one is not None
    return one


@pytest.fixture
def channel(slack: Workspace) -> str:
    """A channel of the test's own, with the bot in it."""
    channel_id = f"C{secrets.token_hex(5).upper()}"
    slack.add_channel(channel_id, channel_id.lower())
    return channel_id


def somebody() -> str:
    return f"{secrets.token_hex(5)}@people.example"


def post(service: SlackService, channel: str, marker: str, what: Post = HELLO) -> str:
    return service.post(channel, what, marker=marker, since=clock.wall() - timedelta(minutes=1))


# --- inviting ---------------------------------------------------------------------
def test_a_member_of_the_workspace_is_brought_in_at_once(slack, service, channel) -> None:
    email = somebody()
    user_id = slack.add_user(email, "Pieter Vos")

    invited = service.invite(channel, email=email)

    assert (invited.way, invited.user_id) == (Way.MEMBER, user_id)
    assert user_id in slack.members(channel)


def test_somebody_from_outside_is_invited_by_slack_connect(slack, service, channel) -> None:
    email = somebody()

    assert service.invite(channel, email=email).way is Way.CONNECT
    assert [row["email"] for row in slack.invites(channel)] == [email]


def test_who_is_in_already_is_left_alone(slack, service, channel) -> None:
    email = somebody()
    slack.put_in(channel, slack.add_user(email, "Pieter Vos"))

    assert service.invite(channel, email=email).way is Way.ALREADY


def test_an_outsider_who_accepted_is_in_already(slack, service, channel) -> None:
    email = somebody()
    service.invite(channel, email=email)
    slack.accept_invite(slack.invites(channel)[0]["id"])

    assert service.invite(channel, email=email).way is Way.ALREADY


def test_an_unknown_channel_is_refused(service) -> None:
    with pytest.raises(SlackRefused, match=r"^channel_not_found$"):
        service.invite("C0NOWHERE", email=somebody())


# --- removing ---------------------------------------------------------------------
def test_a_member_is_removed_and_stays_removed(slack, service, channel) -> None:
    email = somebody()
    user_id = slack.add_user(email, "Pieter Vos")
    slack.put_in(channel, user_id)

    service.remove(channel, email=email)
    service.remove(channel, email=email, user_id=user_id)

    assert slack.members(channel) == [BOT]


def test_a_bot_outside_the_channel_does_not_take_its_own_absence_for_theirs(slack, service) -> None:
    channel, email = f"C{secrets.token_hex(5).upper()}", somebody()
    slack.add_channel(channel, "without-bot", with_bot=False)
    slack.put_in(channel, slack.add_user(email, "Pieter Vos"))

    with pytest.raises(SlackRefused, match=r"^not_in_channel$"):
        service.remove(channel, email=email)


def test_whom_slack_does_not_know_is_left_to_people(service, channel) -> None:
    with pytest.raises(SlackRefused, match=r"^user_not_found$"):
        service.remove(channel, email=somebody())


# --- posting ----------------------------------------------------------------------
def test_a_message_is_posted_once_however_often_it_is_asked_for(slack, service, channel) -> None:
    first = post(service, channel, "marker-1")

    assert post(service, channel, "marker-1") == first
    assert len(slack.messages(channel)) == 1


def test_another_marker_is_another_message(slack, service, channel) -> None:
    post(service, channel, "marker-1")
    post(service, channel, "marker-2")

    assert len(slack.messages(channel)) == 2


def test_an_answer_lost_on_the_way_makes_no_second_message(slack, service, channel) -> None:
    slack.set_fault("lost_answer", 1)

    ts = post(service, channel, "marker-1")

    assert [message["ts"] for message in slack.messages(channel)] == [ts]


def test_the_message_is_found_behind_many_others(slack, service, channel) -> None:
    first = post(service, channel, "marker-1")
    for number in range(410):
        slack.add_message(channel, {"text": f"chat {number}"})

    assert post(service, channel, "marker-1") == first


def test_the_marker_is_found_without_the_scope_for_metadata(slack, service, channel) -> None:
    slack.add_message(channel, {"text": "x", "blocks": [{"type": "section", "block_id": "marker-1"}]})

    post(service, channel, "marker-1")

    assert len(slack.messages(channel)) == 1


def test_a_name_that_looks_like_a_mention_calls_nobody(slack, service, channel) -> None:
    post(
        service,
        channel,
        "marker-1",
        Post(text="<!channel> & co", url="https://x.example/?a=1&b=2", label="See"),
    )

    (message,) = slack.messages(channel)
    assert message["text"] == "&lt;!channel&gt; &amp; co"
    assert message["blocks"][0]["text"]["type"] == "plain_text"
    assert message["blocks"][1]["text"]["text"] == "<https://x.example/?a=1&amp;b=2|See>"


# --- failing ----------------------------------------------------------------------
@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope"])
def test_what_only_a_person_can_mend_is_a_refusal_with_slacks_code(slack, service, channel, code) -> None:
    slack.set_fault(code, 1)

    with pytest.raises(SlackRefused, match=rf"^{code}$"):
        post(service, channel, "marker-1")


@pytest.mark.parametrize("fault", ["outage", "garbage", "internal_error"])
def test_what_passes_is_tried_again_later(slack, service, channel, fault) -> None:
    slack.set_fault(fault, 1)

    with pytest.raises(SlackUnavailable):
        post(service, channel, "marker-1")
    assert slack.messages(channel) == []


def test_a_limit_says_how_long_to_wait(slack, service, channel) -> None:
    slack.set_fault("rate_limit", 1)

    with pytest.raises(RateLimited) as limited:
        service.invite(channel, email=somebody())
    assert limited.value.retry_after == timedelta(seconds=7)


def test_nobody_listening_is_an_outage(slack, settings) -> None:
    settings.SLACK = {**settings.SLACK, "API_URL": "http://127.0.0.1:9/"}

    with pytest.raises(SlackUnavailable):
        slack_service().invite("C0", email=somebody())


def test_the_logs_hold_no_address_and_no_token(
    slack, service, channel, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    email = somebody()
    with caplog.at_level(logging.DEBUG):
        for fault in ("garbage", "outage", "invalid_auth", "lost_answer"):
            slack.set_fault(fault, 1)
            with pytest.raises(SlackError):
                service.invite(channel, email=email)

    seen = capsys.readouterr()
    told = caplog.text + seen.out + seen.err
    assert "slack.failed" in told
    assert email not in told
    assert "xoxb" not in told


def test_without_a_token_there_is_no_service(settings) -> None:
    assert slack_service() is None

"""What the application asks of Slack, in its own words. `ssp.slack.sdk` answers with the real SDK.

Without a bot token there is no service, and people do the work. No error of this module carries personal
data: Slack's error codes and HTTP statuses only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Way(StrEnum):
    """How somebody came into a channel."""

    MEMBER = "member"
    """Of our workspace: they are in the channel now."""
    CONNECT = "connect"
    """Of another one, or of none yet: Slack mailed them an invitation (Slack Connect)."""
    ALREADY = "already"


@dataclass(frozen=True, kw_only=True)
class Invited:
    """What an invitation did; `user_id` is Slack's, where it knows the person."""

    way: Way
    user_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message: words as they are (nothing in them is a mention or a link), and perhaps one link beneath."""

    text: str
    url: str = ""
    label: str = ""


class SlackError(Exception):
    """Something went wrong between Slack and us."""


class SlackUnavailable(SlackError):
    """No answer, or none that Slack would give: try again later. What was asked may have happened."""


class RateLimited(SlackUnavailable):
    """Too many calls: nothing happened; try again after `retry_after`."""

    def __init__(self, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(f"ratelimited, again after {int(retry_after.total_seconds())} s")


class SlackRefused(SlackError):
    """Slack said no, and would again: a person must do it, or mend the app's settings at Slack."""

    def __init__(self, error_code: str) -> None:
        self.error_code = error_code
        super().__init__(error_code)


class SlackService(Protocol):
    """Looks after channels with a bot's token.

    :raises SlackUnavailable, RateLimited, SlackRefused: any call may.
    """

    def invite(self, channel_id: str, *, email: str) -> Invited:
        """Bring somebody into the channel: at once as a member of our workspace, else by Slack Connect.

        Repeated, it changes nothing for who is in; a pending Connect invitation may be mailed once more.
        """

    def remove(self, channel_id: str, *, email: str, user_id: str = "") -> None:
        """Take somebody out of the channel; who isn't in it any more stays out.

        :raises SlackRefused: Slack doesn't know them here, or doesn't let a bot remove them.
        """

    def post(self, channel_id: str, post: Post, *, marker: str, since: datetime) -> str:
        """Post a message once per `marker`, and return its timestamp at Slack.

        Call it again with the same `marker` after any doubt: it looks before it posts.

        :param marker: unique, at most 64 characters, stored before the first call.
        :param since: a moment before the first call: older messages aren't looked at.
        """


_IMPLEMENTATION = "ssp.slack.sdk.SlackSdk"


def has_bot() -> bool:
    """Tell whether a bot's token is configured."""
    return bool(settings.SLACK["BOT_TOKEN"])


def slack_service() -> SlackService | None:
    """Return a service for one task, or None when there is no bot. The SDK is imported only by who asks."""
    if not has_bot():
        return None
    service: SlackService = import_string(_IMPLEMENTATION)()
    return service

"""The real `slack-sdk` behind `SlackService`, with its traps closed.

By default the SDK repeats a call whose connection broke, which would post twice: the outbox does that, after
looking. It takes its proxy from the environment and doesn't know `NO_PROXY`: urllib does. Answers and tokens
are never logged, and no error keeps an exception of the SDK as its cause, whose text
carries the answer's body.

Slack has no idempotency key. A message carries its marker twice: as `metadata`, its proper place, and as
the `block_id` of its first block, which `conversations.history` shows without a further scope.

Whoever isn't a member of the workspace is invited by Slack Connect (`conversations.inviteShared`): inviting
into the workspace itself (`admin.users.invite`) is for Enterprise alone, and partners are outsiders.
"""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any

import structlog
from django.conf import settings
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient

from ssp.slack.client import Invited, Post, RateLimited, SlackError, SlackRefused, SlackUnavailable, Way

log = structlog.get_logger(__name__)

TIMEOUT = 10  # seconds a call; a post is three calls at most, which stays below the outbox's lease
WAIT = timedelta(seconds=60)  # when Slack doesn't say how long
SLACK_CLOCK = timedelta(minutes=5)  # how far its clock may be from ours
PAGE = 200
MOST_PAGES = 25
EVENT = "ssp_announcement"
CODE = re.compile(r"[a-z0-9_]{1,64}")
LIMITS = {"ratelimited", "ratelimit", "rate_limited"}
PASSING = {  # Slack's own trouble: it may have happened, and another try may go well
    "fatal_error",
    "internal_error",
    "invite_lookup_error",
    "org_login_required",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
IN_ALREADY = {"already_in_channel"}
UNKNOWN = {"users_not_found", "user_not_found"}


class SlackSdk:
    """See `SlackService`."""

    def __init__(self) -> None:
        self._web = WebClient(
            token=settings.SLACK["BOT_TOKEN"],
            base_url=settings.SLACK["API_URL"],
            timeout=TIMEOUT,
            retry_handlers=[],
            logger=logging.getLogger("slack_sdk"),
        )
        self._web.proxy = None

    def invite(self, channel_id: str, *, email: str) -> Invited:
        """See `SlackService`."""
        user_id = self._find_member(email)
        try:
            if user_id:
                self._call(lambda: self._web.conversations_invite(channel=channel_id, users=user_id))
                return Invited(way=Way.MEMBER, user_id=user_id)
            self._call(lambda: self._web.conversations_inviteShared(channel=channel_id, emails=email))
        except SlackRefused as refused:
            if refused.error_code not in IN_ALREADY:
                raise
            return Invited(way=Way.ALREADY, user_id=user_id)
        return Invited(way=Way.CONNECT)

    def remove(self, channel_id: str, *, email: str, user_id: str = "") -> None:
        """See `SlackService`."""
        member = user_id or self._find_member(email)
        if not member:
            raise SlackRefused("user_not_found")
        try:
            self._call(lambda: self._web.conversations_kick(channel=channel_id, user=member))
        except SlackRefused as refused:
            # Slack says the same when the bot isn't in the channel: look who is.
            if refused.error_code != "not_in_channel" or member in self._members(channel_id):
                raise

    def post(self, channel_id: str, post: Post, *, marker: str, since: datetime) -> str:
        """See `SlackService`."""
        if earlier := self._find_post(channel_id, marker, since):
            log.info("slack.post_found", marker=marker)
            return earlier
        try:
            answer = self._call(lambda: self._web.chat_postMessage(**_message(channel_id, post, marker)))
            if not answer.get("ts"):
                raise SlackUnavailable("an answer without a timestamp")
        except RateLimited:
            raise
        except SlackUnavailable:
            # It may have been posted. If it isn't to be seen yet, the next try looks again before it posts.
            if found := self._find_post(channel_id, marker, since):
                log.warning("slack.answer_lost", marker=marker)
                return found
            raise
        return str(answer["ts"])

    # --- looking ---------------------------------------------------------------

    def _find_member(self, email: str) -> str:
        """Return the id of a member of our workspace by their address, or nothing."""
        try:
            user = self._call(lambda: self._web.users_lookupByEmail(email=email))["user"]
        except SlackRefused as refused:
            if refused.error_code not in UNKNOWN:
                raise
            return ""
        if not isinstance(user, dict) or not user.get("id"):
            raise SlackUnavailable("an answer without a person")
        return "" if user.get("deleted") else str(user["id"])

    def _find_post(self, channel_id: str, marker: str, since: datetime) -> str:
        oldest = f"{(since - SLACK_CLOCK).timestamp():.6f}"
        pages = self._pages(
            lambda cursor: self._web.conversations_history(
                channel=channel_id, oldest=oldest, limit=PAGE, cursor=cursor, include_all_metadata=True
            ),
            "messages",
        )
        return next((str(message["ts"]) for message in pages if _carries(message, marker)), "")

    def _members(self, channel_id: str) -> set[str]:
        return set(
            self._pages(
                lambda cursor: self._web.conversations_members(channel=channel_id, limit=PAGE, cursor=cursor),
                "members",
            )
        )

    def _pages(self, ask: Callable[[str | None], SlackResponse], what: str) -> Iterator[Any]:
        cursor: str | None = None
        for _page in range(MOST_PAGES):
            answer = self._call(partial(ask, cursor))
            # "Nothing found" must have been said, or we would post twice.
            if not isinstance(answer.get(what), list):
                raise SlackUnavailable("an answer without a list")
            yield from answer[what]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
        raise SlackRefused("too_many_pages")

    # --- how we ask ------------------------------------------------------------

    def _call(self, ask: Callable[[], SlackResponse]) -> dict[str, Any]:
        """Run a call of the SDK and translate every way in which it can fail."""
        failure: SlackError
        try:
            data = ask().data
            if isinstance(data, dict):
                return data
            failure = SlackUnavailable("an answer that can't be read")
        except SlackApiError as error:
            failure = _failure(error.response)
        except (OSError, HTTPException, SlackClientError) as error:
            failure = SlackUnavailable(type(error).__name__)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            failure = SlackUnavailable(f"an answer that can't be read ({type(error).__name__})")
        log.warning("slack.failed", error=str(failure), kind=type(failure).__name__)
        raise failure from None


def _failure(response: Any) -> SlackError:
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error", ""))
    if response.status_code == 429 or code in LIMITS:
        return RateLimited(_wait(response.headers))
    if response.status_code >= 500 or code in PASSING:
        return SlackUnavailable(code if code in PASSING else f"HTTP {response.status_code}")
    if not CODE.fullmatch(code):  # of an answer that is no JSON the SDK makes an error with its body
        return SlackUnavailable("an answer that isn't Slack's")
    return SlackRefused(code)


def _wait(headers: dict[str, str]) -> timedelta:
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = str(said).strip()
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isdecimal() else WAIT


def _carries(message: Any, marker: str) -> bool:
    if not isinstance(message, dict):
        return False
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    blocks = [block for block in message.get("blocks") or [] if isinstance(block, dict)]
    return payload.get("marker") == marker or any(block.get("block_id") == marker for block in blocks)


def escaped(text: str) -> str:
    """Return words that Slack shows as they are: a name such as `<!channel>` calls nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _message(channel_id: str, post: Post, marker: str) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [
        {
            "type": "section",
            "block_id": marker,
            "text": {"type": "plain_text", "text": post.text[:3000], "emoji": False},
        }
    ]
    if post.url:
        link = f"<{escaped(post.url)}|{escaped(post.label or post.url)}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
    return {
        "channel": channel_id,
        "text": escaped(post.text),  # what notifications show
        "mrkdwn": False,
        "blocks": blocks,
        "metadata": {"event_type": EVENT, "event_payload": {"marker": marker}},
        "unfurl_links": False,
        "unfurl_media": False,
    }

"""The methods of Slack's Web API that the application uses, in their shapes.

As at Slack every method takes POST, an error is 200 with `"ok": false`, a limit is 429 with Retry-After, and
a message posted twice is two messages.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from ssp.sandbox.docusign.faults import MAINTENANCE, cut
from ssp.sandbox.slack import BOT_TOKEN
from ssp.sandbox.slack.faults import AS_CODES, ONLY_FOR, RETRY_AFTER
from ssp.sandbox.slack.store import BOT, TEAM, Workspace, path_in

_current: Workspace | None = None


def install(state: Path) -> Workspace:
    """Open the workspace of a state directory for this process."""
    global _current
    _current = Workspace(path_in(state))
    return _current


class No(Exception):
    """What Slack says in `error`."""


Arguments = dict[str, Any]
Method = Callable[[Workspace, Arguments], dict[str, Any]]


def call(request: HttpRequest, method: str) -> HttpResponse:
    """Answer one call: first what strikes on demand, then the token, then the method itself."""
    workspace = _current
    if workspace is None:
        raise RuntimeError("No workspace is open in this process.")
    if failed := _before(workspace, method):
        return failed
    try:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            raise No("not_authed" if "Authorization" not in request.headers else "invalid_auth")
        if method not in METHODS:
            raise No("unknown_method")
        answer = METHODS[method](workspace, _arguments(request))
    except No as no:
        return JsonResponse({"ok": False, "error": str(no)})
    if method in CHANGES and workspace.strikes("lost_answer"):
        return cut(request)
    return JsonResponse({"ok": True, **answer})


def _before(workspace: Workspace, method: str) -> HttpResponse | None:
    if workspace.strikes("outage"):
        return HttpResponse(MAINTENANCE, status=503, content_type="text/html")
    if workspace.strikes("garbage"):
        return HttpResponse(b"<!doctype html><p>Welcome", content_type="text/html")
    if workspace.strikes("rate_limit"):
        limited = JsonResponse({"ok": False, "error": "ratelimited"}, status=429)
        limited["Retry-After"] = str(RETRY_AFTER)
        return limited
    for name, code in AS_CODES.items():
        if method in ONLY_FOR.get(name, METHODS) and workspace.strikes(name):
            return JsonResponse({"ok": False, "error": code})
    return None


def _arguments(request: HttpRequest) -> Arguments:
    if request.content_type == "application/json":
        try:
            said = json.loads(request.body)
        except ValueError:
            raise No("invalid_json") from None
        if not isinstance(said, dict):
            raise No("json_not_object")
        return said
    return {**request.GET.dict(), **request.POST.dict()}


def _channel(workspace: Workspace, arguments: Arguments, *, with_bot: bool = True) -> str:
    channel_id = str(arguments.get("channel", ""))
    if channel_id not in workspace.channels():
        raise No("channel_not_found")
    if with_bot and BOT not in workspace.members(channel_id):
        raise No("not_in_channel")
    return channel_id


def lookup(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """users.lookupByEmail: members of the workspace alone; people of other workspaces stay unknown."""
    user = workspace.user(email=str(arguments.get("email", "")))
    if user is None or user["external"]:
        raise No("users_not_found")
    return {"user": {"id": user["id"], "team_id": TEAM, "name": user["name"], "deleted": False}}


def invite(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """conversations.invite."""
    channel_id = _channel(workspace, arguments)
    user = workspace.user(id=str(arguments.get("users", "")))
    if user is None:
        raise No("user_not_found")
    if user["id"] in workspace.members(channel_id):
        raise No("already_in_channel")
    workspace.put_in(channel_id, user["id"])
    return {"channel": {"id": channel_id, "name": workspace.channels()[channel_id]}}


def invite_shared(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """conversations.inviteShared: a mail to somebody outside, who may come in when they accept."""
    channel_id = _channel(workspace, arguments)
    email = str(arguments.get("emails", "")).lower()
    if not email:
        raise No("recipients_not_specified")
    if "@" not in email or "," in email:
        raise No("invalid_email" if "," not in email else "too_many_emails")
    known = workspace.user(email=email)
    if known and known["id"] in workspace.members(channel_id):
        raise No("already_in_channel")
    return {
        "invite_id": f"I{workspace.add_invite(channel_id, email):04d}",
        "is_legacy_shared_channel": False,
    }


def kick(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """conversations.kick: the bot removes members of its own workspace."""
    channel_id = _channel(workspace, arguments)
    user = workspace.user(id=str(arguments.get("user", "")))
    if user is None:
        raise No("user_not_found")
    if user["id"] not in workspace.members(channel_id):
        raise No("not_in_channel")
    if user["external"]:
        raise No("not_supported")
    workspace.take_out(channel_id, user["id"])
    return {}


def members(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """conversations.members, in pages."""
    page, cursor = _page(workspace.members(_channel(workspace, arguments, with_bot=False)), arguments)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def history(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """conversations.history, newest first, in pages; metadata for who asks for it."""
    found = workspace.messages(_channel(workspace, arguments))
    oldest = float(arguments.get("oldest") or 0)
    page, cursor = _page([each for each in found if float(each["ts"]) > oldest], arguments)
    if str(arguments.get("include_all_metadata", "")).lower() not in {"1", "true"}:
        page = [{name: value for name, value in each.items() if name != "metadata"} for each in page]
    return {"messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _page(found: list[Any], arguments: Arguments) -> tuple[list[Any], str]:
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    end = start + limit
    return found[start:end], str(end) if end < len(found) else ""


def post(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """chat.postMessage."""
    channel_id = _channel(workspace, arguments)
    if not arguments.get("text") and not arguments.get("blocks"):
        raise No("no_text")
    body = {name: arguments[name] for name in ("text", "blocks", "metadata") if arguments.get(name)}
    ts = workspace.add_message(channel_id, body)
    return {"channel": channel_id, "ts": ts, "message": {"user": BOT, "ts": ts, **body}}


METHODS: dict[str, Method] = {
    "chat.postMessage": post,
    "conversations.history": history,
    "conversations.invite": invite,
    "conversations.inviteShared": invite_shared,
    "conversations.kick": kick,
    "conversations.members": members,
    "users.lookupByEmail": lookup,
}
CHANGES = {"chat.postMessage", "conversations.invite", "conversations.inviteShared", "conversations.kick"}

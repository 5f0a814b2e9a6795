"""The stand-in's page on the sandbox: its channels, people and messages, and how it shall fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ssp.sandbox.slack.faults import FAULTS, NAMES
from ssp.sandbox.slack.store import BOT, Workspace, path_in

UNTIL_TAKEN_BACK = -1


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Open the file that the sandbox process keeps."""
    opened = Workspace(path_in(settings.STATE_DIR))
    try:
        yield opened
    finally:
        opened.close()


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show each channel with its people, pending invitations and messages."""
    with workspace() as slack:
        channels = [
            {
                "id": channel_id,
                "name": name,
                "members": [slack.user(id=each) for each in slack.members(channel_id) if each != BOT],
                "invites": [row for row in slack.invites(channel_id) if not row["accepted"]],
                "messages": [
                    {"at": _moment(message["ts"]), "lines": _lines(message)}
                    for message in slack.messages(channel_id)
                ],
            }
            for channel_id, name in slack.channels().items()
        ]
        active = slack.faults()
    rows = [{"fault": fault, "times": active.get(fault.name, 0)} for fault in FAULTS]
    return render(
        request,
        "sandbox/slack/home.html",
        {"channels": channels, "rows": rows, "any": bool(active), "is_used": _is_used()},
    )


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), tz=UTC)


def _lines(message: dict[str, object]) -> list[str]:
    blocks = message.get("blocks")
    if isinstance(blocks, list):
        return [str(block["text"]["text"]) for block in blocks]
    return [str(message.get("text", ""))]


def _is_used() -> bool:
    """Tell whether the application speaks to this stand-in, and not to another Slack."""
    return bool(settings.SANDBOX_URL) and settings.SLACK["API_URL"].startswith(settings.SANDBOX_URL)


@require_POST
def accept(request: HttpRequest, number: int) -> HttpResponse:
    """Let an invited person come in."""
    with workspace() as slack:
        slack.accept_invite(number)
    messages.success(request, _("They are in the channel now."))
    return redirect("sandbox:slack")


@require_POST
def faults(request: HttpRequest) -> HttpResponse:
    """Set a fault: `name` and `times` (-1: until taken back, 0: off); `clear` ends all."""
    with workspace() as slack:
        if request.POST.get("clear"):
            slack.clear_faults()
            return redirect("sandbox:slack")
        name = request.POST.get("name", "")
        try:
            times = int(request.POST.get("times", "1"))
        except ValueError:
            return HttpResponseBadRequest("times")
        if name not in NAMES or times < UNTIL_TAKEN_BACK:
            return HttpResponseBadRequest("name")
        slack.set_fault(name, times)
    return redirect("sandbox:slack")

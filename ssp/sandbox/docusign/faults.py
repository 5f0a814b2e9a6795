"""The ways in which DocuSign can fail, on demand: a number of times, or until it is taken back."""

import socket
import threading
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ssp.sandbox.docusign.errors import ApiError
from ssp.sandbox.docusign.store import Store

UNTIL_TAKEN_BACK = -1
HANG_SECONDS = 45.0
LATE_SECONDS = 5.0
MAINTENANCE = b"<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """One way to fail, and how a person is told of it."""

    name: str
    title: str | Promise
    effect: str | Promise
    counts: bool = True


FAULTS = [
    Fault("outage", _("Outage"), _("Every call, OAuth's too, is answered with 503 and an HTML page.")),
    Fault(
        "timeout", _("No answer"), _("A call hangs, is not done, and the connection ends without an answer.")
    ),
    Fault(
        "lost_answer",
        _("Answer lost"),
        _("The envelope is created or voided; the connection ends instead of the answer."),
    ),
    Fault(
        "garbage",
        _("Garbage"),
        _("A call isn't done and is answered with 200 and something that isn't JSON."),
    ),
    Fault(
        "invalid_token",
        _("Token refused"),
        _("A call is answered with 401, as for a token that ended early."),
    ),
    Fault("consent_required", _("No consent"), _("The token is refused until the user gives consent again.")),
    Fault(
        "rate_limit", _("Hourly limit"), _("A call is answered with 400 HOURLY_APIINVOCATION_LIMIT_EXCEEDED.")
    ),
    Fault(
        "polling_limit",
        _("Polling limit"),
        _("Asking for one envelope: 400 Hourly_Envelope_Polling_Limit_Exceeded."),
    ),
    Fault("too_many", _("Too many requests"), _("A call is answered with 429 and Retry-After.")),
    Fault("callbacks_none", _("No callbacks"), _("Connect keeps silent."), counts=False),
    Fault(
        "callbacks_twice",
        _("Callbacks twice"),
        _("Connect sends each message twice, byte for byte."),
        counts=False,
    ),
    Fault(
        "callbacks_late",
        _("Late callbacks"),
        _("Connect sends each message five seconds late."),
        counts=False,
    ),
    Fault(
        "callbacks_reversed",
        _("Callbacks out of order"),
        _("Messages that end an envelope overtake the earlier ones."),
        counts=False,
    ),
    Fault(
        "callbacks_forged", _("Wrong signature"), _("Connect signs with a key that isn't ours."), counts=False
    ),
]
NAMES = {fault.name for fault in FAULTS}


class Faults:
    """What is switched on, and what it does to a call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let go of calls that hang."""
        self._stopping.set()

    def active(self) -> dict[str, int]:
        return self._store.faults()

    def set(self, name: str, times: int) -> None:
        """Switch a fault on for that many times (-1: until taken back) or off (0)."""
        if name not in NAMES:
            raise KeyError(name)
        self._store.set_fault(name, times)

    def clear(self) -> None:
        for name in NAMES:
            self._store.set_fault(name, 0)

    def strikes(self, name: str) -> bool:
        return self._store.take_fault(name)

    def before_any_call(self, request: HttpRequest) -> HttpResponse | None:
        """What fails before the call was understood: the network, the front door."""
        if self.strikes("outage"):
            return HttpResponse(MAINTENANCE, status=503, content_type="text/html")
        if self.strikes("timeout"):
            self._stopping.wait(HANG_SECONDS)
            return cut(request)
        if self.strikes("garbage"):
            return HttpResponse(b"<!doctype html><p>Welcome", content_type="text/html")
        return None

    def before_api_call(self) -> None:
        """What the API itself refuses."""
        if self.strikes("invalid_token"):
            raise ApiError(
                401,
                "AUTHORIZATION_INVALID_TOKEN",
                "The access token provided is expired, revoked or malformed.",
            )
        if self.strikes("rate_limit"):
            raise ApiError(
                400,
                "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
                "The maximum number of hourly API invocations has been exceeded.",
            )
        if self.strikes("too_many"):
            raise ApiError(429, "TOO_MANY_REQUESTS", "Too many requests.", retry_after=7)

    def before_polling(self) -> None:
        if self.strikes("polling_limit"):
            raise ApiError(
                400,
                "Hourly_Envelope_Polling_Limit_Exceeded",
                "The maximum number of hourly polls of this envelope has been exceeded.",
            )

    def after_change(self, request: HttpRequest) -> HttpResponse | None:
        """What is lost when the work is done."""
        return cut(request) if self.strikes("lost_answer") else None


def cut(request: HttpRequest) -> HttpResponse:
    """End the connection under the answer's feet."""
    connection: socket.socket = request.environ["sandbox.connection"]  # type: ignore[attr-defined]
    connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=502)

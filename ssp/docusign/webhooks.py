"""Connect's messages: is it DocuSign who speaks, what does it say, and remember it.

There is no nonce, so a replay is harmless by design: the same body is stored once, and whoever works on an
event asks DocuSign for the envelope's present state instead of believing the message.
"""

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dateutil.parser import isoparse
from django.db import transaction

from ssp.core import outbox
from ssp.docusign.models import ConnectEvent

SIGNATURE_HEADER = "x-docusign-signature-"
EVENT_KIND = "docusign.event"
WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class NotConnect(Exception):
    """A message that has the right signature but not the shape of a JSON SIM message."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What we keep of one Connect message."""

    account_id: str
    envelope_id: str
    event: str
    generated_at: datetime
    details: dict[str, str | int]


def sign(body: bytes, key: str) -> bytes:
    """Return the signature of a message as DocuSign writes it: the key counts as text."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest())


def is_signed(body: bytes, headers: Mapping[str, str], *, keys: Iterable[str]) -> bool:
    """Return whether any signature header is the HMAC of `body` under any active key.

    DocuSign sends one header per active key (`X-DocuSign-Signature-1..N`), so keys change without a gap.
    """
    given = [value.encode() for name, value in headers.items() if name.lower().startswith(SIGNATURE_HEADER)]
    wanted = [sign(body, key) for key in keys if key]
    # No `any()`: every pair is compared, so time tells nothing.
    return sum(hmac.compare_digest(ours, theirs) for ours in wanted for theirs in given) > 0


def read(body: bytes) -> Message:
    """Read a JSON SIM message. :raises NotConnect: it isn't one."""
    try:
        said = json.loads(body)
        data = said["data"]
        details: dict[str, str | int] = {"retry_count": int(said.get("retryCount") or 0)}
        if said.get("configurationId"):
            details["configuration_id"] = _word(str(said["configurationId"]))
        if data.get("recipientId"):
            details["recipient_id"] = _word(str(data["recipientId"]))
        generated_at = isoparse(said["generatedDateTime"])
        return Message(
            account_id=str(uuid.UUID(data["accountId"])),
            envelope_id=str(uuid.UUID(data["envelopeId"])),
            event=_word(said["event"]),
            generated_at=generated_at if generated_at.tzinfo else generated_at.replace(tzinfo=UTC),
            details=details,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as wrong:
        raise NotConnect(type(wrong).__name__) from None


def _word(said: object) -> str:
    if not isinstance(said, str) or not WORD.fullmatch(said):
        raise ValueError("a word")
    return said


@transaction.atomic
def remember(message: Message, *, body: bytes, at: datetime) -> ConnectEvent | None:
    """Store a message and owe its work to the outbox; None for one that we have already."""
    event, is_new = ConnectEvent.objects.get_or_create(
        body_digest=hashlib.sha256(body).hexdigest(),
        defaults={
            "envelope_id": message.envelope_id,
            "event": message.event,
            "generated_at": message.generated_at,
            "received_at": at,
            "details": message.details,
        },
    )
    if not is_new:
        return None
    outbox.enqueue(EVENT_KIND, key=f"connect:{event.body_digest}", payload={"event_id": event.pk}, at=at)
    return event

"""Connect's messages: forged, garbled, repeated, late, for somebody else."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from ssp.core.models import OutboxMessage
from ssp.docusign.models import ConnectEvent
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
ACCOUNT = "6f3f4a0e-3c52-4f0f-9f0e-6a1a6f2f9a01"
ENVELOPE = "0c2b7f5d-9a3e-4c64-8b80-0d5f6f0b7c02"
OLD_KEY, NEW_KEY = "the-old-key", "the-new-key"


def signature(body: bytes, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def message(**changes: Any) -> bytes:
    """A JSON SIM message as Connect sends it."""
    said = {
        "event": "envelope-completed",
        "apiVersion": "v2.1",
        "uri": f"/restapi/v2.1/accounts/{ACCOUNT}/envelopes/{ENVELOPE}",
        "retryCount": 0,
        "configurationId": "10000001",
        "generatedDateTime": "2026-11-23T08:59:58.1230000Z",
        "data": {"accountId": ACCOUNT, "userId": str(uuid.uuid4()), "envelopeId": ENVELOPE},
    }
    return json.dumps(said | changes).encode()


Tell = Callable[..., HttpResponse]


@pytest.fixture
def tell(client: Client, settings, at_monday) -> Tell:
    """Connect speaks: tell(body, headers)."""
    settings.DOCUSIGN = {**settings.DOCUSIGN, "ACCOUNT_ID": ACCOUNT, "HMAC_KEYS": [OLD_KEY, NEW_KEY]}

    def post(body: bytes, headers: dict[str, str] | None = None) -> HttpResponse:
        if headers is None:
            headers = {"X-DocuSign-Signature-1": signature(body, OLD_KEY)}
        return client.post("/docusign/connect/", data=body, content_type="application/json", headers=headers)

    return post


def test_a_message_is_stored_and_its_work_owed(tell: Tell) -> None:
    answer = tell(message())
    event = ConnectEvent.objects.get()
    owed = OutboxMessage.objects.get()

    assert answer.status_code == 200
    assert (event.envelope_id, event.event) == (ENVELOPE, "envelope-completed")
    assert event.generated_at.isoformat() == "2026-11-23T08:59:58.123000+00:00"
    assert event.received_at == MONDAY
    assert event.processed_at is None
    assert owed.kind == "docusign.event"
    assert owed.payload["event_id"] == event.pk


def test_only_ids_are_kept(tell: Tell) -> None:
    """A message with an envelope summary carries names and addresses; none of them stays."""
    summary = {"recipients": {"signers": [{"name": "Ines Marchetti", "email": "ines@marchetti.example"}]}}
    data = {"accountId": ACCOUNT, "envelopeId": ENVELOPE, "recipientId": "1", "envelopeSummary": summary}
    tell(message(data=data))
    kept = ConnectEvent.objects.values().get()

    assert kept["details"] == {"retry_count": 0, "configuration_id": "10000001", "recipient_id": "1"}
    assert "ines" not in str(kept).lower()


def test_the_same_message_again_changes_nothing(tell: Tell) -> None:
    body = message()
    answers = [tell(body).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert ConnectEvent.objects.count() == 1
    assert OutboxMessage.objects.count() == 1


def test_docusigns_own_retry_is_another_hint_about_the_same_envelope(tell: Tell) -> None:
    tell(message())
    tell(message(retryCount=1))

    assert ConnectEvent.objects.filter(envelope_id=ENVELOPE).count() == 2


@pytest.mark.parametrize("number", [1, 2, 7])
def test_any_signature_header_and_any_active_key_will_do(tell: Tell, number: int) -> None:
    body = message()
    headers = {f"X-DocuSign-Signature-{number}": signature(body, NEW_KEY)}

    assert tell(body, headers).status_code == 200


def test_one_right_signature_among_wrong_ones_will_do(tell: Tell) -> None:
    body = message()
    headers = {
        "X-DocuSign-Signature-1": signature(body, "a key we never had"),
        "X-DocuSign-Signature-2": signature(body, NEW_KEY),
    }

    assert tell(body, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-DocuSign-Signature-1": ""},
        {"X-DocuSign-Signature-1": "not base64 é"},
        {"X-DocuSign-Signature-1": signature(message(), "a key we never had")},
        {"X-DocuSign-Signature-1": signature(message(event="envelope-voided"), OLD_KEY)},
        {"X-Authorization-Digest": "HMACSHA256"},
    ],
    ids=["no header", "empty", "no base64", "wrong key", "of another body", "other header"],
)
def test_a_forged_message_is_refused_and_not_kept(tell: Tell, headers: dict[str, str]) -> None:
    answer = tell(message(), headers)

    assert answer.status_code == 401
    assert ConnectEvent.objects.count() == 0
    assert OutboxMessage.objects.count() == 0


def test_without_a_key_nothing_is_believed(tell: Tell, settings) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "HMAC_KEYS": ["", ""]}
    body = message()

    assert tell(body, {"X-DocuSign-Signature-1": signature(body, "")}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<DocuSignEnvelopeInformation/>",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'"envelope-completed"',
        b"[" * 5000,
        message(event=None),
        message(event=""),
        message(event="x" * 65),
        message(event="envelope-\u0000completed"),
        message(data=None),
        message(data=[]),
        message(data={"accountId": ACCOUNT}),
        message(data={"accountId": ACCOUNT, "envelopeId": "../../etc/passwd"}),
        message(data={"accountId": 7, "envelopeId": ENVELOPE}),
        message(data={"accountId": ACCOUNT, "envelopeId": ENVELOPE, "recipientId": {"a": 1}}),
        message(generatedDateTime="yesterday"),
        message(generatedDateTime=None),
        message(retryCount="many"),
        message(retryCount=float("inf")),
    ],
)
def test_a_garbled_message_with_a_good_signature_is_a_bad_request(tell: Tell, body: bytes) -> None:
    answer = tell(body)

    assert answer.status_code == 400
    assert ConnectEvent.objects.count() == 0


def test_another_account_of_ours_is_thanked_and_forgotten(tell: Tell) -> None:
    """It has our key, so an error would only make DocuSign hold back what follows."""
    answer = tell(message(data={"accountId": str(uuid.uuid4()), "envelopeId": ENVELOPE}))

    assert answer.status_code == 200
    assert ConnectEvent.objects.count() == 0


def test_the_account_may_be_written_in_capitals(tell: Tell) -> None:
    data = {"accountId": ACCOUNT.upper(), "envelopeId": ENVELOPE.upper()}
    tell(message(data=data))

    assert ConnectEvent.objects.get().envelope_id == ENVELOPE


def test_only_posting_is_understood(client: Client) -> None:
    assert client.get("/docusign/connect/").status_code == 405


def test_no_cookie_or_token_is_needed(settings, at_monday) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "ACCOUNT_ID": ACCOUNT, "HMAC_KEYS": [NEW_KEY]}
    body = message()
    answer = Client(enforce_csrf_checks=True).post(
        "/docusign/connect/",
        data=body,
        content_type="application/json",
        headers={"X-DocuSign-Signature-1": signature(body, NEW_KEY)},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("body", [message(), b"{"])
def test_what_is_refused_is_logged_without_its_content(tell: Tell, caplog, body: bytes) -> None:
    with caplog.at_level("WARNING"):
        tell(body, {})
        tell(b"{")

    said = " ".join(record.getMessage() for record in caplog.records)
    assert "connect.forged" in said
    assert "connect.garbled" in said
    assert ENVELOPE not in said

"""The stand-in is honest: it checks what DocuSign checks and answers in DocuSign's shapes."""

import base64
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from docusign_esign import models

from ssp.core import clock
from ssp.docusign import envelopes
from ssp.docusign.client import DocuSignRefused, SigningService, signing_service
from ssp.sandbox.clock import MovableClock
from ssp.sandbox.docusign.errors import ApiError
from ssp.sandbox.docusign.limits import BURST, HOURLY, Limits
from ssp.sandbox.keys import ensure_keys
from tests.running import eventually
from tests.standin import StandIn

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Answer = tuple[int, dict[str, Any]]
Grant = Callable[..., Answer]


def call(url: str, *, ca: str = "", **how: Any) -> Answer:
    """Make a call as any HTTP client would; return status and JSON."""
    context = ssl.create_default_context(cafile=ca) if ca else None
    request = urllib.request.Request(url, **how)
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


@pytest.fixture
def grant(standin: StandIn) -> Grant:
    """Ask for a token: grant(changed claims, key=…, tls=…)."""

    def ask(key: Any = None, grant_type: str = GRANT, **changes: Any) -> Answer:
        now = int(time.time())
        claims = {
            "iss": standin.told["DOCUSIGN_INTEGRATION_KEY"],
            "sub": standin.told["DOCUSIGN_USER_ID"],
            "aud": standin.told["DOCUSIGN_OAUTH_HOST"],
            "iat": now,
            "exp": now + 600,
            "scope": "signature impersonation",
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        assertion = jwt.encode(claims, key or standin.told["DOCUSIGN_PRIVATE_KEY"], algorithm="RS256")
        fields = urllib.parse.urlencode({"grant_type": grant_type, "assertion": assertion}).encode()
        url = f"https://{standin.told['DOCUSIGN_OAUTH_HOST']}/oauth/token"
        return call(url, ca=standin.told["DOCUSIGN_CA_CERT"], data=fields)

    return ask


@pytest.fixture
def token(grant: Grant) -> str:
    status, answer = grant()
    assert status == 200
    return answer["access_token"]


@pytest.fixture
def api(standin: StandIn, token: str) -> Callable[..., Answer]:
    """Call the REST API: api("GET", "/envelopes?…", body)."""

    def ask(method: str, path: str, body: Any = None, *, account: str = "") -> Answer:
        account = account or standin.told["DOCUSIGN_ACCOUNT_ID"]
        return call(
            f"{standin.url}/restapi/v2.1/accounts/{account}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )

    return ask


@pytest.fixture
def definition(contract_pdf: bytes) -> dict[str, Any]:
    return {
        "status": "sent",
        "emailSubject": "Your contract",
        "documents": [
            {
                "documentId": "1",
                "name": "Contract",
                "documentBase64": base64.b64encode(contract_pdf).decode(),
            }
        ],
        "recipients": {"signers": [{"recipientId": "1", "name": "Ines", "email": "ines@marchetti.example"}]},
    }


# --- OAuth -----------------------------------------------------------------------


def test_a_token_is_granted_for_an_hour(grant: Grant) -> None:
    status, answer = grant()

    assert status == 200
    assert answer["token_type"] == "Bearer"
    assert int(answer["expires_in"]) == 3600


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iss": str(uuid.uuid4())}, "no_valid_keys_or_signatures"),
        ({"sub": str(uuid.uuid4())}, "user_not_found"),
        ({"aud": "account-d.docusign.com"}, "invalid_audience"),
        ({"aud": None}, "no_valid_keys_or_signatures"),
        ({"scope": "signature"}, "invalid_scope"),
        ({"scope": "s i g n a t u r e"}, "invalid_scope"),
        ({"scope": None}, "no_valid_keys_or_signatures"),
        ({"iat": 1_000_000, "exp": 1_000_600}, "expired_assertion"),
        ({"exp": int(time.time()) + 7200}, "expired_assertion"),
        ({"exp": None}, "no_valid_keys_or_signatures"),
    ],
)
def test_every_claim_is_checked(grant: Grant, changes: dict[str, Any], error: str) -> None:
    status, answer = grant(**changes)

    assert status == 400
    assert answer == {"error": "invalid_grant", "error_description": error}


def test_the_signature_is_checked(grant: Grant) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    assert grant(key=stranger)[1]["error"] == "invalid_grant"


def test_only_the_jwt_grant_is_understood(grant: Grant) -> None:
    assert grant(grant_type="password") == (400, {"error": "unsupported_grant_type"})


def test_missing_consent_has_oauths_shape_and_not_the_apis(standin: StandIn, grant: Grant) -> None:
    standin.fail("consent_required")

    assert grant() == (400, {"error": "consent_required"})


def test_oauth_is_reached_over_tls_alone(standin: StandIn) -> None:
    assert call(f"{standin.url}/oauth/token", data=b"")[0] == 403


def test_userinfo_lists_several_accounts_with_their_addresses(standin: StandIn, token: str) -> None:
    _, answer = call(
        f"https://{standin.told['DOCUSIGN_OAUTH_HOST']}/oauth/userinfo",
        ca=standin.told["DOCUSIGN_CA_CERT"],
        headers={"Authorization": f"Bearer {token}"},
    )
    bases = {account["account_id"]: account["base_uri"] for account in answer["accounts"]}

    assert len(bases) == 2
    assert bases[standin.told["DOCUSIGN_ACCOUNT_ID"]] == standin.url


# --- the API's refusals ----------------------------------------------------------


def test_a_stranger_is_refused(standin: StandIn) -> None:
    url = f"{standin.url}/restapi/v2.1/accounts/{standin.told['DOCUSIGN_ACCOUNT_ID']}/envelopes"

    assert call(url)[0] == 401
    assert (
        call(url, headers={"Authorization": "Bearer nonsense"})[1]["errorCode"]
        == "AUTHORIZATION_INVALID_TOKEN"
    )


def test_somebody_elses_account_is_refused(api) -> None:
    status, answer = api("GET", "/envelopes?envelope_ids=x", account=str(uuid.uuid4()))

    assert (status, answer["errorCode"]) == (401, "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT")


def test_a_list_needs_a_filter_and_an_empty_one_names_no_envelopes(api) -> None:
    refused, why = api("GET", "/envelopes")
    status, nothing = api("GET", f"/envelopes?transaction_ids={uuid.uuid4()}")

    assert (refused, why["errorCode"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert status == 200
    assert nothing["resultSetSize"] == "0"
    assert "envelopes" not in nothing


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"emailSubject": ""}, "ENVELOPE_IS_INCOMPLETE"),
        ({"emailSubject": "x" * 101}, "INVALID_REQUEST_PARAMETER"),
        ({"documents": []}, "ENVELOPE_HAS_NO_DOCUMENTS"),
        ({"documents": [{"documentId": "1", "documentBase64": "%%%"}]}, "INVALID_REQUEST_PARAMETER"),
        ({"documents": [{"documentId": "1", "documentBase64": "aGVsbG8="}]}, "UNABLE_TO_LOAD_DOCUMENT"),
        ({"documents": [{"documentId": "1"}, {"documentId": "1"}]}, "INVALID_REQUEST_PARAMETER"),
        ({"recipients": {}}, "ENVELOPE_IS_INCOMPLETE"),
        (
            {"customFields": {"textCustomFields": [{"name": "a", "value": "x" * 101}]}},
            "INVALID_CUSTOM_FIELD",
        ),
        (
            {
                "eventNotification": {
                    "url": "http://127.0.0.1/",
                    "deliveryMode": "SIM",
                    "eventData": {"version": "restv2.1"},
                }
            },
            "INVALID_REQUEST_PARAMETER",
        ),
    ],
)
def test_a_definition_that_docusign_would_refuse_is_refused(
    standin: StandIn, api, definition: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    before = standin.envelope_ids()
    status, answer = api("POST", "/envelopes", definition | changes)

    assert (status, answer["errorCode"]) == (400, code)
    assert answer["message"]
    assert standin.envelope_ids() == before


def test_a_transaction_id_is_no_idempotency_key(api, definition: dict[str, Any]) -> None:
    """As with DocuSign: the same id twice makes two envelopes. Looking first is the client's business."""
    definition["transactionId"] = str(uuid.uuid4())
    first, second = (api("POST", "/envelopes", definition)[1]["envelopeId"] for _ in range(2))
    _, found = api("GET", f"/envelopes?transaction_ids={definition['transactionId']}")

    assert first != second
    assert {each["envelopeId"] for each in found["envelopes"]} == {first, second}


def test_a_body_that_is_no_json_is_refused(standin: StandIn, token: str) -> None:
    status, answer = call(
        f"{standin.url}/restapi/v2.1/accounts/{standin.told['DOCUSIGN_ACCOUNT_ID']}/envelopes",
        data=b"{",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )

    assert (status, answer["errorCode"]) == (400, "INVALID_REQUEST_BODY")


def test_a_void_needs_a_reason(api, envelope_id: str) -> None:
    status, answer = api("PUT", f"/envelopes/{envelope_id}", {"status": "voided"})

    assert (status, answer["errorCode"]) == (400, "INVALID_REQUEST_PARAMETER")


def test_recipients_are_listed(api, envelope_id: str) -> None:
    _, answer = api("GET", f"/envelopes/{envelope_id}/recipients")

    assert [(each["name"], each["status"]) for each in answer["signers"]] == [("Ines Marchetti", "sent")]


def test_what_the_sdk_sends_for_a_contract(standin: StandIn, service: SigningService, sending) -> None:
    """The SDK drops what it doesn't know without a word, so look at what arrived."""
    envelope = standin.memory.envelope(service.send_envelope(**sending))
    assert envelope
    signer = envelope.signers[0]

    assert envelope.subject == sending["subject"]
    assert envelope.blurb == sending["message"]
    assert envelope.transaction_id == sending["transaction_id"]
    assert envelope.custom_fields == {
        "ssp_transaction": sending["transaction_id"],
        "ssp_contract": "contract:12",
    }
    assert (signer.name, signer.email) == ("Ines Marchetti", "ines@marchetti.example")
    assert (signer.sign_anchors, signer.date_anchors) == (["/sign-partner/"], ["/date-partner/"])
    assert standin.memory.document(envelope.envelope_id) == sending["document_pdf"]


def test_an_address_of_our_own_is_asked_to_be_called_signed_and_in_json(
    standin: StandIn, settings, sending
) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "CONNECT_URL": "https://127.0.0.1:9/docusign/connect/"}
    envelope = standin.memory.envelope(signing_service().send_envelope(**sending))

    assert envelope
    assert envelope.event_notification
    assert envelope.event_notification["url"] == "https://127.0.0.1:9/docusign/connect/"
    assert envelope.event_notification["signed"] is True
    assert "envelope-completed" in envelope.event_notification["events"]


# --- people ----------------------------------------------------------------------


def test_the_signing_page_shows_every_page_of_the_document(standin: StandIn, envelope_id: str) -> None:
    link = standin.signing_link(envelope_id)
    page = standin.visit(link)

    assert "Review and sign" in page.text
    assert "Page 2 of 2" in page.text
    for number in (1, 2):
        with urllib.request.urlopen(f"{link}page/{number}.png", timeout=20) as picture:
            assert picture.read().startswith(b"\x89PNG")


def test_nothing_is_signed_by_looking(standin: StandIn, service: SigningService, envelope_id: str) -> None:
    standin.visit(standin.signing_link(envelope_id))

    assert service.get_status(envelope_id).state == "delivered"


def test_a_reason_is_needed_to_decline(standin: StandIn, service: SigningService, envelope_id: str) -> None:
    standin.decline(envelope_id, "   ")

    assert service.get_status(envelope_id).state == "delivered"


def test_who_has_signed_cannot_decline(standin: StandIn, service: SigningService, envelope_id: str) -> None:
    standin.sign(envelope_id)
    standin.decline(envelope_id, "I changed my mind")

    assert service.get_status(envelope_id).state == "completed"


def test_a_voided_envelope_says_so_to_its_signer(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    service.void(envelope_id, reason="New terms")
    standin.sign(envelope_id)

    assert "This envelope was voided" in standin.visit(standin.signing_link(envelope_id)).text
    assert service.get_status(envelope_id).state == "voided"


@pytest.mark.parametrize("path", ["/", "/faults/"])
def test_its_own_pages_are_strict(standin: StandIn, path: str) -> None:
    with urllib.request.urlopen(f"{standin.url}{path}", timeout=20) as page:
        policy, text = page.headers["Content-Security-Policy"], page.read().decode()

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in text
    assert "<script" not in text


# --- time and memory -------------------------------------------------------------


@pytest.fixture
def fresh_standin(tmp_path, settings, empty_cache):
    """A stand-in of the test's own, whose clock it may move."""
    standin = StandIn(tmp_path)
    settings.DOCUSIGN = standin.settings
    standin.start()
    yield standin
    standin.stop()


def test_a_signature_happens_at_the_applications_time(fresh_standin: StandIn, sending) -> None:
    service = signing_service()
    envelope_id = service.send_envelope(**sending)
    MovableClock(fresh_standin.state).advance(timedelta(days=31))
    fresh_standin.sign(envelope_id)
    signed = service.get_status(envelope_id)

    assert signed.sent_at and signed.completed_at
    assert timedelta(days=31) <= signed.completed_at - signed.sent_at < timedelta(days=31, minutes=1)


def test_transaction_ids_are_forgotten_after_seven_days_and_found_by_field_then(
    fresh_standin: StandIn, sending, at_sandbox_time
) -> None:
    service = signing_service()
    envelope_id = service.send_envelope(**sending)
    MovableClock(fresh_standin.state).advance(timedelta(days=8))

    assert service._list(transaction_ids=sending["transaction_id"]) == []
    assert service.send_envelope(**sending) == envelope_id


@pytest.fixture
def at_sandbox_time(fresh_standin: StandIn):
    """The application reads the clock that the stand-in reads."""
    clock.install(MovableClock(fresh_standin.state).now)
    yield
    clock.install(clock.wall)


def test_an_envelope_ends_after_the_days_it_names(fresh_standin: StandIn, sending) -> None:
    service = signing_service()
    envelope_id = service.send_envelope(**sending, expires_after_days=30)
    MovableClock(fresh_standin.state).advance(timedelta(days=29))
    before = service.get_status(envelope_id)
    MovableClock(fresh_standin.state).advance(timedelta(days=2))
    after = service.get_status(envelope_id)

    assert before.state == "sent"
    assert (after.state, after.reason) == ("voided", "Envelope has expired.")


def test_a_signer_is_reminded_once_however_far_the_clock_jumps(fresh_standin: StandIn, sending) -> None:
    sending["signer_email"] = "reminded@marchetti.example"
    envelope_id = signing_service().send_envelope(**sending, expires_after_days=30)
    fresh_standin.mail_to("reminded@marchetti.example")
    MovableClock(fresh_standin.state).advance(timedelta(days=18))
    for _look in range(2):
        signing_service().get_status(envelope_id)

    eventually(
        lambda: len(list(fresh_standin.mailbox.newest_first(to="reminded@marchetti.example"))) == 2,
        what="the reminder",
    )


@pytest.mark.parametrize(("after", "life"), [("0", "30"), ("soon", "30"), ("3", "1000"), ("3", "")])
def test_nonsense_about_reminders_and_expiry_is_refused(
    standin: StandIn, sending, monkeypatch: pytest.MonkeyPatch, after: str, life: str
) -> None:
    def notification(days: int) -> models.Notification:
        return models.Notification(
            use_account_defaults="false",
            reminders=models.Reminders(reminder_enabled="true", reminder_delay=after, reminder_frequency="2"),
            expirations=models.Expirations(expire_enabled="true", expire_after=life),
        )

    monkeypatch.setattr(envelopes, "_notification", notification)
    with pytest.raises(DocuSignRefused) as refused:
        signing_service().send_envelope(**sending)

    assert refused.value.error_code == "INVALID_REQUEST_PARAMETER"


def test_what_nobody_signs_expires_after_120_days(fresh_standin: StandIn, sending) -> None:
    service = signing_service()
    envelope_id = service.send_envelope(**sending)
    clock_file = MovableClock(fresh_standin.state)
    clock_file.advance(timedelta(days=119))
    before = service.get_status(envelope_id)
    clock_file.advance(timedelta(days=5))
    fresh_standin.sign(envelope_id)
    after = service.get_status(envelope_id)

    assert before.state == "sent"
    assert (after.state, after.reason) == ("voided", "Envelope has expired.")
    assert after.voided_at and after.sent_at
    assert after.voided_at - after.sent_at == timedelta(days=120)


def test_a_death_forgets_nothing(fresh_standin: StandIn, sending) -> None:
    envelope_id = signing_service().send_envelope(**sending)
    fresh_standin.stop(number=9)
    fresh_standin.start()
    fresh_standin.sign(envelope_id)

    assert signing_service().get_status(envelope_id).state == "completed"


def test_keys_are_made_once(tmp_path: Path) -> None:
    ports = {"oauth_port": 1, "api_port": 2, "web_port": 3}

    assert ensure_keys(tmp_path, **ports) == ensure_keys(tmp_path, **ports)


def test_a_call_over_the_hourly_limit_is_refused_in_docusigns_shape() -> None:
    moments = iter(n * 0.1 for n in range(HOURLY + 1))
    slow = Limits(seconds=lambda: next(moments))
    fast = Limits(seconds=lambda: 0.0)
    for _ in range(HOURLY):
        slow.count()
    for _ in range(BURST):
        fast.count()

    with pytest.raises(ApiError, match="HOURLY_APIINVOCATION_LIMIT_EXCEEDED"):
        slow.count()
    with pytest.raises(ApiError, match="BURST_APIINVOCATION_LIMIT_EXCEEDED"):
        fast.count()


def test_an_unknown_service_error_is_never_silent(service: SigningService) -> None:
    with pytest.raises(DocuSignRefused):
        service.resend("4d1bc1b5-3a5c-4f4f-a1cd-3f4b4d1e5a33")

"""Our client, through the unmodified SDK, against the stand-in over HTTP(S)."""

import io
import logging
import uuid
from datetime import timedelta

import pytest
from pypdf import PdfReader

from ssp.core import clock
from ssp.docusign import envelopes, sdk
from ssp.docusign.client import (
    ConsentRequired,
    DocuSignRefused,
    DocuSignUnavailable,
    EnvelopeState,
    RateLimited,
    SigningService,
    signing_service,
)
from tests.standin import StandIn


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_contract_is_sent_opened_and_signed(standin: StandIn, service: SigningService, sending) -> None:
    envelope_id = service.send_envelope(**sending)
    sent = service.get_status(envelope_id)
    standin.sign(envelope_id)
    signed = service.get_status(envelope_id)

    assert sent.state is EnvelopeState.SENT
    assert sent.transaction_id == sending["transaction_id"]
    assert signed.state is EnvelopeState.COMPLETED
    assert signed.sent_at and signed.delivered_at and signed.completed_at
    assert signed.sent_at <= signed.delivered_at <= signed.completed_at
    assert abs(signed.completed_at - clock.wall()) < timedelta(minutes=1)


def test_the_signer_gets_a_mail_with_the_way_in_and_a_copy_afterwards(
    standin: StandIn, service: SigningService, sending
) -> None:
    sending |= {"signer_email": "copy@marchetti.example"}
    envelope_id = service.send_envelope(**sending)
    request = standin.mail_to("copy@marchetti.example")
    standin.sign(envelope_id)
    copy = standin.mail_to("copy@marchetti.example", about="Completed")

    assert request.subject == "Your contract with SeMI"
    assert standin.signing_link(envelope_id) in request.text
    assert standin.signing_link(envelope_id) in request.html
    assert "Two directors have approved it." in request.text
    assert copy.attachments[0].content.startswith(b"%PDF-")


def test_the_signed_document_shows_the_signature_and_the_certificate_says_when(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.sign(envelope_id)
    combined = service.download(envelope_id, "combined")
    certificate = service.download(envelope_id, "certificate")

    assert "Between SeMI and Ines Marchetti" in words(combined)
    assert "Signed by:" in PdfReader(io.BytesIO(combined)).pages[1].extract_text()
    assert len(PdfReader(io.BytesIO(combined)).pages) == 3
    assert "Certificate of Completion" in words(certificate)
    assert envelope_id.upper() in words(certificate).replace("\n", "")


def test_a_refusal_to_sign_comes_with_its_reason(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.decline(envelope_id, "The rate should be 12%")
    found = service.get_status(envelope_id)

    assert found.state is EnvelopeState.DECLINED
    assert found.reason == "The rate should be 12%"
    assert found.declined_at


def test_the_same_transaction_is_sent_once(standin: StandIn, service: SigningService, sending) -> None:
    before = len(standin.envelope_ids())
    first = service.send_envelope(**sending)
    second = service.send_envelope(**sending)

    assert first == second
    assert len(standin.envelope_ids()) == before + 1


def test_a_lost_answer_finds_the_envelope_instead_of_sending_another(
    standin: StandIn, service: SigningService, sending
) -> None:
    before = len(standin.envelope_ids())
    standin.fail("lost_answer")
    envelope_id = service.send_envelope(**sending)

    assert len(standin.envelope_ids()) == before + 1
    assert standin.envelope_ids()[0] == envelope_id


def test_an_envelope_is_found_by_its_field_when_docusign_forgot_the_transaction(
    standin: StandIn, service: SigningService, sending
) -> None:
    envelope_id = service.send_envelope(**sending)
    memory = standin.memory
    envelope = memory.envelope(envelope_id)
    assert envelope
    envelope.transaction_id = ""  # what happens after 7 days
    memory.save_envelope(envelope)
    found = service.find_by_transaction(sending["transaction_id"])

    assert found and found.envelope_id == envelope_id


def test_nothing_is_found_for_a_transaction_nobody_sent(service: SigningService) -> None:
    assert service.find_by_transaction("7d0f1f0e-3f6b-4e63-9d33-0d3c3b0a7c11") is None


def test_what_changed_is_listed_by_ids_and_by_moment(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    by_id = service.list_status_changes(envelope_ids=[envelope_id])
    recent = service.list_status_changes(since=clock.wall() - timedelta(minutes=5))
    later = service.list_status_changes(since=clock.wall() + timedelta(minutes=5))

    assert [found.envelope_id for found in by_id] == [envelope_id]
    assert envelope_id in {found.envelope_id for found in recent}
    assert later == []


def test_a_list_longer_than_a_page_is_read_to_its_end(
    service: SigningService, sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {service.send_envelope(**{**sending, "transaction_id": str(uuid.uuid4())}) for _ in range(3)}
    asked = sdk.DocuSignService._list_page
    monkeypatch.setattr(
        sdk.DocuSignService,
        "_list_page",
        lambda self, api, **filters: asked(self, api, **filters, count="2"),
    )
    found = service.list_status_changes(envelope_ids=sorted(sent))

    assert {envelope.envelope_id for envelope in found} == sent


def test_an_open_envelope_is_voided_and_voiding_it_again_is_no_error(
    service: SigningService, envelope_id: str
) -> None:
    service.void(envelope_id, reason="The terms changed")
    service.void(envelope_id, reason="The terms changed")
    found = service.get_status(envelope_id)

    assert found.state is EnvelopeState.VOIDED
    assert found.reason == "The terms changed"


def test_a_void_whose_answer_was_lost_is_read_back(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.fail("lost_answer")
    service.void(envelope_id, reason="The terms changed")

    assert service.get_status(envelope_id).state is EnvelopeState.VOIDED


def test_a_signed_envelope_cannot_be_voided(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.sign(envelope_id)

    with pytest.raises(DocuSignRefused) as refused:
        service.void(envelope_id, reason="Too late")

    assert refused.value.error_code == "ENVELOPE_CANNOT_VOID_INVALID_STATE"


def test_resending_mails_the_signer_again(standin: StandIn, service: SigningService, sending) -> None:
    sending |= {"signer_email": "again@marchetti.example"}
    envelope_id = service.send_envelope(**sending)
    service.resend(envelope_id)

    assert len(list(standin.mailbox.newest_first(to="again@marchetti.example"))) == 2


def test_a_link_for_embedded_signing_works_once(standin: StandIn, service: SigningService, sending) -> None:
    signer = {"signer_name": "Ines Marchetti", "signer_email": "embedded@marchetti.example"}
    envelope_id = service.send_envelope(**{**sending, **signer, "client_user_id": "partner-7"})
    url = service.signing_url(
        envelope_id, **signer, client_user_id="partner-7", return_url=f"{standin.url}/healthz"
    )
    first, second = standin.visit(url), standin.visit(url)

    assert "Review and sign" in first.text
    assert second.url == f"{standin.url}/healthz?event=ttl_expired"
    assert not list(standin.mailbox.newest_first(to="embedded@marchetti.example"))


# --- every way to fail -----------------------------------------------------------


@pytest.mark.parametrize("fault", ["outage", "garbage"])
def test_an_outage_is_told_as_one_and_sends_nothing(
    standin: StandIn, service: SigningService, sending, fault: str
) -> None:
    before = standin.envelope_ids()
    standin.fail(fault, times=-1)

    with pytest.raises(DocuSignUnavailable):
        service.send_envelope(**sending)

    assert standin.envelope_ids() == before


@pytest.mark.parametrize("fault", ["outage", "garbage"])
def test_an_outage_in_the_middle_of_a_sending_is_retried_safely(
    standin: StandIn, service: SigningService, sending, fault: str
) -> None:
    """The look-ups were answered, the posting wasn't: the second look says that nothing was sent."""
    before = len(standin.envelope_ids())
    real = sdk.DocuSignService.find_by_transaction
    looks: list[str] = []

    def look(self: sdk.DocuSignService, transaction_id: str):
        found = real(self, transaction_id)
        looks.append(transaction_id)
        if len(looks) == 1:
            standin.fail(fault, times=1)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdk.DocuSignService, "find_by_transaction", look)
        with pytest.raises(DocuSignUnavailable):
            service.send_envelope(**sending)
        service.send_envelope(**sending)

    assert len(looks) == 3
    assert len(standin.envelope_ids()) == before + 1


def test_nobody_listening_is_an_outage(service: SigningService, settings, empty_cache) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "OAUTH_HOST": "127.0.0.1:9"}

    with pytest.raises(DocuSignUnavailable):
        signing_service().get_status("x")


def test_a_server_whose_certificate_we_do_not_trust_is_not_spoken_to(
    service: SigningService, settings, empty_cache
) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "CA_CERT": ""}

    with pytest.raises(DocuSignUnavailable):
        signing_service().get_status("x")


def test_a_call_that_hangs_ends_by_our_timeout(
    standin: StandIn, service: SigningService, envelope_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "QUICK", 1)
    standin.fail("timeout")

    with pytest.raises(DocuSignUnavailable):
        service.get_status(envelope_id)


def test_oauth_that_hangs_ends_by_our_timeout_too(
    standin: StandIn, service: SigningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "QUICK", 1)
    standin.fail("timeout")

    with pytest.raises(DocuSignUnavailable):
        service.get_status("x")


def test_a_token_that_ended_early_is_replaced(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.fail("invalid_token")

    assert service.get_status(envelope_id).state is EnvelopeState.SENT


def test_a_token_that_is_always_refused_is_a_refusal(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.fail("invalid_token", times=-1)

    with pytest.raises(DocuSignRefused) as refused:
        service.get_status(envelope_id)

    assert refused.value.error_code == "AUTHORIZATION_INVALID_TOKEN"


def test_missing_consent_says_where_to_give_it(standin: StandIn, service: SigningService) -> None:
    standin.fail("consent_required")

    with pytest.raises(ConsentRequired) as refused:
        service.get_status("x")

    assert refused.value.consent_url.startswith(f"https://127.0.0.1:{standin.oauth_port}/oauth/auth?")
    assert standin.told["DOCUSIGN_INTEGRATION_KEY"] in refused.value.consent_url


@pytest.mark.parametrize(
    ("fault", "code", "wait"),
    [
        ("rate_limit", "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", timedelta(minutes=15)),
        ("polling_limit", "Hourly_Envelope_Polling_Limit_Exceeded", timedelta(minutes=15)),
        ("too_many", "TOO_MANY_REQUESTS", timedelta(seconds=7)),
    ],
)
def test_a_limit_says_how_long_to_wait(
    standin: StandIn, service: SigningService, envelope_id: str, fault: str, code: str, wait: timedelta
) -> None:
    standin.fail(fault)

    with pytest.raises(RateLimited) as limited:
        service.get_status(envelope_id)

    assert limited.value.error_code == code
    assert limited.value.retry_after == wait


def test_an_envelope_nobody_knows_is_a_refusal(service: SigningService) -> None:
    with pytest.raises(DocuSignRefused) as refused:
        service.get_status("4d1bc1b5-3a5c-4f4f-a1cd-3f4b4d1e5a33")

    assert (refused.value.error_code, refused.value.status) == ("ENVELOPE_DOES_NOT_EXIST", 404)


def test_a_document_without_the_anchor_is_refused_and_not_sent(
    standin: StandIn, service: SigningService, sending
) -> None:
    before = standin.envelope_ids()

    with pytest.raises(DocuSignRefused) as refused:
        service.send_envelope(**{**sending, "sign_anchor": "/sign-somebody-else/"})

    assert refused.value.error_code == "ANCHOR_TAB_STRING_NOT_FOUND"
    assert standin.envelope_ids() == before


def test_an_address_that_is_none_is_refused_without_naming_it(service: SigningService, sending) -> None:
    with pytest.raises(DocuSignRefused) as refused:
        service.send_envelope(**{**sending, "signer_email": "nobody"})

    assert refused.value.error_code == "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT"
    assert "nobody" not in f"{refused.value} {refused.value.__cause__} {refused.value.__context__}"


def test_a_subject_longer_than_docusign_takes_is_our_own_mistake(service: SigningService, sending) -> None:
    with pytest.raises(ValueError, match="100 characters"):
        service.send_envelope(**{**sending, "subject": "x" * 101})


def test_an_account_the_user_does_not_have_is_refused(service: SigningService, settings, empty_cache) -> None:
    settings.DOCUSIGN = {**settings.DOCUSIGN, "ACCOUNT_ID": "11111111-1111-4111-8111-111111111111"}

    with pytest.raises(DocuSignRefused, match="ACCOUNT_NOT_OF_USER"):
        signing_service().get_status("x")


# --- how we ask ------------------------------------------------------------------


def test_the_token_is_asked_for_once(standin: StandIn, service: SigningService, envelope_id: str) -> None:
    standin.fail("consent_required")  # strikes at the next token

    assert service.get_status(envelope_id).state is EnvelopeState.SENT


def test_the_sdk_puts_no_handler_on_loggers() -> None:
    sdk._quieten()

    for name in ("urllib3", "docusign_esign"):
        handlers = logging.getLogger(name).handlers
        assert not [each for each in handlers if isinstance(each, logging.StreamHandler)]


def test_a_name_the_sdk_does_not_know_is_an_error() -> None:
    with pytest.raises(TypeError, match="nmae"):
        envelopes.model(sdk.models.Signer, nmae="Ines")


# --- correcting the signer ---------------------------------------------------------------
def letters(standin: StandIn, address: str) -> int:
    return len(list(standin.mailbox.newest_first(to=address)))


def test_a_corrected_signer_gets_the_mail_at_the_new_address(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    address = f"{uuid.uuid4().hex}@people.example"
    service.correct_signer(envelope_id, name="Ines Marchetti", email=address)
    standin.mail_to(address)
    standin.sign(envelope_id)

    assert service.get_status(envelope_id).state is EnvelopeState.COMPLETED


def test_a_correction_that_docusign_has_already_is_not_repeated(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    address = f"{uuid.uuid4().hex}@people.example"
    for _twice in range(2):
        service.correct_signer(envelope_id, name="Ines Marchetti", email=address)
    standin.mail_to(address)

    assert letters(standin, address) == 1


def test_a_correction_whose_answer_is_lost_is_read_back(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    address = f"{uuid.uuid4().hex}@people.example"
    standin.fail("lost_answer")
    service.correct_signer(envelope_id, name="Ines Marchetti", email=address)
    standin.mail_to(address)

    assert letters(standin, address) == 1


def test_a_signed_envelope_is_not_corrected(
    standin: StandIn, service: SigningService, envelope_id: str
) -> None:
    standin.sign(envelope_id)

    with pytest.raises(DocuSignRefused):
        service.correct_signer(envelope_id, name="Ines Marchetti", email="late@people.example")


def test_a_refusal_that_comes_with_a_200_is_a_refusal(service: SigningService, envelope_id: str) -> None:
    with pytest.raises(DocuSignRefused) as refused:
        service.correct_signer(envelope_id, name="Ines Marchetti", email="no address")

    assert refused.value.error_code == "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT"


@pytest.mark.parametrize("ask", ["void", "resend", "correct_signer"])
def test_garbage_is_not_taken_for_done(
    standin: StandIn, service: SigningService, envelope_id: str, ask: str
) -> None:
    service.get_status(envelope_id)  # so that token and address are at hand
    how = {"void": {"reason": "New terms"}, "resend": {}}.get(
        ask, {"name": "Ines Marchetti", "email": "new@people.example"}
    )
    standin.fail("garbage", times=-1)

    with pytest.raises(DocuSignUnavailable):
        getattr(service, ask)(envelope_id, **how)

"""From the second approval to the signature, with the real SDK and the stand-in over HTTP (C6)."""

import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from pypdf import PdfReader

from partners.models import Contract, ContractStatus, EnvelopeStatus
from partners.services.envelopes import read_document, resend_contract
from partners.services.signature import correct_signer, resend_mail, void_envelope
from partners.services.watching import watch_docusign
from partners.tasks import follow_envelopes
from ssp.core import clock
from ssp.core.models import OutboxMessage, User
from ssp.docusign.client import signing_service
from ssp.docusign.models import ConnectEvent
from tests.factories.partners import ContractFactory, DirectorFactory
from tests.integration.partners.conftest import approve_twice, deliver_kind
from tests.running import eventually
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6")]


@pytest.fixture
def contract(standin: StandIn) -> Contract:
    """A contract that two directors approved, on its way to DocuSign."""
    contract = ContractFactory()
    approve_twice(contract, at=clock.now())
    return contract


@pytest.fixture
def sent(contract: Contract) -> Contract:
    deliver_kind("partners.send_envelope")
    contract.refresh_from_db()
    return contract


def hear(contract: Contract, event: str) -> None:
    """Let Connect tell us, and the worker work on it."""
    told = ConnectEvent.objects.create(
        envelope_id=contract.envelopes.latest("pk").envelope_id,
        event=event,
        generated_at=clock.now(),
        received_at=clock.now(),
        body_digest=f"{event}-{ConnectEvent.objects.count()}",
    )
    OutboxMessage.objects.create(
        kind="docusign.event",
        key=f"connect:{told.body_digest}",
        payload={"event_id": told.pk},
        created_at=clock.wall(),
        next_try_at=clock.wall(),
    )
    deliver_kind("docusign.event")
    contract.refresh_from_db()


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_the_signer_gets_a_contract_with_both_approvals(standin: StandIn, sent: Contract) -> None:
    directors = User.objects.filter(contract_reviews__contract=sent)
    text = words(read_document(sent.documents.get(kind="contract")))

    assert sent.envelopes.get().envelope_id in standin.envelope_ids()
    assert all(f"Approved by {director.full_name}" in text for director in directors)
    assert "ten per cent (10%)" in text
    assert "three (3) years" in text
    assert sent.number in standin.mail_to(sent.partner.user.email).subject


def test_a_signature_starts_the_partnership_and_its_papers_are_kept(standin: StandIn, sent: Contract) -> None:
    envelope_id = sent.envelopes.get().envelope_id
    standin.sign(envelope_id)

    hear(sent, "envelope-completed")

    completed_at = signing_service().get_status(envelope_id).completed_at
    sent.partner.refresh_from_db()
    assert sent.partner.started_at == sent.signed_at
    assert abs(sent.signed_at - completed_at) < timedelta(seconds=1)
    assert sent.number in words(read_document(sent.documents.get(kind="signed")))
    assert read_document(sent.documents.get(kind="certificate")).startswith(b"%PDF-")


def test_without_connect_the_poll_finds_the_signature(standin: StandIn, sent: Contract) -> None:
    standin.sign(sent.envelopes.get().envelope_id)
    sent.envelopes.update(polled_at=clock.wall() - timedelta(minutes=15))

    follow_envelopes()

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SIGNED


def test_who_declines_is_heard(standin: StandIn, sent: Contract) -> None:
    standin.decline(sent.envelopes.get().envelope_id, "The cap is too short for me.")

    hear(sent, "envelope-declined")

    assert (sent.status, sent.returned_reason) == (ContractStatus.DRAFT, "The cap is too short for me.")


def test_a_voided_envelope_is_replaced_by_a_new_one(standin: StandIn, sent: Contract) -> None:
    old = sent.envelopes.get()
    signing_service().void(old.envelope_id, reason="Sent to the wrong address")
    hear(sent, "envelope-voided")

    resend_contract(contract=sent, by=DirectorFactory(), at=clock.now())
    deliver_kind("partners.send_envelope")

    old.refresh_from_db()
    new = sent.envelopes.latest("pk")
    assert (old.status, new.status) == (EnvelopeStatus.VOIDED, EnvelopeStatus.SENT)
    assert {old.envelope_id, new.envelope_id} <= set(standin.envelope_ids())


@pytest.mark.parametrize("fault", ["outage", "garbage"])
def test_an_outage_only_delays(standin: StandIn, contract: Contract, fault: str) -> None:
    before = len(standin.envelope_ids())
    standin.fail(fault, times=-1)
    deliver_kind("partners.send_envelope")
    contract.refresh_from_db()
    assert contract.status == ContractStatus.SENDING

    standin.heal()
    deliver_kind("partners.send_envelope")

    contract.refresh_from_db()
    assert contract.status == ContractStatus.SENT
    assert len(standin.envelope_ids()) == before + 1


def test_an_answer_lost_on_the_way_makes_no_second_envelope(standin: StandIn, contract: Contract) -> None:
    before = len(standin.envelope_ids())
    standin.fail("lost_answer")

    deliver_kind("partners.send_envelope")
    deliver_kind("partners.send_envelope")

    assert contract.envelopes.get().status == EnvelopeStatus.SENT
    assert len(standin.envelope_ids()) == before + 1


def test_a_limit_is_waited_for(standin: StandIn, contract: Contract) -> None:
    standin.fail("rate_limit")

    deliver_kind("partners.send_envelope")

    waiting = OutboxMessage.objects.get(kind="partners.send_envelope")
    assert waiting.next_try_at > clock.wall() + timedelta(minutes=14)
    assert waiting.dead_at is None


# --- what people do about an open envelope -------------------------------------------------
def test_a_director_voids_what_docusign_has(sent: Contract) -> None:
    void_envelope(contract=sent, reason="The cap is wrong.", by=DirectorFactory(), at=clock.now())
    deliver_kind("partners.void_envelope")

    envelope = sent.envelopes.get()
    sent.refresh_from_db()
    assert signing_service().get_status(str(envelope.envelope_id)).state == "voided"
    assert (sent.status, envelope.close_reason) == (ContractStatus.UNSIGNED, "The cap is wrong.")


def test_a_void_whose_answer_is_lost_is_read_back(standin: StandIn, sent: Contract) -> None:
    void_envelope(contract=sent, reason="The cap is wrong.", by=DirectorFactory(), at=clock.now())
    standin.fail("lost_answer")
    deliver_kind("partners.void_envelope")

    assert sent.envelopes.get().status == EnvelopeStatus.VOIDED


def test_the_mail_comes_a_second_time(standin: StandIn, sent: Contract) -> None:
    address = sent.partner.user.email
    standin.mail_to(address)
    resend_mail(contract=sent, by=DirectorFactory(), at=clock.now() + timedelta(hours=1))
    deliver_kind("partners.resend_mail")

    eventually(lambda: len(list(standin.mailbox.newest_first(to=address))) == 2, what="the second mail")


def test_the_contract_follows_the_applicant_to_a_new_address(standin: StandIn, sent: Contract) -> None:
    user, address = sent.partner.user, f"{uuid.uuid4().hex}@people.example"
    EmailAddress.objects.filter(user=user).update(email=address)
    User.objects.filter(pk=user.pk).update(email=address)
    correct_signer(contract=sent, by=DirectorFactory(), at=clock.now())
    deliver_kind("partners.correct_signer")
    standin.mail_to(address)
    standin.sign(str(sent.envelopes.get().envelope_id))
    hear(sent, "envelope-completed")

    assert sent.status == ContractStatus.SIGNED


@pytest.mark.parametrize("fault", ["rate_limit", "too_many"])
def test_a_limit_is_waited_for_when_voiding_too(standin: StandIn, sent: Contract, fault: str) -> None:
    void_envelope(contract=sent, reason="The cap is wrong.", by=DirectorFactory(), at=clock.now())
    standin.fail(fault)
    deliver_kind("partners.void_envelope")

    waiting = OutboxMessage.objects.get(kind="partners.void_envelope")
    assert waiting.next_try_at > clock.wall() + timedelta(seconds=4)
    assert (waiting.attempts, waiting.dead_at) == (0, None)


def test_an_outage_is_told_and_heals_by_itself(standin: StandIn, contract: Contract) -> None:
    began = clock.now()
    standin.fail("outage", times=-1)
    deliver_kind("partners.send_envelope")
    watch_docusign(at=began + timedelta(minutes=31))
    told = list(OutboxMessage.objects.filter(kind="partners.docusign_delayed"))

    standin.heal()
    deliver_kind("partners.send_envelope")
    watch_docusign(at=began + timedelta(minutes=33))

    contract.refresh_from_db()
    assert len(told) == 1
    assert contract.status == ContractStatus.SENT
    assert OutboxMessage.objects.filter(kind="partners.docusign_healed").count() == 1

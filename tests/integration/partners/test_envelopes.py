"""Sending contracts to be signed, and what becomes of them (C6, C20, C21)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail

from partners.errors import (
    CannotResend,
)
from partners.models import Contract, ContractReview, ContractStatus, Envelope, EnvelopeStatus
from partners.queries import contract_in_force
from partners.services.envelopes import apply_envelope_state, resend_contract
from partners.tasks import follow_envelopes
from ssp.core import clock
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from ssp.docusign.client import EnvelopeState
from ssp.docusign.models import ConnectEvent
from tests.factories.partners import (
    ApplicantFactory,
    ApplicationFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ended,
)
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
Decision = ContractReview.Decision


# --- sending -----------------------------------------------------------------------
@pytest.fixture
def contract() -> Contract:
    application = ApplicationFactory()
    partner = ApplicantFactory(user=application.applicant)
    contract = ContractFactory(partner=partner)
    application.partner, application.terms, application.submitted_at = partner, contract.terms, MONDAY
    application.submit()
    application.save()
    approve_twice(contract)
    return contract


@pytest.fixture
def sent(contract: Contract, courier: Courier) -> Contract:
    deliver_kind("partners.send_envelope")
    contract.refresh_from_db()
    return contract


@pytest.mark.clause("C6")
def test_the_contract_goes_to_the_partner_with_both_approvals(sent: Contract, courier: Courier) -> None:
    (envelope,) = courier.sent

    assert sent.status == ContractStatus.SENT
    assert envelope["signer_email"] == sent.partner.user.email
    assert envelope["transaction_id"] == str(sent.envelopes.get().transaction_id)
    assert envelope["document_pdf"] == sent.documents.get(kind="contract").file.read()


@pytest.mark.clause("C6")
def test_an_outage_is_tried_again_with_the_same_transaction(contract: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    deliver_kind("partners.send_envelope")
    message = OutboxMessage.objects.get(kind="partners.send_envelope")
    assert (message.done_at, message.dead_at) == (None, None)

    courier.out_of_order = False
    deliver_kind("partners.send_envelope")

    contract.refresh_from_db()
    assert contract.status == ContractStatus.SENT
    assert len(courier.sent) == 1


@pytest.mark.clause("C6")
def test_a_worker_that_dies_after_sending_sends_nothing_twice(
    contract: Contract, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("partners.services.envelopes.lock_contract", lambda contract: 1 / 0)
        deliver_kind("partners.send_envelope")
    assert contract.envelopes.get().status == EnvelopeStatus.QUEUED

    deliver_kind("partners.send_envelope")

    assert contract.envelopes.get().status == EnvelopeStatus.SENT
    assert len(courier.sent) == 1


# --- what becomes of it ------------------------------------------------------------
def tell(envelope: Envelope, event: str) -> None:
    told = ConnectEvent.objects.create(
        envelope_id=envelope.envelope_id,
        event=event,
        generated_at=MONDAY,
        received_at=MONDAY,
        body_digest=f"{event}{ConnectEvent.objects.count()}",
    )
    OutboxMessage.objects.create(
        kind="docusign.event",
        key=f"connect:{told.pk}",
        payload={"event_id": told.pk},
        created_at=clock.wall(),
        next_try_at=clock.wall(),
    )
    deliver_kind("docusign.event")


def becomes(contract: Contract, courier: Courier, state: EnvelopeState, event: str) -> None:
    envelope = contract.envelopes.order_by("-pk").first()
    courier.states[envelope.envelope_id] = state
    courier.moment = MONDAY - timedelta(minutes=1)
    tell(envelope, event)
    contract.refresh_from_db()


@pytest.mark.clause("C6")
def test_the_partnership_starts_at_the_moment_of_completion(sent: Contract, courier: Courier) -> None:
    becomes(sent, courier, EnvelopeState.COMPLETED, "envelope-completed")

    partner = sent.partner
    partner.refresh_from_db()
    signed_at = MONDAY - timedelta(minutes=1)
    assert (sent.status, sent.signed_at, partner.started_at) == ("signed", signed_at, signed_at)
    assert partner.is_active(at=signed_at)
    assert not partner.is_active(at=signed_at - timedelta(seconds=1))
    assert partner.user.has_role(Role.PARTNER)
    assert partner.applications.get().status == "accepted"


@pytest.mark.clause("C6")
def test_the_signed_pdf_and_the_certificate_are_stored(sent: Contract, courier: Courier) -> None:
    becomes(sent, courier, EnvelopeState.COMPLETED, "envelope-completed")

    kinds = {paper.kind: paper.file.read() for paper in sent.documents.all()}
    assert kinds["signed"] == b"%PDF-1.7 combined"
    assert kinds["certificate"] == b"%PDF-1.7 certificate"


@pytest.mark.clause("C6")
def test_the_new_partner_is_welcomed_once(sent: Contract, courier: Courier) -> None:
    becomes(sent, courier, EnvelopeState.COMPLETED, "envelope-completed")
    tell(sent.envelopes.get(), "envelope-completed")
    deliver_kind("partners.partnership_started")
    deliver_kind("partners.partnership_started")

    (welcome,) = mail.outbox
    assert welcome.subject == "Welcome, you are a partner"
    assert welcome.to == [sent.partner.user.email]


@pytest.mark.clause("C6")
@pytest.mark.parametrize(
    ("state", "event"),
    [
        (EnvelopeState.DELIVERED, "envelope-delivered"),
        (EnvelopeState.DECLINED, "envelope-declined"),
        (EnvelopeState.VOIDED, "envelope-voided"),
        (EnvelopeState.COMPLETED, "envelope-completed"),
    ],
)
def test_late_events_change_nothing_after_the_signature(
    sent: Contract, courier: Courier, state: EnvelopeState, event: str
) -> None:
    becomes(sent, courier, EnvelopeState.COMPLETED, "envelope-completed")
    before = Contract.objects.filter(pk=sent.pk).values().get()

    becomes(sent, courier, state, event)

    assert Contract.objects.filter(pk=sent.pk).values().get() == before
    assert sent.envelopes.get().status == EnvelopeStatus.COMPLETED


@pytest.mark.clause("C6")
def test_declined_returns_to_draft_with_the_reason_and_clears_approvals(
    sent: Contract, courier: Courier
) -> None:
    courier.reason = "The cap is too short for me."

    becomes(sent, courier, EnvelopeState.DECLINED, "envelope-declined")

    assert (sent.status, sent.version) == (ContractStatus.DRAFT, 2)
    assert sent.returned_reason == "The cap is too short for me."


@pytest.mark.clause("C6")
@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [
        (EnvelopeState.VOIDED, "Sent to the wrong person", EnvelopeStatus.VOIDED),
        (EnvelopeState.VOIDED, "Envelope has expired.", EnvelopeStatus.EXPIRED),
        (EnvelopeState.TIMED_OUT, "", EnvelopeStatus.EXPIRED),
    ],
)
def test_voided_and_expired_may_be_sent_again_as_a_new_envelope(
    sent: Contract, courier: Courier, state: EnvelopeState, reason: str, status: str
) -> None:
    courier.reason = reason
    becomes(sent, courier, state, "envelope-voided")
    assert sent.status == ContractStatus.UNSIGNED
    assert sent.envelopes.get().status == status

    resend_contract(contract=sent, by=DirectorFactory(), at=MONDAY)
    deliver_kind("partners.send_envelope")

    transactions = {str(envelope.transaction_id) for envelope in sent.envelopes.all()}
    assert {sending["transaction_id"] for sending in courier.sent} == transactions
    assert len(transactions) == 2


@pytest.mark.clause("C6")
def test_late_events_of_the_old_envelope_do_not_touch_the_new_one(sent: Contract, courier: Courier) -> None:
    old = sent.envelopes.get()
    becomes(sent, courier, EnvelopeState.VOIDED, "envelope-voided")
    resend_contract(contract=sent, by=DirectorFactory(), at=MONDAY)
    deliver_kind("partners.send_envelope")

    tell(old, "envelope-voided")

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SENT


@pytest.mark.clause("C6")
def test_an_open_envelope_is_not_sent_again(sent: Contract) -> None:
    with pytest.raises(CannotResend):
        resend_contract(contract=sent, by=DirectorFactory(), at=MONDAY)


@pytest.mark.clause("C6")
def test_a_completion_without_papers_is_not_taken(sent: Contract) -> None:
    with pytest.raises(ValueError, match="papers"):
        apply_envelope_state(
            envelope=sent.envelopes.get(), state=EnvelopeState.COMPLETED, moment=MONDAY, at=MONDAY
        )


@pytest.mark.clause("C6")
def test_a_worker_that_dies_at_the_signature_loses_nothing(
    sent: Contract, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("partners.services.starting.open_profile", lambda **_: 1 / 0)
        becomes(sent, courier, EnvelopeState.COMPLETED, "envelope-completed")
    assert sent.status == ContractStatus.SENT

    deliver_kind("docusign.event")

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SIGNED
    assert sent.documents.count() == 3


@pytest.mark.clause("C6")
def test_an_event_before_our_own_commit_waits(contract: Contract, courier: Courier) -> None:
    courier.states["envelope-0"] = EnvelopeState.COMPLETED
    tell(Envelope(envelope_id="envelope-0"), "envelope-completed")
    waiting = OutboxMessage.objects.get(kind="docusign.event")
    assert (waiting.done_at, waiting.last_error) == (None, "envelope not known yet")

    deliver_kind("partners.send_envelope")
    deliver_kind("docusign.event")

    contract.refresh_from_db()
    assert contract.status == ContractStatus.SIGNED


@pytest.mark.clause("C6")
def test_if_no_event_comes_a_poll_finds_out(sent: Contract, courier: Courier) -> None:
    courier.states["envelope-0"] = EnvelopeState.COMPLETED
    sent.envelopes.update(polled_at=clock.wall() - timedelta(minutes=15))

    follow_envelopes()

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SIGNED


@pytest.mark.clause("C6")
def test_no_envelope_is_polled_more_often_than_every_15_minutes(sent: Contract, courier: Courier) -> None:
    follow_envelopes()
    assert courier.asked == []

    sent.envelopes.update(polled_at=clock.wall() - timedelta(minutes=15))
    follow_envelopes()
    follow_envelopes()

    assert courier.asked == ["envelope-0"]


# --- numbers and slots ----------------------------------------------------------------
@pytest.mark.clause("C5")
def test_the_contract_in_force_is_the_signed_one() -> None:
    partner = PartnerFactory(numbers={"recurring_percent": Decimal(12)})

    assert contract_in_force(partner, MONDAY.date()).recurring_percent == 12


@pytest.mark.clause("C5")
def test_no_contract_is_in_force_before_the_signature() -> None:
    partner = PartnerFactory()

    with pytest.raises(Contract.DoesNotExist):
        contract_in_force(partner, MONDAY.date() - timedelta(days=1))


@pytest.mark.clause("C21")
@pytest.mark.parametrize(("taken", "slot"), [([], 1), ([1], 2), ([1, 2], 3), ([1, 3], 2), ([1, 2, 3], None)])
def test_a_recruit_who_signs_takes_the_first_free_place(
    courier: Courier, taken: list[int], slot: int | None
) -> None:
    recruiter = PartnerFactory()
    for number in taken:
        PartnerFactory(recruiter=recruiter, bonus_slot=number)
    contract = ContractFactory(partner=ApplicantFactory(recruiter=recruiter))
    approve_twice(contract)
    deliver_kind("partners.send_envelope")

    becomes(contract, courier, EnvelopeState.COMPLETED, "envelope-completed")

    contract.partner.refresh_from_db()
    assert contract.partner.bonus_slot == slot
    assert contract.partner.started_at is not None


@pytest.mark.clause("C20")
def test_a_recruiter_ended_for_cause_gets_no_place(courier: Courier) -> None:
    recruiter = PartnerFactory()
    contract = ContractFactory(partner=ApplicantFactory(recruiter=recruiter))
    ended(recruiter, at=MONDAY, kind="cause")
    approve_twice(contract)
    deliver_kind("partners.send_envelope")

    becomes(contract, courier, EnvelopeState.COMPLETED, "envelope-completed")

    contract.partner.refresh_from_db()
    assert contract.partner.bonus_slot is None

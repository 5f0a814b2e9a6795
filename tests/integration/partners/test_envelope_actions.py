"""What directors and applicants do about an open envelope: void, mail again, correct, take back (C6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction

from partners.errors import (
    AddressNotProven,
    AddressUnchanged,
    CannotTakeBack,
    ConflictOfInterest,
    JustResent,
    NotDirector,
    NothingToSign,
    NothingToVoid,
    OwnContract,
    ReasonMissing,
    VersionChanged,
    VoidAsked,
)
from partners.models import Contract, ContractStatus, Envelope, EnvelopeStatus
from partners.services.envelopes import resend_contract
from partners.services.signature import (
    correct_signer,
    is_proven,
    resend_mail,
    take_back,
    void_envelope,
)
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, RoleGrant, User
from ssp.core.roles import Role
from ssp.docusign.client import EnvelopeState
from ssp.docusign.models import ConnectEvent
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, ContractFactory, DirectorFactory, PartnerFactory
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6"), pytest.mark.usefixtures("at_monday")]
LATER = MONDAY + timedelta(hours=2)


@pytest.fixture
def queued(courier: Courier) -> Contract:
    contract = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory()))
    approve_twice(contract)
    return contract


@pytest.fixture
def sent(queued: Contract) -> Contract:
    deliver_kind("partners.send_envelope")
    queued.refresh_from_db()
    return queued


def envelope_of(contract: Contract) -> Envelope:
    return contract.envelopes.latest("pk")


def void(contract: Contract, reason: str = "The cap is wrong.") -> None:
    void_envelope(contract=contract, reason=reason, by=DirectorFactory(), at=LATER)


def moves_to(contract: Contract, address: str, *, verified: bool = True) -> User:
    """Give the applicant's account another address, as its own pages do."""
    user = contract.partner.user
    EmailAddress.objects.filter(user=user).update(email=address, verified=verified)
    user.email = address
    user.save()
    return user


# --- who may ---------------------------------------------------------------------------
def the_applicant(contract: Contract) -> User:
    RoleGrant.objects.create(user=contract.partner.user, role=Role.DIRECTOR, granted_at=MONDAY)
    return User.objects.get(pk=contract.partner.user_id)


def the_recruiter(contract: Contract) -> User:
    RoleGrant.objects.create(user=contract.partner.recruiter.user, role=Role.DIRECTOR, granted_at=MONDAY)
    return User.objects.get(pk=contract.partner.recruiter.user_id)


def a_superuser(contract: Contract) -> User:
    return UserFactory(is_superuser=True)


NOT_FOR_THEM = [
    (the_applicant, OwnContract),
    (the_recruiter, ConflictOfInterest),
    (a_superuser, NotDirector),
]


@pytest.mark.parametrize(("who", "refusal"), NOT_FOR_THEM)
def test_only_a_director_without_interest_voids(
    sent: Contract, who: Callable[[Contract], User], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        void_envelope(contract=sent, reason="Why not", by=who(sent), at=LATER)


@pytest.mark.parametrize(("who", "refusal"), NOT_FOR_THEM)
def test_only_a_director_without_interest_takes_back(
    sent: Contract, who: Callable[[Contract], User], refusal: type[Exception]
) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")

    with pytest.raises(refusal):
        take_back(contract=sent, reason="Why not", version=1, by=who(sent), at=LATER)


@pytest.mark.parametrize("act", [resend_mail, correct_signer])
@pytest.mark.parametrize(("who", "refusal"), NOT_FOR_THEM[1:])
def test_who_has_an_interest_sends_nothing_anywhere(
    sent: Contract, who: Callable[[Contract], User], refusal: type[Exception], act: Callable[..., object]
) -> None:
    moves_to(sent, "new@people.example")

    with pytest.raises(refusal):
        act(contract=sent, by=who(sent), at=LATER)


# --- void ------------------------------------------------------------------------------
def test_a_voided_envelope_leaves_the_contract_unsigned(sent: Contract, courier: Courier) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")

    sent.refresh_from_db()
    envelope = envelope_of(sent)
    assert courier.states["envelope-0"] == EnvelopeState.VOIDED
    assert (sent.status, envelope.status) == (ContractStatus.UNSIGNED, EnvelopeStatus.VOIDED)
    assert envelope.close_reason == "The cap is wrong."


def test_a_reason_that_says_expired_is_still_a_void(sent: Contract, courier: Courier) -> None:
    void(sent, reason="The offer has expired. " * 20)
    deliver_kind("partners.void_envelope")

    envelope = envelope_of(sent)
    assert envelope.status == EnvelopeStatus.VOIDED
    assert envelope.close_reason == ("The offer has expired. " * 20).strip()


def test_until_docusign_agrees_the_envelope_stays_open(sent: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    void(sent)
    deliver_kind("partners.void_envelope")

    sent.refresh_from_db()
    assert (sent.status, envelope_of(sent).is_open) == (ContractStatus.SENT, True)
    assert envelope_of(sent).waits_since == LATER


def test_a_void_needs_a_reason(sent: Contract) -> None:
    with pytest.raises(ReasonMissing):
        void(sent, reason="  ")


def test_the_database_wants_a_reason_for_a_void(sent: Contract) -> None:
    with pytest.raises(IntegrityError, match="envelope_void_has_reason"), transaction.atomic():
        Envelope.objects.filter(contract=sent).update(void_asked_at=LATER)


def test_what_is_closed_is_not_voided(sent: Contract) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")

    with pytest.raises(NothingToVoid):
        void(sent)


def test_an_envelope_is_voided_once(sent: Contract) -> None:
    void(sent)

    with pytest.raises(VoidAsked):
        void(sent)


def test_a_signature_that_came_first_stands(sent: Contract, courier: Courier) -> None:
    void(sent)
    courier.states["envelope-0"], courier.moment = EnvelopeState.COMPLETED, MONDAY
    deliver_kind("partners.void_envelope")

    sent.refresh_from_db()
    assert (sent.status, envelope_of(sent).status) == (ContractStatus.SIGNED, EnvelopeStatus.COMPLETED)


def test_directors_are_told_that_the_signature_came_first(sent: Contract, courier: Courier) -> None:
    void(sent)
    courier.states["envelope-0"], courier.moment = EnvelopeState.COMPLETED, MONDAY
    deliver_kind("partners.void_envelope")
    deliver_kind("partners.void_too_late")

    assert {letter.subject for letter in mail.outbox} == {
        f"{sent.partner.display_name} signed before the envelope could be voided"
    }
    assert AuditEntry.objects.filter(action="envelope.void_too_late").count() == 1


def test_what_was_never_tried_is_voided_without_docusign(queued: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    void(queued)
    deliver_kind("partners.void_envelope")
    courier.out_of_order = False
    deliver_kind("partners.send_envelope")

    queued.refresh_from_db()
    assert queued.status == ContractStatus.UNSIGNED
    assert courier.sent == []


def test_what_docusign_may_have_is_not_called_voided_at_once(queued: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    deliver_kind("partners.send_envelope")
    courier.out_of_order = False
    void(queued)
    deliver_kind("partners.send_envelope")
    deliver_kind("partners.void_envelope")

    queued.refresh_from_db()
    assert queued.status == ContractStatus.SENDING
    assert courier.sent == []


def test_after_two_minutes_what_docusign_does_not_know_never_came(queued: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    deliver_kind("partners.send_envelope")
    courier.out_of_order = False
    void(queued)
    long_ago = clock.wall() - timedelta(minutes=3)
    OutboxMessage.objects.filter(kind="partners.void_envelope").update(created_at=long_ago)
    deliver_kind("partners.void_envelope")

    queued.refresh_from_db()
    assert (queued.status, envelope_of(queued).status) == (ContractStatus.UNSIGNED, EnvelopeStatus.VOIDED)


def heard_of(envelope_id: str) -> None:
    told = ConnectEvent.objects.create(
        envelope_id=envelope_id,
        event="envelope-sent",
        generated_at=MONDAY,
        received_at=MONDAY,
        body_digest=envelope_id,
    )
    now = clock.wall()
    OutboxMessage.objects.create(
        kind="docusign.event", key="c", payload={"event_id": told.pk}, created_at=now, next_try_at=now
    )
    deliver_kind("docusign.event")


def test_a_sending_that_shows_after_all_is_voided_at_docusign(queued: Contract, courier: Courier) -> None:
    void(queued)
    deliver_kind("partners.void_envelope")
    courier.send_envelope(transaction_id=str(envelope_of(queued).transaction_id))
    heard_of("envelope-0")

    assert courier.states["envelope-0"] == EnvelopeState.VOIDED


def test_what_others_send_from_the_account_is_left_alone(queued: Contract, courier: Courier) -> None:
    void(queued)
    deliver_kind("partners.void_envelope")
    courier.send_envelope(transaction_id="somebody else's")
    heard_of("envelope-0")

    assert courier.states["envelope-0"] == EnvelopeState.SENT


def test_a_sending_whose_answer_was_lost_is_found_and_voided(
    queued: Contract, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("partners.services.envelopes.note_sent", lambda **what: 1 / 0)
        deliver_kind("partners.send_envelope")
    assert len(courier.sent) == 1
    void(queued)
    deliver_kind("partners.void_envelope")

    envelope = envelope_of(queued)
    assert (envelope.envelope_id, envelope.status) == ("envelope-0", EnvelopeStatus.VOIDED)
    assert courier.states["envelope-0"] == EnvelopeState.VOIDED


def test_a_voided_contract_goes_out_again_as_a_new_envelope(sent: Contract, courier: Courier) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")
    resend_contract(contract=sent, by=DirectorFactory(), at=LATER)
    deliver_kind("partners.send_envelope")

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SENT
    assert [each.status for each in sent.envelopes.order_by("pk")] == ["voided", "sent"]


def test_another_conversation_about_the_envelope_is_waited_for(
    sent: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    void(sent)
    monkeypatch.setattr("partners.handlers_docusign.alone_until_commit", lambda name: False)
    deliver_kind("partners.void_envelope")

    message = OutboxMessage.objects.get(kind="partners.void_envelope")
    assert (message.done_at, message.attempts) == (None, 0)
    assert message.last_error == "another conversation about it goes on"


# --- mail again ------------------------------------------------------------------------
def test_the_mail_is_sent_again(sent: Contract, courier: Courier) -> None:
    resend_mail(contract=sent, by=DirectorFactory(), at=LATER)
    deliver_kind("partners.resend_mail")

    assert courier.mailed == ["envelope-0"]


def test_applicants_have_it_sent_again_themselves(sent: Contract, courier: Courier) -> None:
    resend_mail(contract=sent, by=sent.partner.user, at=LATER)
    deliver_kind("partners.resend_mail")

    assert courier.mailed == ["envelope-0"]


def test_the_mail_is_sent_once_an_hour(sent: Contract) -> None:
    with pytest.raises(JustResent):
        resend_mail(contract=sent, by=DirectorFactory(), at=MONDAY + timedelta(minutes=59))
    resend_mail(contract=sent, by=DirectorFactory(), at=LATER)

    with pytest.raises(JustResent):
        resend_mail(contract=sent, by=DirectorFactory(), at=LATER + timedelta(minutes=59))


def test_nothing_is_mailed_before_docusign_has_it(queued: Contract) -> None:
    with pytest.raises(NothingToSign):
        resend_mail(contract=queued, by=DirectorFactory(), at=LATER)


def test_what_is_being_voided_is_mailed_to_nobody(sent: Contract) -> None:
    void(sent)

    with pytest.raises(VoidAsked):
        resend_mail(contract=sent, by=DirectorFactory(), at=LATER)


def test_a_signature_just_before_the_mail_is_heard_of(sent: Contract, courier: Courier) -> None:
    resend_mail(contract=sent, by=DirectorFactory(), at=LATER)
    courier.states["envelope-0"], courier.moment = EnvelopeState.COMPLETED, MONDAY
    deliver_kind("partners.resend_mail")

    sent.refresh_from_db()
    assert sent.status == ContractStatus.SIGNED


# --- correct the address -----------------------------------------------------------------
def test_docusign_learns_the_applicants_new_address(sent: Contract, courier: Courier) -> None:
    moves_to(sent, "new@people.example")
    correct_signer(contract=sent, by=DirectorFactory(), at=LATER)
    deliver_kind("partners.correct_signer")

    envelope = envelope_of(sent)
    assert courier.addresses == {"envelope-0": "new@people.example"}
    assert (envelope.signer_email, envelope.correction_asked_at) == ("new@people.example", None)


def test_applicants_correct_it_themselves(sent: Contract, courier: Courier) -> None:
    correct_signer(contract=sent, by=moves_to(sent, "new@people.example"), at=LATER)
    deliver_kind("partners.correct_signer")

    assert courier.addresses == {"envelope-0": "new@people.example"}


def test_an_address_that_nobody_confirmed_gets_nothing(sent: Contract) -> None:
    moves_to(sent, "new@people.example", verified=False)

    with pytest.raises(AddressNotProven):
        correct_signer(contract=sent, by=DirectorFactory(), at=LATER)


def test_the_database_refuses_an_address_that_is_not_the_applicants(sent: Contract) -> None:
    other = UserFactory()
    assert is_proven(other)

    with pytest.raises(IntegrityError, match="envelope_signer_is_the_applicant"), transaction.atomic():
        Envelope.objects.filter(contract=sent).update(signer_email=other.email)


def test_the_database_refuses_another_address_after_the_end(sent: Contract) -> None:
    moves_to(sent, "new@people.example")
    void(sent)
    deliver_kind("partners.void_envelope")

    with pytest.raises(IntegrityError, match="envelope_signer_is_the_applicant"), transaction.atomic():
        Envelope.objects.filter(contract=sent).update(signer_email="new@people.example")


def test_the_database_refuses_an_envelope_to_somebody_else(queued: Contract) -> None:
    Envelope.objects.filter(contract=queued).delete()

    with pytest.raises(IntegrityError, match="envelope_signer_is_the_applicant"), transaction.atomic():
        Envelope.objects.create(
            contract=queued,
            contract_version=queued.version,
            transaction_id="0d4ff3d5-4f0a-4a51-b3b4-58fb4d6e6c7a",
            queued_at=MONDAY,
            signer_email=DirectorFactory().email,
        )


def test_the_same_address_is_not_corrected(sent: Contract) -> None:
    with pytest.raises(AddressUnchanged):
        correct_signer(contract=sent, by=DirectorFactory(), at=LATER)


def test_an_address_changed_before_the_sending_is_corrected_after_it(
    queued: Contract, courier: Courier
) -> None:
    moves_to(queued, "new@people.example")
    correct_signer(contract=queued, by=DirectorFactory(), at=LATER)
    deliver_kind("partners.correct_signer")
    assert courier.addresses == {}

    deliver_kind("partners.send_envelope")
    deliver_kind("partners.correct_signer")

    assert courier.addresses == {"envelope-0": "new@people.example"}


# --- take back -----------------------------------------------------------------------------
def test_an_unsigned_contract_is_taken_back_to_be_changed(sent: Contract) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")
    take_back(contract=sent, reason="Another cap", version=1, by=DirectorFactory(), at=LATER)

    sent.refresh_from_db()
    assert (sent.status, sent.version, sent.returned_reason) == (ContractStatus.DRAFT, 2, "Another cap")


def test_what_can_still_be_signed_is_not_taken_back(sent: Contract) -> None:
    with pytest.raises(CannotTakeBack):
        take_back(contract=sent, reason="Another cap", version=1, by=DirectorFactory(), at=LATER)


def test_another_version_is_not_taken_back(sent: Contract) -> None:
    void(sent)
    deliver_kind("partners.void_envelope")

    with pytest.raises(VersionChanged):
        take_back(contract=sent, reason="Another cap", version=2, by=DirectorFactory(), at=LATER)

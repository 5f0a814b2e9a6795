"""Two things at once about one envelope: one partnership, one end (C6). With the guards off, they fail."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from partners.errors import NothingToVoid
from partners.models import Contract, ContractReview, ContractStatus, Envelope, EnvelopeStatus, Partner
from partners.services import envelopes, signature
from partners.services.contracts import review_contract
from partners.services.signature import resend_mail, void_envelope
from partners.tasks import follow_envelopes
from ssp.core import clock
from ssp.core.models import OutboxMessage, RoleGrant, User
from ssp.core.outbox import deliver
from ssp.docusign.client import EnvelopeState, signing_service
from ssp.docusign.models import ConnectEvent
from tests.factories.partners import ApplicantFactory, ContractFactory, DirectorFactory, PartnerFactory
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C6")]
LATER = MONDAY + timedelta(hours=2)


def message(kind: str, key: str, payload: dict[str, int]) -> OutboxMessage:
    now = clock.wall()
    return OutboxMessage.objects.create(kind=kind, key=key, payload=payload, created_at=now, next_try_at=now)


def completed(envelope_id: str, number: int) -> OutboxMessage:
    told = ConnectEvent.objects.create(
        envelope_id=envelope_id,
        event="envelope-completed",
        generated_at=MONDAY,
        received_at=MONDAY,
        body_digest=f"completed-{number}",
    )
    return message("docusign.event", f"connect:{number}", {"event_id": told.pk})


def works_on(owed: OutboxMessage) -> Callable[[], object]:
    def work() -> None:
        mine = OutboxMessage.objects.lease(owed.pk, at=clock.wall())
        if mine is not None:
            deliver(mine)

    return work


@pytest.fixture
def signed_at_docusign(courier: Courier) -> Contract:
    """A recruit's contract that DocuSign knows as signed, and we don't yet."""
    contract = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory()))
    approve_twice(contract)
    deliver_kind("partners.send_envelope")
    courier.states["envelope-0"], courier.moment = EnvelopeState.COMPLETED, MONDAY
    contract.envelopes.update(polled_at=clock.wall() - timedelta(minutes=15))
    return contract


class Meeting:
    """Lets both threads that fetch the papers meet there: each has read the envelope as open."""

    def __init__(self, courier: Courier, monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
        barrier = threading.Barrier(parties)
        real = courier.download

        def download(envelope_id: str, which: str) -> bytes:
            if which == "certificate":
                with suppress(threading.BrokenBarrierError):
                    barrier.wait(timeout=3)
            return real(envelope_id, which)

        monkeypatch.setattr(courier, "download", download)


def test_two_messages_and_a_poll_at_once_start_one_partnership(
    signed_at_docusign: Contract, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [completed("envelope-0", number) for number in (1, 2)]
    Meeting(courier, monkeypatch, parties=3)

    raised = at_once(*[works_on(each) for each in told], follow_envelopes)

    partner = Partner.objects.get(pk=signed_at_docusign.partner_id)
    assert raised == []
    assert Contract.objects.get(pk=signed_at_docusign.pk).status == ContractStatus.SIGNED
    assert (partner.started_at, partner.bonus_slot) == (MONDAY, 1)
    assert OutboxMessage.objects.filter(kind="partners.partnership_started").count() == 1
    assert RoleGrant.objects.filter(user=partner.user).count() == 1
    assert signed_at_docusign.documents.count() == 3
    assert all(OutboxMessage.objects.get(pk=each.pk).done_at for each in told)


def test_without_the_lock_the_second_message_fails(
    signed_at_docusign: Contract, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [completed("envelope-0", number) for number in (1, 2)]
    barrier = threading.Barrier(2)

    def unlocked(contract: Contract) -> Contract:
        seen = Contract.objects.whole().get(pk=contract.pk)
        barrier.wait(timeout=10)
        return seen

    class Unlocked:
        """Reads the envelope without taking it."""

        def get(self, pk: int) -> Envelope:
            return Envelope.objects.get(pk=pk)

    monkeypatch.setattr(envelopes, "lock_contract", unlocked)
    monkeypatch.setattr(Envelope.objects, "select_for_update", Unlocked)
    at_once(*[works_on(each) for each in told])

    errors = [OutboxMessage.objects.get(pk=each.pk).last_error for each in told]
    assert sorted(errors) == ["", "IntegrityError"]  # the database is the last door


@pytest.fixture
def approved_once() -> Iterator[tuple[Contract, User]]:
    contract, first = ContractFactory(), DirectorFactory()
    review(contract, first)()
    yield contract, DirectorFactory()


def review(contract: Contract, director: User) -> Callable[[], object]:
    return lambda: review_contract(
        contract=contract,
        director=director,
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=1,
        at=MONDAY,
    )


@pytest.mark.parametrize("attempt", range(3))
def test_the_second_approval_during_a_void_leaves_one_clear_end(
    approved_once: tuple[Contract, User], courier: Courier, attempt: int
) -> None:
    contract, second = approved_once
    third = DirectorFactory()

    raised = at_once(
        review(contract, second),
        lambda: void_envelope(contract=contract, reason="Stop", by=third, at=MONDAY),
    )
    deliver_kind("partners.void_envelope")
    deliver_kind("partners.send_envelope")
    deliver_kind("partners.void_envelope")

    contract.refresh_from_db()
    if raised:  # the void came first: there was nothing to void, and the contract went out
        assert [type(each) for each in raised] == [NothingToVoid]
        assert (contract.status, len(courier.sent)) == (ContractStatus.SENT, 1)
    else:  # the approval came first: its envelope never left
        assert (contract.status, courier.sent) == (ContractStatus.UNSIGNED, [])


def test_a_sending_under_way_is_voided_after_it_not_beside_it(
    approved_once: tuple[Contract, User], courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract, second = approved_once
    review(contract, second)()
    sending = OutboxMessage.objects.get(kind="partners.send_envelope")
    posting, voiding_tried = threading.Event(), threading.Event()
    real = courier.send_envelope

    def slow(**said: object) -> str:
        posting.set()
        assert voiding_tried.wait(timeout=20)
        return real(**said)

    monkeypatch.setattr(courier, "send_envelope", slow)

    def void_meanwhile() -> None:
        assert posting.wait(timeout=20)
        void_envelope(contract=contract, reason="Stop", by=DirectorFactory(), at=MONDAY)
        works_on(OutboxMessage.objects.get(kind="partners.void_envelope"))()
        voiding_tried.set()

    raised = at_once(works_on(sending), void_meanwhile)
    between = Envelope.objects.get().status
    deliver_kind("partners.void_envelope")

    contract.refresh_from_db()
    assert raised == []
    assert between == EnvelopeStatus.SENT
    assert (contract.status, courier.states["envelope-0"]) == (ContractStatus.UNSIGNED, EnvelopeState.VOIDED)


def test_without_the_lock_an_envelope_is_sent_and_called_voided(
    approved_once: tuple[Contract, User], courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract, second = approved_once
    review(contract, second)()
    sending = OutboxMessage.objects.get(kind="partners.send_envelope")
    posting, voided = threading.Event(), threading.Event()
    real = courier.send_envelope
    monkeypatch.setattr("partners.handlers_docusign.alone_until_commit", lambda name: True)
    monkeypatch.setattr(signature, "MAY_BE_UNSEEN", timedelta(0))

    def slow(**said: object) -> str:
        posting.set()
        assert voided.wait(timeout=20)
        return real(**said)

    monkeypatch.setattr(courier, "send_envelope", slow)

    def void_meanwhile() -> None:
        assert posting.wait(timeout=20)
        void_envelope(contract=contract, reason="Stop", by=DirectorFactory(), at=MONDAY)
        works_on(OutboxMessage.objects.get(kind="partners.void_envelope"))()
        voided.set()

    at_once(works_on(sending), void_meanwhile)

    contract.refresh_from_db()
    assert contract.status == ContractStatus.UNSIGNED
    assert courier.states["envelope-0"] == EnvelopeState.SENT  # unsigned for us, and to be signed for them


def test_two_presses_at_once_mail_once(courier: Courier) -> None:
    contract = ContractFactory()
    approve_twice(contract)
    clock.install(lambda: MONDAY)
    deliver_kind("partners.send_envelope")
    clock.install(clock.wall)
    directors = DirectorFactory.create_batch(2)

    raised = at_once(
        *[lambda each=each: resend_mail(contract=contract, by=each, at=LATER) for each in directors]
    )
    deliver_kind("partners.resend_mail")

    assert [type(each).__name__ for each in raised] == ["JustResent"]
    assert courier.mailed == ["envelope-0"]


@pytest.mark.parametrize("attempt", range(2))
def test_a_void_during_a_signature_has_one_winner(standin: StandIn, attempt: int) -> None:
    contract = ContractFactory()
    approve_twice(contract, at=clock.now())
    deliver_kind("partners.send_envelope")
    envelope = contract.envelopes.get()
    link = standin.signing_link(str(envelope.envelope_id))
    standin.visit(link)
    void_envelope(contract=contract, reason="Stop", by=DirectorFactory(), at=clock.now())

    raised = at_once(
        works_on(OutboxMessage.objects.get(kind="partners.void_envelope")),
        lambda: standin.sign(str(envelope.envelope_id)),
    )
    deliver_kind("partners.void_envelope")

    told = signing_service().get_status(str(envelope.envelope_id)).state
    contract.refresh_from_db()
    assert raised == []
    assert (told, contract.status) in {
        (EnvelopeState.COMPLETED, ContractStatus.SIGNED),
        (EnvelopeState.VOIDED, ContractStatus.UNSIGNED),
    }
    assert OutboxMessage.objects.get(kind="partners.void_envelope").done_at is not None

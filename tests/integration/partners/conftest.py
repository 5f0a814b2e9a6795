"""People at the doors of the partnership."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from partners.models import Contract, ContractReview, ProgramTerms
from partners.services.contracts import review_contract
from ssp.core.models import OutboxMessage, User
from ssp.core.outbox import deliver
from ssp.docusign.client import DocuSignRefused, DocuSignUnavailable, Envelope, EnvelopeState
from tests.factories.partners import DirectorFactory, ProgramTermsFactory
from tests.moments import MONDAY


@pytest.fixture
def terms(db) -> ProgramTerms:
    return ProgramTermsFactory()


@pytest.fixture
def sign_in(client: Client) -> Callable[[User], Client]:
    """Sign somebody in; staff with their second factor set up."""

    def signed_in(user: User) -> Client:
        if user.is_staff:
            TOTP.activate(user, generate_totp_secret())
        client.force_login(user, backend="ssp.core.auth.RoleBackend")
        return client

    return signed_in


@dataclass
class Courier:
    """DocuSign at the edge of the network, for tests of what we do with its answers."""

    states: dict[str, EnvelopeState] = field(default_factory=dict)
    sent: list[dict[str, object]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    out_of_order: bool = False
    moment: datetime | None = None
    reason: str = ""

    def send_envelope(self, **said: object) -> str:
        if self.out_of_order:
            raise DocuSignUnavailable("HTTP 503")
        known = next(
            (n for n, s in enumerate(self.sent) if s["transaction_id"] == said["transaction_id"]), None
        )
        if known is None:
            self.sent.append(said)
            known = len(self.sent) - 1
        self.states.setdefault(f"envelope-{known}", EnvelopeState.SENT)
        return f"envelope-{known}"

    def get_status(self, envelope_id: str) -> Envelope:
        self.asked.append(envelope_id)
        return Envelope(
            envelope_id=envelope_id,
            state=self.states[envelope_id],
            transaction_id=str(self.sent[int(envelope_id.rpartition("-")[2])]["transaction_id"]),
            completed_at=self.moment,
            declined_at=self.moment,
            voided_at=self.moment,
            reason=self.reason,
        )

    def list_status_changes(self, *, since=None, envelope_ids=None) -> list[Envelope]:
        return [self.get_status(envelope_id) for envelope_id in envelope_ids]

    def download(self, envelope_id: str, which: str) -> bytes:
        return b"%PDF-1.7 " + which.encode()

    # --- what people ask of an open envelope
    mailed: list[str] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    def find_by_transaction(self, transaction_id: str) -> Envelope | None:
        self._answer()
        for number, sent in enumerate(self.sent):
            if sent["transaction_id"] == transaction_id:
                return self.get_status(f"envelope-{number}")
        return None

    def void(self, envelope_id: str, *, reason: str) -> None:
        self._answer()
        if self.states[envelope_id].is_final:
            raise DocuSignRefused("ENVELOPE_CANNOT_VOID_INVALID_STATE", 400)
        self.states[envelope_id], self.reason = EnvelopeState.VOIDED, reason[:200]

    def resend(self, envelope_id: str) -> None:
        self._answer_for_open(envelope_id)
        self.mailed.append(envelope_id)

    def correct_signer(self, envelope_id: str, *, name: str, email: str) -> None:
        self._answer_for_open(envelope_id)
        self.addresses[envelope_id] = email

    def _answer(self) -> None:
        if self.out_of_order:
            raise DocuSignUnavailable("HTTP 503")

    def _answer_for_open(self, envelope_id: str) -> None:
        self._answer()
        if self.states[envelope_id].is_final:
            raise DocuSignRefused("ENVELOPE_INVALID_STATUS", 400)


@pytest.fixture
def courier(monkeypatch: pytest.MonkeyPatch) -> Courier:
    one = Courier()
    monkeypatch.setattr("partners.handlers_docusign.signing_service", lambda: one)
    monkeypatch.setattr("partners.tasks.signing_service", lambda: one)
    return one


def approve_twice(contract: Contract, *, at: datetime = MONDAY) -> None:
    """Let two new directors approve the present version through the service."""
    for director in DirectorFactory.create_batch(2):
        review_contract(
            contract=contract,
            director=director,
            decision=ContractReview.Decision.APPROVED,
            reason="",
            version=contract.version,
            at=at,
        )
    contract.refresh_from_db()


def deliver_kind(kind: str) -> None:
    """Deliver what the outbox owes of one kind, as a worker would."""
    for message in OutboxMessage.objects.open().filter(kind=kind):
        message.attempts += 1
        deliver(message)

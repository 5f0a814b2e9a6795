"""Envelopes: sent exactly once, followed until they are signed, declined, voided or expired (C6).

What happens to an envelope is applied under its contract's row lock and only while the envelope is open, so
events that come twice, late or out of order change nothing.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from partners import documents, queries
from partners.errors import CannotResend
from partners.models import (
    Contract,
    ContractDocument,
    ContractStatus,
    Envelope,
    EnvelopeStatus,
)
from partners.permissions import check_may_decide
from partners.rules import SIGN_WITHIN_DAYS
from partners.services.starting import start_partnership
from partners.services.steps import lock_contract, return_contract
from ssp.core import audit, outbox
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.docusign.client import EnvelopeState, SigningService

Kind = ContractDocument.Kind


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What DocuSign gives back when everybody signed: two PDFs."""

    signed: bytes
    certificate: bytes


def queue_envelope(contract: Contract, *, by: User, at: datetime) -> Envelope:
    """Queue a locked, approved contract to be sent: a new envelope with a transaction id of its own."""
    contract.queue()
    contract.save()
    envelope = Envelope.objects.create(
        contract=contract,
        contract_version=contract.version,
        transaction_id=uuid.uuid4(),
        queued_at=at,
        signer_email=contract.partner.user.email,
    )
    audit.record("envelope.queued", envelope, by=by, at=at, contract=contract.pk, version=contract.version)
    outbox.enqueue(
        "partners.send_envelope",
        key=f"envelope:{envelope.pk}:send",
        payload={"envelope_id": envelope.pk},
        at=at,
    )
    return envelope


@transaction.atomic
def resend_contract(*, contract: Contract, by: User, at: datetime) -> Envelope:
    """Send a contract whose envelope was voided or expired again, as a new envelope (C6).

    :raises NotDirector, OwnContract, ConflictOfInterest: who may not.
    :raises CannotResend: an envelope is open, or it was declined or signed.
    """
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if contract.status != ContractStatus.UNSIGNED:
        raise CannotResend
    return queue_envelope(contract, by=by, at=at)


def store_document(contract: Contract, kind: Kind, content: bytes, *, at: datetime) -> ContractDocument:
    """Keep a PDF of the contract's present version with its SHA-256, once per kind."""
    stored = contract.documents.filter(version=contract.version, kind=kind).first()
    if stored is not None:
        return stored
    document = ContractDocument(
        contract=contract,
        version=contract.version,
        kind=kind,
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=at,
    )
    document.file.save(
        f"{contract.number}-v{contract.version}-{kind.value}.pdf", ContentFile(content), save=False
    )
    document.save()
    return document


def read_document(document: ContractDocument) -> bytes:
    """Return a stored PDF's bytes.

    :raises ValueError: they aren't those that were stored.
    """
    with document.file.open("rb") as file:
        content: bytes = file.read()
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise ValueError(f"Document {document.pk} isn't what was stored.")
    return content


@transaction.atomic
def send_envelope(*, envelope: Envelope, service: SigningService, at: datetime, wall: datetime) -> None:
    """Hand a queued envelope to DocuSign, exactly once, however often this is called (C6).

    The transaction id was stored when it was queued; the client looks it up before and after it sends.
    Nothing is sent that a director wants voided.

    :param wall: the real time, from which the first poll is counted.
    :raises DocuSignUnavailable, RateLimited, DocuSignRefused: the outbox tries again.
    """
    if envelope.status != EnvelopeStatus.QUEUED or envelope.void_asked_at is not None:
        return
    contract = Contract.objects.whole().get(pk=envelope.contract_id)
    final = documents.render_contract(contract, approvals=queries.approvals(contract))
    store_document(contract, Kind.CONTRACT, final, at=at)
    envelope_id = service.send_envelope(
        document_pdf=final,
        document_name=_("Sales partner contract %(number)s") % {"number": contract.number},
        subject=_("Please sign your sales partner contract %(number)s") % {"number": contract.number},
        message=_(
            "Two directors of SeMI approved your contract. Your partnership starts the moment you sign it."
        ),
        signer_name=contract.signer_name,
        signer_email=envelope.signer_email or contract.partner.user.email,
        transaction_id=str(envelope.transaction_id),
        contract_reference=f"{contract.number} v{contract.version}",
        sign_anchor=documents.SIGN_ANCHOR,
        date_anchor=documents.DATE_ANCHOR,
        expires_after_days=SIGN_WITHIN_DAYS,
    )
    note_sent(envelope=envelope, envelope_id=envelope_id, at=at, wall=wall)


@transaction.atomic
def note_sent(*, envelope: Envelope, envelope_id: str, at: datetime, wall: datetime) -> None:
    """Note that DocuSign has a queued envelope, and under which id (C6).

    :param wall: the real time, from which the first poll is counted.
    """
    contract = lock_contract(envelope.contract)
    envelope = Envelope.objects.select_for_update().get(pk=envelope.pk)
    if envelope.status != EnvelopeStatus.QUEUED:
        return
    envelope.envelope_id, envelope.sent_at, envelope.polled_at = envelope_id, at, wall
    envelope.expires_on = local_date(at) + timedelta(days=SIGN_WITHIN_DAYS)
    envelope.mark_sent()
    envelope.save()
    contract.mark_sent()
    contract.save()
    audit.record("envelope.sent", envelope, by=None, at=at, contract=contract.pk)


@transaction.atomic
def apply_envelope_state(
    *,
    envelope: Envelope,
    state: EnvelopeState,
    moment: datetime | None,
    at: datetime,
    reason: str = "",
    papers: Papers | None = None,
) -> bool:
    """Let what DocuSign says about an envelope take effect, once; return whether anything changed (C6).

    :param moment: when it happened, as DocuSign says; `at` if it doesn't.
    :param papers: needed for a completed envelope.
    """
    contract = lock_contract(envelope.contract)
    envelope = Envelope.objects.select_for_update().get(pk=envelope.pk)
    envelope.contract = contract
    if not envelope.is_open:
        return False
    happened = min(moment or at, at)
    match state:
        case EnvelopeState.DELIVERED if envelope.status != EnvelopeStatus.DELIVERED:
            envelope.mark_delivered()
            envelope.save()
        case EnvelopeState.COMPLETED:
            if papers is None:
                raise ValueError("A completed envelope comes with its papers.")
            _complete(envelope, papers, happened, at=at)
        case EnvelopeState.DECLINED:
            envelope.decline()
            _close(envelope, happened, reason)
            return_contract(
                contract, reason=reason or _("The applicant declined to sign and gave no reason."), at=at
            )
        case EnvelopeState.VOIDED | EnvelopeState.DELETED | EnvelopeState.TIMED_OUT:
            ours = envelope.void_reason  # whole; DocuSign keeps the beginning
            if state is EnvelopeState.TIMED_OUT or (not ours and "expired" in reason.lower()):
                envelope.expire()
            else:
                envelope.void()
            _close(envelope, happened, ours or reason)
            contract.mark_unsigned()
            contract.save()
            outbox.enqueue(
                "partners.contract_unsigned",
                key=f"envelope:{envelope.pk}:closed",
                payload={"envelope_id": envelope.pk},
                at=at,
            )
        case _:
            return False
    audit.record(f"envelope.{envelope.status}", envelope, by=None, at=at, contract=contract.pk)
    return True


def _close(envelope: Envelope, happened: datetime, reason: str) -> None:
    envelope.closed_at, envelope.close_reason = happened, reason
    envelope.save()


def _complete(envelope: Envelope, papers: Papers, signed_at: datetime, *, at: datetime) -> None:
    """Store the papers and start the partnership at the moment of completion (C6, C20, C21)."""
    contract = envelope.contract
    store_document(contract, Kind.SIGNED, papers.signed, at=at)
    store_document(contract, Kind.CERTIFICATE, papers.certificate, at=at)
    envelope.complete()
    _close(envelope, signed_at, "")
    contract.signed_at = signed_at
    contract.sign()
    contract.save()
    start_partnership(contract, started_at=signed_at, at=at)
    if envelope.void_asked_at is not None:
        audit.record("envelope.void_too_late", envelope, by=None, at=at, contract=contract.pk)
        outbox.enqueue(
            "partners.void_too_late",
            key=f"envelope:{envelope.pk}:void-too-late",
            payload={"envelope_id": envelope.pk},
            at=at,
        )

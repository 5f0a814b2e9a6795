"""What people do about an open envelope, and how DocuSign is made to follow (C6).

A press writes what is wanted and owes it to the outbox; the handler makes DocuSign agree, and what DocuSign
then says is what happened. So a void and a signature at the same moment have one arbiter, and one outcome.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from partners.errors import (
    AddressNotProven,
    AddressUnchanged,
    CannotTakeBack,
    JustResent,
    NothingToSign,
    NothingToVoid,
    ReasonMissing,
    VersionChanged,
    VoidAsked,
)
from partners.models import OPEN_ENVELOPE, Contract, ContractStatus, Envelope, EnvelopeStatus
from partners.permissions import check_may_decide, check_may_move_signature
from partners.rules import RESEND_EVERY
from partners.services.envelopes import apply_envelope_state, note_sent
from partners.services.following import take_in
from partners.services.steps import lock_contract, return_contract
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.models import User
from ssp.docusign.client import DocuSignRefused, DocuSignUnavailable, EnvelopeState, SigningService

MAY_BE_UNSEEN = timedelta(minutes=2)  # a sending under way ends sooner, and is to be seen at DocuSign by then

STRAYS_SHOW_WITHIN = timedelta(days=7)  # as long as DocuSign knows a transaction id


def _open_envelope(contract: Contract, otherwise: type[DomainError]) -> Envelope:
    """Return a locked contract's open envelope, locked."""
    envelope = contract.envelopes.select_for_update().filter(status__in=OPEN_ENVELOPE).first()
    if envelope is None:
        raise otherwise
    return envelope


# --- what people press ------------------------------------------------------------
@transaction.atomic
def void_envelope(*, contract: Contract, reason: str, by: User, at: datetime) -> Envelope:
    """Withdraw the open envelope: it can't be signed any more once DocuSign agrees (C6).

    The contract is unsigned then, and may be sent again or taken back. A signature that came first stands.

    :param reason: the applicant reads it.
    :raises NotDirector, OwnContract, ConflictOfInterest: who may not.
    :raises ReasonMissing, NothingToVoid, VoidAsked: what can't be voided now.
    """
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if not reason.strip():
        raise ReasonMissing
    envelope = _open_envelope(contract, NothingToVoid)
    if envelope.void_asked_at is not None:
        raise VoidAsked
    envelope.void_asked_at, envelope.void_reason = at, reason.strip()
    envelope.save(update_fields=["void_asked_at", "void_reason"])
    audit.record("envelope.void_asked", envelope, by=by, at=at, contract=contract.pk)
    _owe("partners.void_envelope", f"envelope:{envelope.pk}:void", envelope, at=at)
    return envelope


@transaction.atomic
def resend_mail(*, contract: Contract, by: User, at: datetime) -> Envelope:
    """Let DocuSign mail the signer once more, at most once an hour (C6).

    :param by: a director without interest, or the applicant.
    :raises NotDirector, ConflictOfInterest: who may not.
    :raises NothingToSign, VoidAsked, JustResent: what can't be sent now.
    """
    contract = lock_contract(contract)
    check_may_move_signature(by, contract)
    envelope = _open_envelope(contract, NothingToSign)
    if not envelope.can_be_signed:
        raise NothingToSign
    if envelope.void_asked_at is not None:
        raise VoidAsked
    last = envelope.resent_at or envelope.sent_at
    if last is not None and at - last < RESEND_EVERY:
        raise JustResent
    envelope.resent_at = at
    envelope.save(update_fields=["resent_at"])
    audit.record("envelope.mail_again", envelope, by=by, at=at, contract=contract.pk)
    _owe("partners.resend_mail", f"envelope:{envelope.pk}:mail:{at.isoformat()}", envelope, at=at)
    return envelope


@transaction.atomic
def correct_signer(*, contract: Contract, by: User, at: datetime) -> Envelope:
    """Send the open envelope to the address that the applicant's account has by now (C6).

    Nobody types an address here: it is the account's own, which the applicant changed and confirmed
    themself. So no director can get at somebody else's signature.

    :param by: a director without interest, or the applicant.
    :raises NotDirector, ConflictOfInterest: who may not.
    :raises NothingToSign, VoidAsked, AddressNotProven, AddressUnchanged: what can't be corrected now.
    """
    contract = lock_contract(contract)
    check_may_move_signature(by, contract)
    envelope = _open_envelope(contract, NothingToSign)
    if envelope.void_asked_at is not None:
        raise VoidAsked
    address = contract.partner.user.email
    if address.casefold() == envelope.signer_email.casefold():
        raise AddressUnchanged
    if not is_proven(contract.partner.user):
        raise AddressNotProven
    envelope.signer_email, envelope.correction_asked_at = address, at
    with constraint_as("envelope_signer_is_the_applicant", AddressNotProven), transaction.atomic():
        envelope.save(update_fields=["signer_email", "correction_asked_at"])
    audit.record("envelope.address_changed", envelope, by=by, at=at, contract=contract.pk)
    _owe("partners.correct_signer", f"envelope:{envelope.pk}:address:{at.isoformat()}", envelope, at=at)
    return envelope


def is_proven(user: User) -> bool:
    """Tell whether somebody has confirmed the address that their account has now."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


@transaction.atomic
def take_back(*, contract: Contract, reason: str, version: int, by: User, at: datetime) -> Contract:
    """Take a contract whose envelope was voided or expired back to draft, to be changed (C6).

    It is a new version, so the earlier approvals no longer count.

    :param version: the version that the director read.
    :raises NotDirector, OwnContract, ConflictOfInterest: who may not.
    :raises ReasonMissing, CannotTakeBack, VersionChanged: what can't be taken back now.
    """
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if not reason.strip():
        raise ReasonMissing
    if contract.status != ContractStatus.UNSIGNED:
        raise CannotTakeBack
    if contract.version != version:
        raise VersionChanged
    return_contract(contract, reason=reason.strip(), at=at)
    audit.record("contract.taken_back", contract, by=by, at=at, version=contract.version)
    return contract


def _owe(kind: str, key: str, envelope: Envelope, *, at: datetime) -> None:
    outbox.enqueue(kind, key=key, payload={"envelope_id": envelope.pk}, at=at)


# --- how DocuSign follows -----------------------------------------------------------
def carry_out_void(
    *,
    envelope: Envelope,
    service: SigningService,
    was_tried: bool,
    waited: timedelta,
    at: datetime,
    wall: datetime,
) -> bool:
    """Make DocuSign void an envelope; return False while nobody can tell whether it has it (C6).

    :param was_tried: whether a sending may have reached DocuSign. If so, "it isn't there" is believed only
        when no sending was under way for a while: `waited`, in real time.
    :raises DocuSignError: the outbox tries again.
    """
    if not envelope.is_open or envelope.void_asked_at is None:
        return True
    if envelope.status == EnvelopeStatus.QUEUED:
        sent = service.find_by_transaction(str(envelope.transaction_id)) if was_tried else None
        if sent is None:
            if was_tried and waited < MAY_BE_UNSEEN:
                return False
            apply_envelope_state(envelope=envelope, state=EnvelopeState.VOIDED, moment=at, at=at)
            return True
        note_sent(envelope=envelope, envelope_id=sent.envelope_id, at=at, wall=wall)
        envelope = Envelope.objects.select_related("contract").get(pk=envelope.pk)
    with suppress(DocuSignRefused):  # signed, declined or expired meanwhile: its end says so
        service.void(str(envelope.envelope_id), reason=envelope.void_reason)
    _take_in_end(envelope, service, at=at)
    return True


def withdraw_stray(*, envelope_id: str, service: SigningService, at: datetime) -> bool:
    """Void at DocuSign what it shows only after we believed it unsent and closed it (C6).

    Others may send envelopes from the same account, so nothing is asked unless we closed one so lately.

    :raises DocuSignError: the outbox tries again.
    """
    unsent = Envelope.objects.filter(
        status=EnvelopeStatus.VOIDED, envelope_id__isnull=True, closed_at__gte=at - STRAYS_SHOW_WITHIN
    )
    reasons = {str(each.transaction_id): each.void_reason for each in unsent}
    if not reasons:
        return False
    told = service.get_status(envelope_id)
    if told.state.is_final or told.transaction_id.lower() not in reasons:
        return False
    service.void(envelope_id, reason=reasons[told.transaction_id.lower()])
    return True


def carry_out_resend(*, envelope: Envelope, service: SigningService, at: datetime) -> None:
    """Make DocuSign mail the signer. A lost answer may bring a second mail, which is better than none.

    :raises DocuSignError: the outbox tries again.
    """
    if not envelope.can_be_signed or envelope.void_asked_at is not None:
        return
    try:
        service.resend(str(envelope.envelope_id))
    except DocuSignRefused:
        _take_in_end(envelope, service, at=at)


def carry_out_correction(*, envelope: Envelope, service: SigningService, at: datetime) -> bool:
    """Make DocuSign know the signer's address; return False while it hasn't got the envelope yet (C6).

    :raises DocuSignError: the outbox tries again.
    """
    if not envelope.is_open or envelope.correction_asked_at is None:
        return True
    if envelope.status == EnvelopeStatus.QUEUED:
        return envelope.void_asked_at is not None
    try:
        service.correct_signer(
            str(envelope.envelope_id),
            name=envelope.contract.signer_name,
            email=envelope.signer_email,
        )
    except DocuSignRefused:
        _take_in_end(envelope, service, at=at)
    # Only what was asked up to now: a second correction meanwhile has a message of its own.
    Envelope.objects.filter(pk=envelope.pk, correction_asked_at=envelope.correction_asked_at).update(
        correction_asked_at=None
    )
    return True


def _take_in_end(envelope: Envelope, service: SigningService, *, at: datetime) -> None:
    """Let the end that an envelope came to take effect.

    :raises DocuSignUnavailable: DocuSign says that it goes on, so what was asked hasn't happened.
    """
    told = service.get_status(str(envelope.envelope_id))
    if not told.state.is_final:
        raise DocuSignUnavailable("still open")
    take_in(envelope=envelope, told=told, service=service, at=at)

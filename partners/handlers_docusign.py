"""What the outbox delivers about envelopes: conversations with DocuSign, and the mails they cause (C6).

One conversation about an envelope at a time: so nothing is voided while it is being sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.urls import reverse

from partners import queries
from partners.models import Contract, Envelope, EnvelopeStatus
from partners.services.envelopes import send_envelope
from partners.services.following import follow_event
from partners.services.signature import carry_out_correction, carry_out_resend, carry_out_void, withdraw_stray
from ssp.core import clock, emails, outbox
from ssp.core.links import absolute
from ssp.core.locks import alone_until_commit
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from ssp.docusign.client import RateLimited, signing_service
from ssp.docusign.models import ConnectEvent

log = structlog.get_logger(__name__)
UNKNOWN_FOR = timedelta(hours=1)
LOOK_AGAIN = timedelta(seconds=5)


# --- conversations ----------------------------------------------------------------
@outbox.handles("partners.send_envelope")
def send(message: OutboxMessage) -> None:
    """Send a contract to be signed: an outage is tried again, a limit waited for."""
    envelope = _envelope_alone(message)
    with _waiting_for_limits():
        send_envelope(envelope=envelope, service=signing_service(), at=clock.now(), wall=clock.wall())


@outbox.handles("partners.void_envelope")
def void(message: OutboxMessage) -> None:
    """Let DocuSign void an envelope, or the signature that came first take effect."""
    envelope = _envelope_alone(message)
    sending = OutboxMessage.objects.filter(key=f"envelope:{envelope.pk}:send")
    with _waiting_for_limits():
        is_over = carry_out_void(
            envelope=envelope,
            service=signing_service(),
            was_tried=not sending.filter(attempts=0, last_error="").exists(),
            waited=clock.wall() - message.created_at,
            at=clock.now(),
            wall=clock.wall(),
        )
    if not is_over:
        raise outbox.TryLater(LOOK_AGAIN, "DocuSign may have it or not")


@outbox.handles("partners.resend_mail")
def resend(message: OutboxMessage) -> None:
    """Let DocuSign mail the signer once more."""
    envelope = _envelope_alone(message)
    with _waiting_for_limits():
        carry_out_resend(envelope=envelope, service=signing_service(), at=clock.now())


@outbox.handles("partners.correct_signer")
def correct(message: OutboxMessage) -> None:
    """Let DocuSign know the applicant's new address, as soon as it has the envelope."""
    envelope = _envelope_alone(message)
    with _waiting_for_limits():
        is_over = carry_out_correction(envelope=envelope, service=signing_service(), at=clock.now())
    if not is_over:
        raise outbox.TryLater(LOOK_AGAIN, "envelope not sent yet")


def _envelope_alone(message: OutboxMessage) -> Envelope:
    """Return the envelope for one conversation with DocuSign at a time, as it is now."""
    pk = message.payload["envelope_id"]
    if not alone_until_commit(f"envelope:{pk}"):
        raise outbox.TryLater(LOOK_AGAIN, "another conversation about it goes on")
    return Envelope.objects.select_related("contract__partner__user").get(pk=pk)


@contextmanager
def _waiting_for_limits() -> Iterator[None]:
    """Come back when DocuSign wants us back: a limit is no failure, and isn't counted as one."""
    try:
        yield
    except RateLimited as limit:
        raise outbox.TryLater(limit.retry_after, limit.error_code) from limit


@outbox.handles("docusign.event")
def hear(message: OutboxMessage) -> None:
    """Work on what Connect told us; an event may come before our own sending is committed: wait for it."""
    event = ConnectEvent.objects.get(pk=message.payload["event_id"])
    if event.processed_at is not None:
        return
    at = clock.now()
    envelope = Envelope.objects.select_related("contract").filter(envelope_id=event.envelope_id).first()
    if envelope is None:
        if _may_be_ours_soon(message):
            raise outbox.TryLater(LOOK_AGAIN, "envelope not known yet")
        with _waiting_for_limits():
            withdrawn = withdraw_stray(envelope_id=event.envelope_id, service=signing_service(), at=at)
        log.warning("connect.unknown_envelope", connect_event_id=event.pk, withdrawn=withdrawn)
    else:
        with _waiting_for_limits():
            follow_event(
                envelope=envelope,
                event=event.event,
                happened=event.generated_at,
                service=signing_service(),
                at=at,
            )
    _done(event, at)


def _may_be_ours_soon(message: OutboxMessage) -> bool:
    sending = Envelope.objects.filter(status=EnvelopeStatus.QUEUED).exists()
    return sending and clock.wall() - message.created_at < UNKNOWN_FOR


def _done(event: ConnectEvent, at: datetime) -> None:
    event.processed_at = at
    event.save(update_fields=["processed_at"])


# --- mails --------------------------------------------------------------------------
def _mail(message: OutboxMessage, name: str, person: User, **context: Any) -> None:
    emails.send(
        f"partners/emails/{name}",
        to=[person.email],
        context={"person": person, **context},
        key=f"{message.key}:{person.pk}",
    )


def _envelope(message: OutboxMessage) -> Envelope:
    return Envelope.objects.select_related("contract__partner__user", "contract__partner__recruiter").get(
        pk=message.payload["envelope_id"]
    )


def _directors_page(contract: Contract) -> str:
    return absolute(reverse("admin:partners_contract_review", args=[contract.pk]))


@outbox.handles("partners.sign_reminder")
def remind(message: OutboxMessage) -> None:
    envelope = _envelope(message)
    if not envelope.can_be_signed or envelope.void_asked_at is not None:
        return
    contract = envelope.contract
    url = absolute(reverse("partners:application"))
    _mail(message, "sign_reminder", contract.partner.user, envelope=envelope, contract=contract, url=url)


@outbox.handles("partners.void_too_late")
def tell_it_was_signed(message: OutboxMessage) -> None:
    contract = _envelope(message).contract
    for director in queries.directors_without_interest(contract):
        _mail(message, "void_too_late", director, contract=contract, url=_directors_page(contract))


@outbox.handles("partners.docusign_delayed")
def alert(message: OutboxMessage) -> None:
    if _envelope(message).alerted_at is not None:  # else it went on before anybody was told
        _tell_keepers(message, "docusign_delayed")


@outbox.handles("partners.docusign_healed")
def tell_it_went_on(message: OutboxMessage) -> None:
    _tell_keepers(message, "docusign_healed")


def _tell_keepers(message: OutboxMessage, name: str) -> None:
    """Tell directors, who wait for the contract, and administrators, who can look after DocuSign."""
    envelope = _envelope(message)
    contract = envelope.contract
    directors = queries.directors_without_interest(contract)
    administrators = [
        person
        for person in User.objects.with_role(Role.ADMINISTRATOR).exclude(pk=contract.partner.user_id)
        if person not in directors
    ]
    outbox_page = absolute(reverse("admin:core_outboxmessage_changelist"))
    for person in [*directors, *administrators]:
        url = _directors_page(contract) if person in directors else outbox_page
        _mail(message, name, person, envelope=envelope, contract=contract, url=url)

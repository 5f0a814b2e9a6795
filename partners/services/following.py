"""Finding out what became of envelopes: told by Connect, or asking ourselves (C6)."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from partners.models import Envelope, EnvelopeStatus
from partners.rules import POLL_EVERY
from partners.services.envelopes import Papers, apply_envelope_state
from ssp.docusign.client import DocuSignError, EnvelopeState, SigningService
from ssp.docusign.client import Envelope as Told

log = structlog.get_logger(__name__)
FOLLOWED = (EnvelopeStatus.SENT, EnvelopeStatus.DELIVERED)
AT_MOST = 50
# What ends an envelope is asked for: the moment, the reason and the papers aren't in the message.
ENDS = {"envelope-completed", "envelope-declined", "envelope-voided", "envelope-deleted"}
HINTS = {"envelope-sent": EnvelopeState.SENT, "envelope-delivered": EnvelopeState.DELIVERED}


def take_in(*, envelope: Envelope, told: Told, service: SigningService, at: datetime) -> bool:
    """Let an answer of DocuSign take effect; fetches the papers of a signed one before anything is locked.

    :raises DocuSignError: the papers can't be had now.
    """
    papers = None
    if told.state is EnvelopeState.COMPLETED and envelope.is_open:
        papers = Papers(
            signed=service.download(told.envelope_id, "combined"),
            certificate=service.download(told.envelope_id, "certificate"),
        )
    moments = {
        EnvelopeState.DELIVERED: told.delivered_at,
        EnvelopeState.COMPLETED: told.completed_at,
        EnvelopeState.DECLINED: told.declined_at,
        EnvelopeState.VOIDED: told.voided_at,
    }
    return apply_envelope_state(
        envelope=envelope,
        state=told.state,
        moment=moments.get(told.state),
        reason=told.reason,
        papers=papers,
        at=at,
    )


def follow_event(
    *, envelope: Envelope, event: str, happened: datetime, service: SigningService, at: datetime
) -> bool:
    """Work on one Connect message: what matters is asked for, what doesn't is taken from the message itself.

    :raises DocuSignError: the outbox tries again.
    """
    if not envelope.is_open or not envelope.envelope_id:
        return False
    if event in HINTS:
        return apply_envelope_state(envelope=envelope, state=HINTS[event], moment=happened, at=at)
    if event not in ENDS:
        return False  # recipients' events say nothing that the envelope's don't
    return take_in(envelope=envelope, told=service.get_status(envelope.envelope_id), service=service, at=at)


def follow_due_envelopes(*, service: SigningService, at: datetime, wall: datetime) -> int:
    """Ask DocuSign once about every open envelope that wasn't asked about for 15 minutes of real time (C6).

    Returns how many changed. An envelope is marked as asked before the call, so two workers can't both ask.
    """
    asked: dict[str, Envelope] = {}
    for envelope in due_envelopes(wall=wall)[:AT_MOST]:
        mine = Envelope.objects.filter(pk=envelope.pk, polled_at=envelope.polled_at).update(polled_at=wall)
        if mine and envelope.envelope_id:
            asked[envelope.envelope_id] = envelope
    if not asked:
        return 0
    changed = 0
    try:
        answers = service.list_status_changes(envelope_ids=list(asked))
    except DocuSignError as trouble:
        log.warning("envelopes.poll_failed", error=type(trouble).__name__, count=len(asked))
        return 0
    for told in answers:
        if told.envelope_id not in asked:
            continue
        ours = asked[told.envelope_id]
        try:
            changed += take_in(envelope=ours, told=told, service=service, at=at)
        except DocuSignError as trouble:
            log.warning("envelopes.follow_failed", envelope=ours.pk, error=type(trouble).__name__)
    return changed


def due_envelopes(*, wall: datetime, every: timedelta = POLL_EVERY) -> list[Envelope]:
    """Return the open envelopes that may be asked about again, those that wait longest first."""
    due = Q(polled_at__isnull=True) | Q(polled_at__lte=wall - every)
    return list(
        Envelope.objects.select_related("contract")
        .filter(due, status__in=FOLLOWED, envelope_id__isnull=False)
        .order_by("polled_at")
    )

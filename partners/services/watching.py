"""What nobody presses: reminders to sign, and alarms when DocuSign keeps something waiting (C6)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from partners.models import OPEN_ENVELOPE, Envelope, EnvelopeStatus
from partners.rules import ALERT_AFTER, signing_reminder
from ssp.core import outbox
from ssp.core.periods import local_date


@transaction.atomic
def remind_signers(*, at: datetime) -> None:
    """Owe every applicant who has something to sign the reminder that is due, once (C6)."""
    waiting = Envelope.objects.filter(
        status__in=(EnvelopeStatus.SENT, EnvelopeStatus.DELIVERED),
        void_asked_at__isnull=True,
        sent_at__isnull=False,
        expires_on__isnull=False,
    )
    for envelope in waiting.order_by("pk"):
        assert envelope.sent_at is not None and envelope.expires_on is not None
        step = signing_reminder(local_date(envelope.sent_at), envelope.expires_on, on=local_date(at))
        if step:
            outbox.enqueue(
                "partners.sign_reminder",
                key=f"envelope:{envelope.pk}:remind:{step}",
                payload={"envelope_id": envelope.pk, "step": step},
                at=at,
            )


def delayed_envelopes(*, at: datetime) -> list[Envelope]:
    """Return the open envelopes about which DocuSign owes an answer for half an hour, oldest first."""
    late = Envelope.objects.select_related("contract__partner").filter(status__in=OPEN_ENVELOPE)
    since = [(envelope.waits_since, envelope) for envelope in late.order_by("queued_at", "pk")]
    return [envelope for moment, envelope in since if moment is not None and at - moment >= ALERT_AFTER]


@transaction.atomic
def watch_docusign(*, at: datetime) -> None:
    """Alert people once when DocuSign keeps an envelope waiting, and tell them once when it goes on (C6)."""
    for envelope in delayed_envelopes(at=at):
        if Envelope.objects.filter(pk=envelope.pk, alerted_at__isnull=True).update(alerted_at=at):
            _tell("partners.docusign_delayed", envelope, alerted_at=at, at=at)
    for envelope in Envelope.objects.filter(Q(alerted_at__isnull=False)).order_by("pk"):
        if envelope.waits_since is None:
            alerted_at = envelope.alerted_at
            assert alerted_at is not None
            if Envelope.objects.filter(pk=envelope.pk, alerted_at=alerted_at).update(alerted_at=None):
                _tell("partners.docusign_healed", envelope, alerted_at=alerted_at, at=at)


def _tell(kind: str, envelope: Envelope, *, alerted_at: datetime, at: datetime) -> None:
    outbox.enqueue(
        kind,
        key=f"envelope:{envelope.pk}:{kind.rpartition('_')[2]}:{alerted_at.isoformat()}",
        payload={"envelope_id": envelope.pk},
        at=at,
    )

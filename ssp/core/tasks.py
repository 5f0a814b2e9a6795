"""The queue's side of the outbox."""

from celery import shared_task

from ssp.core import clock, outbox
from ssp.core.models import OutboxMessage

SWEEP_AT_MOST = 200


@shared_task
def deliver(*, message_id: int, **_: object) -> None:
    """Deliver one outbox message at least once; its key makes repeats harmless."""
    if message := OutboxMessage.objects.lease(message_id, at=clock.wall()):
        outbox.deliver(message)


@shared_task
def sweep(**_: object) -> None:
    """Deliver what a lost nudge missed, and what waits for another try."""
    due = OutboxMessage.objects.due(at=clock.wall()).order_by("next_try_at").values_list("pk", flat=True)
    for pk in list(due[:SWEEP_AT_MOST]):
        if message := OutboxMessage.objects.lease(pk, at=clock.wall()):
            outbox.deliver(message)


@shared_task
def ping(*, key: str, **_: object) -> None:
    """Answer a readiness probe: proves that a worker takes work."""
    from ssp.core.health import answer

    answer(key)

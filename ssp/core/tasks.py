"""The queue's side of the outbox."""

import time

from celery import shared_task

from ssp.core import clock, outbox
from ssp.core.locks import alone
from ssp.core.models import OutboxMessage

SWEEP_AT_MOST = 200
SWEEP_AT_MOST_SECONDS = 20.0


@shared_task
def deliver(*, message_id: int, **_: object) -> None:
    """Deliver one outbox message at least once; its key makes repeats harmless."""
    if message := OutboxMessage.objects.lease(message_id, at=clock.wall()):
        outbox.deliver(message)


@shared_task
def sweep(**_: object) -> None:
    """Deliver what a lost nudge missed, and what waits for another try.

    One sweeper at a time and not for long: while a mail server hangs, a sweep each tick would take every
    worker.
    """
    with alone("outbox.sweep") as is_ours:
        if is_ours:
            sweep_until(time.monotonic() + SWEEP_AT_MOST_SECONDS)


def sweep_until(moment: float) -> None:
    due = OutboxMessage.objects.due(at=clock.wall()).order_by("next_try_at").values_list("pk", flat=True)
    for pk in list(due[:SWEEP_AT_MOST]):
        if message := OutboxMessage.objects.lease(pk, at=clock.wall()):
            outbox.deliver(message)
        if time.monotonic() > moment:
            return


@shared_task
def ping(*, key: str, **_: object) -> None:
    """Answer a readiness probe: proves that a worker takes work."""
    from ssp.core.health import answer

    answer(key)

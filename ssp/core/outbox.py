"""Side effects, written in the transaction that owes them and delivered at least once.

A service calls `enqueue`; on commit a nudge asks Celery to deliver, and beat sweeps what the nudge missed, so
losing Redis loses nothing. A handler gets the message and passes its key on, so that a repeat is recognised.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from celery import current_app
from django.db import transaction

from ssp.core import clock
from ssp.core.models import OutboxMessage

log = structlog.get_logger(__name__)
Handler = Callable[[OutboxMessage], None]
_handlers: dict[str, Handler] = {}
_listening: dict[str, set[str]] = {}
MAX_ATTEMPTS = 35  # a day: an hour apart in the end, so that nobody's long outage leaves work to people


class TryLater(Exception):
    """Raised by a handler whose moment hasn't come: tried again after `wait`, never dead-lettered."""

    def __init__(self, wait: timedelta, reason: str = "") -> None:
        self.wait = wait
        super().__init__(reason or "later")


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of `kind`. Each kind has exactly one."""

    def register(handler: Handler) -> Handler:
        if _handlers.get(kind, handler) is not handler:
            raise RuntimeError(f"Two handlers for {kind}")
        _handlers[kind] = handler
        return handler

    return register


def hears(event: str, *, kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as one of those who hear of `event`; `kind` is its own message.

    Each listener has its own row and tries again by itself, so that nobody's failure repeats another's work.
    """

    def register(handler: Handler) -> Handler:
        _listening.setdefault(event, set()).add(kind)
        return handles(kind)(handler)

    return register


def announce(event: str, *, key: str, payload: dict[str, int | str] | None = None, at: datetime) -> None:
    """Owe every listener of `event` its message, once per `key`."""
    for kind in sorted(_listening.get(event, ())):
        enqueue(kind, key=f"{kind}:{key}", payload=payload, at=at)


def enqueue(kind: str, *, key: str, payload: dict[str, int | str] | None = None, at: datetime) -> None:
    """Owe the world `kind`, once per `key`: a second call with the same key does nothing.

    `payload` carries ids, never personal fields. `at` is the application time, kept for the handler.
    """
    now = clock.wall()
    message, created = OutboxMessage.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "payload": {**(payload or {}), "at": at.isoformat()},
            "created_at": now,
            "next_try_at": now,
        },
    )
    if created:
        transaction.on_commit(lambda: nudge(message.pk))


def nudge(pk: int) -> None:
    """Ask a worker to deliver now. If the queue can't be reached, or is ill in any way, the sweeper will."""
    try:
        current_app.send_task("ssp.core.tasks.deliver", kwargs={"message_id": pk}, retry=False)
    except (
        Exception
    ) as unreachable:  # redis-py's errors are no OSError; what is committed must not become a 500
        log.warning("outbox.nudge_missed", message_id=pk, error=type(unreachable).__name__)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after that many tries: 2 s doubling up to an hour."""
    return timedelta(seconds=min(2**attempts, 3600))


def deliver(message: OutboxMessage) -> None:
    """Run the handler of a leased message, then mark it done, or put it off, or give it up to people.

    The handler and the mark share a transaction, which holds the message's row: what a handler writes here
    happens once, and nobody else begins the work while it goes on, however long it takes.
    """
    if message.attempts > MAX_ATTEMPTS:
        _put_off(message, attempts=message.attempts, dead=True, error="WorkerLost")
        log.error("outbox.worker_lost", message_id=message.pk, kind=message.kind, attempts=message.attempts)
        return
    try:
        with transaction.atomic():
            if not OutboxMessage.objects.hold(message):
                return
            _handlers[message.kind](message)
            OutboxMessage.objects.filter(pk=message.pk).update(done_at=clock.wall(), last_error="")
    except TryLater as later:
        _put_off(message, wait=later.wait, attempts=0, error=str(later))
    except Exception as failure:
        dead = message.attempts >= MAX_ATTEMPTS
        _put_off(message, attempts=message.attempts, dead=dead, error=type(failure).__name__)
        log.exception(
            "outbox.failed", message_id=message.pk, kind=message.kind, attempts=message.attempts, dead=dead
        )
    else:
        log.info("outbox.delivered", message_id=message.pk, kind=message.kind)


def _put_off(
    message: OutboxMessage, *, attempts: int, error: str, wait: timedelta | None = None, dead: bool = False
) -> None:
    now = clock.wall()
    OutboxMessage.objects.leased_as(message).update(
        next_try_at=now + (backoff(attempts) if wait is None else wait),
        attempts=attempts,
        dead_at=now if dead else None,
        last_error=error[:300],
    )

"""The outbox when things go on at the same time, or break half-way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client

from ssp.core import clock, outbox, tasks
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY


def owe(key: str, kind: str) -> OutboxMessage:
    outbox.enqueue(kind, key=key, at=MONDAY)
    return OutboxMessage.objects.get(key=key)


def while_delivering(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[OutboxMessage], None]) -> int:
    """Deliver one message; while its handler works, do something else. Return how often the handler ran."""
    runs: list[int] = []
    working, go_on = threading.Event(), threading.Event()

    def handler(message: OutboxMessage) -> None:
        runs.append(1)
        if len(runs) == 1:
            working.set()
            go_on.wait(20)

    monkeypatch.setitem(outbox._handlers, "test.slow", handler)
    message = owe("slow", "test.slow")

    def work() -> None:
        tasks.deliver(message_id=message.pk)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert working.wait(20)
    try:
        meanwhile(message)
    finally:
        go_on.set()
        worker.join()
    return len(runs)


@pytest.mark.django_db(transaction=True)
def test_work_that_outlasts_its_lease_is_not_begun_by_a_second_worker(monkeypatch) -> None:
    def the_lease_runs_out(message: OutboxMessage) -> None:
        later = clock.wall() + OutboxMessage.objects.all().LEASE + timedelta(seconds=1)
        monkeypatch.setattr(clock, "wall", lambda: later)
        tasks.sweep()
        tasks.deliver(message_id=message.pk)

    assert while_delivering(monkeypatch, the_lease_runs_out) == 1
    assert OutboxMessage.objects.get(key="slow").done_at


@pytest.mark.django_db(transaction=True)
def test_trying_again_leaves_what_is_under_way_alone(monkeypatch, client: Client) -> None:
    def somebody_presses_try_again(message: OutboxMessage) -> None:
        model_admin = admin.site._registry[OutboxMessage]
        monkeypatch.setattr(model_admin, "message_user", lambda *args, **kwargs: None)
        request = type("Request", (), {"user": UserFactory(roles=[Role.ADMINISTRATOR])})()
        model_admin.try_again(request, OutboxMessage.objects.filter(pk=message.pk))
        tasks.sweep()

    assert while_delivering(monkeypatch, somebody_presses_try_again) == 1
    assert OutboxMessage.objects.get(key="slow").done_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "failure",
    [redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.OutOfMemoryError],
)
def test_what_was_committed_is_not_answered_with_an_error_because_the_queue_is_ill(
    monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def ill(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(outbox.current_app, "send_task", ill)
    with transaction.atomic():
        message = owe("a", "test.noted")
    assert OutboxMessage.objects.due(at=clock.wall()).filter(pk=message.pk).exists()


@pytest.mark.django_db
def test_a_message_that_kills_its_workers_is_left_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    monkeypatch.setitem(outbox._handlers, "test.deadly", lambda message: runs.append(1))
    message = owe("a", "test.deadly")
    OutboxMessage.objects.filter(pk=message.pk).update(
        attempts=outbox.MAX_ATTEMPTS
    )  # leased, and never came back
    tasks.sweep()
    message.refresh_from_db()
    assert runs == []
    assert message.dead_at is not None
    assert message.last_error == "WorkerLost"


def test_what_waits_is_tried_for_a_whole_day() -> None:
    waits = [outbox.backoff(attempts) for attempts in range(1, outbox.MAX_ATTEMPTS)]
    assert timedelta(days=1) <= sum(waits, timedelta()) < timedelta(days=2)


@pytest.mark.django_db(transaction=True)
def test_while_a_sweeper_is_busy_the_next_one_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setitem(outbox._handlers, "test.noted", lambda message: seen.append(message.key))

    def somebody_sweeps(message: OutboxMessage) -> None:
        owe("other", "test.noted")
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(on_a_connection_of_its_own, tasks.sweep).result(20)

    monkeypatch.setattr(tasks, "deliver", lambda *, message_id: tasks.sweep())
    assert while_delivering(monkeypatch, somebody_sweeps) == 1
    assert seen == []
    tasks.sweep()
    assert seen == ["other"]


@pytest.mark.django_db
def test_a_sweep_stops_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setitem(outbox._handlers, "test.noted", lambda message: seen.append(message.key))
    monkeypatch.setattr(tasks, "SWEEP_AT_MOST_SECONDS", -1.0)
    owe("a", "test.noted")
    owe("b", "test.noted")
    tasks.sweep()
    assert seen == ["a"]
    tasks.sweep()
    assert seen == ["a", "b"]


def on_a_connection_of_its_own(call: Callable[[], None]) -> None:
    call()
    connection.close()

"""The outbox owes each side effect once and delivers it at least once."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from ssp.core import audit, clock, outbox, tasks
from ssp.core.models import AuditEntry, OutboxMessage
from tests.factories.core import UserFactory
from tests.moments import MONDAY


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setitem(outbox._handlers, "test.noted", lambda message: seen.append(message.key))
    return seen


def owe(key: str, kind: str = "test.noted") -> OutboxMessage:
    outbox.enqueue(kind, key=key, at=MONDAY)
    return OutboxMessage.objects.get(key=key)


@pytest.mark.django_db
def test_the_same_key_is_owed_once() -> None:
    owe("a")
    owe("a")
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_each_listener_of_an_event_gets_a_message_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(outbox, "_listening", {})
    monkeypatch.setattr(outbox, "_handlers", {})

    @outbox.hears("test.happened", kind="one.happened")
    def fails(message: OutboxMessage) -> None:
        raise RuntimeError

    @outbox.hears("test.happened", kind="two.happened")
    def works(message: OutboxMessage) -> None:
        seen.append(message.key)

    for _twice in range(2):
        outbox.announce("test.happened", key="a", at=MONDAY)
    tasks.sweep()

    assert seen == ["two.happened:a"]
    assert OutboxMessage.objects.open().get().kind == "one.happened"


@pytest.mark.django_db(transaction=True)
def test_what_rolls_back_owes_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        owe("a")
        raise RuntimeError
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_delivered_message_is_not_delivered_again(delivered: list[str]) -> None:
    message = owe("a")
    tasks.deliver(message_id=message.pk)
    tasks.deliver(message_id=message.pk)
    tasks.sweep()
    assert delivered == ["a"]


@pytest.mark.django_db
def test_the_sweeper_delivers_what_no_nudge_reached(delivered: list[str]) -> None:
    owe("a")
    owe("b")
    tasks.sweep()
    assert sorted(delivered) == ["a", "b"]


@pytest.mark.django_db
def test_a_worker_that_died_loses_its_lease_to_the_next(delivered: list[str]) -> None:
    message = owe("a")
    now = clock.wall()
    assert OutboxMessage.objects.lease(message.pk, at=now)  # and then the worker is gone
    assert OutboxMessage.objects.lease(message.pk, at=now) is None
    later = now + OutboxMessage.objects.all().LEASE + timedelta(seconds=1)
    assert OutboxMessage.objects.lease(message.pk, at=later)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_workers_one_gets_the_lease() -> None:
    message = owe("a")
    start, won = threading.Barrier(20), []

    def work() -> None:
        start.wait()
        if OutboxMessage.objects.lease(message.pk, at=clock.wall()):
            won.append(1)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


@pytest.mark.django_db
def test_a_failure_is_put_off_and_what_it_wrote_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    user = UserFactory()

    def fails(message: OutboxMessage) -> None:
        audit.record("test.half_done", user, by=None, at=MONDAY)
        raise ConnectionError("somebody@people.example is unreachable")

    monkeypatch.setitem(outbox._handlers, "test.fails", fails)
    message = owe("a", "test.fails")
    tasks.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.done_at is None
    assert message.next_try_at > clock.wall()
    assert message.last_error == "ConnectionError"  # never the text: it may name a person
    assert not AuditEntry.objects.filter(action="test.half_done").exists()


@pytest.mark.django_db
def test_what_always_fails_is_left_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox._handlers, "test.fails", lambda message: 1 / 0)
    message = owe("a", "test.fails")
    for _ in range(outbox.MAX_ATTEMPTS):
        OutboxMessage.objects.filter(pk=message.pk).update(next_try_at=clock.wall())
        tasks.sweep()
    message.refresh_from_db()
    assert message.dead_at is not None
    assert not OutboxMessage.objects.due(at=clock.wall() + timedelta(days=9)).exists()


@pytest.mark.django_db
def test_a_handler_may_wait_for_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(message: OutboxMessage) -> None:
        raise outbox.TryLater(timedelta(minutes=15))

    monkeypatch.setitem(outbox._handlers, "test.waits", waits)
    message = owe("a", "test.waits")
    tasks.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.attempts == 0
    assert message.next_try_at > clock.wall() + timedelta(minutes=14)


@pytest.mark.django_db(transaction=True)
def test_losing_redis_loses_nothing(settings, delivered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise OSError("Connection refused")

    monkeypatch.setattr(outbox.current_app, "send_task", unreachable)
    message = owe("a")
    assert message.done_at is None
    tasks.sweep()
    assert delivered == ["a"]


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_audit_is_append_only(change: str) -> None:
    audit.record("test.done", UserFactory(), by=None, at=MONDAY)
    entry = AuditEntry.objects.get(action="test.done")
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        if change == "update":
            AuditEntry.objects.filter(pk=entry.pk).update(action="another")
        else:
            entry.delete()
    assert AuditEntry.objects.filter(pk=entry.pk, action="test.done").exists()

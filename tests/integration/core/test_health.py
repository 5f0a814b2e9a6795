"""/healthz says the process answers; /readyz really asks."""

import pytest
from django.test import Client

from ssp.core import health

pytestmark = pytest.mark.usefixtures("empty_cache")


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_names_the_part_that_failed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WORKER_ANSWERS_WITHIN", 0.05)  # no worker runs in this test
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failed", "database": "ok", "redis": "ok", "worker": "failed"}


@pytest.mark.django_db
def test_ready_when_a_worker_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def worker_at_once(name: str, *, kwargs: dict[str, str], **options: object) -> None:
        health.answer(kwargs["key"])

    monkeypatch.setattr(health.current_app, "send_task", worker_at_once)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, "ok")


@pytest.mark.django_db
def test_asking_often_neither_fills_the_queue_nor_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(health, "WORKER_ANSWERS_WITHIN", 1)
    monkeypatch.setattr(health.current_app, "send_task", lambda name, **options: sent.append(name))
    codes = [client.get("/readyz").status_code for _ in range(20)]  # would take 20 s
    assert codes == [503] * 20
    assert sent == ["ssp.core.tasks.ping"]


@pytest.mark.django_db
@pytest.mark.timeout(15)
def test_an_answer_is_good_for_a_moment(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def worker_at_once(name: str, *, kwargs: dict[str, str], **options: object) -> None:
        sent.append(name)
        health.answer(kwargs["key"])

    monkeypatch.setattr(health.current_app, "send_task", worker_at_once)
    assert [client.get("/readyz").status_code for _ in range(20)] == [200] * 20
    assert len(sent) == 1

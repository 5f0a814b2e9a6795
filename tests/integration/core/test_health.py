"""/healthz says the process answers; /readyz really asks."""

import pytest
from django.test import Client

from ssp.core import health


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

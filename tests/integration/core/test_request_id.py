"""A request id follows from the request into the task."""

import threading

import pytest
import structlog
from celery import shared_task
from celery.contrib.testing.worker import start_worker

from ssp.celery import app

heard: dict[str, object] = {}
answered = threading.Event()


@shared_task(name="tests.listen")
def listen(**_: object) -> None:
    heard.update(structlog.contextvars.get_contextvars())
    answered.set()


@pytest.mark.django_db(transaction=True)
def test_a_task_logs_with_the_request_id_of_the_request_that_asked_for_it() -> None:
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            app.send_task("tests.listen", retry=False)
        assert answered.wait(20)
    assert heard["request_id"] == "r-1"

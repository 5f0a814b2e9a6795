"""Logs carry ids and places, never a person."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.middlewares import RequestMiddleware

from ssp.core import logs


@pytest.fixture
def lines() -> Iterator[Callable[[], str]]:
    """What goes to the console, as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(json=True))
    logging.getLogger().addHandler(handler)
    yield stream.getvalue
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("logger", [logging.getLogger("django.security"), structlog.get_logger("ours")])
def test_an_exceptions_text_stays_out_of_the_log(lines, logger) -> None:
    try:
        raise ValueError("joanna.pohl@halden.example")
    except ValueError:
        logger.error("failed", exc_info=True)
    line = lines()
    assert '"exception": "ValueError"' in line
    assert "test_logs.py" in line
    assert "joanna" not in line


def test_a_request_id_is_on_every_line(lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("theirs").warning("hello")
    assert '"request_id": "r-1"' in lines()


@pytest.mark.parametrize(
    "path",
    [
        "/join/staff/kZ8Qm2Vb1n0aYxT5rWc3Lg/",
        "/accounts/password/reset/key/1-d2x9qk-0f7a6c5e4d3b2a1908f7e6d5c4b3a291/",
        "/accounts/confirm-email/MQ:1vN0aB:kZ8Qm2Vb1n0aYxT5rWc3Lg/",
        "/admin/core/user/?q=joanna.pohl@halden.example",
        "/referrals/joanna.pohl@halden.example/",
    ],
)
def test_a_request_is_logged_without_what_opens_or_names_something(lines, path: str) -> None:
    RequestMiddleware(lambda request: HttpResponse(status=410))(RequestFactory().get(path))
    logging.getLogger("django.security").warning("%s: %s", "Gone", path)
    first = path.split("/")[1]
    assert lines().count(f"/{first}/") == 3  # started, finished, and Django's own
    for secret in ("kZ8Qm2Vb1n0aYxT5rWc3Lg", "0f7a6c5e4d3b", "joanna"):
        assert secret not in lines()


def test_a_plain_address_stays_readable(lines) -> None:
    RequestMiddleware(lambda request: HttpResponse())(RequestFactory().get("/referrals/12/use-cases/"))
    assert "GET /referrals/12/use-cases/" in lines()


def test_a_browser_is_not_remembered(lines) -> None:
    RequestMiddleware(lambda request: HttpResponse())(
        RequestFactory().get("/", headers={"User-Agent": "Netscape"})
    )
    assert "request_started" in lines()
    assert "Netscape" not in lines()


def test_a_failed_task_is_logged_without_the_words_of_its_exception(lines) -> None:
    failure = ValueError("Key (email)=(joanna.pohl@halden.example) already exists.")
    CeleryReceiver().receiver_task_failure(task_id="t-1", exception=failure)
    told = {"name": "ssp.task", "id": "t-1", "description": "raised unexpected", "exc": repr(failure)}
    logging.getLogger("celery.app.trace").error("Task %(name)s[%(id)s] %(description)s: %(exc)s", told)
    assert '"exception": "ValueError"' in lines()
    assert "Task ssp.task[t-1] raised unexpected" in lines()
    assert "joanna" not in lines()

"""Logs carry ids and places, never a person."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

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


@pytest.mark.parametrize("logger", [logging.getLogger("django.request"), structlog.get_logger("ours")])
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

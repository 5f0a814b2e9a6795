"""Structured logs: one line an event, a request id that follows into tasks, ids but no personal data."""

import logging.config
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]


def where_it_failed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and its frames: its text may name a person."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    elif isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    if exc_info and exc_info[0]:
        event["exception"] = exc_info[0].__name__
        frames = traceback.extract_tb(exc_info[2])
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames][-20:]
    return event


def formatter(*, json: bool) -> logging.Formatter:
    """Return what writes a line: as JSON for machines, or for people."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return structlog.stdlib.ProcessorFormatter(
        processors=[where_it_failed, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        foreign_pre_chain=_SHARED,
    )


def configure(options: dict[str, Any]) -> None:
    """Set up logging (LOGGING_CONFIG). `options`: level, and json for machines instead of people."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter, "json": options["json"]}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": options["level"]},
            "loggers": {
                "celery": {"level": "WARNING"},
                "django_structlog.celery": {"level": "WARNING"},  # beat ticks: one line each would drown the rest
                "mail.log": {"level": "WARNING"},
                "django_structlog": {"level": options["level"]},
                "urllib3": {"level": "WARNING"},
                "docusign_esign": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

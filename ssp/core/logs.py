"""Structured logs: one line an event, a request id that follows into tasks, ids but no personal data."""

import logging.config
import re
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


PATH = re.compile(r"/\S*")
PLAIN = re.compile(r"\d+|2fa|[a-z][a-z0-9_.-]{0,39}")  # what our addresses are made of, and tokens aren't
FOREIGN_TEXT = (
    "error",
    "reason",
    "result",
    "user_agent",
)  # django-structlog's: exceptions' words, a browser's name


def _without_secrets(path: re.Match[str]) -> str:
    """Keep the plain parts of an address: tokens open things, and what follows `?` may name a person."""
    parts = path[0].partition("?")[0].split("/")
    return "/".join(part if not part or PLAIN.fullmatch(part) else "*" for part in parts)


def no_links_no_people(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what others write into their lines: working links, searches, the words of exceptions."""
    arguments, logger = event.pop("positional_args", None), str(event.get("logger", ""))
    if logger.startswith("django_structlog"):
        for name in FOREIGN_TEXT:
            event.pop(name, None)
        if "request" in event:
            event["request"] = PATH.sub(_without_secrets, str(event["request"]))
    elif logger.startswith("django.") and isinstance(event.get("event"), str):
        event["event"] = PATH.sub(_without_secrets, event["event"])
    elif logger.startswith("celery.") and isinstance(arguments, dict) and "exc" in arguments:
        event["event"] = "Task {name}[{id}] {description}".format(**{"description": "failed", **arguments})
    return event


def where_it_failed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and its frames: its text may name a person."""
    exc_info = event.pop("exc_info", None)
    if isinstance(event.get("exception"), BaseException):  # django-structlog hands it over this way
        exc_info = event["exception"]
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
    renderer: Any = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            where_it_failed,
            no_links_no_people,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
        foreign_pre_chain=_SHARED,
        pass_foreign_args=True,
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
                "django.request": {"level": "CRITICAL"},  # django_structlog says it too, with a request id
                "django_structlog.celery": {
                    "level": "WARNING"
                },  # beat ticks: one line each would drown the rest
                "mail.log": {"level": "WARNING"},
                "django_structlog": {"level": options["level"]},
                "urllib3": {"level": "WARNING"},
                "docusign_esign": {"level": "WARNING"},
                "slack_sdk": {"level": "CRITICAL"},  # it writes bodies; ssp.slack says what failed
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

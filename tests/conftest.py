"""What every test may use."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.core.cache import cache

from ssp.core import clock
from tests.mailserver import Inbox, MailServer
from tests.moments import MONDAY


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path: Path) -> None:
    """Files a test stores go to a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def no_slack(settings) -> None:
    """Nobody's bot token of this machine's environment; tests that want one take `slack`."""
    settings.SLACK = {"BOT_TOKEN": "", "API_URL": "http://127.0.0.1:9/"}


@pytest.fixture(autouse=True)
def no_minimum(settings) -> None:
    """Every cent is paid out, except where a test is about the minimum."""
    settings.PAYOUT_MINIMUMS = {}


@pytest.fixture
def at_monday() -> Iterator[datetime]:
    """Let the application clock stand at MONDAY."""
    clock.install(lambda: MONDAY)
    yield MONDAY
    clock.install(clock.wall)


@pytest.fixture
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def inbox(settings) -> Iterator[Inbox]:
    """A real SMTP server; what the code sends arrives here."""
    server = MailServer()
    server.start()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": server.port, "timeout": 10},
        }
    }
    yield server.inbox
    server.stop()

"""The application clock: the only place that tells the time (ruff keeps it so).

Views, tasks, admin, api and commands read it; everything below takes `at` or `on`. In development the
sandbox installs a source that can be moved, for web, worker and beat together.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from ssp.core.periods import local_date


def wall() -> datetime:
    """Return the real time (aware, UTC): for leases and logs, which no sandbox may move."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


_source: Callable[[], datetime] = wall


def install(source: Callable[[], datetime]) -> None:
    """Let `source` tell the application's time from now on (the sandbox, tests)."""
    global _source
    _source = source


def now() -> datetime:
    """Return the application's present moment (aware, UTC)."""
    return _source()


def today() -> date:
    """Return today's date in the programme's time zone."""
    return local_date(now())

"""Who reads: in which language, and by whose clock. A request is its user's, a mail its recipient's.

Dates stay Amsterdam dates, which is what the programme counts by; only a time of day is also said in the
reader's own zone, where that differs (design.md, 7).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import translation

from ssp.core.models import User
from ssp.core.periods import AMSTERDAM

REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
_zone: ContextVar[ZoneInfo] = ContextVar("reader_zone", default=AMSTERDAM)


@cache
def zones() -> frozenset[str]:
    """Return the names of the time zones that one can choose: places, by region."""
    return frozenset(name for name in available_timezones() if name.split("/")[0] in REGIONS and "/" in name)


def zone_of(user: User) -> ZoneInfo:
    """Return a person's time zone: Amsterdam for who chose none, or one that is gone."""
    return ZoneInfo(user.time_zone) if user.time_zone in zones() else AMSTERDAM


def language_of(user: User) -> str:
    """Return the language a person chose, if the site has it still; else nothing."""
    return user.language if user.language in dict(settings.LANGUAGES) else ""


@contextmanager
def reading(user: User | None, *, language: str = "") -> Iterator[None]:
    """Write for `user` within: their language, else `language`, else the one that is active; their zone."""
    chosen = (language_of(user) if user else "") or language
    token = _zone.set(zone_of(user) if user else AMSTERDAM)
    try:
        with translation.override(chosen or translation.get_language()):
            yield
    finally:
        _zone.reset(token)


def zone_of_reader() -> ZoneInfo:
    """Return the zone of whoever reads what is written now."""
    return _zone.get()


def differs(at: datetime) -> bool:
    """Tell whether the reader's clock shows another time than Amsterdam's at that moment."""
    return at.astimezone(_zone.get()).utcoffset() != at.astimezone(AMSTERDAM).utcoffset()


def place_of(zone: ZoneInfo) -> str:
    """Return the place that a zone is named after: `New York`."""
    return zone.key.rsplit("/", 1)[-1].replace("_", " ")

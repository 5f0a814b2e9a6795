"""What the addresses of finance's lists say: read, never trusted, and written back the short way."""

import re
from collections.abc import Container
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
PLACE = re.compile(r"(\d{4}-\d\d-\d\d)\.([1-9]\d{0,17})", re.ASCII)
LONGEST_SEARCH = 100


def one_of(query: QueryDict, name: str, known: Container[str]) -> str:
    said = query.get(name, "")
    return said if said in known else ""


def matching(query: QueryDict, name: str, pattern: re.Pattern[str]) -> str:
    said = query.get(name, "").strip()
    return said if pattern.fullmatch(said) else ""


def day(query: QueryDict, name: str) -> date | None:
    """Return a day, or nothing where none can be read."""
    said = query.get(name, "").strip()
    try:
        return date.fromisoformat(said) if len(said) == 10 else None
    except ValueError:
        return None


def words(query: QueryDict, name: str) -> str:
    said = " ".join(query.get(name, "").replace("\x00", "").split())
    return said[:LONGEST_SEARCH].strip()


def place(said: str) -> tuple[date, int] | None:
    """Return where a page of a list goes on: behind a day and a row."""
    found = PLACE.fullmatch(said)
    try:
        return (date.fromisoformat(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def written(pairs: dict[str, object]) -> str:
    """Return the end of an address that says what isn't empty."""
    return urlencode(
        {
            name: value.isoformat() if isinstance(value, date) else str(value)
            for name, value in pairs.items()
            if value
        }
    )

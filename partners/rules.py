"""The clauses of the partnership as plain functions: no Django, no clock, no database."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

BONUS_SLOTS = (1, 2, 3)
INVITATION_LASTS = timedelta(days=30)
APPROVALS_NEEDED = 2
POLL_EVERY = timedelta(minutes=15)


def free_slot(taken: Collection[int]) -> int | None:
    """Return the first of the three slots that nobody took, or None: a fourth recruit gets none (C21)."""
    return next((slot for slot in BONUS_SLOTS if slot not in taken), None)


def differences(numbers: Mapping[str, Any], standard: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {name: (standard, ours)} of what differs from the standard terms (C6)."""
    return {name: (standard[name], value) for name, value in numbers.items() if value != standard[name]}


def normal_tax_number(text: str) -> str:
    """Return a tax number without spaces, dots and dashes, in capitals: as it is compared (C22)."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def share_of(percent: Decimal, amount: Decimal) -> Decimal:
    """Return that percentage of an amount, for the examples on the programme page (C5)."""
    return percent * amount / 100


REVIEW_AIM = 5  # working days: an aim that the applicant is told, no clause

# What a partner may show or hide in the directory, one by one; the name always stands there (C16).
SHOWABLE = (
    "photo",
    "company",
    "city",
    "country",
    "headline",
    "about",
    "languages",
    "topics",
    "website",
    "linkedin",
    "email",
    "phone",
)
SHOWN_AT_FIRST = ("country",)  # what the application's consent covers: the name, and where from
# Never how to reach somebody: who asks for a number learns nothing.
SEARCHED = ("company", "city", "country", "headline", "about", "languages", "topics")

# Letters that are no plain letter with an accent.
LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


def fold(text: str) -> str:
    """Return a text without case and accents, as it is searched and sorted: `Nygård` is `nygard`."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def slug_of(name: str) -> str:
    """Return what a name looks like in an address: `leila-haddad`; `partner` for what has no Latin letter."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:60].strip("-") or "partner"


def sort_name_of(name: str) -> str:
    """Return a name as the directory sorts it: by the last word, then the others."""
    words = fold(name).split()
    return " ".join([*words[-1:], *words[:-1]])[:200]


def search_of(text: str) -> str:
    """Return a search in the words of PostgreSQL's web search: a comma between two of them means "or"."""
    parts = [part.strip() for part in re.split(r"[,;]", fold(text)) if part.strip()]
    return " or ".join(parts)

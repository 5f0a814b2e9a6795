"""The clauses of the partnership as plain functions: no Django, no clock, no database."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ssp.core.periods import add_years

BONUS_SLOTS = (1, 2, 3)
INVITATION_LASTS = timedelta(days=30)
APPROVALS_NEEDED = 2
POLL_EVERY = timedelta(minutes=15)
SIGN_WITHIN_DAYS = 30  # then DocuSign lets the envelope expire
REMIND_AFTER_DAYS = (3, 7)  # our mails; DocuSign's own begin later, so that no day brings two
REMIND_BEFORE_EXPIRY_DAYS = 3
RESEND_EVERY = timedelta(hours=1)
ALERT_AFTER = timedelta(minutes=30)


def free_slot(taken: Collection[int]) -> int | None:
    """Return the first of the three slots that nobody took, or None: a fourth recruit gets none (C21)."""
    return next((slot for slot in BONUS_SLOTS if slot not in taken), None)


def differences(numbers: Mapping[str, Any], standard: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {name: (standard, ours)} of what differs from the standard terms (C6)."""
    return {name: (standard[name], value) for name, value in numbers.items() if value != standard[name]}


def normal_tax_number(text: str) -> str:
    """Return a tax number without spaces, dots and dashes, in capitals: as it is compared (C22)."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


# What a legal name may carry or leave out without becoming another name.
_FORMS = (
    "ab ag aps as asa bv bvba cic co company corp corporation cv doo eeig eg ek eood eurl ev gbr "
    "gesmbh gmbh inc incorporated kft kg kgaa limited llc llp lp ltd ltda mbh nv ohg ood oy oyj "
    "ou pc plc pte pty sa sac sarl sas sasu sc scrl se sia sl sll slu snc sp spa spj spk spz "
    "spzoo srl srls sro stichting ug uab vof zoo"
)
LEGAL_FORMS = frozenset(_FORMS.split())
SPACED_FORM = re.compile(r"\bsp\.?\s*z\s*o\.?\s*o\b\.?", re.IGNORECASE)  # Polish: of more words than one
UNFOLDED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def folded_words(name: str) -> list[str]:
    """Return the words of a name without case, accents and punctuation: `B.V.` is one word, `bv`."""
    text = (
        unicodedata.normalize("NFKD", name).casefold().translate(UNFOLDED)
    )  # a fancy letter has a case, too
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"[.'’]", "", text)
    return re.findall(r"\w+", text)


def folded_legal_name(name: str) -> str:
    """Return a legal name as it is compared (C22): `Vos & Partners B.V.` is `VOS PARTNERS BV`."""
    words = folded_words(SPACED_FORM.sub(" ", name))
    return " ".join([word for word in words if word not in LEGAL_FORMS] or words)


def folded_person(name: str) -> str:
    """Return a person's name as it is compared (C22): `Vos, Piéter` is `Pieter Vos`."""
    return " ".join(sorted(folded_words(name)))


def share_of(percent: Decimal, amount: Decimal) -> Decimal:
    """Return that percentage of an amount, for the examples on the programme page (C5)."""
    return percent * amount / 100


def signing_reminder(sent_on: date, expires_on: date, *, on: date) -> str:
    """Return the newest reminder to sign that is due on that day, or "" (C6).

    Only the newest: after a pause nobody gets all of them at once. None comes on the last day or later.
    """
    if on >= expires_on:
        return ""
    steps = {f"after-{days}": sent_on + timedelta(days=days) for days in REMIND_AFTER_DAYS}
    steps["expiry"] = expires_on - timedelta(days=REMIND_BEFORE_EXPIRY_DAYS)
    due = [(day, name) for name, day in steps.items() if day <= on]
    return max(due)[1] if due else ""


def latest_last_day(today: date) -> date:
    """Return the latest day that a notice may name (*Ending*): a year from today."""
    return add_years(today, 1)


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

"""Numbers as a contract writes them: in words and in figures. Contracts are written in English."""

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inflect import engine


@cache
def _engine() -> "engine":
    from inflect import engine  # instruments itself for seconds: only where a contract is written

    return engine()


def figure(number: Decimal | int) -> str:
    """Return a number without needless zeros: `12.5`, `10`."""
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_words(number: Decimal | int) -> str:
    """Return a number in words: `twelve point five`."""
    return str(_engine().number_to_words(figure(number)))


def percent_in_full(percent: Decimal) -> str:
    """Return a percentage as a contract writes it: `twelve point five per cent (12.5%)`."""
    return f"{in_words(percent)} per cent ({figure(percent)}%)"


def count_in_full(count: int, unit: str) -> str:
    """Return a count as a contract writes it: `three (3) years`; `unit` is the singular."""
    return f"{in_words(count)} ({count}) {_engine().plural(unit, count)}"

"""Asking the database whether what must hold at any moment holds now."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

SHOWN = 5
Invariant = tuple[int, str, str]  # its number in the programme, its words, the query that returns no row


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An invariant that doesn't hold, and the keys of the first rows that break it."""

    number: int
    words: str
    rows: list[object]

    def __str__(self) -> str:
        return f"{self.number}: {self.words} Broken by {', '.join(map(str, self.rows))}."


def broken(invariants: Iterable[Invariant]) -> list[Broken]:
    """Return each invariant that doesn't hold now."""
    found = []
    with connection.cursor() as cursor:
        for number, words, sql in invariants:
            cursor.execute(sql)
            if rows := cursor.fetchmany(SHOWN):
                found.append(Broken(number=number, words=words, rows=[row[0] for row in rows]))
    return found

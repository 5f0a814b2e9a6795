"""What files that people hand in have in common: which column is which, and what becomes of each row.

An app's own reader says what a row means; here is how columns are recognised and how rows are judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core.errors import DomainError
from ssp.core.tabular import Row, fold

NEW, KNOWN, CONFLICT, REFUSED, LEFT_OUT = "new", "known", "conflict", "refused", "left_out"
OUTCOMES = {
    NEW: gettext_lazy("New"),
    KNOWN: gettext_lazy("Already there"),
    CONFLICT: gettext_lazy("Differs from what is there"),
    REFUSED: gettext_lazy("Refused"),
    LEFT_OUT: gettext_lazy("Left out"),
}
TONES = {NEW: "good", KNOWN: "closed", CONFLICT: "stop", REFUSED: "stop", LEFT_OUT: "closed"}
YES, NO = {"yes", "y", "true", "1", "x", "ja"}, {"no", "n", "false", "0", "", "nee", "nein"}


class RowRefused(DomainError):
    """Why one row can't be used."""


class ColumnsUnclear(DomainError):
    """Somebody must say which column is which."""

    message = gettext_lazy("Some columns aren't recognised. Say which column is which.")


# --- rows -----------------------------------------------------------------------
class Judgement:
    """What becomes of one row; mixed into a dataclass that has `outcome` and `message`."""

    outcome: str
    message: str

    def refuse(self, message: str, outcome: str = REFUSED) -> None:
        """Keep the row out, with the first reason that was found."""
        if self.outcome != REFUSED:
            self.outcome, self.message = outcome, message

    @property
    def outcome_label(self) -> str:
        return str(OUTCOMES[self.outcome])

    @property
    def tone(self) -> str:
        return TONES[self.outcome]


class Judgements:
    """All rows of a file; mixed into a dataclass that has `rows`."""

    rows: list[Any]

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def is_fine(self) -> bool:
        """Nothing is imported while one row is refused or differs."""
        return not (self.count(REFUSED) or self.count(CONFLICT))

    @property
    def report(self) -> list[dict[str, Any]]:
        return [asdict(row) for row in self.rows]


def judge_known(rows: Iterable[Judgement], differing: Sequence[str]) -> None:
    """Say of rows whose thing exists whether they repeat it or contradict it: it is never overwritten."""
    for row in rows:
        if differing:
            row.refuse(_("Another %s is recorded; it isn't overwritten.") % ", ".join(differing), CONFLICT)
        elif row.outcome == NEW:
            row.outcome = KNOWN


# --- columns --------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """One thing that a file may say in a column, and the headings people give it."""

    name: str
    label: str | Promise
    synonyms: tuple[str, ...] = ()
    needed: bool = False
    hint: str | Promise = ""

    @property
    def headings(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)


def recognise(headers: Sequence[str], columns: Sequence[Column]) -> dict[str, str]:
    """Return {column: folded heading} for what is recognised without doubt.

    A column that two headings could be is left out: somebody says which one is meant.
    """
    found = [fold(header) for header in headers]
    mapping = {}
    for column in columns:
        fitting = [heading for heading in found if heading in column.headings]
        if len(fitting) == 1:
            mapping[column.name] = fitting[0]
    return mapping


def check_mapping(mapping: Mapping[str, str], headers: Sequence[str], columns: Sequence[Column]) -> None:
    """Refuse a mapping that leaves out what is needed, names what isn't there, or uses a heading twice.

    :raises ColumnsUnclear: naming the columns.
    """
    found = {fold(header) for header in headers}
    used = [heading for heading in mapping.values() if heading]
    if twice := sorted({heading for heading in used if used.count(heading) > 1}):
        raise ColumnsUnclear(_("One column can't be two things: %s.") % ", ".join(twice))
    if missing := [
        str(column.label) for column in columns if column.needed and mapping.get(column.name, "") not in found
    ]:
        raise ColumnsUnclear(_("Say which column is which. Not found yet: %s.") % ", ".join(missing))


def mapped(row: Row, mapping: Mapping[str, str]) -> Row:
    """Return the row with its cells under our own names."""
    return Row(row.number, {name: row.get(heading) for name, heading in mapping.items()}, row.problem)

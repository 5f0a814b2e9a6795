"""docs/rules.md: each clause leads to a form, a rule, a constraint and tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "rules.md"
ROW = re.compile(r"^\|\s*(C\d+)\s*\|(.*)\|\s*$")
TEST = re.compile(r"`(test_\w+)`")


def rows() -> list[tuple[str, str]]:
    return [(m.group(1), m.group(2)) for line in RULES.read_text().splitlines() if (m := ROW.match(line))]


def defined_tests() -> dict[str, str]:
    return {
        name: source
        for path in (ROOT / "tests").rglob("test_*.py")
        for source in [path.read_text()]
        for name in re.findall(r"def (test_\w+)", source)
    }


def marked_clauses() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for group in re.findall(r"mark\.clause\(([^)]*)\)", path.read_text()):
            found |= set(re.findall(r"C\d+", group))
    return found


def test_every_clause_of_the_programme_has_a_row() -> None:
    assert {f"C{n}" for n in range(1, 23)} == {clause for clause, _ in rows()}


def test_every_test_a_row_names_exists() -> None:
    known = defined_tests()
    missing = {name for _, row in rows() for name in TEST.findall(row)} - set(known)
    assert missing == set()


@pytest.mark.parametrize("clause", sorted({clause for clause, _ in rows()}) if RULES.exists() else [])
def test_a_clause_is_tested_or_says_when_it_comes(clause: str) -> None:
    row = " ".join(text for name, text in rows() if name == clause)
    assert clause in marked_clauses() or "comes with" in row

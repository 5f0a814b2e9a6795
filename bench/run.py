"""Measure everything in one run, in a small and a large database that `bench.seed` filled.

    python -m bench.run 1000 100000

Writes what came out into bench/README.md: ratios, pages and plans, nothing that depends on the machine.
"""

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssp.settings")
django.setup()

from django.db import connection  # noqa: E402

from bench import databases  # noqa: E402
from bench.measuring import Measured, measure, shape_of  # noqa: E402
from bench.subjects import every_subject  # noqa: E402

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COUNTED = ("referrals_referral", "referrals_knowncontact", "referrals_usecase", "referrals_introduction")
HEADS = (
    "",
    "time, times the small one",
    "pages read, small → large",
    "statements",
    "whole tables",
    "indexes",
)


def run(*, small: int, large: int) -> list[Measured]:
    names = {"small": databases.name_of(small), "large": databases.name_of(large)}
    found = []
    for subject in every_subject():
        one = measure(subject, **names)
        told = f"{one.small * 1000:8.1f} ms {one.large * 1000:8.1f} ms {one.ratio:6.1f}×"
        whole = " ".join(sorted(one.plans.whole_tables))
        print(f"{subject.chapter}: {subject.name:70} {told}  {whole}", flush=True)
        found.append(one)
    return found


def write(found: list[Measured], *, small: int, large: int) -> None:
    """Put the results between the marks of the README."""
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    told = "\n".join([*_sizes(small, large), *_tables(found), *_plans(found)])
    README.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}")


def _sizes(small: int, large: int) -> Iterator[str]:
    yield from _row("rows", "small", "large")
    yield from _row("---", "---:", "---:")
    counts = [_counts(databases.name_of(size)) for size in (small, large)]
    for table in COUNTED:
        yield from _row(f"`{table}`", *(f"{each[table]:,}" for each in counts))
    yield ""


def _counts(name: str) -> dict[str, int]:
    with databases.at(name), connection.cursor() as cursor:
        counts = {}
        for table in COUNTED:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
        return counts


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def _tables(found: list[Measured]) -> Iterator[str]:
    for chapter, group in groupby(found, key=lambda one: one.subject.chapter):
        yield from ("", f"### {chapter}", "")
        yield from _row(*HEADS)
        yield from _row("---", "---:", "---:", "---:", "---", "---")
        for one in group:
            yield from _row(
                one.subject.name,
                f"{one.ratio:.1f}",
                f"{one.small_plans.buffers:,} → {one.plans.buffers:,}",
                f"{one.plans.statements}",
                ", ".join(f"`{name}`" for name in sorted(one.plans.whole_tables)) or "none",
                ", ".join(f"`{name}`" for name in sorted(one.plans.indexes) if not name.endswith("_pkey")),
            )


def _plans(found: list[Measured]) -> Iterator[str]:
    yield from ("", "### Plans", "", "Of each, the statement that reads the most, in the large database.")
    for one in found:
        subject = one.subject
        yield from ("", f"{subject.chapter}: {subject.name}", "", "```", shape_of(one.plans.heaviest), "```")


def main(small: int = 1000, large: int = 100_000) -> None:
    write(run(small=small, large=large), small=small, large=large)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

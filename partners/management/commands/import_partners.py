"""Move partners in who signed on paper: a spreadsheet and a folder (or ZIP) of signed PDFs."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from partners.intake import COLUMNS, MAX_ROWS
from partners.moving_plan import Plan, plan_move_in
from partners.services.moving_in import commit_move_in, shown_by, upload_move_in
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.intake import CONFLICT, KNOWN, NEW, REFUSED, recognise
from ssp.core.papers import MAX_FILES, MAX_PARCEL, read_papers
from ssp.core.periods import local_date
from ssp.core.tabular import MAX_BYTES, read_table


class Command(BaseCommand):
    help = (
        "Say what moving these partners in would do; with --commit, do it. "
        "All rows move in or none, and two directors attest each contract afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pdfs", type=Path, required=True, help="a folder of PDFs, or a ZIP of them")
        parser.add_argument("--commit", action="store_true", help="do it, and not only say what would happen")

    def handle(self, *, file: Path, pdfs: Path, commit: bool, **_: Any) -> None:
        at = clock.now()
        try:
            content, papers = _read(file, MAX_BYTES), list(_papers(pdfs))
            plan = self._preview(content, papers, on=local_date(at))
            if not plan.is_fine:
                raise CommandError("Nothing was moved in: put the rows above right and try again.")
            if not commit:
                self.stdout.write("Nothing was saved: this was a dry run. Add --commit to move them in.")
                return
            with transaction.atomic():
                move_in, _problems = upload_move_in(
                    content=content, file_name=file.name, papers=papers, by=None, at=at
                )
                commit_move_in(move_in=move_in, shown=shown_by(plan), by=None, at=at)
        except OSError as failure:
            raise CommandError(f"{failure.filename}: {failure.strerror}") from failure
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        new, known = plan.count(NEW), plan.count(KNOWN)
        self.stdout.write(f"Moved in: {new} new, {known} already there. Two directors attest them now.")

    def _preview(self, content: bytes, files: list[tuple[str, bytes]], *, on: date) -> Plan:
        """Judge the rows without keeping a file."""
        table = read_table(content, max_rows=MAX_ROWS)
        papers, problems = read_papers(files)
        hashes = {paper.name.casefold(): paper.sha256 for paper in papers}
        plan = plan_move_in(table, recognise(table.headers, COLUMNS), hashes, on=on)
        self._say(plan, problems)
        return plan

    def _say(self, plan: Plan, problems: list[str]) -> None:
        for problem in problems:
            self.stdout.write(f"file: {problem}")
        for row in plan.rows:
            said = " ".join(filter(None, [row.email, row.message or row.creates]))
            self.stdout.write(f"row {row.number}: {row.outcome_label}: {said}")
            for warning in row.warnings:
                self.stdout.write(f"row {row.number}: look at this: {warning}")
        for name in plan.unused:
            self.stdout.write(f"file: no row names {name}")
        wrong = plan.count(REFUSED) + plan.count(CONFLICT)
        new, known = plan.count(NEW), plan.count(KNOWN)
        self.stdout.write(f"{new} new, {known} already there, {wrong} refused or different")


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as opened:
        return opened.read(limit + 1)


def _papers(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_file():
        yield path.name, _read(path, MAX_PARCEL)
        return
    if not path.is_dir():
        raise FileNotFoundError(2, "No such folder or ZIP", str(path))
    found = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
    for each in found[: MAX_FILES + 1]:
        yield each.name, _read(each, MAX_PARCEL)

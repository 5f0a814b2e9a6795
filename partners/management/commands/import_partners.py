"""Move partners in who signed on paper: a spreadsheet and a folder (or ZIP) of signed PDFs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from partners.moving_plan import Plan
from partners.services.moving_in import commit_move_in, plan_of, shown_by, upload_move_in
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.intake import CONFLICT, KNOWN, NEW, REFUSED
from ssp.core.papers import MAX_FILES, MAX_PARCEL
from ssp.core.tabular import MAX_BYTES


class Command(BaseCommand):
    help = (
        "Say what moving these partners in would do; with --commit, do it. "
        "All rows move in or none, and two directors attest each contract afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--pdfs", type=Path, required=True, help="a folder of signed PDFs, or a ZIP of them"
        )
        parser.add_argument("--commit", action="store_true", help="do it, and not only say what would happen")

    def handle(self, *, file: Path, pdfs: Path, commit: bool, **_: Any) -> None:
        at = clock.now()
        try:
            content = _read(file, MAX_BYTES)
            with transaction.atomic():
                move_in, problems = upload_move_in(
                    content=content, file_name=file.name, papers=_papers(pdfs), by=None, at=at
                )
                plan = plan_of(move_in, at=at)
                self._say(plan, problems)
                if not plan.is_fine:
                    raise CommandError("Nothing was moved in: put the rows above right and try again.")
                if not commit:
                    raise _DryRun
                commit_move_in(move_in=move_in, shown=shown_by(plan), by=None, at=at)
        except _DryRun:
            self.stdout.write("Nothing was saved: this was a dry run. Add --commit to move them in.")
            return
        except OSError as failure:
            raise CommandError(f"{failure.filename}: {failure.strerror}") from failure
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Moved in: {plan.count(NEW)} new, {plan.count(KNOWN)} already there. Two directors attest them now."
        )

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
        self.stdout.write(
            f"{plan.count(NEW)} new, {plan.count(KNOWN)} already there, {wrong} refused or different"
        )


class _DryRun(Exception):
    """Ends the transaction, so that nothing stays of a dry run."""


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

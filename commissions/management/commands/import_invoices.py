"""Import invoices, payments and credit notes from a CSV or XLSX file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from commissions import intake, services
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.tabular import MAX_BYTES


class Command(BaseCommand):
    help = "Import invoices, payments and credit notes. Nothing is imported when one row is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, save nothing")

    def handle(self, *, file: Path, dry_run: bool, **_: Any) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError as failure:
            raise CommandError(f"{file}: {failure.strerror}") from failure
        at = clock.now()
        try:
            with transaction.atomic():
                upload = services.upload_invoices(content=content, file_name=file.name, by=None, at=at)
                plan = services.plan_of(upload, at=at)
                self._say(plan)
                if not plan.is_fine:
                    raise CommandError("Nothing was imported: put the rows above right and try again.")
                if dry_run:
                    self.stdout.write("Nothing was saved: this was a dry run.")
                    transaction.set_rollback(True)
                    return
                services.import_invoices(upload=upload, by=None, at=at)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Imported: {plan.count(intake.NEW)} new, {plan.count(intake.KNOWN)} already there."
        )

    def _say(self, plan: intake.Plan) -> None:
        for row in plan.rows:
            what = " ".join(filter(None, [row.kind, row.reference, row.message]))
            self.stdout.write(f"row {row.number}: {row.outcome_label}: {what}")

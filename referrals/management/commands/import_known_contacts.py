"""Import people SeMI already knows: `manage.py import_known_contacts FILE [--dry-run]` (C10)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from referrals.services import contacts
from ssp.core import clock
from ssp.core.tabular import UnreadableTable


class Command(BaseCommand):
    help = "Import known contacts from a CSV or XLSX export of a CRM: whole or not at all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if path.stat().st_size > contacts.MAX_BYTES:
                raise contacts.ContactsTooLarge
            report = contacts.import_known_contacts(
                content=path.read_bytes(),
                file_name=path.name,
                by=None,
                at=clock.now(),
                dry_run=options["dry_run"],
            )
        except OSError as missing:
            raise CommandError(f"{path} can't be read: {missing.strerror}.") from missing
        except UnreadableTable as refusal:
            raise CommandError(str(refusal)) from refusal
        columns = ", ".join(f"{ours} from “{theirs}”" for ours, theirs in report.columns.items())
        self.stdout.write(f"Read as {report.encoding}: {columns}.")
        for problem in report.problems[:50]:
            self.stdout.write(f"  row {problem.row}: {problem.reason}")
        if len(report.problems) > 50:
            self.stdout.write(f"  and {len(report.problems) - 50} more rows")
        self.stdout.write(
            f"{'Would import' if options['dry_run'] else 'Imported'} {report.new} new contacts; "
            f"{report.known} were known; {report.refused} rows were refused."
        )

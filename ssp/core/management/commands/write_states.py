from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ssp.core import states


class Command(BaseCommand):
    help = "Draw the models' state machines into docs/states.md; --check only says whether it is current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")

    def handle(self, *args: object, **options: object) -> None:
        target = settings.BASE_DIR / "docs" / "states.md"
        page = states.page()
        if options["check"]:
            if not target.exists() or target.read_text() != page:
                raise CommandError("docs/states.md isn't current. Run `manage.py write_states`.")
            return
        target.write_text(page)
        self.stdout.write(f"Wrote {target.relative_to(settings.BASE_DIR)}.")

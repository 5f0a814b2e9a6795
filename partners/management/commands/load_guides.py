"""Publish the use-case guides that come with the software: `manage.py load_guides` (C7)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partners.services.shipped import load_guides
from ssp.core import clock
from ssp.core.locks import alone


class Command(BaseCommand):
    help = "Publish the guides that come with the software. Never overwrites what staff wrote or withdrew."

    def handle(self, *args: Any, **options: Any) -> None:
        with alone("load_guides") as is_ours:
            if not is_ours:
                raise CommandError("Somebody else is loading the guides right now.")
            for slug, done in load_guides(at=clock.now()):
                self.stdout.write(f"{slug}: {done}")

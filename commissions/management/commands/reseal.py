"""`manage.py reseal`: after FIELD_ENCRYPTION_KEY was changed, write what is encrypted with the new key."""

from typing import Any

from django.core.management.base import BaseCommand

from commissions.resealing import reseal_everything


class Command(BaseCommand):
    help = "Write everything that is encrypted at rest anew with FIELD_ENCRYPTION_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in reseal_everything().items():
            self.stdout.write(f"{count} {what}")
        self.stdout.write("FIELD_ENCRYPTION_KEYS_BEFORE can be emptied now.")

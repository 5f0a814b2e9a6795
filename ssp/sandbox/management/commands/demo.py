from django.core.management.base import BaseCommand
from django.db import transaction

from ssp.core import clock
from ssp.core.models import OutboxMessage, User
from ssp.sandbox.demo.channels import STILL_TO_SLACK
from ssp.sandbox.demo.story import tell


class Command(BaseCommand):
    help = "Tell the demo story into an empty database; does nothing where there are people already."

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        if User.objects.exists():
            self.stdout.write("There are people already: nothing was changed.")
            return
        now = clock.now()
        tell(now=now)
        # The story's mails went out when it happened: nobody gets them again today. What waits for DocuSign
        # is sent, so that there is something to sign, and what is said in Slack is said.
        told = OutboxMessage.objects.open().exclude(kind__in=["partners.send_envelope", *STILL_TO_SLACK])
        told.update(done_at=clock.wall(), last_error="told by the demo")
        self.stdout.write("The demo story is told.")

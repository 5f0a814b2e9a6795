"""Write whatever the ledger is owed, for every deal."""

from django.core.management.base import BaseCommand, CommandError

from commissions import accrual, matches
from commissions.models import AccrualFailure
from ssp.core import clock


class Command(BaseCommand):
    help = (
        "Match the invoices that can be matched, and write the entries that any fact calls for. "
        "Safe to run at any time, also twice at once."
    )

    def handle(self, **_: object) -> None:
        at = clock.now()
        matches.match_all_waiting_invoices(at=at)
        written = accrual.accrue(at=at)
        self.stdout.write(f"Written: {written} {'entry' if written == 1 else 'entries'}.")
        failures = AccrualFailure.objects.all()
        for failure in failures:
            self.stderr.write(f"Deal {failure.deal_id}: {failure.reason}")
        if failures:
            raise CommandError("The deals above can't be worked out; everything else is written.")

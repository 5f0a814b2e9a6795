"""Work the whole ledger out again by the rules, and print what differs."""

from django.core.management.base import BaseCommand, CommandError

from commissions.reconciliation import Tally, differences


class Command(BaseCommand):
    help = "Recompute every entry from the facts by the pure rules; print each difference. Only reads."

    def handle(self, **_: object) -> None:
        tally = Tally()
        for difference in differences(tally):
            self.stdout.write(str(difference))
        if tally.differences:
            raise CommandError(
                f"{tally.differences} differences in {tally.entries} entries of {tally.deals} deals."
            )
        self.stdout.write(
            f"No difference: {tally.entries} entries of {tally.deals} deals are what the rules say."
        )

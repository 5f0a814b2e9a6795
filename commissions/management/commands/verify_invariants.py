from django.core.management.base import BaseCommand, CommandError

from commissions import invariants as of_commissions
from partners import invariants as of_partners
from referrals import invariants as of_referrals
from ssp.core import invariants


class Command(BaseCommand):
    help = "Ask the database whether every invariant holds; fail and name the rows if one doesn't."

    def handle(self, *args: object, **options: object) -> None:
        every = sorted(of_partners.INVARIANTS + of_referrals.INVARIANTS + of_commissions.INVARIANTS)
        if broken := invariants.broken(every):
            told = "\n".join(str(each) for each in broken)
            raise CommandError(f"{told}\n{len(broken)} of {len(every)} invariants don't hold.")
        self.stdout.write(f"All {len(every)} invariants hold.")

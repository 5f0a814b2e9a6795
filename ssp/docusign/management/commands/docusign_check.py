from django.core.management.base import BaseCommand, CommandError

from ssp.docusign.checkup import check_up

MARKS = {True: "ok     ", False: "WRONG  ", None: "skipped"}
INDENT = "\n" + " " * 9


class Command(BaseCommand):
    help = (
        "Say step by step whether credentials, consent, account, HMAC key and callback work against the "
        "DocuSign that is configured. Sends nothing to be signed; exits with 1 when something is wrong."
    )

    def handle(self, *args: object, **options: object) -> None:
        wrong = 0
        for finding in check_up():
            style = self.style.ERROR if finding.is_fine is False else str
            said = f"{finding.step}: {finding.text}".replace("\n", INDENT)
            self.stdout.write(style(f"{MARKS[finding.is_fine]}  {said}"))
            wrong += finding.is_fine is False
        if wrong:
            raise CommandError(f"{wrong} to mend. Run this again when it is done.")
        self.stdout.write("Contracts can be sent and signed.")

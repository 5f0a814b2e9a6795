import sys
from argparse import ArgumentParser
from getpass import getpass

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ssp.core import clock, staff
from ssp.core.models import RoleGrant, User
from ssp.core.roles import Role


class Command(BaseCommand):
    help = "Create the first administrator, who invites everybody else. Refuses once there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--password-from-stdin", action="store_true")

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        email = str(options["email"]).strip().lower()
        if RoleGrant.objects.filter(role=Role.ADMINISTRATOR, ended_at__isnull=True).exists():
            raise CommandError(
                "There is an administrator already; let them invite the next one in the admin."
            )
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError("This address has an account already; use another one.")
        password = self.stdin_line() if options["password_from_stdin"] else getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as weak:
            raise CommandError(" ".join(weak.messages)) from weak
        user = User.objects.create_user(email, password, full_name=str(options["name"]))
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        staff.grant_role(user=user, role=Role.ADMINISTRATOR, by=None, at=clock.now())
        self.stdout.write("Created. The first sign-in asks to set up a second factor.")

    def stdin_line(self) -> str:
        return sys.stdin.readline().rstrip("\n")

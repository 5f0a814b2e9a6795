"""People."""

from typing import Any

import factory
from allauth.account.models import EmailAddress

from ssp.core.models import RoleGrant, User
from ssp.core.roles import STAFF_ROLES, Role
from tests.moments import MONDAY


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@people.example")
    full_name = factory.Sequence(lambda n: f"Person Number{n}")
    password = factory.django.Password("correct horse battery")

    @factory.post_generation
    def roles(self: User, create: bool, extracted: list[Role] | None, **_: Any) -> None:  # type: ignore[misc]
        for role in extracted or []:
            RoleGrant.objects.create(user=self, role=role, granted_at=MONDAY)
        if set(extracted or []) & STAFF_ROLES:
            self.is_staff = True
            self.save(update_fields=["is_staff"])
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)

"""Every address has a row in the access matrix, and keeps out whom the row doesn't name."""

from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ssp.core.models import User
from ssp.core.roles import Role
from tests.architecture.access import ANYBODY, BY_SIGNATURE, BY_TOKEN, MATRIX, SIGNED_IN
from tests.factories.core import UserFactory

OURS = {"core", "docusign", "partners", "portal", "referrals", "desk", "commissions"}
PLACEHOLDERS = {
    "token": "nobodys-token",
    "number": "2026-0001",
    "pk": 999_999,
    "slug": "nobody",
    "size": "small",
    "version": 9,
    "file_format": "csv",
    "what": "months",
    "by": "partner",
    "currency": "EUR",
    "month": "2026-01",
}


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the name and path of each address of our own."""
    resolver = get_resolver()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver) and entry.namespace in OURS:
            for pattern in entry.url_patterns:
                assert isinstance(pattern, URLPattern)
                name = f"{entry.namespace}:{pattern.name}"
                wanted = pattern.pattern.regex.groupindex
                yield name, reverse(name, kwargs={key: PLACEHOLDERS[key] for key in wanted})


ADDRESSES = dict(addresses())
GUARDED = sorted(
    set(ADDRESSES) & {n for n, who in MATRIX.items() if who not in (ANYBODY, BY_TOKEN, BY_SIGNATURE)}
)
BY_ROLE = [name for name in GUARDED if MATRIX[name] != SIGNED_IN]


def signed_in(client: Client, role: Role) -> User:
    user: User = UserFactory(roles=[role], is_superuser=True)  # being a superuser opens nothing
    if user.is_staff:
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    return user


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(ADDRESSES) == set(MATRIX)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", GUARDED)
def test_strangers_are_kept_out(client: Client, name: str, method: str) -> None:
    answer = getattr(client, method)(ADDRESSES[name])
    if name == "partners:apply" and answer.status_code == 302:
        assert "/accounts/" in answer.headers["Location"]
    elif answer.status_code != 405:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role != Role.PARTNER])
def test_roles_that_a_row_does_not_name_are_kept_out(client: Client, role: Role) -> None:
    signed_in(client, role)
    for name in BY_ROLE:
        if role.value in MATRIX[name]:
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(ADDRESSES[name])
            allowed = {403, 405} if Role.PARTNER.value not in MATRIX[name] else {302, 403, 404, 405}
            assert answer.status_code in allowed, f"{role} {method} {name}: {answer.status_code}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(n for n, who in MATRIX.items() if who == BY_TOKEN))
def test_a_link_that_nobody_sent_opens_nothing(client: Client, name: str) -> None:
    for method in ("get", "post"):
        assert getattr(client, method)(ADDRESSES[name]).status_code in {404, 410}

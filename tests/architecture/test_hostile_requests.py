"""Whatever somebody writes into an address, a query or a form, they get an answer, never an error of ours."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from partners.models import ChannelAccess
from ssp.core.roles import Role
from tests.architecture.access import ANYBODY, BY_TOKEN, MATRIX, SIGNED_IN
from tests.architecture.test_access import OURS, PLACEHOLDERS, signed_in
from tests.factories.channels import ChannelFactory
from tests.factories.guides import a_guide
from tests.factories.library import a_resource
from tests.factories.partners import ProgramTermsFactory
from tests.factories.profiles import LEILA, listed_partner
from tests.factories.referrals import registered, use_case
from tests.moments import MONDAY

BEYOND = str(10**30)  # of what PostgreSQL counts with
IN_PATHS = {
    "int": [BEYOND, "0"],
    "slug": ["a" * 3_000, "-"],
    "str": ["%00", "%ED%A0%80", "x" * 3_000],
}
SAID = ["a\x00b", BEYOND, "-or \"(|&!:* <-> ' \\ %_ " + "w " * 3_000]
ASKERS = [None, Role.PARTNER, Role.SALES_LEAD, Role.FINANCE, Role.DIRECTOR, Role.ADMINISTRATOR]
PART = re.compile(r"<(\w+):(\w+)>")


class Everything(QueryDict):
    """A query or a form that says the same of whatever it is asked."""

    def __init__(self, said: str = "", **_: Any) -> None:  # Django copies it by making an empty one
        super().__init__(mutable=True)
        self.said = said

    def __getitem__(self, key: str) -> str:
        return self.said

    def __contains__(self, key: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def get(self, key: str, default: Any = None) -> Any:
        return self.said

    def getlist(self, key: str, default: Any = None) -> Any:
        return [self.said]


def patterns() -> Iterator[tuple[str, str]]:
    """Yield the name and the route of each address of our own."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.namespace in OURS:
            for pattern in entry.url_patterns:
                assert isinstance(pattern, URLPattern)
                name = f"{entry.namespace}:{pattern.name}"
                if "(?P" not in str(pattern.pattern) and name != "core:readyz":  # says 503 without a worker
                    yield name, f"/{entry.pattern}{pattern.pattern}"


ROUTES = dict(patterns())


def filled(route: str, there: dict[str, Any]) -> str:
    """Return the address with what is there in each place, or what isn't."""
    return PART.sub(lambda part: str(there.get(part[2], PLACEHOLDERS[part[2]])), route)


def bent(route: str, there: dict[str, Any]) -> Iterator[str]:
    """Yield the address with each hostile word in each of its places."""
    for kind, name in PART.findall(route):
        for word in IN_PATHS[kind]:
            yield filled(route, {**there, name: word})


def ask(client: Client, method: str, address: str) -> str:
    """Return nothing when the answer is one, else what went wrong."""
    try:
        status = getattr(client, method)(address).status_code
    except Exception as broken:  # whatever it is
        return f"{method} {address[:80]}: {broken!r}"[:300]
    return f"{method} {address[:80]}: {status}" if status >= 500 else ""


def is_open_to(name: str, who: Role | None) -> bool:
    row = MATRIX[name]
    if who is None:
        return row in (ANYBODY, BY_TOKEN)
    return who.value in row or (row == SIGNED_IN and who in (Role.PARTNER, Role.DIRECTOR))


@pytest.mark.django_db
@pytest.mark.parametrize("who", ASKERS, ids=lambda who: who.value if who else "a stranger")
def test_hostile_words_get_an_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch, at_monday: object, who: Role | None
) -> None:
    ProgramTermsFactory()
    partner = listed_partner(**LEILA)
    a_guide("nobody")
    case = use_case(partner, referral=registered(partner))
    access = ChannelAccess.objects.create(
        partner=partner, channel=ChannelFactory(), how=ChannelAccess.How.LINK, granted_at=MONDAY
    )
    there: dict[str, dict[str, Any]] = {
        "partners:directory_partner": {"slug": "leila-haddad"},
        "partners:guide_version": {"version": 1},
        "partners:library_resource": {"pk": a_resource().pk},
        "partners:channel_joined": {"pk": access.pk},
        "partners:channel_help": {"pk": access.pk},
        "referrals:use_case": {"pk": case.pk},
        "referrals:election": {"pk": case.pk},
        "commissions:compare": {"pk": case.pk},
        "desk:use_case": {"pk": case.pk},
    }
    if who == Role.PARTNER:
        client.force_login(partner.user, backend="ssp.core.auth.RoleBackend")
    elif who is not None:
        signed_in(client, who)
    wrong = set()
    open_to_them = {name: route for name, route in ROUTES.items() if is_open_to(name, who)}
    for name, route in open_to_them.items():
        for address in bent(route, there.get(name, {})):
            wrong.add(ask(client, "get", address) or ask(client, "post", address))
    for said in SAID:
        with monkeypatch.context() as patch:
            patch.setattr(WSGIRequest, "GET", property(lambda _, said=said: Everything(said)))
            form = property(
                lambda request, said=said: Everything(said) if request.method == "POST" else QueryDict(),
                lambda _request, _form: None,
            )
            patch.setattr(WSGIRequest, "POST", form)
            for name, route in open_to_them.items():
                address = filled(route, there.get(name, {}))
                wrong |= {ask(client, method, address) for method in ("get", "post")}

    assert sorted(wrong) == [""]

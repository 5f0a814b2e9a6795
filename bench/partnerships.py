"""Staff, and partners whose contract two directors approved before it was signed."""

from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Any

from bench.bulk import copy, reset_sequences
from bench.moment import LONG_AGO
from bench.people import LAST, somebody
from partners.models import Contract, ContractReview, Partner, ProgramTerms, Tier
from ssp.core.identity import identity_of
from ssp.core.models import RoleGrant, User
from ssp.core.periods import local_date
from ssp.core.roles import Role

DIRECTORS = (1, 2)
SELLERS = tuple(range(3, 15))  # the first of them leads sales
FIRST_PARTNER = 101  # the number of a partner, their account and their contract
COUNTRIES = ("NL", "BE", "DE", "FR", "AT", "PL", "ES", "IT")
NUMBERS = {
    "recurring_percent": Decimal(10),
    "first_invoice_percent": Decimal(25),
    "bonus_percent": Decimal(10),
}


def seed_staff() -> None:
    copy(
        User,
        (
            {
                "id": n,
                "email": f"staff{n}@semi.example",
                "full_name": f"Staff {LAST[n].title()}",
                "password": "!",
                "is_staff": True,
            }
            for n in (*DIRECTORS, *SELLERS)
        ),
    )
    roles = [(n, Role.DIRECTOR) for n in DIRECTORS] + [(n, Role.SALES) for n in SELLERS]
    _grant([*roles, (SELLERS[0], Role.SALES_LEAD)])


def _grant(roles: Iterable[tuple[int, Role]]) -> None:
    copy(RoleGrant, ({"user": n, "role": role.value, "granted_at": LONG_AGO} for n, role in roles))


def seed_partners(count: int) -> range:
    """Return the numbers of `count` partners, active since long ago."""
    numbers = range(FIRST_PARTNER, FIRST_PARTNER + count)
    random = Random("partners")
    everybody = [(n, " ".join(somebody(random)), random.choice(COUNTRIES)) for n in numbers]
    copy(
        User,
        (
            {"id": n, "email": _email(n), "full_name": name, "password": "!"}
            for n, name, _country in everybody
        ),
    )
    _grant((n, Role.PARTNER) for n in numbers)
    copy(Partner, (_partner(n, name, country) for n, name, country in everybody))
    tier = Tier.objects.create(name="Standard", is_default=True)
    terms = ProgramTerms.objects.create(
        tier=tier, effective_on=local_date(LONG_AGO), entered_at=LONG_AGO, **NUMBERS
    )
    copy(Contract, (_contract(n, name, country, terms) for n, name, country in everybody))
    copy(
        ContractReview,
        (
            {"contract": n, "version": 1, "director": by, "decision": "approved", "decided_at": LONG_AGO}
            for n in numbers
            for by in DIRECTORS
        ),
    )
    Contract.objects.update(status="sending")
    Contract.objects.update(status="signed", signed_at=LONG_AGO)
    Partner.objects.update(started_at=LONG_AGO)
    reset_sequences(User, RoleGrant, Partner, Contract, ContractReview)
    return numbers


def _email(n: int) -> str:
    return f"partner{n}@partners.example"


def _partner(n: int, name: str, country: str) -> dict[str, Any]:
    return {
        "id": n,
        "user": n,
        "display_name": name,
        "legal_name": f"{name} Ltd",
        "country": country,
        "identity": identity_of(_email(n)),
        "listing_consent": True,
        "created_at": LONG_AGO,
    }


def _contract(n: int, name: str, country: str, terms: ProgramTerms) -> dict[str, Any]:
    return {
        "id": n,
        "partner": n,
        "terms": terms.pk,
        "tier": terms.tier_id,
        **NUMBERS,
        "status": "in_review",
        "created_at": LONG_AGO,
        "legal_name": f"{name} Ltd",
        "display_name": name,
        "signer_name": name,
        "signer_email": _email(n),
        "country": country,
    }

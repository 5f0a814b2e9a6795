"""Staff, and partners whose contract two directors approved before it was signed."""

from decimal import Decimal
from random import Random

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
        ["id", "email", "full_name", "password", "is_staff"],
        (
            (n, f"staff{n}@semi.example", f"Staff {LAST[n].title()}", "!", True)
            for n in (*DIRECTORS, *SELLERS)
        ),
    )
    roles = [(n, Role.DIRECTOR) for n in DIRECTORS] + [(n, Role.SALES) for n in SELLERS]
    roles.append((SELLERS[0], Role.SALES_LEAD))
    copy(RoleGrant, ["user", "role", "granted_at"], ((n, role.value, LONG_AGO) for n, role in roles))


def seed_partners(count: int) -> range:
    """Return the numbers of `count` partners, active since long ago."""
    numbers = range(FIRST_PARTNER, FIRST_PARTNER + count)
    random = Random("partners")
    names = [" ".join(somebody(random)) for _ in numbers]
    emails = [f"partner{n}@partners.example" for n in numbers]
    countries = [random.choice(COUNTRIES) for _ in numbers]
    tier = Tier.objects.create(name="Standard", is_default=True)
    terms = ProgramTerms.objects.create(
        tier=tier, effective_on=local_date(LONG_AGO), entered_at=LONG_AGO, **NUMBERS
    )
    copy(User, ["id", "email", "full_name", "password"], zip(numbers, emails, names, "!" * count, strict=True))
    copy(RoleGrant, ["user", "role", "granted_at"], ((n, Role.PARTNER.value, LONG_AGO) for n in numbers))
    copy(
        Partner,
        ["id", "user", "display_name", "legal_name", "country", "identity", "listing_consent", "created_at"],
        (
            (n, n, name, f"{name} Ltd", country, identity_of(email), True, LONG_AGO)
            for n, name, email, country in zip(numbers, names, emails, countries, strict=True)
        ),
    )
    party = ["legal_name", "display_name", "signer_name", "signer_email", "country"]
    copy(
        Contract,
        ["id", "partner", "terms", "tier", *NUMBERS, "status", "created_at", *party],
        (
            (n, n, terms.pk, tier.pk, *NUMBERS.values(), "in_review", LONG_AGO)
            + (f"{name} Ltd", name, name, email, country)
            for n, name, email, country in zip(numbers, names, emails, countries, strict=True)
        ),
    )
    copy(
        ContractReview,
        ["contract", "version", "director", "decision", "decided_at"],
        ((n, 1, director, "approved", LONG_AGO) for n in numbers for director in DIRECTORS),
    )
    Contract.objects.update(status="sending")
    Contract.objects.update(status="signed", signed_at=LONG_AGO)
    Partner.objects.update(started_at=LONG_AGO)
    reset_sequences(User, RoleGrant, Partner, Contract, ContractReview)
    return numbers

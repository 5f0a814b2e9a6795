"""Referrals, their use cases and meetings, made through the services that make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from partners.models import Partner
from referrals.models import Confirmation, Introduction, Referral, UseCase, UseCaseLink, WindowExtension
from referrals.rules import Answer, Person
from referrals.services.confirmations import answer_confirmation, ask_for_confirmations
from referrals.services.introductions import log_held_introduction
from referrals.services.links import link_use_cases
from referrals.services.registration import register_referral
from referrals.services.use_cases import define_use_case
from referrals.services.windows import extend_window
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

LONG_AGO = datetime(2024, 1, 2, 9, 0, tzinfo=UTC)
_counter = iter(range(1, 10**9))


def active_partner(name: str = "Ines Marchetti", **numbers: Any) -> Partner:
    """A partner whose contract was signed long ago, at 10%, 25% and 10%."""
    return PartnerFactory(user=UserFactory(full_name=name), started_at=LONG_AGO, numbers=numbers)


def seller(name: str = "Tom Brandt", *roles: Role) -> User:
    return UserFactory(full_name=name, roles=[Role.SALES, *roles])


def sales_lead(name: str = "Sofie de Wit") -> User:
    return seller(name, Role.SALES_LEAD)


def person(**fields: Any) -> Person:
    """Somebody nobody knows, at a company of their own."""
    n = next(_counter)
    return Person(
        **{
            "first_name": "Mila",
            "last_name": f"Novak{n}",
            "email": f"mila{n}@ostrava{n}.example",
            "company_name": f"Ostrava {n}",
            "agreed": True,
            **fields,
        }
    )


def use_case(
    partner: Partner, *, at: datetime = MONDAY, referral: Referral | None = None, title: str = "Search"
) -> UseCase:
    return define_use_case(
        partner=partner,
        title=title,
        problem="Nobody finds anything.",
        data="Manuals",
        who_feels_it="Support",
        expected_value="Two hours a day",
        referral=referral,
        by=partner.user,
        at=at,
    )


def registered(partner: Partner | None = None, *, at: datetime = MONDAY, **fields: Any) -> Referral:
    """A referral of an active partner, with one use case."""
    partner = partner or active_partner()
    referral = register_referral(partner=partner, person=person(**fields), by=partner.user, at=at)
    use_case(partner, at=at, referral=referral)
    return referral


def held(referral: Referral, *, host: User | None = None, starts_at: datetime | None = None) -> Introduction:
    """A meeting about everything defined for the person, two days after they were registered."""
    host = host or seller()
    starts_at = starts_at or referral.registered_at + timedelta(days=2)
    ends_at = starts_at + timedelta(minutes=45)
    return log_held_introduction(
        referral=referral,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium="video",
        place="https://meet.example/1",
        use_cases=list(UseCase.objects.filter(referral=referral.the_root)),
        by=host,
        at=ends_at,
    )


def asked(introduction: Introduction, *, who: str = "host", at: datetime | None = None) -> Confirmation:
    """The question to host or partner, put when the meeting ended."""
    ask_for_confirmations(at=at or introduction.ends_at)
    return introduction.confirmations.get(asked=who)


def warm(introduction: Introduction) -> Answer:
    return Answer(
        kind="warm",
        medium="video",
        use_case_ids=tuple(introduction.use_cases.values_list("pk", flat=True)),
    )


def confirmed_warm(
    referral: Referral | None = None, *, starts_at: datetime | None = None, at: datetime | None = None
) -> UseCase:
    """A use case whose window is open, with its deal: the whole way through the services."""
    referral = referral or registered(at=(starts_at or MONDAY + timedelta(days=2)) - timedelta(days=2))
    introduction = held(referral, starts_at=starts_at)
    question = asked(introduction)
    answer_confirmation(
        confirmation=question, answer=warm(introduction), by=introduction.host, at=at or introduction.ends_at
    )
    return introduction.use_cases.get()


def two_needs(
    *, later_by: timedelta = timedelta(days=3), starts_at: datetime = MONDAY - timedelta(days=20)
) -> tuple[UseCase, UseCase]:
    """What two partners brought to Acme, each warm: Ines first, Pieter `later_by` after her."""
    found = []
    for name, (first, last), moment in (
        ("Ines Marchetti", ("Ana", "Reis"), starts_at),
        ("Pieter Vos", ("Bo", "Lundqvist"), starts_at + later_by),
    ):
        known_as = {"first_name": first, "last_name": last, "email": f"{first.lower()}@acme.example"}
        registered_at = starts_at - timedelta(days=10)
        referral = registered(active_partner(name), at=registered_at, company_name="Acme", **known_as)
        found.append(confirmed_warm(referral, starts_at=moment))
    return found[0], found[1]


def linked(
    one: UseCase, other: UseCase, *, by: User | None = None, at: datetime = MONDAY, reason: str = "One need."
) -> UseCaseLink:
    return link_use_cases(use_case=one, other=other, reason=reason, by=by or sales_lead(), at=at)


def director(name: str = "Bram de Jong", *roles: Role) -> User:
    return UserFactory(full_name=name, roles=[Role.DIRECTOR, *roles])


def extended(
    case: UseCase, *, months: int = 1, by: User | None = None, at: datetime = MONDAY + timedelta(days=30)
) -> WindowExtension:
    """More time for a window, granted by a director who has no interest in it."""
    reason = "Their budget moved to the new year."
    return extend_window(use_case=case, months=months, reason=reason, by=by or director(), at=at)

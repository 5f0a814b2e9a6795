"""Partners and contracts, made the only way the database lets them exist: reviewed twice, then signed."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory

from partners.models import (
    Application,
    Contract,
    ContractReview,
    Ending,
    Partner,
    ProgramTerms,
    RecruitInvitation,
    Tier,
)
from ssp.core.identity import identity_of
from ssp.core.links import new_token
from ssp.core.models import RoleGrant
from ssp.core.periods import local_date
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY

STANDARD = {
    "recurring_percent": Decimal(10),
    "first_invoice_percent": Decimal(25),
    "bonus_percent": Decimal(10),
}


class TierFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tier
        django_get_or_create = ("name",)

    name = "Standard"
    is_default = True


class ProgramTermsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProgramTerms
        django_get_or_create = ("tier", "effective_on")

    tier = factory.SubFactory(TierFactory)
    effective_on = date(2026, 1, 1)
    entered_at = MONDAY
    recurring_percent = STANDARD["recurring_percent"]
    first_invoice_percent = STANDARD["first_invoice_percent"]
    bonus_percent = STANDARD["bonus_percent"]


class DirectorFactory(UserFactory):
    full_name = factory.Sequence(lambda n: f"Director Number{n}")

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        user = super()._create(model_class, *args, **kwargs)
        RoleGrant.objects.create(user=user, role=Role.DIRECTOR, granted_at=MONDAY)
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        return user


class ApplicantFactory(factory.django.DjangoModelFactory):
    """A partner whose contract isn't signed yet."""

    class Meta:
        model = Partner

    user = factory.SubFactory(UserFactory)
    display_name = factory.SelfAttribute("user.full_name")
    legal_name = factory.LazyAttribute(lambda o: f"{o.display_name} Ltd")
    country = "NL"
    listing_consent = True
    identity = factory.LazyAttribute(lambda o: identity_of(o.user.email))
    created_at = MONDAY


class ContractFactory(factory.django.DjangoModelFactory):
    """A contract that waits for its reviews; give `partner`, and any number that differs from the terms."""

    class Meta:
        model = Contract

    partner = factory.SubFactory(ApplicantFactory)
    terms = factory.SubFactory(ProgramTermsFactory)
    tier = factory.SelfAttribute("terms.tier")
    recurring_percent = factory.SelfAttribute("terms.recurring_percent")
    first_invoice_percent = factory.SelfAttribute("terms.first_invoice_percent")
    bonus_percent = factory.SelfAttribute("terms.bonus_percent")
    bonus_basis = factory.SelfAttribute("terms.bonus_basis")
    cap_unit = factory.SelfAttribute("terms.cap_unit")
    cap_count = factory.SelfAttribute("terms.cap_count")
    default_model = factory.SelfAttribute("terms.default_model")
    created_at = MONDAY
    legal_name = factory.SelfAttribute("partner.legal_name")
    display_name = factory.SelfAttribute("partner.display_name")
    signer_name = factory.SelfAttribute("partner.user.full_name")
    signer_email = factory.SelfAttribute("partner.user.email")
    country = factory.SelfAttribute("partner.country")
    tax_number = factory.SelfAttribute("partner.tax_number")

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        contract = super()._create(model_class, *args, **kwargs)
        contract.ask_for_review()
        contract.save()
        return contract


def approve(contract: Contract, *, at: datetime = MONDAY) -> None:
    """Let two new directors approve the contract, without going through the service."""
    for director in DirectorFactory.create_batch(2):
        ContractReview.objects.create(
            contract=contract,
            version=contract.version,
            director=director,
            decision=ContractReview.Decision.APPROVED,
            decided_at=at,
        )


def signed_contract(partner: Partner, *, at: datetime, **numbers: Any) -> Contract:
    """Return a contract of `partner` that two directors approved and the partner signed `at` that moment."""
    contract: Contract = ContractFactory(partner=partner, created_at=at, **numbers)
    sign(contract, at=at)
    return contract


def sign(contract: Contract, *, at: datetime) -> None:
    """Let two new directors approve a contract in review and the partner sign it; nothing starts by that."""
    approve(contract, at=at)
    contract.queue()
    contract.save()
    contract.sign()
    contract.signed_at = at
    contract.save()


class PartnerFactory(ApplicantFactory):
    """An active partner with a signed contract.

    `started_at` is the moment of signature, `numbers={"recurring_percent": …}` changes its
    numbers, `recruiter` and `bonus_slot` make a recruit.
    """

    started_at = MONDAY
    numbers: dict[str, Any] = {}

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        started_at = kwargs.pop("started_at")
        numbers = kwargs.pop("numbers", {})
        slot = kwargs.pop("bonus_slot", None)
        partner = super()._create(model_class, *args, **kwargs)
        signed_contract(partner, at=started_at, **numbers)
        partner.started_at = started_at
        partner.bonus_slot = slot
        partner.save(update_fields=["started_at", "bonus_slot"])
        RoleGrant.objects.get_or_create(
            user=partner.user, role=Role.PARTNER, ended_at=None, defaults={"granted_at": started_at}
        )
        return partner


def ended(partner: Partner, *, at: datetime, kind: str = "notice") -> Ending:
    """End a partnership at that moment as the database wants it: for cause by two directors."""
    directors = DirectorFactory.create_batch(2) if kind == "cause" else []
    ending = Ending.objects.create(
        partner=partner,
        contract=partner.contracts.filter(status="signed").latest("signed_at"),
        kind=kind,
        side="semi" if directors else "partner",
        reason="They broke the rules." if directors else "",
        given_by=directors[0] if directors else partner.user,
        given_at=at - timedelta(days=1),
        confirmed_by=directors[1] if directors else None,
        last_on=local_date(at - timedelta(seconds=1)),
        ends_at=at,
    )
    partner.ended_at, partner.end_kind = at, kind
    partner.save(update_fields=["ended_at", "end_kind"])
    return ending


class RecruitInvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RecruitInvitation

    recruiter = factory.SubFactory(PartnerFactory)
    email = factory.Sequence(lambda n: f"recruit{n}@people.example")
    invited_at = MONDAY
    expires_at = factory.LazyAttribute(lambda o: o.invited_at.replace(year=o.invited_at.year + 1))

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        salt, token_hash = new_token("recruit")
        return super()._create(model_class, *args, token_salt=salt, token_hash=token_hash, **kwargs)


class ApplicationFactory(factory.django.DjangoModelFactory):
    """A draft, filled in."""

    class Meta:
        model = Application

    applicant = factory.SubFactory(UserFactory)
    display_name = factory.SelfAttribute("applicant.full_name")
    legal_name = factory.LazyAttribute(lambda o: f"{o.display_name} Ltd")
    country = "NL"
    knows_field = "Ten years of search projects in logistics."
    can_open = "Ports and shipping companies."
    listing_consent = True
    created_at = MONDAY

"""Everybody of the demo: accounts, roles, second factors, and the partners' way to their contracts."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from partners.models import (
    BonusBasis,
    CapUnit,
    CommissionModel,
    Contract,
    ContractReview,
    Envelope,
    Partner,
    ProgramTerms,
    RecruitInvitation,
    Tier,
)
from partners.services.applications import save_application, submit_application
from partners.services.contracts import review_contract
from partners.services.envelopes import Papers, apply_envelope_state, send_envelope
from partners.services.terms import enter_terms as keep_terms
from ssp.core import clock, staff
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.docusign.client import EnvelopeState, SigningService
from ssp.sandbox.demo.signing import PaperSigning
from ssp.sandbox.people import DEMO_PASSWORD, DemoPerson


def make_account(person: DemoPerson, *, at: datetime) -> User:
    """Make an account with a proven address; staff get their roles and a second factor."""
    user = User.objects.create_user(person.email, DEMO_PASSWORD, full_name=person.name, joined_at=at)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    for role in person.roles:
        if role != Role.PARTNER:
            staff.grant_role(user=user, role=role, by=None, at=at)
    if user.is_staff:
        TOTP.activate(user, generate_totp_secret())
    return user


def enter_terms(*, director: User, effective_on: date, at: datetime) -> ProgramTerms:
    """Enter the demo's numbers: 10% recurring, 25% of the first invoice, 10% bonus (C5)."""
    tier, _made = Tier.objects.get_or_create(is_default=True, defaults={"name": "Standard"})
    terms = ProgramTerms(
        tier=tier,
        effective_on=effective_on,
        recurring_percent=Decimal(10),
        first_invoice_percent=Decimal(25),
        bonus_percent=Decimal(10),
        bonus_basis=BonusBasis.COMMISSION,
        cap_unit=CapUnit.YEARS,
        cap_count=3,
        default_model=CommissionModel.RECURRING,
    )
    return keep_terms(terms=terms, by=director, at=at)


def become_partner(
    user: User,
    *,
    answers: dict[str, object],
    directors: tuple[User, User],
    invitation: RecruitInvitation | None = None,
    signed_at: datetime,
) -> Partner:
    """Lead somebody from application to signature in three days, as the two directors and DocuSign would."""
    applied = signed_at - timedelta(days=3)
    application = save_application(applicant=user, answers=answers, invitation=invitation, at=applied)
    terms = ProgramTerms.objects.in_force(on=applied.date())
    contract = submit_application(application=application, terms=terms, by=user, at=applied)
    for hours, director in enumerate(directors, start=1):
        review_contract(
            contract=contract,
            director=director,
            decision=ContractReview.Decision.APPROVED,
            reason="",
            version=contract.version,
            at=applied + timedelta(days=1, hours=hours),
        )
    sign(contract, at=signed_at)
    return Partner.objects.get(user=user)


def sign(contract: Contract, *, at: datetime) -> None:
    """Send the contract on paper, so to say, and let its partner sign it."""
    envelope = Envelope.objects.get(contract=contract)
    signing = PaperSigning(signed_at=at)
    service = cast(SigningService, signing)  # all that the services ask of it here
    send_envelope(envelope=envelope, service=service, at=at - timedelta(days=1), wall=clock.wall())
    envelope.refresh_from_db()
    apply_envelope_state(
        envelope=envelope,
        state=EnvelopeState.COMPLETED,
        moment=at,
        at=at,
        papers=Papers(
            signed=signing.download(str(envelope.envelope_id), "combined"),
            certificate=signing.download(str(envelope.envelope_id), "certificate"),
        ),
    )

"""Applying: from a draft to a contract in review (C5, C6, C20, C22)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from partners.errors import (
    AlreadyApplied,
    AlreadyPartner,
    ApplicationIncomplete,
    ApplicationNotOpen,
    ApplicationsClosed,
    EmailNotVerified,
    InvitationForSomebodyElse,
    InvitationNotValid,
    MovingInNow,
    ReasonMissing,
    SamePersonAsRecruiter,
    TermsChanged,
)
from partners.models import (
    Application,
    ApplicationStatus,
    Contract,
    Partner,
    ProgramTerms,
    RecruitInvitation,
)
from partners.permissions import check_may_decide, is_person
from partners.queries import (
    already_a_partner,
    decided_statuses,
    has_left,
    is_usable,
    left_partner,
    line_of,
)
from partners.rules import normal_tax_number
from partners.services.contracts import check_nothing_to_sign
from partners.services.owners import give_owner
from partners.services.same_person import look_for_signs
from partners.services.starting import ABOUT_THEM
from partners.services.steps import ask_directors, lock_contract
from partners.services.terms import ENTERING
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.identity import identity_of
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date

ANSWERS = (
    "display_name",
    "legal_name",
    "country",
    "tax_number",
    "knows_field",
    "can_open",
    "listing_consent",
)
NEEDED = ("display_name", "legal_name", "country", "knows_field", "can_open")


def take_turns(applicant: User) -> None:
    """Let what one applicant saves and sends take turns: a double press can't cross itself."""
    User.objects.select_for_update(no_key=True).get(pk=applicant.pk)


@transaction.atomic
def save_application(
    *,
    applicant: User,
    answers: Mapping[str, Any],
    invitation: RecruitInvitation | None,
    at: datetime,
) -> Application:
    """Keep the answers of a draft, as far as they are given; begins one if there is none.

    :raises AlreadyApplied: an application is on its way or was accepted.
    :raises InvitationForSomebodyElse, InvitationNotValid: C20.
    """
    if invitation is not None and not is_usable(invitation, applicant, at=at):
        raise InvitationForSomebodyElse
    take_turns(applicant)
    left = left_partner(applicant, at=at)
    if left is not None:
        invitation = None  # whoever recruited them once, did so for good (C21)
    if applicant.applications.exclude(status__in=decided_statuses(left)).exists():
        raise AlreadyApplied
    application = applicant.applications.filter(status=ApplicationStatus.DRAFT).first()
    if application is None:
        application = Application(applicant=applicant, created_at=at)
    for name in ANSWERS:
        if name in answers:
            setattr(application, name, answers[name])
    application.tax_number = normal_tax_number(application.tax_number)
    application.display_name = application.display_name or applicant.full_name
    if invitation is not None:  # a variant of one's address may hold it in a draft: who saves last, has it
        Application.objects.filter(invitation=invitation, status=ApplicationStatus.DRAFT).exclude(
            pk=application.pk
        ).update(invitation=None)
    application.invitation = invitation
    with (
        constraint_as("partners_application_invitation_id", InvitationNotValid),
        transaction.atomic(),
    ):
        application.save()
    return application


@transaction.atomic
def submit_application(
    *, application: Application, terms: ProgramTerms | None, by: User, at: datetime
) -> Contract:
    """Hand an application in: the partner (not started) and a contract in review with the terms in force.

    :param terms: the version that the applicant saw and accepted.
    :raises ApplicationsClosed, TermsChanged: C5.  :raises EmailNotVerified, ApplicationIncomplete: C6.
    :raises AlreadyApplied: C6.  :raises AlreadyPartner, SamePersonAsRecruiter: C22.
    :raises InvitationNotValid: used, withdrawn or expired meanwhile.
    """
    take_turns(application.applicant)
    application = Application.objects.select_for_update().get(pk=application.pk)
    applicant = application.applicant
    if application.status != ApplicationStatus.DRAFT:
        raise AlreadyApplied
    one_after_another(ENTERING)
    in_force = ProgramTerms.objects.in_force(on=local_date(at))
    if in_force is None:
        raise ApplicationsClosed
    if terms != in_force:
        raise TermsChanged
    if not EmailAddress.objects.filter(user=applicant, email__iexact=applicant.email, verified=True).exists():
        raise EmailNotVerified
    if not all(getattr(application, name) for name in NEEDED):
        raise ApplicationIncomplete
    if left_partner(applicant, at=at):
        application.invitation = None
    partner = _partner_of(application, recruiter=_recruiter_of(application, at=at), at=at)
    contract = Contract.objects.create(
        partner=partner,
        terms=in_force,
        tier=in_force.tier,
        created_at=at,
        legal_name=application.legal_name,
        display_name=application.display_name,
        signer_name=applicant.full_name or application.legal_name,
        signer_email=applicant.email,
        country=application.country,
        tax_number=application.tax_number,
        **in_force.numbers,
    )
    application.partner, application.terms, application.submitted_at = partner, in_force, at
    application.identity = identity_of(applicant.email)  # who comes back may have moved since
    application.submit()
    application.save()
    contract.ask_for_review()
    contract.save()
    audit.record("application.submitted", application, by=by, at=at, contract=contract.pk)
    look_for_signs(application, at=at)
    give_owner(application, contract, at=at)
    outbox.enqueue(
        "partners.application_submitted",
        key=f"application:{application.pk}:submitted",
        payload={"application_id": application.pk},
        at=at,
    )
    ask_directors(contract, at=at)
    return contract


def _recruiter_of(application: Application, *, at: datetime) -> Partner | None:
    """Use the invitation up and return who sent it."""
    if application.invitation is None:
        return None
    invitation = RecruitInvitation.objects.select_for_update().get(pk=application.invitation.pk)
    if not is_usable(invitation, application.applicant, at=at):
        raise InvitationNotValid
    invitation.used_at = at
    invitation.save(update_fields=["used_at"])
    recruiter, applicant = invitation.recruiter, application.applicant
    identity = identity_of(applicant.email)
    for each in line_of(recruiter):
        same_tax = (each.tax_number, each.country) == (application.tax_number, application.country)
        if is_person(each, applicant, identity) or (application.tax_number and same_tax):
            raise SamePersonAsRecruiter
    return recruiter


def _partner_of(application: Application, *, recruiter: Partner | None, at: datetime) -> Partner:
    """Return the applicant's partner row, new or from an application that was turned down."""
    applicant = application.applicant
    partner = Partner.objects.select_for_update().filter(user=applicant).first()
    partner = partner or Partner(user=applicant, created_at=at)
    returns = has_left(partner, at=at)  # who left comes back as themself: same row, same recruiter, for good
    if (partner.started_at is not None and not returns) or already_a_partner(applicant):
        raise AlreadyPartner
    if partner.pk and Contract.objects.open().filter(partner=partner, origin=Contract.Origin.PAPER).exists():
        raise MovingInNow
    if returns:  # statements and the directory go on with what they were: the new signature changes it
        return partner
    partner.identity = identity_of(applicant.email)
    partner.recruiter = recruiter
    for name in ABOUT_THEM:
        setattr(partner, name, getattr(application, name))
    with (
        constraint_as("partner_recruiter_is_somebody_else", SamePersonAsRecruiter),
        constraint_as("partners_partner_identity", AlreadyPartner),
        transaction.atomic(),
    ):
        partner.save()
    return partner


@transaction.atomic
def reject_application(*, application: Application, reason: str, by: User, at: datetime) -> None:
    """Turn an application down, with a reason that the applicant reads; its contract is closed.

    :raises NotDirector, OwnContract, ConflictOfInterest, ReasonMissing: C6.
    :raises ApplicationNotOpen: it was decided, or its contract is at the signature.
    """
    opened = Contract.objects.open().filter(partner__applications=application.pk).first()
    contract = lock_contract(opened) if opened else None  # before the application: as a signature does
    application = Application.objects.select_for_update().get(pk=application.pk)
    if application.status != ApplicationStatus.SUBMITTED or contract is None or not contract.is_open:
        raise ApplicationNotOpen
    check_may_decide(by, contract)
    if not reason.strip():
        raise ReasonMissing
    check_nothing_to_sign(contract)
    contract.close()
    contract.save()
    application.rejection_reason, application.decided_at = reason.strip(), at
    application.reject()
    application.save()
    audit.record("application.rejected", application, by=by, at=at, contract=contract.pk)
    outbox.enqueue(
        "partners.application_rejected",
        key=f"application:{application.pk}:rejected",
        payload={"application_id": application.pk},
        at=at,
    )

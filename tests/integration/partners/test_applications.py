"""Applying, with and without an invitation (C5, C6, C20, C22)."""

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress

from partners.errors import (
    AlreadyApplied,
    AlreadyInvited,
    AlreadyPartner,
    ApplicationIncomplete,
    ApplicationNotOpen,
    ApplicationsClosed,
    EmailNotVerified,
    InvitationForSomebodyElse,
    InvitationNotValid,
    OwnAddress,
    PartnershipNotStarted,
    ReasonMissing,
    SamePersonAsRecruiter,
    TermsChanged,
)
from partners.models import Application, Contract, ContractStatus, ProgramTerms, RecruitInvitation
from partners.services.applications import reject_application, save_application, submit_application
from partners.services.recruits import invite_recruit, open_invitation, revoke_invitation
from ssp.core.links import token_of
from ssp.core.models import OutboxMessage
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicantFactory,
    ApplicationFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
    ended,
)
from tests.integration.partners.conftest import approve_twice
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def submit(application: Application, terms: ProgramTerms | None, at=MONDAY) -> Contract:
    return submit_application(application=application, terms=terms, by=application.applicant, at=at)


@pytest.mark.clause("C6")
def test_an_application_becomes_a_contract_in_review_with_the_terms_in_force(terms: ProgramTerms) -> None:
    contract = submit(ApplicationFactory(), terms)

    assert contract.status == ContractStatus.IN_REVIEW
    assert contract.numbers == terms.numbers
    assert contract.partner.started_at is None


@pytest.mark.clause("C6")
def test_the_applicant_and_each_eligible_director_hear_of_it(terms: ProgramTerms) -> None:
    application, director = ApplicationFactory(), DirectorFactory()
    DirectorFactory().role_grants.update(ended_at=MONDAY)

    submit(application, terms)

    assert OutboxMessage.objects.filter(kind="partners.application_submitted").count() == 1
    waits = OutboxMessage.objects.get(kind="partners.contract_waits")
    assert waits.payload["director_id"] == director.pk


@pytest.mark.clause("C5")
def test_without_terms_applications_are_closed() -> None:
    with pytest.raises(ApplicationsClosed):
        submit(ApplicationFactory(), None)


@pytest.mark.clause("C5")
def test_terms_of_tomorrow_are_not_in_force() -> None:
    terms = ProgramTermsFactory(effective_on=MONDAY.date() + timedelta(days=1))

    with pytest.raises(ApplicationsClosed):
        submit(ApplicationFactory(), terms)


@pytest.mark.clause("C5")
def test_the_applicant_accepts_the_terms_in_force_not_older_ones(terms: ProgramTerms) -> None:
    ProgramTermsFactory(effective_on=date(2026, 6, 1))

    with pytest.raises(TermsChanged):
        submit(ApplicationFactory(), terms)


@pytest.mark.clause("C5")
def test_new_terms_never_touch_old_contracts(terms: ProgramTerms) -> None:
    contract = submit(ApplicationFactory(), terms)

    ProgramTermsFactory(effective_on=MONDAY.date() + timedelta(days=1), recurring_percent=1)

    contract.refresh_from_db()
    assert contract.recurring_percent == terms.recurring_percent


@pytest.mark.clause("C6")
def test_an_unverified_address_cannot_apply(terms: ProgramTerms) -> None:
    application = ApplicationFactory()
    EmailAddress.objects.filter(user=application.applicant).update(verified=False)

    with pytest.raises(EmailNotVerified):
        submit(application, terms)


@pytest.mark.clause("C6")
@pytest.mark.parametrize("missing", ["display_name", "legal_name", "country", "knows_field", "can_open"])
def test_an_incomplete_application_is_not_sent(terms: ProgramTerms, missing: str) -> None:
    with pytest.raises(ApplicationIncomplete):
        submit(ApplicationFactory(**{missing: ""}), terms)


@pytest.mark.clause("C6")
def test_an_application_is_sent_once(terms: ProgramTerms) -> None:
    application = ApplicationFactory()
    submit(application, terms)

    with pytest.raises(AlreadyApplied):
        submit(application, terms)


@pytest.mark.clause("C6")
def test_a_draft_is_kept_and_continued() -> None:
    user = UserFactory()
    first = save_application(applicant=user, answers={"legal_name": "Vos BV"}, invitation=None, at=MONDAY)

    second = save_application(applicant=user, answers={"tax_number": "be 12.34"}, invitation=None, at=MONDAY)

    assert (second.pk, second.legal_name, second.tax_number) == (first.pk, "Vos BV", "BE1234")


@pytest.mark.clause("C22")
def test_a_second_account_of_a_partner_cannot_apply(terms: ProgramTerms) -> None:
    PartnerFactory(user=UserFactory(email="ines.marchetti@gmail.com"))
    second = ApplicationFactory(applicant=UserFactory(email="inesmarchetti+2@gmail.com"))

    with pytest.raises(AlreadyPartner):
        submit(second, terms)


# --- recruits ----------------------------------------------------------------------
@pytest.mark.clause("C20")
def test_who_applies_by_invitation_is_recruited_by_its_sender(terms: ProgramTerms) -> None:
    user = UserFactory()
    invitation = RecruitInvitationFactory(email=user.email)
    application = ApplicationFactory(applicant=user, invitation=invitation)

    contract = submit(application, terms)

    invitation.refresh_from_db()
    assert contract.partner.recruiter == invitation.recruiter
    assert invitation.used_at == MONDAY


@pytest.mark.clause("C20")
def test_an_invitation_is_bound_to_its_address() -> None:
    invitation = RecruitInvitationFactory(email="somebody@else.example")

    with pytest.raises(InvitationForSomebodyElse):
        save_application(applicant=UserFactory(), answers={}, invitation=invitation, at=MONDAY)


@pytest.mark.clause("C20")
@pytest.mark.parametrize("ended", ["revoked_at", "used_at", "expires_at"])
def test_an_invitation_that_ended_meanwhile_is_refused(terms: ProgramTerms, ended: str) -> None:
    user = UserFactory()
    application = ApplicationFactory(applicant=user, invitation=RecruitInvitationFactory(email=user.email))
    RecruitInvitation.objects.update(**{ended: MONDAY})

    with pytest.raises(InvitationNotValid):
        submit(application, terms)


@pytest.mark.clause("C20")
def test_a_link_opens_its_invitation_for_30_days() -> None:
    partner = PartnerFactory()
    invitation = invite_recruit(partner=partner, email="Pieter@Vos.example", by=partner.user, at=MONDAY)
    token = token_of("recruit", invitation.token_salt)

    assert open_invitation(token=token, at=MONDAY + timedelta(days=30, seconds=-1)) == invitation
    with pytest.raises(InvitationNotValid):
        open_invitation(token=token, at=MONDAY + timedelta(days=30))


@pytest.mark.clause("C22")
@pytest.mark.parametrize("address", ["ines.marchetti@gmail.com", "InesMarchetti+sales@googlemail.com"])
def test_nobody_invites_themself(address: str) -> None:
    partner = PartnerFactory(user=UserFactory(email="ines.marchetti@gmail.com"))

    with pytest.raises(OwnAddress):
        invite_recruit(partner=partner, email=address, by=partner.user, at=MONDAY)


@pytest.mark.clause("C22")
def test_a_recruit_with_the_recruiters_tax_number_is_the_recruiter(terms: ProgramTerms) -> None:
    user = UserFactory()
    recruiter = PartnerFactory(tax_number="NL001234567B01")
    invitation = RecruitInvitationFactory(email=user.email, recruiter=recruiter)
    application = ApplicationFactory(applicant=user, invitation=invitation, tax_number="NL001234567B01")

    with pytest.raises(SamePersonAsRecruiter):
        submit(application, terms)


@pytest.mark.clause("C20")
def test_an_address_is_invited_once_until_withdrawn() -> None:
    partner = PartnerFactory()
    first = invite_recruit(partner=partner, email="pieter@vos.example", by=partner.user, at=MONDAY)
    with pytest.raises(AlreadyInvited):
        invite_recruit(partner=partner, email="PIETER@vos.example", by=partner.user, at=MONDAY)

    revoke_invitation(invitation=first, by=partner.user, at=MONDAY)

    second = invite_recruit(partner=partner, email="pieter@vos.example", by=partner.user, at=MONDAY)
    assert second.pk != first.pk


@pytest.mark.clause("C20")
def test_an_applicant_invites_nobody() -> None:
    partner = ApplicantFactory()

    with pytest.raises(PartnershipNotStarted):
        invite_recruit(partner=partner, email="pieter@vos.example", by=partner.user, at=MONDAY)


@pytest.mark.clause("C20")
def test_a_former_partner_invites_nobody() -> None:
    partner = PartnerFactory()
    ended(partner, at=MONDAY)

    with pytest.raises(PartnershipNotStarted):
        invite_recruit(partner=partner, email="pieter@vos.example", by=partner.user, at=MONDAY)


# --- turning down ------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_a_declined_application_closes_its_contract_and_may_be_repeated(terms: ProgramTerms) -> None:
    application = ApplicationFactory()
    contract = submit(application, terms)

    reject_application(application=application, reason="Not now.", by=DirectorFactory(), at=MONDAY)

    contract.refresh_from_db()
    again = submit(ApplicationFactory(applicant=application.applicant), terms)
    assert contract.status == ContractStatus.CLOSED
    assert again.partner == contract.partner


@pytest.mark.clause("C6")
def test_declining_needs_a_reason(terms: ProgramTerms) -> None:
    application = ApplicationFactory()
    submit(application, terms)

    with pytest.raises(ReasonMissing):
        reject_application(application=application, reason=" ", by=DirectorFactory(), at=MONDAY)


@pytest.mark.clause("C6")
def test_an_application_at_the_signature_is_not_declined(terms: ProgramTerms) -> None:
    application = ApplicationFactory()
    approve_twice(submit(application, terms))

    with pytest.raises(ApplicationNotOpen):
        reject_application(application=application, reason="No.", by=DirectorFactory(), at=MONDAY)

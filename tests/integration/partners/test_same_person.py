"""The same person under a second account is caught (C22), and an invitation is one person's (C20)."""

import pytest
from django.db import IntegrityError, transaction

from partners.errors import AlreadyPartner, OwnContract, SamePersonAsRecruiter
from partners.models import Application, Contract, ContractReview, RecruitInvitation
from partners.services.applications import save_application, submit_application
from partners.services.contracts import review_contract
from ssp.core.models import User
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicantFactory,
    ApplicationFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C22")]


def moves(user: User, email: str) -> None:
    """Somebody's address changes, as on the page of their account."""
    user.email = email
    user.save(update_fields=["email"])


def applies(email: str, invitation: RecruitInvitation | None = None, **fields) -> Contract:
    application = ApplicationFactory(applicant=UserFactory(email=email), invitation=invitation, **fields)
    return submit_application(
        application=application, terms=ProgramTermsFactory(), by=application.applicant, at=MONDAY
    )


def test_a_recruiter_who_changed_their_address_does_not_recruit_themself() -> None:
    recruiter = PartnerFactory(user=UserFactory(email="ines@old.example"))
    moves(recruiter.user, "ines@new.example")
    invitation = RecruitInvitationFactory(recruiter=recruiter, email="ines+two@new.example")

    with pytest.raises(SamePersonAsRecruiter):
        applies("ines+two@new.example", invitation)


def test_a_partner_who_changed_their_address_does_not_become_a_second_partner() -> None:
    partner = PartnerFactory(user=UserFactory(email="ines@old.example"))
    moves(partner.user, "i.nes@gmail.com")

    with pytest.raises(AlreadyPartner):
        applies("ines+two@googlemail.com")


def test_another_person_of_the_same_firm_is_somebody_else() -> None:
    PartnerFactory(user=UserFactory(email="ines@firm.example"))

    assert applies("jonas@firm.example").pk


def test_a_director_who_changed_their_address_is_the_applicant_still() -> None:
    applicant = ApplicantFactory(user=UserFactory(email="eva@old.example"))
    moves(applicant.user, "eva@new.example")
    contract = ContractFactory(partner=applicant)

    with pytest.raises(OwnContract):
        review_contract(
            contract=contract,
            director=DirectorFactory(email="eva+director@new.example"),
            decision=ContractReview.Decision.APPROVED,
            reason="",
            version=1,
            at=MONDAY,
        )


def test_a_recruit_does_not_recruit_the_person_who_recruited_them() -> None:
    first = PartnerFactory(tax_number="NL123")
    second = PartnerFactory(recruiter=first, bonus_slot=1, tax_number="BE456", country="BE")
    invitation = RecruitInvitationFactory(recruiter=second, email="other@people.example")

    with pytest.raises(SamePersonAsRecruiter):
        applies("other@people.example", invitation, tax_number="NL123")


def test_the_database_refuses_a_line_that_comes_back_to_the_same_person() -> None:
    first = PartnerFactory(tax_number="NL123")
    second = PartnerFactory(recruiter=first, bonus_slot=1)

    with pytest.raises(IntegrityError, match="partner_recruiter_is_somebody_else"), transaction.atomic():
        ApplicantFactory(recruiter=second, tax_number="NL123")


@pytest.mark.clause("C20")
def test_two_accounts_of_one_address_draft_with_one_invitation_and_the_later_has_it() -> None:
    invitation = RecruitInvitationFactory(email="jonas@people.example")
    first = UserFactory(email="jonas@people.example")
    second = UserFactory(email="jonas+2@people.example")

    for applicant in (first, second):
        save_application(applicant=applicant, answers={}, invitation=invitation, at=MONDAY)

    assert Application.objects.get(applicant=second).invitation == invitation
    assert Application.objects.get(applicant=first).invitation is None

"""Signs of a second account: found, shown, answered for in writing; nobody is linked by them (C22)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.urls import reverse

from partners import same_person
from partners.errors import SamePersonAsRecruiter, SignsChanged, SignsNotAcknowledged
from partners.models import (
    Application,
    Contract,
    ContractReview,
    ContractStatus,
    SamePersonSign,
    SignAcknowledgement,
    SignReason,
)
from partners.services.applications import reject_application, submit_application
from partners.services.contracts import resubmit_contract, review_contract
from ssp.core.models import AuditEntry, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicationFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C22")]
SignIn = Callable[[User], Client]
Decision = ContractReview.Decision


def applies(user: User | None = None, **fields) -> Contract:
    application = ApplicationFactory(**({"applicant": user} if user else {}), **fields)
    return submit_application(
        application=application, terms=ProgramTermsFactory(), by=application.applicant, at=MONDAY
    )


def reasons(contract: Contract) -> set[str]:
    return {sign.reason for sign in same_person.signs_of(contract)}


def approve(contract: Contract, director: User, *, read: bool = True, says: str = "") -> ContractReview:
    return review_contract(
        contract=contract,
        director=director,
        decision=Decision.APPROVED,
        reason="",
        version=contract.version,
        signs_read=[sign.pk for sign in same_person.signs_of(contract)] if read else [],
        about_signs=says,
        at=MONDAY,
    )


@pytest.fixture
def suspect() -> Contract:
    """An application with a partner's legal name."""
    PartnerFactory(legal_name="Vos & Partners B.V.")
    return applies(legal_name="Vos Partners")


# --- what is found --------------------------------------------------------------------
def test_the_same_tax_number_is_a_sign() -> None:
    PartnerFactory(tax_number="NL001234567B01")

    assert reasons(applies(tax_number="NL 0012.34.567 B01")) == {SignReason.TAX_NUMBER}


def test_the_same_tax_number_of_another_country_is_none() -> None:
    PartnerFactory(tax_number="123456", country="DE")

    assert reasons(applies(tax_number="123456", country="NL")) == set()


def test_the_same_legal_name_is_a_sign_whatever_its_form(suspect: Contract) -> None:
    assert reasons(suspect) == {SignReason.LEGAL_NAME}


def test_the_same_name_in_the_same_country_is_a_sign() -> None:
    PartnerFactory(display_name="Ines Marchetti")

    assert reasons(applies(display_name="Marchetti, Inès")) == {SignReason.NAME}


def test_the_same_name_in_another_country_is_none() -> None:
    PartnerFactory(display_name="Ines Marchetti", legal_name="Marchetti Advisory")

    assert reasons(applies(display_name="Ines Marchetti", country="IT")) == set()


def test_a_colleague_of_semi_with_the_same_name_is_a_sign() -> None:
    colleague = UserFactory(full_name="Tom Brandt", roles=[Role.SALES])

    contract = applies(display_name="Tom Brandt")

    assert [(s.account, s.reason) for s in same_person.signs_of(contract)] == [(colleague, SignReason.NAME)]


@pytest.mark.parametrize("variant", ["eva.winter+two@semi.example", "EVA.WINTER@semi.example"])
def test_a_variant_of_a_colleagues_address_is_a_sign(variant: str) -> None:
    DirectorFactory(email="eva.winter@semi.example")
    if variant.lower() == "eva.winter@semi.example":
        variant = "eva.winter+2@semi.example"

    assert reasons(applies(UserFactory(email=variant))) == {SignReason.ADDRESS}


def test_a_gmail_variant_of_a_colleagues_address_is_a_sign() -> None:
    UserFactory(email="eva.winter@gmail.com", roles=[Role.SALES])

    assert reasons(applies(UserFactory(email="evawinter@googlemail.com"))) == {SignReason.ADDRESS}


def test_an_address_that_another_account_proved_once_is_a_sign() -> None:
    partner = PartnerFactory()
    EmailAddress.objects.create(user=partner.user, email="ines@old.example", verified=True, primary=False)

    assert reasons(applies(UserFactory(email="ines+new@old.example"))) == {SignReason.ADDRESS_BEFORE}


def test_an_address_that_another_account_never_proved_is_none() -> None:
    partner = PartnerFactory()
    EmailAddress.objects.create(user=partner.user, email="ines@old.example", verified=False, primary=False)

    assert reasons(applies(UserFactory(email="ines@old.example"))) == set()


def test_an_address_of_an_application_that_was_turned_down_is_remembered() -> None:
    first = UserFactory(email="ines@old.example")
    applies(first)
    reject_application(
        application=Application.objects.get(applicant=first), reason="No.", by=DirectorFactory(), at=MONDAY
    )
    first.email = "ines@new.example"
    first.save()
    first.emailaddress_set.update(email="ines@new.example")
    applies(first)  # with the new address: the partner's row forgets the old one, the application doesn't

    assert reasons(applies(UserFactory(email="ines@old.example"))) == {SignReason.ADDRESS_BEFORE}


def test_strangers_have_nothing_in_common() -> None:
    PartnerFactory(tax_number="NL1")

    assert reasons(applies(tax_number="NL2")) == set()


def test_a_draft_is_compared_with_nobody() -> None:
    ApplicationFactory(legal_name="Vos Partners")

    assert reasons(applies(legal_name="Vos Partners")) == set()


def test_an_undecided_application_learns_of_a_later_one() -> None:
    first = applies(tax_number="NL1")

    second = applies(tax_number="NL1")

    assert reasons(first) == reasons(second) == {SignReason.TAX_NUMBER}


def test_a_sign_links_nobody(suspect: Contract) -> None:
    assert suspect.partner.recruiter is None
    assert suspect.status == ContractStatus.IN_REVIEW


def test_what_came_up_since_is_found_when_the_contract_goes_to_review_again() -> None:
    contract, director = applies(tax_number="NL1"), DirectorFactory()
    review_contract(
        contract=contract, director=director, decision=Decision.REJECTED, reason="Wait.", version=1, at=MONDAY
    )
    PartnerFactory(tax_number="NL1")
    contract.refresh_from_db()

    resubmit_contract(contract=contract, version=2, by=director, at=MONDAY)

    assert reasons(contract) == {SignReason.TAX_NUMBER}


# --- lines and cycles -------------------------------------------------------------------
def test_a_line_of_three_that_comes_back_to_its_first_is_refused() -> None:
    first = PartnerFactory(tax_number="NL1")
    second = PartnerFactory(recruiter=first, bonus_slot=1)
    third = PartnerFactory(recruiter=second, bonus_slot=1)
    user = UserFactory()
    invitation = RecruitInvitationFactory(recruiter=third, email=user.email)

    with pytest.raises(SamePersonAsRecruiter):
        applies(user, invitation=invitation, tax_number="NL1")


def test_somebody_like_the_first_of_the_line_is_shown_to_be_in_it() -> None:
    first = PartnerFactory(legal_name="Marchetti Advisory")
    second = PartnerFactory(recruiter=first, bonus_slot=1)
    user = UserFactory()
    invitation = RecruitInvitationFactory(recruiter=second, email=user.email)

    contract = applies(user, invitation=invitation, legal_name="Marchetti Advisory Srl")

    (twin,) = same_person.twins_of(contract.partner.applications.get())
    assert (twin.partner, twin.is_in_line) == (first, True)


# --- nobody approves what they didn't look at --------------------------------------------
def test_an_approval_without_a_word_about_the_signs_is_refused(suspect: Contract) -> None:
    with pytest.raises(SignsNotAcknowledged):
        approve(suspect, DirectorFactory())

    assert not suspect.reviews.exists()


def test_an_approval_that_never_showed_the_signs_is_refused(suspect: Contract) -> None:
    with pytest.raises(SignsNotAcknowledged):
        approve(suspect, DirectorFactory(), read=False, says="They are brothers.")


def test_a_sign_that_came_up_while_reading_is_read_first(suspect: Contract) -> None:
    read = [sign.pk for sign in same_person.signs_of(suspect)]
    SamePersonSign.objects.create(
        application=suspect.partner.applications.get(),
        account=UserFactory(),
        reason=SignReason.NAME,
        found_at=MONDAY,
    )

    with pytest.raises(SignsChanged):
        review_contract(
            contract=suspect,
            director=DirectorFactory(),
            decision=Decision.APPROVED,
            reason="",
            version=1,
            signs_read=read,
            about_signs="They are brothers.",
            at=MONDAY,
        )


def test_a_rejection_needs_no_word_about_the_signs(suspect: Contract) -> None:
    review_contract(
        contract=suspect,
        director=DirectorFactory(),
        decision=Decision.REJECTED,
        reason="The same person.",
        version=1,
        at=MONDAY,
    )

    assert not SignAcknowledgement.objects.exists()


def test_each_director_answers_for_themself(suspect: Contract) -> None:
    approve(suspect, DirectorFactory(), says="Two brothers, two firms: I called both.")

    with pytest.raises(SignsNotAcknowledged):
        approve(suspect, DirectorFactory())


def test_two_directors_who_looked_send_the_contract(suspect: Contract) -> None:
    for director in DirectorFactory.create_batch(2):
        approve(suspect, director, says="Two brothers, two firms: I called both.")

    suspect.refresh_from_db()
    assert suspect.status == ContractStatus.SENDING
    assert SignAcknowledgement.objects.count() == 2
    assert AuditEntry.objects.filter(action="sign.acknowledged").count() == 2


def test_the_database_refuses_an_approval_of_unread_signs(suspect: Contract) -> None:
    with pytest.raises(IntegrityError) as refusal:
        ContractReview.objects.create(
            contract=suspect, version=1, director=DirectorFactory(), decision="approved", decided_at=MONDAY
        )

    assert refusal.value.__cause__.diag.constraint_name == "review_of_acknowledged_signs"


def test_the_database_wants_a_reason(suspect: Contract) -> None:
    (sign,) = same_person.signs_of(suspect)

    with pytest.raises(IntegrityError, match="acknowledgement_has_reason"):
        SignAcknowledgement.objects.create(
            sign=sign, director=DirectorFactory(), reason="", acknowledged_at=MONDAY
        )


@pytest.mark.parametrize("model", [SamePersonSign, SignAcknowledgement])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_was_found_and_said_is_kept(suspect: Contract, model: type, change: str) -> None:
    (sign,) = same_person.signs_of(suspect)
    SignAcknowledgement.objects.create(
        sign=sign, director=DirectorFactory(), reason="Brothers.", acknowledged_at=MONDAY
    )

    with pytest.raises(ProgrammingError), transaction.atomic():
        if change == "delete":
            model.objects.all()._raw_delete("default")
        else:
            later = MONDAY + timedelta(days=1)
            field = "found_at" if model is SamePersonSign else "acknowledged_at"
            model.objects.update(**{field: later})

    assert model.objects.count() == 1


# --- the page ----------------------------------------------------------------------------
@pytest.mark.usefixtures("at_monday", "empty_cache")
class TestThePage:
    def url(self, contract: Contract) -> str:
        return reverse("admin:partners_contract_review", args=[contract.pk])

    def test_it_shows_both_records_and_the_reason(self, sign_in: SignIn, suspect: Contract) -> None:
        text = sign_in(DirectorFactory()).get(self.url(suspect)).text

        assert "Perhaps the same person" in text
        assert "The same legal name" in text
        assert "Vos &amp; Partners B.V." in text

    def test_without_signs_it_asks_nothing(self, sign_in: SignIn) -> None:
        assert "about_signs" not in sign_in(DirectorFactory()).get(self.url(applies())).text

    def test_a_press_past_the_page_is_refused(self, sign_in: SignIn, suspect: Contract) -> None:
        text = (
            sign_in(DirectorFactory())
            .post(self.url(suspect), {"decision": "approved", "version": 1, "reason": ""})
            .text
        )

        assert "Say what you found out" in text
        assert not suspect.reviews.exists()

    def test_with_a_word_about_them_it_is_approved(self, sign_in: SignIn, suspect: Contract) -> None:
        client, (sign,) = sign_in(DirectorFactory()), same_person.signs_of(suspect)
        answers = {"decision": "approved", "version": 1, "signs": sign.pk, "about_signs": "Brothers."}

        client.post(self.url(suspect), answers)

        assert suspect.reviews.get().decision == "approved"
        assert "Brothers." in client.get(self.url(suspect)).text

    def test_what_another_director_said_is_hidden_before_ones_own_review(
        self, sign_in: SignIn, suspect: Contract
    ) -> None:
        approve(suspect, DirectorFactory(full_name="Bram de Jong"), says="I called both brothers.")

        text = sign_in(DirectorFactory()).get(self.url(suspect)).text

        assert "I called both brothers." not in text
        assert "Bram de Jong" not in text.split("looked after by")[-1].split("</p>", 1)[-1]

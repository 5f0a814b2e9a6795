"""Reviewing and changing contracts through the services (C6)."""

from decimal import Decimal

import pytest

from partners.errors import (
    AlreadyReviewed,
    ConflictOfInterest,
    NotDirector,
    NothingChanged,
    NotInReview,
    NumbersFixed,
    OwnContract,
    ReasonMissing,
    VersionChanged,
)
from partners.models import Contract, ContractReview, ContractStatus, Envelope
from partners.queries import review_queue
from partners.services.contracts import change_numbers, resubmit_contract, review_contract
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicantFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
)
from tests.integration.partners.conftest import approve_twice
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
Decision = ContractReview.Decision


def review(contract: Contract, director: User, decision: Decision = Decision.APPROVED, **fields) -> None:
    values = {"reason": "", "version": contract.version, "at": MONDAY, **fields}
    review_contract(contract=contract, director=director, decision=decision, **values)
    contract.refresh_from_db()


# --- who may not -------------------------------------------------------------------
@pytest.mark.clause("C6")
@pytest.mark.parametrize("roles", [[], [Role.SALES_LEAD], [Role.ADMINISTRATOR], [Role.FINANCE]])
def test_only_directors_review(roles: list[Role]) -> None:
    with pytest.raises(NotDirector):
        review(ContractFactory(), UserFactory(roles=roles, is_superuser=True))


@pytest.mark.clause("C6")
def test_a_director_does_not_review_their_own_contract() -> None:
    director = DirectorFactory(is_superuser=True)

    with pytest.raises(OwnContract):
        review(ContractFactory(partner=ApplicantFactory(user=director)), director)


@pytest.mark.clause("C22")
def test_a_second_account_of_the_applicant_is_the_applicant() -> None:
    contract = ContractFactory(partner=ApplicantFactory(user=UserFactory(email="eva@semi.example")))

    with pytest.raises(OwnContract):
        review(contract, DirectorFactory(email="eva+director@semi.example"))


@pytest.mark.clause("C6")
def test_a_director_who_recruited_the_applicant_does_not_review() -> None:
    director = DirectorFactory(is_superuser=True)
    contract = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory(user=director)))

    with pytest.raises(ConflictOfInterest):
        review(contract, director)


@pytest.mark.clause("C6")
def test_a_director_reviews_a_version_once_through_the_service() -> None:
    contract, director = ContractFactory(), DirectorFactory()
    review(contract, director)

    with pytest.raises(AlreadyReviewed):
        review(contract, director)


@pytest.mark.clause("C6")
def test_a_director_reviews_the_version_they_read() -> None:
    contract, director = ContractFactory(), DirectorFactory()
    change_numbers(
        contract=contract, numbers={"recurring_percent": Decimal(12)}, version=1, by=director, at=MONDAY
    )

    with pytest.raises(VersionChanged):
        review(contract, director, version=1)


@pytest.mark.clause("C6")
def test_a_rejection_needs_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        review(ContractFactory(), DirectorFactory(), Decision.REJECTED, reason="  ")


# --- what reviews do ---------------------------------------------------------------
@pytest.mark.clause("C6")
def test_one_approval_sends_nothing() -> None:
    contract = ContractFactory()

    review(contract, DirectorFactory())

    assert contract.status == ContractStatus.IN_REVIEW
    assert Envelope.objects.count() == 0


@pytest.mark.clause("C6")
def test_the_second_approval_queues_one_envelope() -> None:
    contract = ContractFactory()

    approve_twice(contract)

    assert contract.status == ContractStatus.SENDING
    assert OutboxMessage.objects.filter(kind="partners.send_envelope").count() == 1
    assert contract.envelopes.get().contract_version == 1


@pytest.mark.clause("C6")
def test_a_third_director_comes_too_late() -> None:
    contract = ContractFactory()
    approve_twice(contract)

    with pytest.raises(NotInReview):
        review(contract, DirectorFactory())


@pytest.mark.clause("C6")
def test_a_rejection_returns_to_draft_and_clears_the_approval_before_it() -> None:
    contract, first = ContractFactory(), DirectorFactory()
    review(contract, first)

    review(contract, DirectorFactory(), Decision.REJECTED, reason="The cap is too long.")

    assert (contract.status, contract.returned_reason) == (ContractStatus.DRAFT, "The cap is too long.")
    resubmit_contract(contract=contract, version=contract.version, by=first, at=MONDAY)
    contract.refresh_from_db()
    review(contract, first)
    assert contract.status == ContractStatus.IN_REVIEW


@pytest.mark.clause("C6")
def test_changing_a_number_clears_the_approval_before_it() -> None:
    contract, first, second = ContractFactory(), DirectorFactory(), DirectorFactory()
    review(contract, first)

    change_numbers(contract=contract, numbers={"bonus_percent": Decimal(5)}, version=1, by=second, at=MONDAY)

    contract.refresh_from_db()
    review(contract, second)
    assert (contract.version, contract.status) == (2, ContractStatus.IN_REVIEW)


@pytest.mark.clause("C6")
def test_numbers_are_fixed_once_approved() -> None:
    contract = ContractFactory()
    approve_twice(contract)

    with pytest.raises(NumbersFixed):
        change_numbers(
            contract=contract,
            numbers={"bonus_percent": Decimal(5)},
            version=1,
            by=DirectorFactory(),
            at=MONDAY,
        )


@pytest.mark.clause("C6")
def test_saving_the_same_numbers_makes_no_version() -> None:
    contract = ContractFactory()

    with pytest.raises(NothingChanged):
        change_numbers(
            contract=contract, numbers=contract.numbers, version=1, by=DirectorFactory(), at=MONDAY
        )


@pytest.mark.clause("C6")
def test_the_applicant_does_not_change_their_own_numbers() -> None:
    director = DirectorFactory()

    with pytest.raises(OwnContract):
        change_numbers(
            contract=ContractFactory(partner=ApplicantFactory(user=director)),
            numbers={"recurring_percent": Decimal(90)},
            version=1,
            by=director,
            at=MONDAY,
        )


@pytest.mark.clause("C6")
def test_the_queue_says_what_waits_and_why_not() -> None:
    director = DirectorFactory()
    waits = ContractFactory()
    own = ContractFactory(partner=ApplicantFactory(user=director))
    reviewed = ContractFactory()
    review(reviewed, director)

    queue = {each.contract: each for each in review_queue(director, on=MONDAY.date())}

    assert queue[waits].waits
    assert isinstance(queue[own].refusal, OwnContract)
    assert queue[reviewed].own.decision == Decision.APPROVED

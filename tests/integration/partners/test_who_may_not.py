"""Who may not approve a contract: by a POST past the page, through the service, by SQL (C6, C22)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from partners.errors import (
    AlreadyReviewed,
    ConflictOfInterest,
    NotDirector,
    NotInReview,
    OwnContract,
    VersionChanged,
)
from partners.models import Contract, ContractReview, ContractStatus
from partners.services.contracts import change_numbers, review_contract
from ssp.core.errors import DomainError
from ssp.core.models import RoleGrant, User
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, ContractFactory, DirectorFactory, PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
SignIn = Callable[[User], Client]


@dataclass
class Attempt:
    """Somebody who may not, the contract they press on, and the version they read."""

    director: User
    contract: Contract
    refusal: type[DomainError]
    constraint: str
    version: int = 1


def the_applicant() -> Attempt:
    director = DirectorFactory()
    own = ContractFactory(partner=ApplicantFactory(user=director))
    return Attempt(director, own, OwnContract, "review_not_of_own_contract")


def a_second_account_of_the_applicant() -> Attempt:
    own = ContractFactory(partner=ApplicantFactory(user=UserFactory(email="eva.winter@gmail.com")))
    return Attempt(
        DirectorFactory(email="evawinter+semi@googlemail.com"),
        own,
        OwnContract,
        "review_not_by_a_second_account",
    )


def the_recruiter() -> Attempt:
    director = DirectorFactory()
    recruited = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory(user=director)))
    return Attempt(director, recruited, ConflictOfInterest, "review_not_by_recruiter")


def a_second_account_of_the_recruiter() -> Attempt:
    recruiter = PartnerFactory(user=UserFactory(email="eva@winter.example"))
    recruited = ContractFactory(partner=ApplicantFactory(recruiter=recruiter))
    return Attempt(
        DirectorFactory(email="eva+director@winter.example"),
        recruited,
        ConflictOfInterest,
        "review_not_by_a_second_account",
    )


def a_superuser_without_the_role() -> Attempt:
    superuser = UserFactory(is_superuser=True, is_staff=True)
    return Attempt(superuser, ContractFactory(), NotDirector, "review_by_a_director")


def a_director_whose_role_ended_meanwhile() -> Attempt:
    director = DirectorFactory()
    RoleGrant.objects.filter(user=director).update(ended_at=MONDAY)
    return Attempt(director, ContractFactory(), NotDirector, "review_by_a_director")


def who_approved_already() -> Attempt:
    director, contract = DirectorFactory(), ContractFactory()
    approve(contract, director)
    return Attempt(director, contract, AlreadyReviewed, "review_one_per_director_and_version")


def who_read_other_numbers() -> Attempt:
    contract = ContractFactory()
    change_numbers(contract=contract, numbers={"cap_count": 2}, version=1, by=DirectorFactory(), at=MONDAY)
    contract.refresh_from_db()
    return Attempt(DirectorFactory(), contract, VersionChanged, "review_of_the_current_version")


def who_comes_third() -> Attempt:
    contract = ContractFactory()
    for director in DirectorFactory.create_batch(2):
        approve(contract, director)
    contract.refresh_from_db()
    assert contract.status == ContractStatus.SENDING
    return Attempt(DirectorFactory(), contract, NotInReview, "review_of_the_current_version")


def approve(contract: Contract, director: User, version: int = 1) -> None:
    review_contract(
        contract=contract,
        director=director,
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=version,
        at=MONDAY,
    )


CASES = [
    pytest.param(case, id=case.__name__)
    for case in (
        the_applicant,
        a_second_account_of_the_applicant,
        the_recruiter,
        a_second_account_of_the_recruiter,
        a_superuser_without_the_role,
        a_director_whose_role_ended_meanwhile,
        who_approved_already,
        who_read_other_numbers,
        who_comes_third,
    )
]


@pytest.mark.clause("C6", "C22")
@pytest.mark.parametrize("case", CASES)
def test_the_service_refuses(case: Callable[[], Attempt]) -> None:
    attempt = case()
    before = attempt.contract.reviews.count()

    with pytest.raises(attempt.refusal):
        approve(attempt.contract, attempt.director, attempt.version)

    assert attempt.contract.reviews.count() == before


@pytest.mark.clause("C6", "C22")
@pytest.mark.parametrize("case", CASES)
def test_a_press_past_the_page_writes_nothing(sign_in: SignIn, case: Callable[[], Attempt]) -> None:
    attempt = case()
    before = attempt.contract.reviews.count()

    answer = sign_in(attempt.director).post(
        reverse("admin:partners_contract_review", args=[attempt.contract.pk]),
        {"decision": "approved", "version": attempt.version, "reason": ""},
    )

    assert answer.status_code == 403 or str(attempt.refusal.message)[:20] in unescape(answer.text)
    assert attempt.contract.reviews.count() == before


@pytest.mark.clause("C6", "C22")
@pytest.mark.parametrize("case", CASES)
def test_sql_by_hand_is_refused(case: Callable[[], Attempt]) -> None:
    attempt = case()

    with (
        pytest.raises(IntegrityError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            """INSERT INTO partners_contractreview
                   (contract_id, version, director_id, decision, reason, decided_at)
               VALUES (%s, %s, %s, 'approved', '', %s)""",
            [attempt.contract.pk, attempt.version, attempt.director.pk, MONDAY + timedelta(minutes=1)],
        )

    assert refusal.value.__cause__.diag.constraint_name == attempt.constraint

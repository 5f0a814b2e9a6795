"""What the database makes impossible, whoever writes (C5, C6, C20-C22)."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from partners.models import ContractReview, Envelope, Partner
from ssp.core.models import User
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicantFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    approve,
    signed_contract,
)
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def write_review(contract, director: User, **fields) -> ContractReview:
    values = {"version": contract.version, "decision": "approved", "decided_at": MONDAY, **fields}
    return ContractReview.objects.create(contract=contract, director=director, **values)


def constraint_of(refusal: pytest.ExceptionInfo[IntegrityError]) -> str:
    return refusal.value.__cause__.diag.constraint_name


@pytest.mark.clause("C6")
def test_a_review_needs_a_live_director_role() -> None:
    contract = ContractFactory()

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, UserFactory(is_superuser=True))

    assert constraint_of(refusal) == "review_by_a_director"


@pytest.mark.clause("C6")
def test_a_review_by_a_former_director_is_refused() -> None:
    contract, director = ContractFactory(), DirectorFactory()
    director.role_grants.update(ended_at=MONDAY)

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, director)

    assert constraint_of(refusal) == "review_by_a_director"


@pytest.mark.clause("C6")
def test_a_director_cannot_review_their_own_contract_in_the_database() -> None:
    director = DirectorFactory(is_superuser=True)
    contract = ContractFactory(partner=ApplicantFactory(user=director))

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, director)

    assert constraint_of(refusal) == "review_not_of_own_contract"


@pytest.mark.clause("C6")
def test_the_recruiter_cannot_review_the_recruits_contract_in_the_database() -> None:
    director = DirectorFactory(is_superuser=True)
    contract = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory(user=director)))

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, director)

    assert constraint_of(refusal) == "review_not_by_recruiter"


@pytest.mark.clause("C6")
def test_a_review_names_the_current_version() -> None:
    contract = ContractFactory()

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, DirectorFactory(), version=2)

    assert constraint_of(refusal) == "review_of_the_current_version"


@pytest.mark.clause("C6")
def test_a_director_reviews_a_version_once() -> None:
    contract, director = ContractFactory(), DirectorFactory()
    write_review(contract, director)

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, director, decision="rejected", reason="No.")

    assert constraint_of(refusal) == "review_one_per_director_and_version"


@pytest.mark.clause("C6")
def test_a_rejection_without_a_reason_is_refused() -> None:
    contract = ContractFactory()

    with pytest.raises(IntegrityError) as refusal:
        write_review(contract, DirectorFactory(), decision="rejected")

    assert constraint_of(refusal) == "review_rejection_has_reason"


@pytest.mark.clause("C6")
@pytest.mark.parametrize("change", ["update", "delete"])
def test_reviews_are_append_only(change: str) -> None:
    review = write_review(ContractFactory(), DirectorFactory())
    rows = ContractReview.objects.filter(pk=review.pk)

    with pytest.raises(ProgrammingError), transaction.atomic():
        rows.update(decision="rejected", reason="x") if change == "update" else rows.delete()

    assert rows.get().decision == "approved"


@pytest.mark.clause("C6")
@pytest.mark.parametrize("approvals", [0, 1])
def test_a_contract_is_not_sent_before_two_approvals(approvals: int) -> None:
    contract = ContractFactory()
    for director in DirectorFactory.create_batch(approvals):
        write_review(contract, director)
    contract.queue()

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_needs_two_approvals"


@pytest.mark.clause("C6")
def test_approvals_of_another_version_do_not_send_a_contract() -> None:
    contract = ContractFactory()
    approve(contract)
    contract.version = 2
    contract.save()
    contract.queue()

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_needs_two_approvals"


@pytest.mark.clause("C6")
def test_two_approvals_beside_a_rejection_do_not_send_a_contract() -> None:
    contract = ContractFactory()
    approve(contract)
    write_review(contract, DirectorFactory(), decision="rejected", reason="The cap is wrong.")
    contract.queue()

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_needs_two_approvals"


@pytest.mark.clause("C6")
def test_numbers_do_not_change_without_a_new_version() -> None:
    contract = ContractFactory()
    contract.recurring_percent = Decimal(11)

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_numbers_have_a_version"


@pytest.mark.clause("C6")
def test_who_signs_does_not_change_without_a_new_version() -> None:
    contract = ContractFactory()
    contract.legal_name = "Somebody Else Ltd"

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_numbers_have_a_version"


@pytest.mark.clause("C6")
def test_a_contract_written_without_its_signer_takes_them_from_the_partner() -> None:
    partner = ApplicantFactory()

    contract = ContractFactory(partner=partner, legal_name="", signer_name="", signer_email="", country="")

    contract.refresh_from_db()
    assert (contract.legal_name, contract.signer_name) == (partner.legal_name, partner.user.full_name)
    assert (contract.signer_email, contract.country) == (partner.user.email, partner.country)


@pytest.mark.clause("C6")
def test_numbers_do_not_change_once_approved_and_queued() -> None:
    contract = ContractFactory()
    approve(contract)
    contract.queue()
    contract.save()
    contract.recurring_percent, contract.version = Decimal(11), 2

    with pytest.raises(IntegrityError):
        contract.save()


@pytest.mark.clause("C5")
@pytest.mark.parametrize("field", ["recurring_percent", "cap_count"])
def test_a_signed_contract_never_changes(field: str) -> None:
    contract = signed_contract(ApplicantFactory(), at=MONDAY)
    setattr(contract, field, 7)

    with pytest.raises(IntegrityError) as refusal:
        contract.save()

    assert constraint_of(refusal) == "contract_signed_is_kept"


@pytest.mark.clause("C6")
def test_a_partnership_does_not_start_without_a_signed_contract() -> None:
    partner = ContractFactory().partner
    partner.started_at = MONDAY

    with pytest.raises(IntegrityError) as refusal:
        partner.save()

    assert constraint_of(refusal) == "partner_starts_with_a_signed_contract"


@pytest.mark.clause("C6")
def test_a_partnership_does_not_start_before_the_signature() -> None:
    partner = ApplicantFactory()
    signed_contract(partner, at=MONDAY)
    partner.started_at = MONDAY - timedelta(seconds=1)

    with pytest.raises(IntegrityError):
        partner.save()


@pytest.mark.clause("C6")
def test_the_start_of_a_partnership_is_kept() -> None:
    partner = PartnerFactory()
    partner.started_at = MONDAY + timedelta(days=1)

    with pytest.raises(IntegrityError) as refusal:
        partner.save()

    assert constraint_of(refusal) == "partner_start_is_kept"


@pytest.mark.clause("C21")
def test_a_slot_is_taken_once() -> None:
    recruiter = PartnerFactory()
    PartnerFactory(recruiter=recruiter, bonus_slot=1)

    with pytest.raises(IntegrityError) as refusal:
        PartnerFactory(recruiter=recruiter, bonus_slot=1)

    assert constraint_of(refusal) == "partner_bonus_slot_taken_once"


@pytest.mark.clause("C21")
def test_there_is_no_fourth_slot() -> None:
    recruiter = PartnerFactory()

    with pytest.raises(IntegrityError) as refusal:
        PartnerFactory(recruiter=recruiter, bonus_slot=4)

    assert constraint_of(refusal) == "partner_bonus_slot_within_cap"


@pytest.mark.clause("C21")
def test_a_slot_is_taken_for_good() -> None:
    recruit = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=1)
    recruit.bonus_slot = None

    with pytest.raises(IntegrityError) as refusal:
        recruit.save()

    assert constraint_of(refusal) == "partner_bonus_slot_for_good"


@pytest.mark.clause("C22")
def test_nobody_recruits_themself_in_the_database() -> None:
    partner = PartnerFactory()

    with pytest.raises(IntegrityError):
        Partner.objects.filter(pk=partner.pk).update(recruiter=partner)


@pytest.mark.clause("C22")
def test_two_partners_cannot_recruit_each_other() -> None:
    first = PartnerFactory()
    second = PartnerFactory(recruiter=first)

    with pytest.raises(IntegrityError) as refusal:
        Partner.objects.filter(pk=first.pk).update(recruiter=second)

    assert constraint_of(refusal) == "partner_recruiter_for_good"


@pytest.mark.clause("C22")
def test_a_recruiter_has_started() -> None:
    with pytest.raises(IntegrityError) as refusal:
        ApplicantFactory(recruiter=ApplicantFactory())

    assert constraint_of(refusal) == "partner_recruiter_has_started"


@pytest.mark.clause("C22")
def test_the_same_tax_number_is_the_same_person() -> None:
    recruiter = PartnerFactory(tax_number="NL001234567B01")

    with pytest.raises(IntegrityError) as refusal:
        ApplicantFactory(recruiter=recruiter, tax_number="NL001234567B01")

    assert constraint_of(refusal) == "partner_recruiter_is_somebody_else"


@pytest.mark.clause("C22")
def test_one_person_is_one_partner() -> None:
    ApplicantFactory(user=UserFactory(email="ines.marchetti@gmail.com"))

    with pytest.raises(IntegrityError):
        ApplicantFactory(user=UserFactory(email="inesmarchetti+work@googlemail.com"))


@pytest.mark.clause("C5")
def test_terms_that_a_contract_stands_on_are_read_only() -> None:
    terms = ContractFactory().terms
    terms.recurring_percent = Decimal(5)

    with pytest.raises(IntegrityError) as refusal:
        terms.save()

    assert constraint_of(refusal) == "terms_used_are_kept"


@pytest.mark.clause("C6")
def test_an_envelope_carries_exactly_what_was_approved() -> None:
    contract = ContractFactory()

    with pytest.raises(IntegrityError) as refusal:
        Envelope.objects.create(
            contract=contract, contract_version=1, transaction_id=uuid.uuid4(), queued_at=MONDAY
        )

    assert constraint_of(refusal) == "envelope_of_an_approved_version"

"""Contracts: reviewed by two directors, changed only as a new version (C6)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from partners import queries
from partners.errors import (
    AlreadyReviewed,
    ApplicationNotOpen,
    ConflictOfInterest,
    NeedsTwoApprovals,
    NotDirector,
    NothingChanged,
    NotInReview,
    NumbersFixed,
    NumbersOfAPaper,
    OwnContract,
    PaperMissing,
    ReasonMissing,
    SignsNotAcknowledged,
    VersionChanged,
)
from partners.models import OPEN_ENVELOPE, ApplicationStatus, Contract, ContractReview, ContractStatus
from partners.permissions import check_may_decide
from partners.rules import APPROVALS_NEEDED, differences
from partners.services.admitting import take_turns
from partners.services.envelopes import queue_envelope
from partners.services.paper import sign_on_paper
from partners.services.same_person import acknowledge_signs, look_for_signs
from partners.services.steps import ask_directors, lock_contract, return_contract
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.models import User

Decision = ContractReview.Decision


@transaction.atomic
def review_contract(
    *,
    contract: Contract,
    director: User,
    decision: Decision,
    reason: str,
    version: int,
    at: datetime,
    signs_read: Collection[int] = (),
    about_signs: str = "",
) -> ContractReview:
    """Give a director's word about exactly one version of a contract (C6).

    The second approval sends it to be signed, exactly once; of a paper that is signed it starts the
    partnership. One rejection returns it to draft.

    :param version: the version that the director read.
    :param signs_read: ids of the signs of a second account that they read; `about_signs` is what they say
        about them, needed to approve while there are any (C22).
    :raises NotDirector, OwnContract, ConflictOfInterest: who may not, a superuser neither.
    :raises AlreadyReviewed, VersionChanged, NotInReview, ReasonMissing: what can't be decided now.
    :raises SignsNotAcknowledged, SignsChanged: C22.
    :raises SlotTaken, PaperMissing: a paper that can't take effect.
    """
    if contract.is_paper:
        take_turns()  # with what moves partners in: recruits may wait for this contract
    contract = lock_contract(contract)
    check_may_decide(director, contract)
    if contract.version != version:
        raise VersionChanged
    if contract.status != ContractStatus.IN_REVIEW:
        raise NotInReview
    if queries.review_by(contract, director):
        raise AlreadyReviewed
    if decision == Decision.REJECTED and not reason.strip():
        raise ReasonMissing
    if decision == Decision.APPROVED:
        acknowledge_signs(contract, director=director, read=signs_read, reason=about_signs, at=at)
    with (
        constraint_as("review_by_a_director", NotDirector),
        constraint_as("review_not_of_own_contract", OwnContract),
        constraint_as("review_not_by_recruiter", ConflictOfInterest),
        constraint_as("review_not_by_a_second_account", ConflictOfInterest),
        constraint_as("review_of_acknowledged_signs", SignsNotAcknowledged),
        constraint_as("review_of_the_current_version", VersionChanged),
        constraint_as("review_one_per_director_and_version", AlreadyReviewed),
        constraint_as("review_beside_the_paper", PaperMissing),
        transaction.atomic(),
    ):
        review = ContractReview.objects.create(
            contract=contract,
            version=version,
            director=director,
            decision=decision,
            reason=reason.strip(),
            decided_at=at,
        )
    audit.record(
        f"contract.{decision.value}", contract, by=director, at=at, version=version, review=review.pk
    )
    if decision == Decision.REJECTED:
        return_contract(contract, reason=reason.strip(), at=at)
    elif len(queries.approvals(contract)) >= APPROVALS_NEEDED:
        with constraint_as("contract_needs_two_approvals", NeedsTwoApprovals):
            if contract.is_paper:  # signed already: what two directors attested takes effect
                sign_on_paper(contract, by=director, at=at)
            else:
                queue_envelope(contract, by=director, at=at)
    return review


@transaction.atomic
def change_numbers(
    *, contract: Contract, numbers: Mapping[str, Any], version: int, by: User, at: datetime
) -> Contract:
    """Change numbers before a contract is sent: a new version, approvals cleared, reviewed anew (C6).

    :raises NotDirector, OwnContract, ConflictOfInterest: who may not.
    :raises VersionChanged, NumbersFixed, NothingChanged: what can't be changed now.
    """
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if contract.is_paper:  # they change beside the PDF: services.paper.correct_paper
        raise NumbersOfAPaper
    if contract.version != version:
        raise VersionChanged
    if contract.status not in (ContractStatus.DRAFT, ContractStatus.IN_REVIEW):
        raise NumbersFixed
    changed = differences({**contract.numbers, **numbers}, contract.numbers)
    if not changed:
        raise NothingChanged
    for name in changed:
        setattr(contract, name, numbers[name])
    contract.version += 1
    contract.ask_for_review()
    contract.save()
    audit.record("contract.changed", contract, by=by, at=at, version=contract.version)
    _look_again(contract, at=at)
    ask_directors(contract, at=at)
    return contract


@transaction.atomic
def resubmit_contract(*, contract: Contract, version: int, by: User, at: datetime) -> Contract:
    """Put a returned contract before the directors again, with the same numbers (C6).

    :raises NotDirector, OwnContract, ConflictOfInterest, VersionChanged, NumbersFixed:
    """
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if contract.version != version:
        raise VersionChanged
    if contract.status != ContractStatus.DRAFT:
        raise NumbersFixed
    contract.ask_for_review()
    contract.save()
    audit.record("contract.resubmitted", contract, by=by, at=at, version=contract.version)
    _look_again(contract, at=at)
    ask_directors(contract, at=at)
    return contract


def _look_again(contract: Contract, *, at: datetime) -> None:
    """Look for signs of a second account that came up since the last version (C22)."""
    for application in contract.partner.applications.filter(status=ApplicationStatus.SUBMITTED):
        look_for_signs(application, at=at)


def check_nothing_to_sign(contract: Contract) -> None:
    """Refuse while the applicant could still sign.

    :raises ApplicationNotOpen: an envelope is open.
    """
    if contract.envelopes.filter(status__in=OPEN_ENVELOPE).exists():
        raise ApplicationNotOpen

"""Contracts signed on paper: attested by two directors beside the PDF, never sent to DocuSign (C6).

The paper's day counts from its first moment in Amsterdam: who signed on a day was a partner on that day.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction
from django_fsm import can_proceed

from partners.errors import (
    NothingChanged,
    NotTakenBack,
    NumbersFixed,
    PaperMissing,
    ReasonMissing,
    SignedBeforeRecruiter,
    SignedInTheFuture,
    SlotTaken,
    SlotWithoutRecruiter,
    VersionChanged,
)
from partners.models import Contract, ContractDocument, ContractStatus, MoveInRow, Partner
from partners.permissions import check_may_decide
from partners.rules import differences
from partners.services.admitting import admit_waiting, paper_of_version, take_turns
from partners.services.starting import start_partnership
from partners.services.steps import ask_directors, lock_contract
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.links import new_token
from ssp.core.models import User
from ssp.core.papers import read_paper
from ssp.core.periods import local_date, start_of_day

LINK_LASTS = timedelta(days=30)
SLOT_TAKEN = "partner_bonus_slot_taken_once"


def sign_on_paper(contract: Contract, *, by: User, at: datetime) -> None:
    """Let a locked contract take effect that two directors attested: from the day of its paper.

    Its recruits that waited get their contracts.

    :raises SlotTaken, SignedBeforeRecruiter, PaperMissing: it isn't signed then.
    """
    assert contract.paper_signed_on is not None
    contract.signed_at = start_of_day(contract.paper_signed_on)
    recruiter = contract.partner.recruiter
    began = recruiter.started_at if recruiter else None
    if began is not None and local_date(began) > contract.paper_signed_on:
        raise SignedBeforeRecruiter
    contract.attest()
    with (
        constraint_as("contract_paper_needs_its_pdf", PaperMissing),
        constraint_as(SLOT_TAKEN, SlotTaken),
        transaction.atomic(),
    ):
        contract.save()
        partner = start_partnership(
            contract, started_at=contract.signed_at, at=at, take=_paper_slot(contract)
        )
    _open_account(contract, partner.user, at=at)
    audit.record("contract.attested", contract, by=by, at=at, version=contract.version)
    waiting = MoveInRow.objects.waiting().filter(recruiter_row__contract=contract)
    admit_waiting(waiting.select_related("paper", "recruiter_row__contract__partner").order_by("pk"), at=at)


def _paper_slot(contract: Contract) -> Callable[[Partner], int | None]:
    """Return what gives the recruit the slot of the paper, for good; no other in its place (C21)."""

    def take(recruit: Partner) -> int | None:
        if contract.paper_slot is not None:
            Partner.objects.filter(pk=recruit.pk).update(bonus_slot=contract.paper_slot)
        return contract.paper_slot

    return take


def _open_account(contract: Contract, user: User, *, at: datetime) -> None:
    """Let the partner in: with the account they have, else by a link that proves their address.

    An account with a proven address that is closed was closed by an administrator, and stays so.
    """
    if not EmailAddress.objects.filter(user=user, verified=True).exists():
        if not user.is_active:  # since it moved in: `admitting.close_account`
            user.is_active = True
            user.save(update_fields=["is_active"])
        salt, token_hash = new_token("welcome")
        MoveInRow.objects.filter(contract=contract).update(
            token_salt=salt, token_hash=token_hash, link_expires_at=at + LINK_LASTS
        )


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What the paper really says, and a better scan of it if there is one."""

    numbers: Mapping[str, Any]
    signed_on: date
    slot: int | None
    pdf: bytes | None = None


@transaction.atomic
def correct_paper(
    *, contract: Contract, correction: Correction, version: int, by: User, at: datetime
) -> Contract:
    """Correct what was taken from a paper: a new version, attestations cleared, attested anew (C6).

    :raises NotDirector, OwnContract, ConflictOfInterest: who may not.
    :raises VersionChanged, NumbersFixed, NothingChanged: what can't be corrected now.
    :raises SignedInTheFuture, SignedBeforeRecruiter, SlotWithoutRecruiter, PaperRefused: what can't be.
    """
    take_turns()
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if contract.version != version:
        raise VersionChanged
    if contract.status not in (ContractStatus.DRAFT, ContractStatus.IN_REVIEW) or not contract.is_paper:
        raise NumbersFixed
    _check_possible(contract, correction, at=at)
    before = _present_paper(contract)
    pdf = read_paper(f"{contract.number}.pdf", correction.pdf) if correction.pdf else None
    changed = differences({**contract.numbers, **correction.numbers}, contract.numbers)
    as_it_was = (contract.paper_signed_on, contract.paper_slot) == (correction.signed_on, correction.slot)
    if not changed and as_it_was and (pdf is None or pdf.sha256 == before.sha256):
        raise NothingChanged
    for name in changed:
        setattr(contract, name, correction.numbers[name])
    contract.paper_signed_on, contract.paper_slot = correction.signed_on, correction.slot
    contract.version += 1
    contract.ask_for_review()
    contract.save()
    document = paper_of_version(contract, before, at=at)
    if pdf is not None:
        document.sha256 = hashlib.sha256(pdf.content).hexdigest()
        document.file.save(
            f"{contract.number}-v{contract.version}-signed.pdf", ContentFile(pdf.content), save=False
        )
    document.save()
    audit.record("contract.changed", contract, by=by, at=at, version=contract.version)
    ask_directors(contract, at=at)
    return contract


def _check_possible(contract: Contract, correction: Correction, *, at: datetime) -> None:
    recruiter = contract.partner.recruiter
    if correction.signed_on > local_date(at):
        raise SignedInTheFuture
    if recruiter is None and correction.slot is not None:
        raise SlotWithoutRecruiter
    began = recruiter.started_at if recruiter else None
    if began is not None and local_date(began) > correction.signed_on:
        raise SignedBeforeRecruiter
    # No recruit was admitted before this contract is signed: those who wait are compared.
    for row in MoveInRow.objects.waiting().filter(recruiter_row__contract=contract):
        if date.fromisoformat(row.facts["signed_on"]) < correction.signed_on:
            raise SignedBeforeRecruiter


def _present_paper(contract: Contract) -> ContractDocument:
    paper = contract.documents.filter(kind=ContractDocument.Kind.SIGNED).order_by("-version").first()
    if paper is None:
        raise PaperMissing
    return paper


@transaction.atomic
def take_contract_back(*, contract: Contract, reason: str, version: int, by: User, at: datetime) -> None:
    """Close a paper contract that should not have moved in; its row, and those of recruits
    who wait for it, may come again in another file.

    :raises NotDirector, OwnContract, ConflictOfInterest, ReasonMissing, VersionChanged:
    :raises NotTakenBack: it is signed, closed or no paper.
    """
    take_turns()
    contract = lock_contract(contract)
    check_may_decide(by, contract)
    if contract.version != version:
        raise VersionChanged
    if not contract.is_paper or contract.status not in (ContractStatus.DRAFT, ContractStatus.IN_REVIEW):
        raise NotTakenBack
    if not reason.strip():
        raise ReasonMissing
    contract.returned_reason = reason.strip()
    contract.save(update_fields=["returned_reason"])
    close_papers([contract], by=by, at=at)
    rows = list(MoveInRow.objects.live().filter(contract=contract))
    while rows:  # recruits who wait for this partner, and theirs
        pks = [row.pk for row in rows]
        MoveInRow.objects.filter(pk__in=pks).update(taken_back_at=at)
        rows = list(MoveInRow.objects.waiting().filter(recruiter_row__in=pks))


def close_papers(contracts: Sequence[Contract], *, by: User | None, at: datetime) -> None:
    """Close locked paper contracts. Whoever they were made for can sign up or apply like anybody else.

    One statement for all of them: a file may hold two thousand.
    """
    assert all(can_proceed(contract.close) for contract in contracts)
    Contract.objects.filter(pk__in=[contract.pk for contract in contracts]).update(
        status=ContractStatus.CLOSED
    )
    # Without a password and with an unproven address: a reset link proves it. An account that somebody closed
    # before stays closed.
    proven = EmailAddress.objects.filter(verified=True).values("user")
    closed = User.objects.filter(partner__contracts__in=contracts, is_active=False)
    closed.filter(role_grants__isnull=True).exclude(pk__in=proven).update(is_active=True)
    audit.record_each("contract.taken_back", contracts, by=by, at=at)

"""Changing how a use case pays after its election was locked: once, by a director, before an invoice (C5)."""

from datetime import datetime

from django.db import transaction

from commissions.errors_elections import (
    ElectionChangedAlready,
    ElectionNeedsReason,
    ElectionNotLocked,
    ElectionUnchanged,
    InvoiceExists,
)
from commissions.errors_openings import EarnedBefore
from commissions.guards_elections import OF_THE_LOCKED, UNTIL_INVOICED
from commissions.models import ElectionChange, Invoice, Opening
from commissions.permissions import check_changes_election
from partners.models import CommissionModel
from referrals.models import Deal, UseCase
from referrals.services.deals import tell_use_case_changed
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.models import User

ONE_PER_USE_CASE = "commissions_electionchange_use_case_id_key"


def _locked(use_case: UseCase) -> UseCase:
    """Wait for whoever matches an invoice to the deal, or changes the election too; in that order."""
    list(Deal.objects.select_for_update().filter(use_case=use_case))
    rows = UseCase.objects.select_related("partner__user", "partner__recruiter__user")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=use_case.pk)


def change_of(use_case: UseCase) -> ElectionChange | None:
    """Return the change a director made, if one did."""
    return ElectionChange.objects.select_related("director").filter(use_case=use_case).first()


def check_can_be_changed(use_case: UseCase) -> None:
    """Refuse an election that is still the partner's, was changed before, or that an invoice stands on.

    :raises ElectionNotLocked, ElectionChangedAlready, InvoiceExists, EarnedBefore: what stands in the way.
    """
    if not use_case.is_locked:
        raise ElectionNotLocked
    if change_of(use_case):
        raise ElectionChangedAlready
    if Invoice.objects.filter(deal__use_case=use_case).exists():
        raise InvoiceExists
    if Opening.objects.living().filter(deal__use_case=use_case).exists():
        raise EarnedBefore


def why_not_change(use_case: UseCase, *, by: User) -> DomainError | None:
    """Return what keeps `by` from changing the election, or None."""
    try:
        check_changes_election(by, use_case.partner)
        check_can_be_changed(use_case)
    except DomainError as refusal:
        return refusal
    return None


@transaction.atomic
def change_election(
    *, use_case: UseCase, model: CommissionModel, reason: str, by: User, at: datetime
) -> ElectionChange:
    """Let a locked use case pay by the other model, with a reason that its partner reads (C5).

    :raises ElectionNeedsDirector, ChangesOwnElection, ChangerEarns: not this person.
    :raises ElectionUnchanged, ElectionNeedsReason: not like this.  And what `check_can_be_changed` raises.
    """
    row = _locked(use_case)
    check_changes_election(by, row.partner)
    check_can_be_changed(row)
    if model == row.model:
        raise ElectionUnchanged
    if not reason.strip():
        raise ElectionNeedsReason
    with (
        constraint_as(ONE_PER_USE_CASE, ElectionChangedAlready),
        constraint_as(OF_THE_LOCKED, ElectionChangedAlready),
        constraint_as(UNTIL_INVOICED, InvoiceExists),
        constraint_as("election_change_before_an_opening", EarnedBefore),
        transaction.atomic(),
    ):
        change = ElectionChange.objects.create(
            use_case=row, before=row.model, model=model, reason=reason.strip(), director=by, changed_at=at
        )
    row.model = model
    row.save(update_fields=["model"])
    audit.record(
        "use_case.election_changed",
        row,
        by=by,
        at=at,
        change=change.pk,
        before=change.before,
        model=model.value,
    )
    tell_use_case_changed(row.pk, why="election-changed", at=at)
    outbox.enqueue(
        "commissions.election_changed",
        key=f"use-case:{row.pk}:election-changed:partner",
        payload={"change_id": change.pk},
        at=at,
    )
    return change

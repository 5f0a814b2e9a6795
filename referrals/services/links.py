"""One need that two partners brought: the one whose qualifying meeting began first pays (C18)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from referrals.errors_disputed import (
    LinkAcrossCompanies,
    LinkNeedsMeetings,
    LinkNeedsReason,
    LinkOfAClosedOne,
    LinkOfOnePartner,
    LinkTakenBackAlready,
    LinkWouldChain,
)
from referrals.models import (
    LOST_TO_SAME_NEED,
    Deal,
    DealStage,
    UseCase,
    UseCaseLink,
    UseCaseOutcome,
)
from referrals.permissions import check_leads_sales, check_not_own
from referrals.same_needs import qualifying_meetings
from referrals.services.deals import tell_use_case_changed
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.models import User

ONE_PER_DUPLICATE = "use_case_link_one_per_duplicate"


def _locked(*use_cases: UseCase) -> list[UseCase]:
    """Wait for whoever wins, pays, closes, extends or links one of them, in the order in which all lock."""
    pks = [each.pk for each in use_cases]
    list(Deal.objects.select_for_update(no_key=True).filter(use_case__in=pks).order_by("pk"))
    rows = UseCase.objects.select_related("partner__user", "referral").order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True).filter(pk__in=pks)}
    return [found[pk] for pk in pks]


def check_can_be_linked(one: UseCase, other: UseCase) -> None:
    """Refuse two that can't be one need, or of which it can't be told who pays.

    :raises LinkOfOnePartner, LinkAcrossCompanies, LinkOfAClosedOne, LinkNeedsMeetings, LinkWouldChain:
    """
    if one.partner_id == other.partner_id:
        raise LinkOfOnePartner
    companies = [each.referral.company_id if each.referral else None for each in (one, other)]
    if None in companies or companies[0] != companies[1]:
        raise LinkAcrossCompanies
    if not (one.is_open and other.is_open):
        raise LinkOfAClosedOne
    _paying, duplicate = first_of(one, other)
    if UseCaseLink.objects.live().filter(paying=duplicate).exists():
        raise LinkWouldChain


def first_of(one: UseCase, other: UseCase) -> tuple[UseCase, UseCase]:
    """Return the one that pays, then the other: whose meeting began first, or was defined first (C18).

    :raises LinkNeedsMeetings: one of them has no qualifying meeting yet.
    """
    began = qualifying_meetings([one, other])
    if one.pk not in began or other.pk not in began:
        raise LinkNeedsMeetings
    first, second = sorted(
        (one, other), key=lambda each: (began[each.pk].starts_at, each.defined_at, each.pk)
    )
    return first, second


def why_not_link(one: UseCase, other: UseCase) -> DomainError | None:
    """Return what keeps two use cases from being linked, or None."""
    try:
        check_can_be_linked(one, other)
    except DomainError as refusal:
        return refusal
    return None


@transaction.atomic
def link_use_cases(*, use_case: UseCase, other: UseCase, reason: str, by: User, at: datetime) -> UseCaseLink:
    """Record that two partners' use cases are one need, and close the one that doesn't pay.

    Its open deal is closed; one already won keeps what it earned and earns no more (refunds and credits
    still take back by the formula). Invoices to come find the deal that pays, by the customer reference.

    :param reason: for staff's eyes.
    :raises NotAllowed: only a sales lead.  :raises OwnReferral: who is one of the two partners.
    :raises LinkNeedsReason:  And what `check_can_be_linked` raises.
    """
    check_leads_sales(by)
    one, two = _locked(use_case, other)
    check_not_own(by, one.partner)
    check_not_own(by, two.partner)
    check_can_be_linked(one, two)
    if not reason.strip():
        raise LinkNeedsReason
    paying, duplicate = first_of(one, two)
    closed, reference = _what_it_closes(paying, duplicate)
    with (
        constraint_as(ONE_PER_DUPLICATE, LinkOfAClosedOne),
        constraint_as("use_case_link_of_open_ones", LinkOfAClosedOne),
        constraint_as("use_case_link_never_a_chain", LinkWouldChain),
        transaction.atomic(),
    ):
        link = UseCaseLink.objects.create(
            paying=paying,
            duplicate=duplicate,
            reason=reason.strip(),
            linked_by=by,
            linked_at=at,
            stage_before=closed,
            moved_reference=reference,
        )
    duplicate.outcome, duplicate.closed_at = UseCaseOutcome.DUPLICATE, at
    duplicate.same_need_as = paying
    duplicate.save(update_fields=["outcome", "closed_at", "same_need_as"])
    if closed:
        _deals(duplicate).update(stage=DealStage.LOST, lost_reason=LOST_TO_SAME_NEED)
    _move_reference(reference, duplicate, paying)
    audit.record("use_case.linked", duplicate, by=by, at=at, link=link.pk, paying=paying.pk)
    audit.record("use_case.pays_for_the_need", paying, by=by, at=at, link=link.pk, duplicate=duplicate.pk)
    _tell(link, "linked", at=at)
    return link


def _deals(use_case: UseCase) -> QuerySet[Deal]:
    return Deal.objects.filter(use_case=use_case)


def _what_it_closes(paying: UseCase, duplicate: UseCase) -> tuple[str, str]:
    """Return the stage of the deal that a link closes, and the customer reference that it moves."""
    deal, heir = _deals(duplicate).first(), _deals(paying).first()
    stage = deal.stage if deal and deal.is_open else ""
    moves = deal and heir and deal.customer_reference and not heir.customer_reference
    return stage, deal.customer_reference if deal and moves else ""


def _move_reference(reference: str, giver: UseCase, taker: UseCase) -> None:
    """Let the invoices to come find another deal; the reference is one deal's at a time."""
    if reference and _deals(giver).filter(customer_reference=reference).update(customer_reference=""):
        _deals(taker).filter(customer_reference="").update(customer_reference=reference)


@transaction.atomic
def take_back_link(*, link: UseCaseLink, reason: str, by: User, at: datetime) -> UseCaseLink:
    """Take back a link that was wrong: what it closed is open again, with the window it had.

    :raises NotAllowed: only a sales lead.  :raises OwnReferral: who is one of the two partners.
    :raises LinkTakenBackAlready:  :raises LinkNeedsReason:
    """
    check_leads_sales(by)
    paying, duplicate = _locked(link.paying, link.duplicate)
    row = UseCaseLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    check_not_own(by, paying.partner)
    check_not_own(by, duplicate.partner)
    if not row.is_live:
        raise LinkTakenBackAlready
    if not reason.strip():
        raise LinkNeedsReason
    row.taken_back_at, row.taken_back_by, row.taken_back_reason = at, by, reason.strip()
    row.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_reason"])
    duplicate.outcome, duplicate.closed_at, duplicate.same_need_as = UseCaseOutcome.OPEN, None, None
    duplicate.save(update_fields=["outcome", "closed_at", "same_need_as"])
    if row.stage_before:
        _deals(duplicate).filter(stage=DealStage.LOST, lost_reason=LOST_TO_SAME_NEED).update(
            stage=row.stage_before, lost_reason=""
        )
    if not _deals(duplicate).exclude(customer_reference="").exists():
        _move_reference(row.moved_reference, paying, duplicate)
    audit.record("use_case.link_taken_back", duplicate, by=by, at=at, link=row.pk, paying=paying.pk)
    audit.record("use_case.link_taken_back", paying, by=by, at=at, link=row.pk, duplicate=duplicate.pk)
    _tell(row, "taken-back", at=at)
    return row


def _tell(link: UseCaseLink, what: str, *, at: datetime) -> None:
    """Let whoever pays look at both again, match what waits, and owe each partner their letter."""
    for use_case_id in (link.paying_id, link.duplicate_id):
        tell_use_case_changed(use_case_id, why=f"{what}:{link.pk}", at=at)
    heir = link.paying if what == "linked" else link.duplicate
    won = _deals(heir).filter(stage=DealStage.WON).first()
    if won and link.moved_reference:
        outbox.enqueue(
            "referrals.deal_won", key=f"deal:{won.pk}:{what}:{link.pk}", payload={"deal_id": won.pk}, at=at
        )
    for to in ("paying", "duplicate") if what == "linked" else ("duplicate",):
        outbox.enqueue(
            "referrals.use_case_linked",
            key=f"use-case-link:{link.pk}:{what}:{to}",
            payload={"link_id": link.pk, "what": what, "to": to},
            at=at,
        )

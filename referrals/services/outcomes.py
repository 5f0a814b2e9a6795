"""What an answer about a meeting changes: the referral, its use cases, their windows and deals."""

from datetime import datetime

from django.db import transaction

from referrals import queries, rules
from referrals.errors import NotEligible, PartnershipNotStarted, WarmNeedsAMeeting
from referrals.models import (
    LOST_TO_RESELLER,
    ConfirmationAnswer,
    Deal,
    DealStage,
    Discussion,
    Introduction,
    Referral,
    ReferralStatus,
    UseCase,
    UseCaseOutcome,
)
from referrals.rules import Answer, Colleague, Person
from referrals.services.claims import tell_person
from referrals.services.deals import tell_use_case_changed
from referrals.services.registration import check_person, claim, end_what_is_over
from ssp.core import audit
from ssp.core.errors import DomainError, constraint_as
from ssp.core.identity import identity_of
from ssp.core.models import User


def apply_answer(
    introduction: Introduction,
    answer: Answer,
    *,
    by: User,
    at: datetime,
    instead_of: Answer | None = None,
) -> None:
    """Let a deciding answer take effect; `instead_of` is the contested one that a sales lead replaces.

    What is vested stays vested, and a window once open stays open: a settlement adds, it takes nothing that
    somebody may have built on.
    """
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=introduction.referral_id)
    if instead_of and instead_of.kind == ConfirmationAnswer.RESELLER:
        _reopen(introduction, at=at)
    if answer.kind == ConfirmationAnswer.DID_NOT_TAKE_PLACE:
        if introduction.is_booked:
            introduction.miss()
            introduction.save()
    else:
        introduction.hold()
        if answer.medium:
            introduction.medium = answer.medium
        introduction.save()
    if answer.kind == ConfirmationAnswer.WARM:
        _become_warm(introduction, referral, answer, by=by, at=at)
    elif answer.kind == ConfirmationAnswer.NOT_WARM:
        _become_not_warm(introduction, referral)
    elif answer.kind == ConfirmationAnswer.RESELLER:
        _close_as_reseller(introduction, referral, by=by, at=at)
    for colleague in answer.colleagues:
        add_internal_referral(passed_on_by=referral, colleague=colleague, by=by, at=at)


def _become_warm(
    introduction: Introduction, referral: Referral, answer: Answer, *, by: User, at: datetime
) -> None:
    if not referral.is_live:  # given up, or the person objected: nothing is opened any more (C12)
        return
    # A meeting after the partnership's last day may help with a window that runs; it opens none (*Ending*).
    in_partnership = referral.partner.is_active(at=introduction.starts_at)
    chosen = UseCase.objects.select_for_update().filter(pk__in=answer.use_case_ids).order_by("pk")
    introduction.discussions.exclude(use_case__in=chosen).update(discussed=False)
    for use_case in chosen:
        Discussion.objects.update_or_create(
            introduction=introduction, use_case=use_case, defaults={"discussed": True}
        )
        if use_case.window_starts_on is None and in_partnership:
            open_window(use_case, introduction, at=at)
    referral.become_warm(at=at)
    referral.save()
    audit.record("referral.warm", referral, by=by, at=at, introduction=introduction.pk)


def open_window(use_case: UseCase, introduction: Introduction, *, at: datetime) -> None:
    """Open the six months of a use case on the meeting's day and lock how it pays (C2, C5)."""
    contract = queries.signed_contract(use_case.partner, on=introduction.held_on)
    use_case.window_starts_on = introduction.held_on
    use_case.window_ends_on = rules.window_ends_on(introduction.held_on)
    use_case.model = use_case.model or (contract.default_model if contract else "")
    use_case.model_locked_at = at
    with constraint_as("use_case_warm_after_a_meeting", WarmNeedsAMeeting), transaction.atomic():
        use_case.save()
    Deal.objects.get_or_create(use_case=use_case, defaults={"created_at": at})
    audit.record(
        "use_case.window_opened",
        use_case,
        by=None,
        at=at,
        introduction=introduction.pk,
        model=use_case.model,
        ends_on=use_case.window_ends_on.isoformat(),
    )


def _become_not_warm(introduction: Introduction, referral: Referral) -> None:
    introduction.discussions.update(discussed=False)
    if referral.is_live and referral.status in (ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM):
        last_on = rules.claim_last_on(introduction.held_on)
        referral.become_not_warm(claim_last_on=max(last_on, referral.claim_last_on or last_on))
        referral.save()


def lock_deals(introduction: Introduction) -> None:
    """Wait for whoever is winning a deal of this meeting's use cases, and let nobody win one meanwhile."""
    about = UseCase.objects.filter(discussions__introduction=introduction)
    list(Deal.objects.select_for_update(no_key=True).filter(use_case__in=about).order_by("pk"))


def _close_as_reseller(introduction: Introduction, referral: Referral, *, by: User, at: datetime) -> None:
    """Close the use cases of that introduction that have no won deal (C19); a won one keeps paying."""
    lock_deals(introduction)
    open_ones = (
        UseCase.objects.select_for_update(of=("self",))
        .filter(discussions__introduction=introduction, outcome=UseCaseOutcome.OPEN)
        .exclude(deal__stage=DealStage.WON)
    )
    for use_case in open_ones:
        use_case.outcome, use_case.closed_at = UseCaseOutcome.RESELLER, at
        use_case.save(update_fields=["outcome", "closed_at"])
        Deal.objects.open().filter(use_case=use_case).update(
            stage=DealStage.LOST, lost_reason=LOST_TO_RESELLER
        )
        audit.record("use_case.closed_as_reseller", use_case, by=by, at=at, introduction=introduction.pk)
        tell_use_case_changed(use_case.pk, why=f"reseller:{introduction.pk}", at=at)
    if referral.is_live:
        referral.become_reseller()
        referral.save()


def _reopen(introduction: Introduction, *, at: datetime) -> None:
    """Take back what a reseller answer closed, because a sales lead settled otherwise."""
    closed = UseCase.objects.select_for_update(of=("self",)).filter(
        discussions__introduction=introduction, outcome=UseCaseOutcome.RESELLER
    )
    for use_case in closed:
        use_case.outcome, use_case.closed_at = UseCaseOutcome.OPEN, None
        use_case.save(update_fields=["outcome", "closed_at"])
        Deal.objects.filter(use_case=use_case, stage=DealStage.LOST, lost_reason=LOST_TO_RESELLER).update(
            stage=DealStage.DISCOVERY, lost_reason=""
        )
        tell_use_case_changed(use_case.pk, why=f"reopened:{introduction.pk}:{at.isoformat()}", at=at)


# --- colleagues (C3) --------------------------------------------------------------
def add_internal_referral(
    *, passed_on_by: Referral, colleague: Colleague, by: User, at: datetime
) -> Referral | None:
    """Give a colleague one of the root's three places, or return None: not counted, and no cause is
    told (C3).

    The slot number is unique per root, so ten at once get exactly three. Nobody is claimed through a claim
    that is over, and what can't be counted never keeps the answer about the meeting from being given.
    """
    root = passed_on_by.the_root
    person = Person(
        first_name=colleague.first_name,
        last_name=colleague.last_name,
        email=colleague.email,
        company_name=root.company.name,
        title=colleague.title,
    )
    identity = identity_of(colleague.email)
    end_what_is_over(identity, at=at)
    evidence = queries.what_semi_knew(person, identity=identity, company=root.company, at=at)
    if _can_be_counted(root, person, evidence):
        for _attempt in range(rules.INTERNAL_REFERRALS):
            slot = queries.free_internal_slot(root)
            if slot is None:
                break
            try:
                return _take_slot(slot, root, passed_on_by, person, identity, evidence, by=by, at=at)
            except SlotTaken:
                continue
            except (NotEligible, PartnershipNotStarted):
                break
    audit.record("referral.colleague_not_counted", root, by=by, at=at, passed_on_by=passed_on_by.pk)
    return None


def _can_be_counted(root: Referral, person: Person, evidence: dict[str, object]) -> bool:
    """Tell whether a colleague may be claimed: by a claim that holds, new to SeMI, and a person (C3, C11)."""
    if evidence["known_contact"] or evidence["live_claim"] or evidence["objected"]:
        return False
    try:
        check_person(person, partner=root.partner)
    except DomainError:
        return False
    return Referral.objects.live().filter(pk=root.pk).exists()


class SlotTaken(NotEligible):
    """Somebody took the place in the same moment."""


def _take_slot(
    slot: int,
    root: Referral,
    passed_on_by: Referral,
    person: Person,
    identity: str,
    evidence: dict[str, object],
    *,
    by: User,
    at: datetime,
) -> Referral:
    with constraint_as("referral_internal_slot_taken_once", SlotTaken), transaction.atomic():
        referral = claim(
            partner=root.partner,
            company=root.company,
            person=person,
            identity=identity,
            evidence=evidence,
            root=root,
            passed_on_by=passed_on_by,
            internal_slot=slot,
            seller=root.seller,
            accepted_at=at,
            partner_confirmed_at=at,
            by=by,
            at=at,
        )
    audit.record("referral.passed_on", referral, by=by, at=at, root=root.pk, slot=slot)
    tell_person(referral, at=at)
    return referral

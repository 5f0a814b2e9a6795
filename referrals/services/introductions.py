"""Introduction meetings: booked by sales, moved, cancelled, or logged when already held (C1, C4).

Times that a partner proposes are in `proposals`.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from referrals import rules
from referrals.errors import (
    HostIsBusy,
    MediumDoesNotCount,
    MeetingAfterClaim,
    MeetingBeforeRegistration,
    MeetingInThePast,
    MeetingNotBooked,
    MeetingNotOverYet,
    NotAHost,
    NotYetAccepted,
    ReferralNotOpen,
)
from referrals.models import (
    Discussion,
    Introduction,
    IntroductionStatus,
    Medium,
    Proposal,
    ProposalAnswer,
    Referral,
    ReferralStatus,
    UseCase,
)
from referrals.permissions import can_host, check_not_own, check_sells
from referrals.services.use_cases import attach_use_cases
from ssp.core import audit, outbox
from ssp.core.models import User
from ssp.core.periods import local_date

TO_ALL = ("person", "host", "partner")


def open_referral(referral: Referral) -> Referral:
    """Lock a referral about which a meeting can be planned or logged.

    :raises ReferralNotOpen, NotYetAccepted: nothing can.
    """
    row = Referral.objects.select_for_update(of=("self",)).select_related("partner__user").get(pk=referral.pk)
    if not row.is_live or row.anonymised_at:
        raise ReferralNotOpen
    if row.status == ReferralStatus.CHECKING or row.awaits_partner:
        raise NotYetAccepted
    return row


def _check_may_plan(referral: Referral, by: User) -> None:
    if by.pk != referral.partner.user_id:
        check_sells(by)


def check_host(
    host: User,
    referral: Referral,
    *,
    starts_at: datetime,
    ends_at: datetime,
    moving: Introduction | None = None,
) -> None:
    """Lock the host's row, so that two bookings of one hour can't both see it free."""
    if not can_host(User.objects.select_for_update(no_key=True).get(pk=host.pk)):
        raise NotAHost
    check_not_own(host, referral.partner)
    taken = Introduction.objects.filter(
        host=host, status=IntroductionStatus.BOOKED, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if moving:
        taken = taken.exclude(pk=moving.pk)
    if taken.exists():
        raise HostIsBusy


def invite(introduction: Introduction, *, at: datetime) -> None:
    for recipient in TO_ALL:
        outbox.enqueue(
            "referrals.invitation",
            key=f"introduction:{introduction.pk}:invitation:{introduction.calendar_sequence}:{recipient}",
            payload={
                "introduction_id": introduction.pk,
                "sequence": introduction.calendar_sequence,
                "to": recipient,
            },
            at=at,
        )


def _create(
    referral: Referral,
    *,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    proposal: Proposal | None = None,
    by: User,
    at: datetime,
) -> Introduction:
    introduction = Introduction.objects.create(
        referral=referral,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place.strip(),
        calendar_uid=f"{uuid4()}@semi-sales-partnership",
        proposed_by=proposal.proposed_by if proposal else by,
        proposed_at=proposal.proposed_at if proposal else at,
        proposal=proposal,
    )
    attached = attach_use_cases(referral=referral, use_cases=use_cases, by=by, at=at)
    Discussion.objects.bulk_create(
        [Discussion(introduction=introduction, use_case=use_case) for use_case in attached]
    )
    root = referral.the_root
    if root.seller_id is None:
        Referral.objects.filter(pk=root.pk, seller__isnull=True).update(seller=host)
    if referral.seller_id is None:
        Referral.objects.filter(pk=referral.pk, seller__isnull=True).update(seller=host)
    return introduction


def check_times(referral: Referral, times: Iterable[tuple[datetime, datetime]], *, at: datetime) -> None:
    """Refuse a time that has passed, or that lies behind the last day of the claim (C12).

    :raises MeetingInThePast, MeetingAfterClaim: choose again.
    """
    last_on = None if referral.vested_at else referral.claim_last_on
    for starts_at, _ends_at in times:
        if starts_at <= at:
            raise MeetingInThePast
        if last_on and local_date(starts_at) > last_on:
            raise MeetingAfterClaim


def book(
    row: Referral,
    *,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    proposal: Proposal | None = None,
    by: User,
    at: datetime,
) -> Introduction:
    """Book a meeting about a locked referral and invite the three of them; the host's row is locked, too."""
    if medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    check_times(row, [(starts_at, ends_at)], at=at)
    check_host(host, row, starts_at=starts_at, ends_at=ends_at)
    introduction = _create(
        row,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place,
        use_cases=use_cases,
        proposal=proposal,
        by=by,
        at=at,
    )
    audit.record("introduction.booked", introduction, by=by, at=at, referral=row.pk, host=host.pk)
    invite(introduction, at=at)
    return introduction


@transaction.atomic
def book_introduction(
    *,
    referral: Referral,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Introduction:
    """Book a meeting as sales, without anything proposed, and invite the three of them (C1, C4).

    Times that the partner proposed and SeMI hasn't answered are answered by it (C12).

    :raises ReferralNotOpen, NotYetAccepted: nothing can be planned.  :raises NotAHost, HostIsBusy,
    MeetingInThePast, MeetingAfterClaim, MediumDoesNotCount: choose again.
    """
    check_sells(by)
    row = open_referral(referral)
    check_not_own(by, row.partner)
    close_proposals(row, ProposalAnswer.BOOKED, by=by, at=at)
    return book(
        row,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place,
        use_cases=use_cases,
        by=by,
        at=at,
    )


# --- what was proposed meanwhile (C12) ----------------------------------------------
def close_proposal(
    proposal: Proposal, referral: Referral, answer: ProposalAnswer, *, by: User | None, at: datetime
) -> None:
    """Close a locked proposal; what SeMI let the partner wait is added to the claim of the locked `referral`.

    Replaced times are no end of the wait: what replaces them takes it over.
    """
    proposal.close(answer, by=by, at=at)
    counts = proposal.by_partner and answer not in (ProposalAnswer.REPLACED, ProposalAnswer.ENDED)
    if counts and referral.is_live and referral.vested_at is None and referral.claim_last_on:
        if answer == ProposalAnswer.TAKEN_BACK:
            last_on = rules.claim_last_on_after_taking_back(
                referral.claim_last_on, proposed_on=proposal.waiting_since_on, taken_back_on=local_date(at)
            )
        else:
            last_on = rules.claim_last_on_after_wait(
                referral.claim_last_on, proposed_on=proposal.waiting_since_on, answered_on=local_date(at)
            )
        if last_on != referral.claim_last_on:
            referral.claim_last_on = proposal.claim_last_on = last_on
            referral.save(update_fields=["claim_last_on"])
    proposal.save(update_fields=["answer", "answered_by", "answered_at", "claim_last_on"])
    audit.record(
        "introduction.proposal_closed",
        proposal,
        by=by,
        at=at,
        referral=referral.pk,
        answer=answer.value,
        claim_last_on=referral.claim_last_on.isoformat() if referral.claim_last_on else None,
    )


def close_proposals(referral: Referral, answer: ProposalAnswer, *, by: User | None, at: datetime) -> None:
    """Close what is proposed about a locked referral, if anything is."""
    for proposal in Proposal.objects.open().select_for_update().filter(referral=referral):
        close_proposal(proposal, referral, answer, by=by, at=at)


@transaction.atomic
def log_held_introduction(
    *,
    referral: Referral,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Introduction:
    """Record a meeting that took place without being booked here; the question of C14 follows as ever.

    :raises MeetingNotOverYet, MeetingBeforeRegistration: it can't be logged.
    """
    check_sells(by)
    row = open_referral(referral)
    if not can_host(host):
        raise NotAHost
    for somebody in (by, host):
        check_not_own(somebody, row.partner)
    if ends_at > at:
        raise MeetingNotOverYet
    if local_date(starts_at) < row.registered_on:
        raise MeetingBeforeRegistration
    close_proposals(row, ProposalAnswer.BOOKED, by=by, at=at)
    introduction = _create(
        row,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place,
        use_cases=use_cases,
        by=by,
        at=at,
    )
    audit.record("introduction.logged", introduction, by=by, at=at, referral=row.pk, host=host.pk)
    return introduction


def _booked(introduction: Introduction, *, at: datetime) -> Introduction:
    row = (
        Introduction.objects.select_for_update(of=("self",))
        .select_related("referral__partner")
        .get(pk=introduction.pk)
    )
    if not row.is_booked or row.starts_at <= at:
        raise MeetingNotBooked
    return row


@transaction.atomic
def reschedule_introduction(
    *,
    introduction: Introduction,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    by: User,
    at: datetime,
) -> Introduction:
    """Move a booked meeting; the same calendar entry moves with it (sequence + 1).

    :raises MeetingNotBooked: it began or was cancelled.  :raises MeetingAfterClaim: it would come too late.
    """
    row = _booked(introduction, at=at)
    _check_may_plan(row.referral, by)
    if medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    check_times(row.referral, [(starts_at, ends_at)], at=at)
    check_host(row.host, row.referral, starts_at=starts_at, ends_at=ends_at, moving=row)
    row.starts_at, row.ends_at, row.medium, row.place = starts_at, ends_at, medium, place.strip()
    row.calendar_sequence += 1
    row.save()
    audit.record("introduction.moved", row, by=by, at=at, referral=row.referral_id)
    invite(row, at=at)
    return row


def _cancel(row: Introduction, *, by: User | None, at: datetime) -> None:
    row.cancel()
    row.calendar_sequence += 1
    row.save()
    audit.record("introduction.cancelled", row, by=by, at=at, referral=row.referral_id)
    outbox.enqueue(
        "referrals.cancellation",
        key=f"introduction:{row.pk}:cancelled",
        payload={"introduction_id": row.pk, "tell_person": 1},
        at=at,
    )


@transaction.atomic
def cancel_introduction(*, introduction: Introduction, by: User, at: datetime) -> Introduction:
    """Cancel a booked meeting and take it out of everybody's calendar.

    :raises MeetingNotBooked: it began or was cancelled.
    """
    row = _booked(introduction, at=at)
    _check_may_plan(row.referral, by)
    _cancel(row, by=by, at=at)
    return row


def cancel_booked(*, referral: Referral, by: User | None, at: datetime) -> None:
    """Cancel what is still to come for a claim that ended, and close what was proposed."""
    close_proposals(referral, ProposalAnswer.ENDED, by=by, at=at)
    for row in Introduction.objects.select_for_update().filter(
        referral=referral, status=IntroductionStatus.BOOKED, starts_at__gt=at
    ):
        _cancel(row, by=by, at=at)

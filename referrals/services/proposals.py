"""Times for a meeting: proposed by the partner, taken by SeMI or answered with others (C12).

Everybody locks the referral first, then what is proposed about it: two who answer at once take turns, and so
does whoever withdraws or ends the claim meanwhile.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from referrals import rules
from referrals.errors import (
    MediumDoesNotCount,
    NotAHost,
    NoTimeProposed,
    NotWaitingForThis,
    ReferralNotOpen,
    SameTimeTwice,
    TimeNotProposed,
)
from referrals.models import (
    Introduction,
    Medium,
    Proposal,
    ProposalAnswer,
    ProposedTime,
    Referral,
    UseCase,
)
from referrals.permissions import can_host, check_not_own, check_sells
from referrals.services.claims import end_overdue_claim
from referrals.services.introductions import book, check_host, check_times, close_proposal, open_referral
from referrals.services.use_cases import attach_use_cases
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed, constraint_as
from ssp.core.models import User
from ssp.core.periods import local_date

Times = list[tuple[datetime, datetime]]


def _check_whole(times: Times, medium: str) -> None:
    if medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    if not 1 <= len(times) <= rules.PROPOSED_TIMES:
        raise NoTimeProposed
    if len({starts_at for starts_at, _ends_at in times}) != len(times):
        raise SameTimeTwice


def _write(row: Referral, times: Times, use_cases: Iterable[UseCase], **fields: object) -> Proposal:
    with (
        constraint_as("proposal_one_open_per_person", NotWaitingForThis),
        constraint_as("proposal_for_a_live_claim", ReferralNotOpen),
        transaction.atomic(),
    ):
        proposal = Proposal.objects.create(referral=row, **fields)
    ProposedTime.objects.bulk_create(
        ProposedTime(proposal=proposal, slot=slot, starts_at=starts_at, ends_at=ends_at)
        for slot, (starts_at, ends_at) in enumerate(sorted(times), start=1)
    )
    proposal.use_cases.set(use_cases)
    return proposal


def _tell(proposal: Proposal, kind: str, *, at: datetime) -> None:
    outbox.enqueue(kind, key=f"proposal:{proposal.pk}:{kind}", payload={"proposal_id": proposal.pk}, at=at)


def propose_times(
    *,
    referral: Referral,
    times: Times,
    host: User | None,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Proposal:
    """Propose one to three times as the partner; SeMI takes one or answers with others (C12).

    From now until the answer the claim doesn't lapse. What is open already is replaced: their own times go on
    waiting since they were first proposed, other times of SeMI's are answered by it.

    :param host: nobody: whoever is free.
    :raises ReferralNotOpen, NotYetAccepted: nothing can be planned.  :raises NoTimeProposed, SameTimeTwice,
    MeetingInThePast, MeetingAfterClaim, MediumDoesNotCount, NotAHost: choose again.
    """
    _check_whole(times, medium)
    if end_overdue_claim(referral=referral, at=at):  # whoever meets it first ends it, and that stays
        raise ReferralNotOpen
    with transaction.atomic():
        row = open_referral(referral)
        if by.pk != row.partner.user_id:
            raise NotAllowed
        if host is not None:
            if not can_host(host):
                raise NotAHost
            check_not_own(host, row.partner)
        check_times(row, times, at=at)
        since = at
        for before in Proposal.objects.open().select_for_update().filter(referral=row):
            if before.by_partner:
                since = before.waiting_since
            answer = ProposalAnswer.REPLACED if before.by_partner else ProposalAnswer.OTHER_TIMES
            close_proposal(before, row, answer, by=by, at=at)
        proposal = _write(
            row,
            times,
            attach_use_cases(referral=row, use_cases=use_cases, by=by, at=at),
            by_partner=True,
            proposed_by=by,
            proposed_at=at,
            waiting_since=since,
            host=host,
            medium=medium,
            place=place.strip(),
        )
        audit.record("introduction.proposed", proposal, by=by, at=at, referral=row.pk, times=len(times))
        _tell(proposal, "referrals.times_proposed", at=at)
    return proposal


def _locked(proposal: Proposal) -> tuple[Referral, Proposal]:
    row = open_referral(Referral(pk=proposal.referral_id))
    return row, _still_open(proposal)


def _still_open(proposal: Proposal) -> Proposal:
    """Lock a proposal, after its referral.

    :raises NotWaitingForThis: somebody was faster.
    """
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("host").get(pk=proposal.pk)
    if not locked.is_open:
        raise NotWaitingForThis
    return locked


@transaction.atomic
def accept_time(
    *,
    proposal: Proposal,
    time: ProposedTime,
    host: User | None = None,
    place: str = "",
    by: User,
    at: datetime,
) -> Introduction:
    """Take one of the proposed times: the meeting is booked and the three of them are invited.

    Anybody of sales takes a partner's time; the partner takes one of SeMI's.

    :param host: for a partner's times; else who was asked for, else `by`.
    :param place: for a partner's times; else the proposal's.
    :raises NotWaitingForThis: somebody was faster.  :raises ReferralNotOpen: the claim is over.
    :raises TimeNotProposed, HostIsBusy, NotAHost, MeetingInThePast: choose another one.
    """
    row, locked = _locked(proposal)
    if locked.by_partner:
        check_sells(by)
        check_not_own(by, row.partner)
    elif by.pk != row.partner.user_id:
        raise NotAllowed
    chosen = locked.times.filter(pk=time.pk).first()
    if chosen is None:
        raise TimeNotProposed
    hosts = (host, locked.host, by) if locked.by_partner else (locked.host, by)
    close_proposal(locked, row, ProposalAnswer.ACCEPTED, by=by, at=at)
    with constraint_as("referrals_introduction_proposal_id_key", NotWaitingForThis):
        return book(
            row,
            host=next(each for each in hosts if each is not None),
            starts_at=chosen.starts_at,
            ends_at=chosen.ends_at,
            medium=locked.medium,
            place=(place.strip() if locked.by_partner else "") or locked.place,
            use_cases=list(locked.use_cases.filter(outcome="")),
            proposal=locked,
            by=by,
            at=at,
        )


@transaction.atomic
def propose_other_times(
    *,
    proposal: Proposal,
    times: Times,
    host: User,
    medium: str,
    place: str,
    by: User,
    at: datetime,
) -> Proposal:
    """Answer a partner's times with others of SeMI's, of which the partner takes one (C12).

    The wait ends here, and is added to the claim before the new times are held against its last day.

    :raises NotWaitingForThis: somebody was faster.  :raises NotAHost, HostIsBusy, MeetingInThePast,
    MeetingAfterClaim, NoTimeProposed, SameTimeTwice, MediumDoesNotCount: choose again.
    """
    check_sells(by)
    _check_whole(times, medium)
    row, locked = _locked(proposal)
    if not locked.by_partner:
        raise NotWaitingForThis
    check_not_own(by, row.partner)
    close_proposal(locked, row, ProposalAnswer.OTHER_TIMES, by=by, at=at)
    check_times(row, times, at=at)
    for starts_at, ends_at in times:
        check_host(host, row, starts_at=starts_at, ends_at=ends_at)
    answer = _write(
        row,
        times,
        list(locked.use_cases.all()),
        by_partner=False,
        proposed_by=by,
        proposed_at=at,
        waiting_since=at,
        host=host,
        medium=medium,
        place=place.strip(),
        in_answer_to=locked,
    )
    audit.record("introduction.other_times", answer, by=by, at=at, referral=row.pk, times=len(times))
    _tell(answer, "referrals.other_times", at=at)
    return answer


@transaction.atomic
def take_times_back(*, proposal: Proposal, by: User, at: datetime) -> Proposal:
    """Take one's own times back as the partner; the wait alone is added to the claim (C12).

    :raises NotWaitingForThis: they were answered.
    """
    row, locked = _locked(proposal)
    if by.pk != row.partner.user_id:
        raise NotAllowed
    if not locked.by_partner:
        raise NotWaitingForThis
    close_proposal(locked, row, ProposalAnswer.TAKEN_BACK, by=by, at=at)
    return locked


def follow_up(*, at: datetime) -> None:
    """Remind of unanswered times after 1 and 2 working days; the sales leads are asked on the 3rd (C12)."""
    today = local_date(at)
    waiting = Proposal.objects.with_semi().filter(escalated_at__isnull=True).order_by("waiting_since")[:500]
    for proposal in waiting:
        due = rules.proposal_reminder_due(proposal.waiting_since_on, today)
        if due > proposal.reminders_sent:
            _remind(proposal, due, at=at)
        if rules.proposal_escalated_on(proposal.waiting_since_on) <= today:
            _escalate(proposal, at=at)


@transaction.atomic
def _remind(proposal: Proposal, due: int, *, at: datetime) -> None:
    rows = Proposal.objects.with_semi().filter(pk=proposal.pk, reminders_sent__lt=due)
    if rows.update(reminders_sent=due):
        outbox.enqueue(
            "referrals.times_reminder",
            key=f"proposal:{proposal.pk}:reminder:{due}",
            payload={"proposal_id": proposal.pk},
            at=at,
        )


@transaction.atomic
def _escalate(proposal: Proposal, *, at: datetime) -> None:
    if Proposal.objects.with_semi().filter(pk=proposal.pk, escalated_at__isnull=True).update(escalated_at=at):
        _tell(proposal, "referrals.times_escalation", at=at)
        audit.record("introduction.proposal_escalated", proposal, by=None, at=at)

"""Contesting an entry, and answering (C5, ADR 17). The entry stays as it is: what follows is a fact."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from commissions.errors_statements import (
    AlreadyAnswered,
    AlreadyContested,
    AnsweredBefore,
    OwnEntry,
    TextMissing,
)
from commissions.models import Commission, ContestedEntry, Statement
from commissions.permissions import check_approves, is_paid_to
from commissions.rules.contests import answer_by
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed, constraint_as
from ssp.core.models import User
from ssp.core.periods import local_date


def contest_entry(
    *, entry: Commission, text: str, by: User, at: datetime, statement: Statement | None = None
) -> ContestedEntry:
    """Say that an entry is wrong; finance is told, and answers.

    :param statement: where the partner read it.
    :raises NotAllowed: it is another partner's.  :raises AlreadyContested: it waits for an answer.
    """
    if entry.partner.user_id != by.pk or (statement and statement.partner_id != entry.partner_id):
        raise NotAllowed
    if not text.strip():
        raise TextMissing
    with constraint_as("contested_entry_one_open", AlreadyContested), transaction.atomic():
        _hold(entry.pk)
        if ContestedEntry.objects.open().filter(commission=entry).exists():
            raise AlreadyContested
        contest = ContestedEntry.objects.create(
            commission=entry, statement=statement, text=text.strip(), contested_by=by, contested_at=at
        )
        audit.record("entry.contested", contest, by=by, at=at, entry=entry.pk)
        _tell("commissions.entry_contested", contest, at=at)
    return contest


def answer_contest(
    *, contest: ContestedEntry, agreed: bool, answer: str, follows: str = "", by: User, at: datetime
) -> ContestedEntry:
    """Agree, and say what will follow; or don't, and say why. The partner is told.

    :raises OwnEntry: it is their own.  :raises AnsweredBefore: they answered about this entry before.
    :raises AlreadyAnswered: somebody did.  :raises TextMissing: without words.
    """
    check_answers(contest, by)
    answer, follows = answer.strip(), follows.strip() if agreed else ""
    if not answer or (agreed and not follows):
        raise TextMissing
    with constraint_as("contested_entry_answered_once", AlreadyAnswered), transaction.atomic():
        _hold(contest.commission_id)
        row = ContestedEntry.objects.select_for_update().get(pk=contest.pk)
        if not row.is_open:
            raise AlreadyAnswered
        check_answers(row, by)
        row.agreed, row.answer, row.follows = agreed, answer, follows
        row.answered_by, row.answered_at = by, at
        row.save(update_fields=["agreed", "answer", "follows", "answered_by", "answered_at"])
        audit.record("contest.answered", row, by=by, at=at, entry=row.commission_id, agreed=agreed)
        _tell("commissions.contest_answered", row, at=at)
    return row


def check_answers(contest: ContestedEntry, by: User) -> None:
    """Refuse who may not answer: neither finance nor a director, who earned it, or who answered before."""
    check_approves(by)
    if is_paid_to(by, contest.commission.partner):
        raise OwnEntry
    before = ContestedEntry.objects.filter(commission=contest.commission_id, answered_by=by)
    if before.exclude(pk=contest.pk).exists():
        raise AnsweredBefore


@transaction.atomic
def escalate_overdue(*, at: datetime) -> int:
    """Tell the directors, once, of each contest whose last day for an answer is over. Return how many."""
    waiting = ContestedEntry.objects.open().filter(escalated_at__isnull=True)
    escalated = 0
    for row in waiting.select_for_update(skip_locked=True).order_by("pk"):
        if local_date(at) > answer_by(local_date(row.contested_at)):
            row.escalated_at = at
            row.save(update_fields=["escalated_at"])
            audit.record("contest.escalated", row, by=None, at=at, entry=row.commission_id)
            _tell("commissions.contest_overdue", row, at=at)
            escalated += 1
    return escalated


def _hold(entry: int) -> None:
    """Let whoever contests or answers about this entry now finish first."""
    Commission.objects.select_for_update(no_key=True).filter(Q(pk=entry)).first()


def _tell(kind: str, contest: ContestedEntry, *, at: datetime) -> None:
    outbox.enqueue(kind, key=f"{kind}:{contest.pk}", payload={"contest_id": contest.pk}, at=at)

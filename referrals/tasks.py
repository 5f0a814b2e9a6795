"""Periodic work of referrals: each task asks what is due now, and may run twice."""

from celery import shared_task

from referrals.services import (
    appeals,
    claims,
    confirmations,
    contacts,
    deadlines,
    forgetting,
    leaving,
    moving_in,
    probing,
    proposals,
)
from ssp.core import clock


@shared_task
def ask_for_confirmations(**_: object) -> None:
    """Ask about meetings that ended, remind, escalate, let the partner's answer stand (C14)."""
    confirmations.ask_for_confirmations(at=clock.now())
    confirmations.follow_up(at=clock.now())


@shared_task
def follow_proposals(**_: object) -> None:
    """Follow proposed times that wait; answer appeals whose day has come, forget refusals (C12)."""
    proposals.follow_up(at=clock.now())
    appeals.tell_answers(at=clock.now())
    appeals.escalate_undecided(at=clock.now())
    appeals.forget_refusals(at=clock.now())


@shared_task
def end_overdue_claims(**_: object) -> None:
    """End claims whose last day is over; accept and escalate names that nobody answered (C10, C12)."""
    claims.end_overdue_claims(at=clock.now())
    leaving.end_claims_of_left_partners(at=clock.now())
    claims.accept_unanswered_names(at=clock.now())
    claims.escalate_unanswered_names(at=clock.now())


@shared_task
def remind_of_deadlines(**_: object) -> None:
    """Remind partner and seller 60, 30, 14 and 3 days before a window ends (C2); of claims too (C12)."""
    deadlines.remind_of_deadlines(at=clock.now())
    deadlines.remind_of_claims(at=clock.now())


@shared_task
def forget_contact_previews(**_: object) -> None:
    """Delete files of contacts or running referrals that were handed in and not applied for a week."""
    contacts.forget_old_previews(at=clock.now())
    moving_in.forget_previews(at=clock.now())


@shared_task
def forget_people(**_: object) -> None:
    """Forget whom nothing came of for 12 months, and the words that a contest needed (*People's data*)."""
    forgetting.forget_whom_nothing_came_of(at=clock.now())
    forgetting.erase_words_of_answers(at=clock.now())
    probing.forget_traces(at=clock.now())

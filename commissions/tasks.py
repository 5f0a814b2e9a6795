"""Periodic work of commissions: each task asks what is due now, and may run twice."""

from celery import shared_task

from commissions import accrual, bank, contests, matches, openings, services, statements
from ssp.core import clock
from ssp.core.locks import alone


@shared_task
def accrue(**_: object) -> None:
    """Match what can be matched, and write what any fact calls for: what an event missed is caught here."""
    with alone("commissions.accrue") as is_ours:
        if is_ours:  # a run that lasts longer than a tick isn't joined by the next one
            matches.match_all_waiting_invoices(at=clock.now())
            accrual.accrue(at=clock.now())


@shared_task
def issue_statements(**_: object) -> None:
    """Issue what is missing: payouts from before there were statements, and months that are over."""
    with alone("commissions.issue_statements") as is_ours:
        if is_ours:
            statements.catch_up(at=clock.now())
            statements.close_months(at=clock.now())


@shared_task
def follow_contests(**_: object) -> None:
    """Tell directors of what is contested and wasn't answered in time."""
    contests.escalate_overdue(at=clock.now())


@shared_task
def forget_former_addresses(**_: object) -> None:
    """Forget addresses that accounts had: warnings about money go to them for some days only."""
    bank.forget_former_addresses(at=clock.wall())


@shared_task
def forget_import_previews(**_: object) -> None:
    """Delete files of invoices that nobody imported for a month, and of openings that nobody approved."""
    services.forget_old_previews(at=clock.now())
    openings.forget_previews(at=clock.now())

"""Periodic work of commissions: each task asks what is due now, and may run twice."""

from celery import shared_task

from commissions import accrual, services
from ssp.core import clock


@shared_task
def accrue(**_: object) -> None:
    """Match what can be matched, and write what any fact calls for: what an event missed is caught here."""
    services.match_all_waiting_invoices(at=clock.now())
    accrual.accrue(at=clock.now())

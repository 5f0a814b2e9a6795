"""Periodic work of the desk: each task asks what is due now, and may run twice."""

from celery import shared_task

from ssp.core import clock
from ssp.dashboard import digest, services


@shared_task
def send_digests(**_: object) -> None:
    """Owe this morning's digests."""
    digest.owe_digests(at=clock.now())


@shared_task
def forget_table_exports(**_: object) -> None:
    """Delete files of the table whose day is over."""
    services.forget_old_files(at=clock.now())

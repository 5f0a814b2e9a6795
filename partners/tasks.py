"""What the partnership does by itself."""

from celery import shared_task

from partners.services import endings
from partners.services.channel_endings import withdraw_overdue
from partners.services.channels import grant_to_all
from partners.services.following import due_envelopes, follow_due_envelopes
from partners.services.watching import remind_signers, watch_docusign
from ssp.core import clock
from ssp.core.locks import alone
from ssp.docusign.client import signing_service


@shared_task
def follow_envelopes(**_: object) -> None:
    """Find out what became of envelopes that Connect didn't tell us about (C6)."""
    wall = clock.wall()
    with alone("partners.follow_envelopes") as is_ours:
        if is_ours and due_envelopes(wall=wall):
            follow_due_envelopes(service=signing_service(), at=clock.now(), wall=wall)


@shared_task
def remind_of_signatures(**_: object) -> None:
    """Remind applicants who have a contract to sign (C6)."""
    with alone("partners.remind_of_signatures") as is_ours:
        if is_ours:
            remind_signers(at=clock.now())


@shared_task
def watch_envelopes(**_: object) -> None:
    """Alert people when DocuSign keeps a contract waiting, and tell them when it goes on (C6)."""
    with alone("partners.watch_envelopes") as is_ours:
        if is_ours:
            watch_docusign(at=clock.now())


@shared_task
def end_partnerships(**_: object) -> None:
    """Tell everybody about partnerships whose last day is over (*Ending*)."""
    endings.end_partnerships(at=clock.now())


@shared_task
def keep_channels(**_: object) -> None:
    """Withdraw access that has ended, and grant channels that were added since (C15)."""
    at = clock.now()
    with alone("partners.keep_channels") as is_ours:
        if is_ours:
            withdraw_overdue(at=at)
            grant_to_all(at=at)

"""What the partnership does by itself."""

from celery import shared_task

from partners.services.channel_endings import withdraw_overdue
from partners.services.channels import grant_to_all
from partners.services.following import due_envelopes, follow_due_envelopes
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
def keep_channels(**_: object) -> None:
    """Withdraw access that has ended, and grant channels that were added since (C15)."""
    at = clock.now()
    with alone("partners.keep_channels") as is_ours:
        if is_ours:
            withdraw_overdue(at=at)
            grant_to_all(at=at)

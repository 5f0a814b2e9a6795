"""The Celery application and its schedule, in code.

Every periodic task asks "what is due now?" and is idempotent: a tick that was missed, doubled or
delivered late changes nothing. That also lets the sandbox move the clock.
"""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssp.settings")

app = Celery("ssp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)  # takes up the request id that came with the task


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Logging is Django's, so a request id is written the same way by web and worker."""


def every_tick(task: str, *, ticks: int = 1) -> dict[str, object]:
    seconds = settings.BEAT_TICK_SECONDS * ticks
    # A tick nobody took before the next one is worth nothing.
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5.0)}}


app.conf.beat_schedule = {
    "sweep-outbox": every_tick("ssp.core.tasks.sweep"),
    "follow-envelopes": every_tick("partners.tasks.follow_envelopes"),
    "watch-envelopes": every_tick("partners.tasks.watch_envelopes", ticks=5),
    "remind-of-signatures": every_tick("partners.tasks.remind_of_signatures", ticks=5),
    "end-partnerships": every_tick("partners.tasks.end_partnerships"),
    "keep-channels": every_tick("partners.tasks.keep_channels", ticks=5),
    "ask-for-confirmations": every_tick("referrals.tasks.ask_for_confirmations"),
    "follow-proposals": every_tick("referrals.tasks.follow_proposals"),
    "end-overdue-claims": every_tick("referrals.tasks.end_overdue_claims", ticks=5),
    "remind-of-deadlines": every_tick("referrals.tasks.remind_of_deadlines", ticks=5),
    "forget-contact-previews": every_tick("referrals.tasks.forget_contact_previews", ticks=30),
    "send-digests": every_tick("ssp.dashboard.tasks.send_digests", ticks=5),
    "forget-people": every_tick("referrals.tasks.forget_people", ticks=60),
    "forget-table-exports": every_tick("ssp.dashboard.tasks.forget_table_exports", ticks=30),
    "forget-import-previews": every_tick("commissions.tasks.forget_import_previews", ticks=60),
    "accrue": every_tick("commissions.tasks.accrue", ticks=30),
    "issue-statements": every_tick("commissions.tasks.issue_statements", ticks=30),
    "follow-contests": every_tick("commissions.tasks.follow_contests", ticks=5),
    "forget-former-addresses": every_tick("commissions.tasks.forget_former_addresses", ticks=60),
}

"""No deadline comes as a surprise (C2, C12)."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from referrals import queries, rules
from referrals.models import Introduction, IntroductionStatus, Proposal, Referral, ReferralStatus
from ssp.core import outbox
from ssp.core.periods import local_date


def remind_of_deadlines(*, at: datetime) -> int:
    """Owe partner and seller the reminder that is due for each open window; its key makes it one mail
    each.
    """
    today = local_date(at)
    due = 0
    for use_case in queries.open_windows(on=today).iterator(chunk_size=500):
        if use_case.window_ends_on is None:
            continue
        mark = rules.reminder_due(use_case.window_ends_on, today)
        if mark is None:
            continue
        due += 1
        for recipient in ("partner", "seller"):
            outbox.enqueue(
                "referrals.window_reminder",
                key=f"use-case:{use_case.pk}:window:{use_case.window_ends_on}:{mark}:{recipient}",
                payload={"use_case_id": use_case.pk, "days": mark, "to": recipient},
                at=at,
            )
    return due


def remind_of_claims(*, at: datetime) -> int:
    """Owe the partner the reminder that is due for each claim that no meeting keeps: 14 and 3 days before it
    lapses (C12), once each; not while it waits for SeMI.
    """
    today = local_date(at)
    booked = Introduction.objects.filter(referral=OuterRef("pk"), status=IntroductionStatus.BOOKED)
    asked = Proposal.objects.with_semi().filter(referral=OuterRef("pk"))
    claims = (
        Referral.objects.live()
        .filter(
            status__in=[ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
            vested_at__isnull=True,
            objected_at__isnull=True,
            claim_last_on__range=(today, today + timedelta(days=max(rules.CLAIM_REMINDERS))),
        )
        .exclude(Exists(booked) | Exists(asked))
    )
    due = 0
    for pk, last_on in claims.values_list("pk", "claim_last_on").iterator(chunk_size=500):
        if last_on is None or (mark := rules.claim_reminder_due(last_on, today)) is None:
            continue
        due += 1
        outbox.enqueue(
            "referrals.claim_reminder",
            key=f"referral:{pk}:claim:{last_on}:{mark}",
            payload={"referral_id": pk, "last_on": last_on.isoformat(), "days": mark},
            at=at,
        )
    return due

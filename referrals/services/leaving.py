"""What becomes of claims when their partner leaves (C12): by notice they end with their last open window, for
cause at once.

The nightly job and whoever registers the same person meet such a claim; the first of them ends it, dated the
day on which it was over.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from partners.models import Ending, Partner
from referrals import queries, rules
from referrals.models import Deal, DealStage, Referral
from referrals.services.claims import last_moment
from referrals.services.introductions import cancel_booked
from ssp.core import audit
from ssp.core.periods import local_date


def end_claims_of_left_partners(*, at: datetime, partner_id: int | None = None) -> int:
    """End every claim that its partner's leaving ends by now; return how many ended."""
    due = Referral.objects.of_left_partners(at=at).filter(root__isnull=True)
    orphans = Referral.objects.of_left_partners(at=at).filter(root__claim_ended_at__isnull=False)
    if partner_id is not None:
        due, orphans = due.filter(partner=partner_id), orphans.filter(partner=partner_id)
    roots = {*due.values_list("pk", flat=True), *orphans.values_list("root_id", flat=True)}
    return sum(end_family_of_left_partner(root_id=pk, at=at) for pk in sorted(roots))


@transaction.atomic
def end_family_of_left_partner(*, root_id: int, at: datetime) -> int:
    """End the claims on a person and on the colleagues they passed us on to, if nothing keeps them (C3, C12).

    They share their windows, so they end together. Returns how many ended; 0 when somebody was faster.
    """
    family = list(
        Referral.objects.select_for_update(of=("self",))
        .filter(Q(pk=root_id) | Q(root=root_id))
        .select_related("partner")
        .order_by("pk")
    )
    ending = ending_of(family[0], at=at)  # the root's: a colleague may have come after the partnership's end
    moment = _over_since(ending, family, at=at) if ending else None
    if ending is None or moment is None:
        return 0
    ended = 0
    for row in family:
        if not row.is_live:
            continue
        row.end_with(ending, at=max(moment, row.registered_at))
        row.save()
        audit.record("referral.ended_with_partnership", row, by=None, at=at, ending=ending.pk)
        cancel_booked(referral=row, by=None, at=at)
        ended += 1
    return ended


def ending_of(root: Referral, *, at: datetime) -> Ending | None:
    """Return the ending that takes these claims along: a later one for cause, or the one that stands now."""
    happened = Ending.objects.happened(at=at).filter(partner=root.partner_id).order_by("ends_at")
    for_cause = happened.for_cause(since=root.registered_at).first()
    return for_cause or happened.filter(rejoined_at__isnull=True).first()


def _over_since(ending: Ending, family: Iterable[Referral], *, at: datetime) -> datetime | None:
    """Return when these claims were over, or None while something keeps them."""
    assert ending.ends_at is not None  # it happened
    if ending.kind == Partner.EndKind.CAUSE:
        return ending.ends_at
    ids = [row.pk for row in family]
    running = queries.running_after(ids, ends_at=ending.ends_at)
    last_on = rules.claim_last_on_after_notice(ending.last_day(), running)
    if last_on is None or last_on >= local_date(at):
        return None
    won = (
        Deal.objects.filter(use_case__referral__in=ids, stage=DealStage.WON, recorded_at__gt=ending.ends_at)
        .order_by("-recorded_at")
        .values_list("recorded_at", flat=True)
        .first()
    )
    return max(filter(None, [last_moment(last_on), won]))

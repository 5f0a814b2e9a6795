"""Reads about use cases of several partners at one company: whose meeting began first."""

from collections.abc import Iterable

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from referrals.models import Discussion, Introduction, IntroductionStatus, Medium, UseCase
from ssp.core.periods import local_date


def qualifying_meetings(use_cases: Iterable[UseCase]) -> dict[int, Introduction]:
    """Return, by use case, the meeting that opened its window: the first on its first day (C2, C4)."""
    cases = {use_case.pk: use_case for use_case in use_cases}
    rows = (
        Discussion.objects.filter(
            use_case__in=cases,
            discussed=True,
            introduction__status=IntroductionStatus.HELD,
            introduction__medium__in=[Medium.VIDEO, Medium.IN_PERSON],
            introduction__starts_at__gt=F("use_case__defined_at"),
        )
        .annotate(root=Coalesce("introduction__referral__root", "introduction__referral"))
        .filter(use_case__referral=F("root"))
        .select_related("introduction__host", "introduction__referral")
        .order_by("introduction__starts_at", "introduction__pk")
    )
    found: dict[int, Introduction] = {}
    for row in rows:
        meeting = row.introduction
        if local_date(meeting.starts_at) == cases[row.use_case_id].window_starts_on:
            found.setdefault(row.use_case_id, meeting)
    return found


def others_at_the_company(use_case: UseCase) -> QuerySet[UseCase]:
    """Return what other partners defined for the same company, the oldest introduction first (C18)."""
    company = use_case.referral.company_id if use_case.referral else None
    return (
        UseCase.objects.filter(referral__company=company, referral__isnull=False)
        .exclude(partner=use_case.partner_id)
        .select_related("partner__user", "referral__company", "deal", "same_need_as")
        .order_by(F("window_starts_on").asc(nulls_last=True), "defined_at", "pk")
    )

"""What the desk shows above its table: numbers, and work that waits."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from referrals.models import (
    Confirmation,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Referral,
)
from ssp.core.periods import start_of_day
from ssp.dashboard import table
from ssp.dashboard.filters import Filters


def confirmations_waiting() -> QuerySet[Confirmation]:
    """Return the hosts' questions that no answer has decided, the oldest first."""
    return (
        Confirmation.objects.filter(
            asked=Confirmation.Asked.HOST,
            answered_at__isnull=True,
            introduction__status=IntroductionStatus.BOOKED,
        )
        .exclude(introduction__confirmations__decides=True)
        .select_related(
            "introduction__referral__company", "introduction__referral__partner", "introduction__host"
        )
        .order_by("asked_at", "pk")
    )


def contests_open() -> QuerySet[Confirmation]:
    """Return contested answers that no sales lead has settled."""
    return (
        Confirmation.objects.filter(contested_at__isnull=False, settled_at__isnull=True)
        .select_related(
            "introduction__referral__company", "introduction__referral__partner", "introduction__host"
        )
        .order_by("contested_at", "pk")
    )


def names_to_check() -> QuerySet[Referral]:
    """Return registrations whose name a person compares, the oldest first."""
    return Referral.objects.to_check().select_related("company", "partner").order_by("registered_at")


@dataclass(frozen=True)
class Figures:
    """The five numbers at the top of the desk."""

    open: int
    closing: int
    waiting: int
    escalated: int
    held: int
    warm: int
    registered_last_week: int


def figures(*, on: date) -> Figures:
    year = start_of_day(on - timedelta(days=365))
    asked = Introduction.objects.filter(status=IntroductionStatus.HELD, starts_at__gte=year)
    waiting = confirmations_waiting()
    return Figures(
        open=table.count_of(Filters(view="open"), on=on),
        closing=table.count_of(Filters(view="closing"), on=on),
        waiting=waiting.count(),
        escalated=waiting.filter(escalated_at__isnull=False).count(),
        held=asked.count(),
        warm=asked.filter(confirmations__decides=True, confirmations__answer="warm").distinct().count(),
        registered_last_week=Referral.objects.filter(registered_on__gt=on - timedelta(days=7)).count(),
    )


def funnel(*, on: date) -> list[tuple[str, int]]:
    """Return how many of the last 12 months' roots were registered, met, warm and won."""
    roots = Referral.objects.roots().filter(registered_on__gt=on - timedelta(days=365))
    return [
        ("registered", roots.count()),
        ("met", roots.filter(introductions__status=IntroductionStatus.HELD).distinct().count()),
        ("warm", roots.filter(vested_at__isnull=False).count()),
        ("won", roots.filter(use_cases__deal__stage=DealStage.WON).distinct().count()),
    ]


def deals_in(stage: str, q: str) -> QuerySet[Deal]:
    """Return deals of a stage (or the open ones), the window that ends first on top."""
    rows = Deal.objects.select_related(
        "use_case__referral__company", "use_case__referral__seller", "use_case__partner"
    )
    rows = rows.filter(stage=stage) if stage in DealStage.values else rows.open()
    if q:
        rows = rows.filter(
            Q(use_case__title__icontains=q)
            | Q(use_case__referral__company__name__icontains=q)
            | Q(customer_reference__icontains=q)
        )
    return rows.order_by("use_case__window_ends_on", "pk")

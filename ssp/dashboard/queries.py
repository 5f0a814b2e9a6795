"""What the desk shows: work that waits, and introductions with their windows."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from referrals.models import (
    Confirmation,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Referral,
    ReferralStatus,
    UseCase,
)
from ssp.core.periods import start_of_day

PAGE = 25
SOON = 30  # days


@dataclass(frozen=True)
class Filters:
    """What the address of the page says."""

    view: str = "open"
    q: str = ""
    seller: str = ""


VIEWS = ("open", "closing", "no_meeting", "to_check", "contested", "won")


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


def _people(rows: QuerySet[Referral], filters: Filters) -> QuerySet[Referral]:
    if filters.q:
        rows = rows.filter(
            Q(first_name__icontains=filters.q)
            | Q(last_name__icontains=filters.q)
            | Q(company__name__icontains=filters.q)
            | Q(partner__display_name__icontains=filters.q)
            | Q(use_cases__title__icontains=filters.q)
        )
    if filters.seller == "none":
        rows = rows.filter(seller__isnull=True)
    elif filters.seller.isdecimal():
        rows = rows.filter(seller_id=int(filters.seller))
    return rows


def undecided() -> QuerySet[UseCase]:
    """Return use cases about which a deal can still be won, lost or closed."""
    return UseCase.objects.filter(outcome="").exclude(deal__stage__in=[DealStage.WON, DealStage.LOST])


def referrals_in_view(filters: Filters, *, on: date) -> QuerySet[Referral]:
    """Return the referrals of a saved view, searched and filtered."""
    live = Referral.objects.live().exclude(status=ReferralStatus.RESELLER)
    soon = undecided().filter(referral=OuterRef("pk"), window_ends_on__range=(on, on + timedelta(days=SOON)))
    of_root = {"referral": Coalesce(OuterRef("root_id"), OuterRef("pk"))}
    all_decided = Exists(UseCase.objects.filter(**of_root)) & ~Exists(undecided().filter(**of_root))
    rows = {
        "open": live.exclude(all_decided, vested_at__isnull=False),
        "closing": live.filter(Exists(soon)),
        "no_meeting": live.filter(status=ReferralStatus.REGISTERED).exclude(
            introductions__status__in=[IntroductionStatus.BOOKED, IntroductionStatus.HELD]
        ),
        "to_check": Referral.objects.to_check(),
        "contested": Referral.objects.filter(
            introductions__confirmations__contested_at__isnull=False,
            introductions__confirmations__settled_at__isnull=True,
        ),
        "won": Referral.objects.filter(
            use_cases__deal__stage=DealStage.WON, use_cases__deal__signed_on__gte=_quarter_start(on)
        ),
    }[filters.view]
    return _people(rows, filters).distinct()


def _quarter_start(on: date) -> date:
    return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)


@dataclass(frozen=True)
class Line:
    """A use case of an introduction, or the person alone while none is defined."""

    referral: Referral
    use_case: UseCase | None

    @property
    def runs(self) -> bool:
        """Tell whether a window runs that a signature can still meet, or has just missed."""
        case = self.use_case
        if case is None or not case.is_open or case.window_ends_on is None:
            return False
        return not hasattr(case, "deal") or case.deal.is_open

    @property
    def is_decided(self) -> bool:
        """Tell whether it was won, lost or closed: nothing is left to do about it."""
        case = self.use_case
        return case is not None and (not case.is_open or (hasattr(case, "deal") and not case.deal.is_open))

    @property
    def ends_on(self) -> date | None:
        """What ends next: the window, or the claim while nobody has met; nothing once decided."""
        if self.runs and self.use_case:
            return self.use_case.window_ends_on
        return None if self.referral.vested_at else self.referral.claim_last_on


def lines(rows: QuerySet[Referral], *, page: int, open_only: bool = False) -> tuple[list[Line], bool]:
    """Return a page of introductions, the window that ends first on top, and whether there is more.

    :param open_only: leave out what was won, lost or closed.
    """
    found: list[Line] = []
    chosen = (
        rows.select_related("company", "partner", "seller")
        .prefetch_related("use_cases__deal")
        .annotate(internal_count=Count("internal_referrals", distinct=True))
    )
    ordered = list(chosen[:2000])
    for referral in ordered:
        cases = [Line(referral, case) for case in referral.use_cases.all()]
        found += [line for line in cases if not (open_only and line.is_decided)] or [Line(referral, None)]
    found.sort(key=_ends)
    start = page * PAGE
    return found[start : start + PAGE], len(found) > start + PAGE


def _ends(line: Line) -> tuple[date, int]:
    return (line.ends_on or date.max, line.referral.pk)


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
        open=referrals_in_view(Filters("open"), on=on).count(),
        closing=referrals_in_view(Filters("closing"), on=on).count(),
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

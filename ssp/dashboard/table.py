"""The table of introductions: one row a use case, or the person alone while none is left to work on.

Pages go on from a place in the order, never from a count, so page 1,000 costs what page 1 does. The order by
what ends next crosses tables (a window ends with its use case, a claim with its person), so it is read as
three lists, each in the order of an index: windows and claims side by side, then what has no end.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from partners.models import Partner
from referrals import names
from referrals.models import (
    Company,
    Confirmation,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Referral,
    ReferralStatus,
    UseCase,
)
from ssp.dashboard.filters import CLOSING, NOBODY, Filters

PAGE = 25
SOON = 30  # days
MANY = 10_000  # nobody counts further to look at a page
WORDS = 5  # of a search
UNDECIDED_ONLY = ("open", "closing", "no_meeting", "to_check")
CURSOR = re.compile(r"(\d{4}-\d\d-\d\d|-)\.([1-9]\d{0,17})\.(0|[1-9]\d{0,17})", re.ASCII)
ENDLESS = date(9999, 12, 31)


@dataclass(frozen=True)
class Line:
    """A use case of an introduction, or the person alone while none is left to work on."""

    referral: Referral
    use_case: UseCase | None
    internals: int = 0

    @property
    def deal(self) -> Deal | None:
        return getattr(self.use_case, "deal", None) if self.use_case else None

    @property
    def runs(self) -> bool:
        """Tell whether a window runs that a signature can still meet, or has just missed."""
        case = self.use_case
        return case is not None and not case.is_decided and case.window_ends_on is not None

    @property
    def is_decided(self) -> bool:
        """Tell whether it was won, lost or closed: nothing is left to do about it."""
        return self.use_case is not None and self.use_case.is_decided

    @property
    def ends_on(self) -> date | None:
        """What ends next: the window, or the claim while nobody has met; nothing once decided."""
        if self.runs and self.use_case:
            return self.use_case.window_ends_on
        is_claimed = self.referral.vested_at is None and self.referral.claim_ended_at is None
        return self.referral.claim_last_on if is_claimed else None

    @property
    def place(self) -> tuple[int, int]:
        return (self.referral.pk, self.use_case.pk if self.use_case else 0)


@dataclass(frozen=True)
class Page:
    """Some lines, and where the next page goes on; nothing on the last."""

    lines: list[Line]
    next: str


# --- which rows -------------------------------------------------------------------
RUNS = Q(case__is_decided=False, case__window_ends_on__isnull=False)
RUNS_NOT = Q(case__window_ends_on__isnull=True) | Q(case__is_decided=True)
CLAIMED = Q(claim_ended_at__isnull=True, vested_at__isnull=True, claim_last_on__isnull=False)
CLAIMED_NOT = Q(claim_ended_at__isnull=False) | Q(vested_at__isnull=False) | Q(claim_last_on__isnull=True)


def rows(filters: Filters, *, on: date, also: Q | None = None) -> QuerySet[Referral]:
    """Return every row of a view that the filters let through, each person with one of their use cases."""
    undecided = Q(use_cases__is_decided=False) if filters.view in UNDECIDED_ONLY else Q()
    wanted = _view(filters.view, on) & _filtered(filters, on)
    for word in filters.q.split()[:WORDS]:
        wanted &= Q(pk__in=_named_like(word))
    if also is not None:
        wanted &= also
    return (
        Referral.objects.annotate(case=FilteredRelation("use_cases", condition=undecided))
        .annotate(case_id=Coalesce("case__pk", 0))
        .filter(wanted)
    )


def _view(view: str, on: date) -> Q:
    of_root = {"referral": Coalesce(OuterRef("root_id"), OuterRef("pk"))}
    live = Q(claim_ended_at__isnull=True)
    working = live & ~Q(status=ReferralStatus.RESELLER)
    nothing_left = Q(Exists(UseCase.objects.filter(**of_root))) & ~Q(
        Exists(UseCase.objects.filter(**of_root, is_decided=False))
    )
    meetings = Introduction.objects.filter(
        referral=OuterRef("pk"), status__in=[IntroductionStatus.BOOKED, IntroductionStatus.HELD]
    )
    contested = Confirmation.objects.filter(
        introduction__referral=OuterRef("pk"), contested_at__isnull=False, settled_at__isnull=True
    )
    return {
        "open": working & (Q(case__isnull=False) | Q(vested_at__isnull=True) | ~nothing_left),
        "closing": working & Q(case__window_ends_on__range=(on, on + timedelta(days=SOON))),
        "no_meeting": live & Q(status=ReferralStatus.REGISTERED) & ~Q(Exists(meetings)),
        "to_check": live & Q(status=ReferralStatus.CHECKING),
        "contested": Q(Exists(contested)),
        "won": Q(case__deal__stage=DealStage.WON, case__deal__signed_on__gte=_quarter_start(on)),
        "all": Q(),
    }[view]


def _quarter_start(on: date) -> date:
    return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)


def _filtered(filters: Filters, on: date) -> Q:
    wanted = _stage(filters.stage)
    if filters.seller:
        wanted &= Q(seller__isnull=True) if filters.seller == NOBODY else Q(seller_id=int(filters.seller))
    if filters.partner:
        wanted &= Q(partner_id=int(filters.partner))
    if filters.country:
        wanted &= Q(partner__country=filters.country)
    if filters.only:
        wanted &= Q(pk__in=filters.only)
    if filters.closing == "over":
        wanted &= RUNS & Q(case__window_ends_on__lt=on)
    elif filters.closing in CLOSING:
        last = on + timedelta(days=int(filters.closing))
        wanted &= RUNS & Q(case__window_ends_on__range=(on, last))
    days = {
        "case__window_starts_on__gte": filters.introduced_from,
        "case__window_starts_on__lte": filters.introduced_until,
        "registered_on__gte": filters.registered_from,
        "registered_on__lte": filters.registered_until,
    }
    return wanted & Q(**{name: day for name, day in days.items() if day})


def _stage(stage: str) -> Q:
    if stage in DealStage.values:
        return Q(case__deal__stage=stage)
    if stage == "to_confirm":
        return Q(claim_ended_at__isnull=True, partner_confirmed_at__isnull=True)
    if stage == "warm":
        return Q(status=ReferralStatus.WARM) & RUNS
    if stage == "reseller":
        return Q(status=ReferralStatus.RESELLER) | Q(case__outcome="reseller")
    return Q(status=stage) if stage else Q()


def _named_like(word: str) -> QuerySet[Any]:
    """Return the ids of those whose name, company, partner or use case has `word` in it.

    Each of the parts is found by its trigrams. A word of one or two letters has some only at a beginning.
    """

    def like(field: str) -> Q:
        if len(word) >= 3:
            return Q(**{f"{field}__icontains": word})
        return Q(**{f"{field}__istartswith": word}) | Q(**{f"{field}__icontains": f" {word}"})

    people = Referral.objects.order_by()
    companies, folded = like("name"), names.fold(word)
    found = [people.filter(like("first_name") | like("last_name")).values("pk")]
    if len(folded) >= 3:  # without accents, and by the full form of a short name, as the check compares (C10)
        found.append(people.filter(claim_ended_at__isnull=True, name_key__contains=folded).values("pk"))
        companies |= Q(key__contains=folded)
    found += [
        people.filter(company__in=Company.objects.filter(companies)).values("pk"),
        people.filter(partner__in=Partner.objects.filter(like("display_name"))).values("pk"),
        UseCase.objects.filter(like("title"), referral__isnull=False).order_by().values("referral_id"),
    ]
    return found[0].union(*found[1:])


def count_of(filters: Filters, *, on: date, at_most: int = MANY) -> int:
    """Return how many rows there are; at most `at_most` + 1, so that counting never takes long."""
    return rows(filters, on=on).order_by().values("pk", "case_id")[: at_most + 1].count()


# --- in which order ------------------------------------------------------------------
STAGE_RANK = Case(
    *(
        When(case__deal__stage=stage, then=Value(rank))
        for rank, stage in enumerate(DealStage.values, start=5)
    ),
    When(status=ReferralStatus.CHECKING, then=Value(1)),
    When(status=ReferralStatus.REGISTERED, then=Value(2)),
    When(status=ReferralStatus.NOT_WARM, then=Value(3)),
    When(status=ReferralStatus.WARM, then=Value(4)),
    default=Value(20),
    output_field=IntegerField(),
)
LONG_AGO = Value(date(1, 1, 1), output_field=DateField())
KEYS: dict[str, tuple[Any, ...]] = {
    "person": (F("last_name"), F("first_name")),
    "company": (F("company__name"),),
    "use_case": (Coalesce("case__title", Value("")),),
    "stage": (STAGE_RANK,),
    "expected": (Coalesce("case__deal__expected_net", Value(-1)),),
    "partner": (F("partner__display_name"),),
    "seller": (Coalesce("seller__full_name", Value("")),),
    "registered": (F("registered_on"),),
    "introduced": (Coalesce("case__window_starts_on", LONG_AGO),),
}


def page_of(filters: Filters, *, after: str | None = None, on: date, size: int = PAGE) -> Page:
    """Return `size` rows from the place `after` on (a page's `next`), or from the start.

    A place that can't be understood, or whose row is gone, is the start.
    """
    place = _place_of(after or "")
    if filters.sort == "ends":
        found = _by_end(filters, place, on=on, limit=size + 1)
    else:
        found = _by_key(filters, place, on=on, limit=size + 1)
    lines = [_line(each) for each in found[:size]]
    following = _cursor(filters, lines[-1]) if len(found) > size else ""
    return Page(_with_internals(lines), following)


@dataclass(frozen=True)
class _Place:
    """Where a page goes on: behind this row. Ids and a date, never a name."""

    ends_on: date | None
    referral: int
    use_case: int


def _place_of(cursor: str) -> _Place | None:
    found = CURSOR.fullmatch(cursor)
    if not found:
        return None
    try:
        ends_on = None if found[1] == "-" else date.fromisoformat(found[1])
    except ValueError:
        return None
    return _Place(ends_on, int(found[2]), int(found[3]))


def _cursor(filters: Filters, line: Line) -> str:
    ends_on = line.ends_on if filters.sort == "ends" else None
    return f"{ends_on.isoformat() if ends_on else '-'}.{line.place[0]}.{line.place[1]}"


def _by_end(filters: Filters, place: _Place | None, *, on: date, limit: int) -> list[Referral]:
    found: list[Referral] = []
    down = filters.descending
    if place is None or place.ends_on is not None:
        values = (place.ends_on, place.referral, place.use_case) if place else None
        windows = rows(filters, on=on, also=RUNS)
        claims = rows(filters, on=on, also=RUNS_NOT & CLAIMED)
        for part, key in ((windows, "case__window_ends_on"), (claims, "claim_last_on")):
            found += _take(part, (key,), values, descending=down, limit=limit)
        found.sort(key=lambda each: _ends(_line(each)), reverse=down)
        values = None
    else:
        values = (place.referral, place.use_case)
    if len(found) < limit:
        endless = rows(filters, on=on, also=RUNS_NOT & CLAIMED_NOT)
        found += _take(endless, (), values, descending=down, limit=limit - len(found))
    return found[:limit]


def _ends(line: Line) -> tuple[date, int, int]:
    return (line.ends_on or ENDLESS, *line.place)


def _by_key(filters: Filters, place: _Place | None, *, on: date, limit: int) -> list[Referral]:
    keys = {f"key_{n}": expression for n, expression in enumerate(KEYS[filters.sort])}
    values = None
    if place is not None:
        case = FilteredRelation("use_cases", condition=Q(use_cases__pk=place.use_case))
        row = Referral.objects.annotate(case=case).annotate(**keys).filter(pk=place.referral)
        if (there := row.values_list(*keys).first()) is not None:
            values = (*there, place.referral, place.use_case)
    part = rows(filters, on=on).annotate(**keys)
    return _take(part, tuple(keys), values, descending=filters.descending, limit=limit)


def _take(
    part: QuerySet[Referral],
    keys: Sequence[str],
    values: tuple[Any, ...] | None,
    *,
    descending: bool,
    limit: int,
) -> list[Referral]:
    """Return the first rows behind `values`, which are those of `keys`, the person and the use case."""
    whole = (*keys, "pk", "case_id")
    if values is not None:
        part = part.filter(_behind(whole, values, "lt" if descending else "gt"))
    order = [f"-{key}" if descending else key for key in whole]
    return list(_with_everything(part).order_by(*order)[:limit])


def _behind(keys: Sequence[str], values: Sequence[Any], way: str) -> Q:
    """Return the condition for rows that come later; an index starts from its first part."""
    first, value = keys[0], values[0]
    if len(keys) == 1:
        return Q(**{f"{first}__{way}": value})
    later = Q(**{f"{first}__{way}": value}) | Q(**{first: value}) & _behind(keys[1:], values[1:], way)
    return Q(**{f"{first}__{way}e": value}) & later


def _with_everything(part: QuerySet[Referral]) -> QuerySet[Referral]:
    return part.select_related("company", "partner", "seller", "case__deal")


def _line(row: Referral) -> Line:
    return Line(row, getattr(row, "case", None))


def _with_internals(lines: list[Line]) -> list[Line]:
    """Return the lines with how many colleagues each person passed us on to (C3)."""
    counted = (
        Referral.objects.filter(root__in={line.referral.pk for line in lines})
        .order_by()
        .values_list("root")
        .annotate(n=Count("pk"))
    )
    of_root = dict(counted.values_list("root", "n"))
    return [Line(line.referral, line.use_case, of_root.get(line.referral.pk, 0)) for line in lines]


# --- all of them, for a file ------------------------------------------------------------
def every_line(filters: Filters, *, on: date, at_once: int = 2000) -> Iterator[Line]:
    """Yield every row in the table's order, from one statement: one moment, however long it takes."""
    keys: dict[str, Any] = {}
    if filters.sort == "ends":
        ends = Case(
            When(RUNS, then=F("case__window_ends_on")), When(CLAIMED, then=F("claim_last_on")), default=None
        )
        part = rows(filters, on=on).annotate(key_0=ends)
        first = F("key_0").desc(nulls_last=True) if filters.descending else F("key_0").asc(nulls_last=True)
        order: list[Any] = [first]
    else:
        keys = {f"key_{n}": expression for n, expression in enumerate(KEYS[filters.sort])}
        part = rows(filters, on=on).annotate(**keys)
        order = [f"-{key}" if filters.descending else key for key in keys]
    order += ["-pk", "-case_id"] if filters.descending else ["pk", "case_id"]
    for row in _with_everything(part).order_by(*order).iterator(chunk_size=at_once):
        yield _line(row)

"""The table of introductions: one row a use case, or the person alone while none is left to work on.

Pages go on from a place in the order, never from a count, so page 1,000 costs what page 1 does. What ends
next comes from two tables (a window ends with its use case, a claim with its person): each part is read in
the order of an index, no further than the page needs, and the database merges them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import batched
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DecimalField,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThanOrEqual, TupleLessThanOrEqual
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
    UseCaseOutcome,
)
from ssp.dashboard.filters import CLOSING, NOBODY, Filters

PAGE = 25
SOON = 30  # days
MANY = 10_000  # nobody counts further to look at a page
WORDS = 5  # of a search
FOUND = 2_000  # people that a search hands on one by one
NOBODY_FOUND = (0,)
UNDECIDED_ONLY = ("open", "closing", "no_meeting", "to_check")
WORKING = (  # what sales can still do something about
    ReferralStatus.CHECKING,
    ReferralStatus.REGISTERED,
    ReferralStatus.NOT_WARM,
    ReferralStatus.WARM,
)
CURSOR = re.compile(r"(\d{4}-\d\d-\d\d|-)\.([1-9]\d{0,17})\.(0|[1-9]\d{0,17})", re.ASCII)
Part = QuerySet[Any]  # use cases, or people; annotated with their place in the order


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
RUNS = Q(case_decided=False, case_ends__isnull=False)
CLAIMED = Q(claim_ended_at__isnull=True, vested_at__isnull=True, claim_last_on__isnull=False)
CLAIMED_NOT = Q(claim_ended_at__isnull=False) | Q(vested_at__isnull=False) | Q(claim_last_on__isnull=True)
NO_TEXT = Value("", output_field=CharField())


def _words(case: str) -> dict[str, F]:
    """Return what conditions call the parts of a use case; `case` is the way there."""
    return {
        "case_title": F(f"{case}title"),
        "case_starts": F(f"{case}window_starts_on"),
        "case_ends": F(f"{case}window_ends_on"),
        "case_decided": F(f"{case}is_decided"),
        "case_outcome": F(f"{case}outcome"),
        "deal_stage": F(f"{case}deal__stage"),
        "deal_signed": F(f"{case}deal__signed_on"),
        "deal_expected": F(f"{case}deal__expected_net"),
    }


def rows(filters: Filters, *, on: date) -> Part:
    """Return every row: people, each with one of their use cases, or alone."""
    undecided = Q(use_cases__is_decided=False) if filters.view in UNDECIDED_ONLY else Q()
    part = (
        Referral.objects.annotate(joined=FilteredRelation("use_cases", condition=undecided))
        .annotate(person=F("pk"), case=Coalesce("joined__pk", 0), **_words("joined__"))
        .filter(_people_wanted(filters, on, ""), _cases_wanted(filters, on))
    )
    if filters.view == "open":  # a person who is warm and whose root's use cases are all decided is done
        of_root = UseCase.objects.filter(referral=Coalesce(OuterRef("root_id"), OuterRef("pk")))
        done = Subquery(of_root.order_by("is_decided").values("is_decided")[:1])  # looked up, never hashed
        left = Q(root_done__isnull=True) | Q(root_done=False)
        part = part.annotate(root_done=done).filter(Q(case__gt=0) | Q(vested_at__isnull=True) | left)
    return part


def _without_window(filters: Filters, *, on: date) -> Part:
    """Return the rows whose window doesn't run: where nothing decided is joined, there is none."""
    none = Q(case_ends__isnull=True)
    return rows(filters, on=on).filter(
        none if filters.view in UNDECIDED_ONLY else none | Q(case_decided=True)
    )


def _windows(filters: Filters, *, on: date) -> Part:
    """Return the rows whose window runs, from the use case's side: its index has their order."""
    part = UseCase.objects.filter(referral__isnull=False).annotate(
        person=F("referral_id"), case=F("pk"), **_words("")
    )
    return part.filter(_people_wanted(filters, on, "referral__"), _cases_wanted(filters, on), RUNS)


def _about(person: str, **conditions: Any) -> Q:
    """Return conditions on the person of a row; `person` is the way there: nothing, or `referral__`."""
    return Q(**{f"{person}{name}": value for name, value in conditions.items()})


def _people_wanted(filters: Filters, on: date, person: str) -> Q:
    live = _about(person, claim_ended_at__isnull=True)
    meetings = Introduction.objects.filter(
        referral=OuterRef(f"{person}pk"), status__in=[IntroductionStatus.BOOKED, IntroductionStatus.HELD]
    )
    contested = Confirmation.objects.filter(
        introduction__referral=OuterRef(f"{person}pk"), contested_at__isnull=False, settled_at__isnull=True
    )
    working = live & _about(person, status__in=WORKING)
    wanted = {
        "open": working,
        "closing": working,
        "no_meeting": live & _about(person, status=ReferralStatus.REGISTERED) & ~Q(Exists(meetings)),
        "to_check": live & _about(person, status=ReferralStatus.CHECKING),
        "contested": Q(Exists(contested)),
    }.get(filters.view, Q())
    if filters.seller:
        seller = None if filters.seller == NOBODY else int(filters.seller)
        wanted &= _about(person, **({"seller_id": seller} if seller else {"seller__isnull": True}))
    if filters.partner:
        wanted &= _about(person, partner_id=int(filters.partner))
    if filters.country:
        wanted &= _about(person, partner__country=filters.country)
    if filters.registered_from:
        wanted &= _about(person, registered_on__gte=filters.registered_from)
    if filters.registered_until:
        wanted &= _about(person, registered_on__lte=filters.registered_until)
    if filters.only:
        wanted &= _about(person, pk__in=filters.only)
    for word in filters.q.split()[:WORDS]:
        wanted &= _about(person, pk__in=_named_like(word))
    return wanted & _in_stage(filters.stage, person)


def _in_stage(stage: str, person: str) -> Q:
    if stage in DealStage.values:
        return Q(deal_stage=stage)
    if stage == "to_confirm":
        return _about(person, claim_ended_at__isnull=True, partner_confirmed_at__isnull=True)
    if stage == "warm":
        return RUNS
    if stage == "reseller":
        return _about(person, status=ReferralStatus.RESELLER) | Q(case_outcome=UseCaseOutcome.RESELLER)
    return _about(person, status=stage) if stage else Q()


def _cases_wanted(filters: Filters, on: date) -> Q:
    wanted = Q()
    if filters.view == "closing":
        wanted &= Q(case_ends__range=(on, on + timedelta(days=SOON)))
    if filters.view == "won":
        wanted &= Q(deal_stage=DealStage.WON, deal_signed__gte=_quarter_start(on))
    if filters.closing == "over":
        wanted &= RUNS & Q(case_ends__lt=on)
    elif filters.closing in CLOSING:
        wanted &= RUNS & Q(case_ends__range=(on, on + timedelta(days=int(filters.closing))))
    if filters.introduced_from:
        wanted &= Q(case_starts__gte=filters.introduced_from)
    if filters.introduced_until:
        wanted &= Q(case_starts__lte=filters.introduced_until)
    return wanted


def _quarter_start(on: date) -> date:
    return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)


def searched(filters: Filters) -> Filters:
    """Return the filters with the people that a search finds in its place, so that it is made only once.

    A word that finds very many stays: then the table's own order leads, and few rows are read.
    """
    narrow: set[int] | None = None
    broad = []
    for word in filters.q.split()[:WORDS]:
        found = {pk for (pk,) in _named_like(word)[: FOUND + 1]}
        if len(found) > FOUND:
            broad.append(word)
        else:
            narrow = found if narrow is None else narrow & found
    if narrow is None:
        return filters
    if filters.only:
        narrow &= set(filters.only)
    return replace(filters, q=" ".join(broad), only=tuple(sorted(narrow)) or NOBODY_FOUND)


def _named_like(word: str) -> QuerySet[Any]:
    """Return the ids of those whose name, company, partner or use case has `word` in it.

    Each of the parts is found by its trigrams. A word of one or two letters has some only at a beginning.
    """

    def like(field: str) -> Q:
        if len(word) >= 3:
            return Q(**{f"{field}__icontains": word})
        return Q(**{f"{field}__istartswith": word}) | Q(**{f"{field}__icontains": f" {word}"})

    everybody = Referral.objects.order_by()
    companies, folded = like("name"), names.fold(word)
    found: list[QuerySet[Any, Any]] = [
        everybody.filter(like("first_name") | like("last_name")).values_list("pk")
    ]
    if len(folded) >= 3:  # without accents, and by the full form of a short name, as the check compares (C10)
        found.append(
            everybody.filter(claim_ended_at__isnull=True, name_key__contains=folded).values_list("pk")
        )
        companies |= Q(key__contains=folded)
    found += [
        everybody.filter(company__in=Company.objects.filter(companies)).values_list("pk"),
        everybody.filter(partner__in=Partner.objects.filter(like("display_name"))).values_list("pk"),
        UseCase.objects.filter(like("title"), referral__isnull=False).order_by().values_list("referral_id"),
    ]
    return found[0].union(*found[1:])


def count_of(filters: Filters, *, on: date, at_most: int = MANY) -> int:
    """Return how many rows there are; at most `at_most` + 1, so that counting never takes long."""
    part = rows(searched(filters), on=on)
    return part.order_by().values("person", "case")[: at_most + 1].count()


# --- in which order ------------------------------------------------------------------
STAGE_RANK = Case(
    *(When(deal_stage=stage, then=Value(n)) for n, stage in enumerate(DealStage.values, start=len(WORKING))),
    *(When(status=status, then=Value(n)) for n, status in enumerate(WORKING)),
    default=Value(20),
    output_field=IntegerField(),
)
LONG_AGO = Value(date(1, 1, 1), output_field=DateField())
NO_AMOUNT = Value(-1, output_field=DecimalField(max_digits=14, decimal_places=3))
KEYS: dict[str, tuple[Any, ...]] = {
    "person": (F("last_name"), F("first_name")),
    "company": (F("company__name"),),
    "use_case": (Coalesce("case_title", NO_TEXT),),
    "stage": (STAGE_RANK,),
    "expected": (Coalesce("deal_expected", NO_AMOUNT),),
    "partner": (F("partner__display_name"),),
    "seller": (Coalesce("seller__full_name", NO_TEXT),),
    "registered": (F("registered_on"),),
    "introduced": (Coalesce("case_starts", LONG_AGO),),
}


def page_of(filters: Filters, *, after: str | None = None, on: date, size: int = PAGE) -> Page:
    """Return `size` rows from the place `after` on (a page's `next`), or from the start.

    A place that can't be understood, or whose row is gone, is the start.
    """
    filters, place = searched(filters), _place_of(after or "")
    find = _by_end if filters.sort == "ends" else _by_key
    found = find(filters, place, on=on, limit=size + 1)
    lines = _lines(found[:size])
    return Page(_with_internals(lines), _cursor(filters, lines[-1]) if lines and len(found) > size else "")


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


def _by_end(filters: Filters, place: _Place | None, *, on: date, limit: int) -> list[tuple[int, int]]:
    """What ends first on top, or last; what has no end is at the bottom either way."""
    found: list[tuple[int, int]] = []
    values: Sequence[Any] | None = (place.referral, place.use_case) if place else None
    if place is None or place.ends_on is not None:
        claims = _without_window(filters, on=on).filter(CLAIMED)
        ending = [_placed(_windows(filters, on=on), F("case_ends")), _placed(claims, F("claim_last_on"))]
        behind = (place.ends_on, place.referral, place.use_case) if place else None
        found, values = _first(ending, behind, down=filters.descending, limit=limit), None
    if len(found) < limit:
        endless = _placed(_without_window(filters, on=on).filter(CLAIMED_NOT))
        found += _first([endless], values, down=filters.descending, limit=limit - len(found))
    return found


def _by_key(filters: Filters, place: _Place | None, *, on: date, limit: int) -> list[tuple[int, int]]:
    values = None
    if place is not None:
        everybody = _placed(rows(Filters(view="all"), on=on), *KEYS[filters.sort])
        if not place.use_case:  # alone now, or was: any of their rows has the same person
            everybody = everybody.filter(person=place.referral)
        else:
            everybody = everybody.filter(person=place.referral, case=place.use_case)
        if there := everybody.values_list(*_place_in(everybody)).first():
            values = (*there[:-2], place.referral, place.use_case)
    part = _placed(rows(filters, on=on), *KEYS[filters.sort])
    return _first([part], values, down=filters.descending, limit=limit)


def _placed(part: Part, *keys: Any) -> Part:
    """Return a part with the place of each row: its keys, then the person, then the use case."""
    return part.annotate(**{f"key_{n}": key for n, key in enumerate(keys)})


def _place_in(part: Part) -> list[str]:
    """Return what the place of a row consists of."""
    return [*sorted(name for name in part.query.annotations if name.startswith("key_")), "person", "case"]


def _first(
    parts: Sequence[Part], values: Sequence[Any] | None, *, down: bool, limit: int
) -> list[tuple[int, int]]:
    """Return the person and use case of the first rows behind `values`, from all parts."""
    place = _place_in(parts[0])
    order = [f"-{name}" if down else name for name in place]
    found = []
    for part in parts:
        behind = part if values is None else part.filter(_behind(place, values, "lt" if down else "gt"))
        found.append(behind.order_by(*order).values_list(*place)[:limit])
    merged = found[0].union(*found[1:], all=True).order_by(*order)[:limit] if found[1:] else found[0]
    return [(row[-2], row[-1]) for row in merged]


NOT_BEFORE = {"gt": TupleGreaterThanOrEqual, "lt": TupleLessThanOrEqual}


def _behind(place: Sequence[str], values: Sequence[Any], way: str) -> Q:
    """Return the condition for rows that come later.

    One comparison of the place without the use case, which an index can begin with, and of which the planner
    knows how many rows it leaves; then the rows of the same place that were shown already are left out.
    """
    *first, case = place
    *begin, last = values
    shown = Q(**dict(zip(first, begin, strict=True)), **{f"{case}__{'gte' if way == 'lt' else 'lte'}": last})
    return Q(NOT_BEFORE[way](Tuple(*(F(name) for name in first)), tuple(begin))) & ~shown


# --- the rows themselves ---------------------------------------------------------------
def _lines(places: Sequence[tuple[int, int]]) -> list[Line]:
    """Return the rows of these places, in their order."""
    of_case = (
        UseCase.objects.select_related("deal", "referral__company", "referral__partner", "referral__seller")
        .defer("problem", "data", "referral__evidence", "referral__relation")
        .in_bulk([case for _, case in places if case])
    )
    alone = (
        Referral.objects.select_related("company", "partner", "seller")
        .defer("evidence", "relation")
        .in_bulk([person for person, case in places if not case])
    )
    found = []
    for person, case in places:
        use_case = of_case.get(case)
        referral = use_case.referral if use_case else alone.get(person)
        if referral is not None:  # not deleted in between
            found.append(Line(referral, use_case))
    return found


def _with_internals(lines: list[Line]) -> list[Line]:
    """Return the lines with how many colleagues each person passed us on to (C3)."""
    counted = (
        Referral.objects.filter(root__in={line.referral.pk for line in lines})
        .order_by()
        .values("root")
        .annotate(n=Count("pk"))
    )
    of_root = dict(counted.values_list("root", "n"))
    return [Line(line.referral, line.use_case, of_root.get(line.referral.pk, 0)) for line in lines]


def every_line(filters: Filters, *, on: date, at_once: int = 1000) -> Iterator[Line]:
    """Yield every row in the table's order. Which rows there are comes from one moment, by one cursor."""
    down = filters.descending
    ends = Case(When(RUNS, then=F("case_ends")), When(CLAIMED, then=F("claim_last_on")))
    part = _placed(rows(searched(filters), on=on), *KEYS.get(filters.sort, (ends,)))
    order = [
        F(name).desc(nulls_last=True) if down else F(name).asc(nulls_last=True) for name in _place_in(part)
    ]
    places = part.order_by(*order).values_list("person", "case").iterator(chunk_size=at_once)
    for some in batched(places, at_once):
        yield from _lines(some)

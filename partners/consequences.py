"""What the end of a partnership means, told by whoever knows: each app registers what it would end or keep.

The page before the button, the mail, and the evidence that is kept with the ending are made of the same
answer, so nobody is promised what isn't done. A provider is registered in `AppConfig.ready()` of its app, as
a handler of the outbox is: the partnership lies below those who know about referrals and money.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from partners.models import Ending, Partner
from ssp.core.periods import local_date, start_of_day


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """An end that is thought of, decided, or over: who leaves, how, and when."""

    partner: Partner
    kind: str
    last_on: date  # inclusive
    ends_at: datetime
    today: date
    theirs: bool = True  # told to the partner; else to a director, about them

    @property
    def for_cause(self) -> bool:
        return self.kind == Partner.EndKind.CAUSE


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that ends, stays or is owed, as a person reads it; `fact` is what is kept of it."""

    what: str
    text: str = ""
    on: date | None = None  # the day that counts: the last one, inclusive
    fact: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """One heading of the page: what becomes of these things."""

    name: str  # as the evidence calls it
    title: str
    text: str = ""
    stays: bool = False
    lines: Sequence[Line] = ()


Provider = Callable[[Leaving], list[Consequence]]
_providers: dict[str, tuple[int, Provider]] = {}


def provides(name: str, *, place: int) -> Callable[[Provider], Provider]:
    """Register the decorated function as the one that tells about `name`; pages show it in that place."""

    def register(provider: Provider) -> Provider:
        if name in _providers and _providers[name][1] is not provider:
            raise RuntimeError(f"Two providers for {name}")
        _providers[name] = (place, provider)
        return provider

    return register


def end_of(day: date) -> datetime:
    """Return the instant at which a last day is over in Amsterdam."""
    return start_of_day(day + timedelta(days=1))


def by_notice(partner: Partner, *, last_on: date, at: datetime, theirs: bool = True) -> Leaving:
    """Return an end by notice with that last day, as seen at that moment."""
    return Leaving(
        partner=partner,
        kind=Partner.EndKind.NOTICE,
        last_on=last_on,
        ends_at=end_of(last_on),
        today=local_date(at),
        theirs=theirs,
    )


def for_cause(partner: Partner, *, at: datetime, theirs: bool = False) -> Leaving:
    """Return an end for cause at that moment."""
    today = local_date(at)
    return Leaving(
        partner=partner, kind=Partner.EndKind.CAUSE, last_on=today, ends_at=at, today=today, theirs=theirs
    )


def of_ending(ending: Ending, *, at: datetime, theirs: bool = True) -> Leaving:
    """Return an end that was decided, as things stand at that moment."""
    assert ending.ends_at is not None  # decided
    return Leaving(
        partner=ending.partner,
        kind=ending.kind,
        last_on=ending.last_day(),
        ends_at=ending.ends_at,
        today=local_date(at),
        theirs=theirs,
    )


def consequences_of(leaving: Leaving) -> list[Consequence]:
    """Return what becomes of everything, in the order in which people ask about it."""
    ordered = sorted(_providers.values(), key=lambda each: each[0])
    return [consequence for _place, provider in ordered for consequence in provider(leaving)]


def evidence_of(consequences: Sequence[Consequence]) -> dict[str, Any]:
    """Return what is kept of it: ids, dates and sums, never a personal field."""
    return {
        each.name: {"stays": each.stays, "facts": [line.fact for line in each.lines if line.fact]}
        for each in consequences
    }


def seal_of(consequences: Sequence[Consequence]) -> str:
    """Return what tells one answer from another: the button carries it, so that what was read is what is
    done."""
    facts = json.dumps(evidence_of(consequences), sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:32]

# ruff: noqa: S608 - SQL of constants alone; what people type goes in as parameters
"""Figures over a period: how far the people came whom partners registered in it, how fast, and why not.

A cohort is the people registered on the days from `since` to `until`, internal referrals aside (they have
their root's use cases). Whatever came of them counts, also after the period. Each figure is one statement
over the whole cohort, and every grouping of it comes from that same statement.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from commissions.ledger_sums import earned_between
from commissions.models import Commission
from partners.models import Contract, ContractStatus, Partner
from ssp.core.periods import add_years

BY_PARTNER, BY_DESK = "partner", "desk"  # who typed the registration in
REASONS_SHOWN = 12


def last_twelve_months(on: date) -> tuple[date, date]:
    """Return the first and the last day of the year that ends on that day."""
    return add_years(on, -1) + timedelta(days=1), on


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The period and the filters; what is None or empty leaves everybody in."""

    since: date
    until: date
    partner: int | None = None
    tier: int | None = None
    country: str = ""
    source: str = ""
    seller: int | None = None


@dataclass(frozen=True)
class Spread:
    """Days: a quarter of the cases took at most `low`, half `middle`, three quarters `high`."""

    low: float
    middle: float
    high: float
    of: int


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How many people of a cohort came how far, and in how many days."""

    registered: int = 0
    accepted: int = 0
    met: int = 0
    warm: int = 0
    won: int = 0
    in_time: int = 0  # of those won: signed within the window, so that they pay
    to_meeting: Spread | None = None
    to_close: Spread | None = None


@dataclass(frozen=True)
class Group:
    """The steps of one partner, tier, country or source: `key` is an id or a code."""

    key: Any
    steps: Steps


@dataclass(frozen=True)
class Cohort:
    """All steps together, and by each thing that tells people apart, the largest group first."""

    whole: Steps
    by: dict[str, list[Group]]


@dataclass(frozen=True)
class Reasons:
    """Counts of what was said or happened, the most frequent first; `others` are the ones not listed."""

    rows: list[tuple[str, int]] = field(default_factory=list)
    others: int = 0


TIERS = """
    tiers AS (
        SELECT DISTINCT ON (partner_id) partner_id, tier_id FROM partners_contract
         WHERE status = 'signed' ORDER BY partner_id, signed_at DESC, id DESC
    )"""
COHORT = """
    cohort AS (
        SELECT r.id, r.partner_id, t.tier_id, p.country, r.registered_on, r.accepted_at, r.vested_at,
               r.status, CASE WHEN r.registered_by_id = p.user_id THEN 'partner' ELSE 'desk' END AS source
          FROM referrals_referral r
          JOIN partners_partner p ON p.id = r.partner_id
          LEFT JOIN tiers t ON t.partner_id = r.partner_id
         WHERE r.root_id IS NULL AND r.registered_on BETWEEN %(since)s AND %(until)s {filters}
    )"""
FILTERS = {
    "partner": "AND r.partner_id = %(partner)s",
    "tier": "AND t.tier_id = %(tier)s",
    "country": "AND p.country = %(country)s",
    "source": "AND (r.registered_by_id = p.user_id) = (%(source)s = 'partner')",
    "seller": "AND r.seller_id = %(seller)s",
}
TOLD_APART = ("partner_id", "tier_id", "country", "source")
GROUPED = "GROUPING SETS ((), (partner_id), (tier_id), (country), (source))"
WHICH = "GROUPING(partner_id, tier_id, country, source)"
QUARTILES = "percentile_cont(ARRAY[0.25, 0.5, 0.75]::float8[]) WITHIN GROUP (ORDER BY {days}::float8)"

STEPS = f"""
    , met AS (
        SELECT i.referral_id AS id, min(i.starts_at) AS met_at
          FROM referrals_introduction i JOIN cohort ON cohort.id = i.referral_id
         WHERE i.status = 'held' GROUP BY i.referral_id
    ), won AS (
        SELECT u.referral_id AS id, bool_or(d.signed_on BETWEEN u.window_starts_on AND u.window_ends_on
                                            AND u.outcome = '') AS in_time
          FROM referrals_usecase u JOIN cohort ON cohort.id = u.referral_id
          JOIN referrals_deal d ON d.use_case_id = u.id
         WHERE d.stage = 'won' GROUP BY u.referral_id
    ), each AS (
        SELECT cohort.*, (met.met_at AT TIME ZONE 'Europe/Amsterdam')::date - cohort.registered_on AS days,
               won.id IS NOT NULL AS is_won, won.in_time
          FROM cohort LEFT JOIN met USING (id) LEFT JOIN won USING (id)
    )
    SELECT {WHICH}, partner_id, tier_id, country, source,
           count(*), count(accepted_at), count(days), count(vested_at), count(*) FILTER (WHERE is_won),
           count(*) FILTER (WHERE in_time), {QUARTILES.format(days="days")}
      FROM each GROUP BY {GROUPED}
"""
CLOSING = f"""
    , each AS (
        SELECT cohort.*, d.signed_on - u.window_starts_on AS days
          FROM cohort JOIN referrals_usecase u ON u.referral_id = cohort.id
          JOIN referrals_deal d ON d.use_case_id = u.id
         WHERE d.stage = 'won' AND d.signed_on >= u.window_starts_on
    )
    SELECT {WHICH}, partner_id, tier_id, country, source, count(*), {QUARTILES.format(days="days")}
      FROM each GROUP BY {GROUPED}
"""
SAID = """
    , lost AS (
        SELECT btrim(d.lost_reason) AS said FROM cohort
          JOIN referrals_usecase u ON u.referral_id = cohort.id JOIN referrals_deal d ON d.use_case_id = u.id
         WHERE d.stage = 'lost'
    ), not_warm AS (
        SELECT DISTINCT ON (cohort.id) btrim(c.reason) AS said FROM cohort
          JOIN referrals_introduction i ON i.referral_id = cohort.id
          JOIN referrals_confirmation c ON c.introduction_id = i.id
         WHERE cohort.vested_at IS NULL AND c.decides AND c.answer = 'not_warm'
         ORDER BY cohort.id, i.starts_at DESC, i.id DESC
    )
    SELECT 'status' AS what, status AS said, count(*) AS n FROM cohort WHERE vested_at IS NULL GROUP BY status
     UNION ALL
    SELECT 'lost', min(said), count(*) FROM lost GROUP BY lower(rtrim(said, ' .!'))
     UNION ALL
    SELECT 'not_warm', min(said), count(*) FROM not_warm WHERE said <> '' GROUP BY lower(rtrim(said, ' .!'))
     ORDER BY 1, 3 DESC, 2
"""


def _run(statement: str, scope: Scope) -> list[tuple[Any, ...]]:
    given = vars(scope)
    filters = " ".join(sql for name, sql in FILTERS.items() if given[name])
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {TIERS}, {COHORT.format(filters=filters)} {statement}", given)
        return cursor.fetchall()


def _key(row: tuple[Any, ...]) -> tuple[str, Any]:
    """Return which grouping a row is of and whose it is: in GROUPING's number the bit told apart is off."""
    for place, name in enumerate(TOLD_APART):
        if row[0] == 15 - (8 >> place):
            return name.removesuffix("_id"), row[1 + place]
    return "", None


def _spread(days: list[float] | None, of: int) -> Spread | None:
    if not days or not of:
        return None
    low, middle, high = days
    return Spread(low, middle, high, of)


def cohort_of(scope: Scope) -> Cohort:
    """Return how far and how fast the people registered in a period came."""
    closing = {_key(row): _spread(row[6], row[5]) for row in _run(CLOSING, scope)}
    by: dict[str, list[Group]] = {name.removesuffix("_id"): [] for name in TOLD_APART}
    whole = Steps()
    for row in _run(STEPS, scope):
        what, key = _key(row)
        registered, accepted, met, warm, won, in_time = row[5:11]
        steps = Steps(
            registered=registered,
            accepted=accepted,
            met=met,
            warm=warm,
            won=won,
            in_time=in_time,
            to_meeting=_spread(row[11], met),
            to_close=closing.get((what, key)),
        )
        if what:
            by[what].append(Group(key, steps))
        else:
            whole = steps
    for groups in by.values():
        groups.sort(key=lambda group: (-group.steps.registered, str(group.key)))
    return Cohort(whole, by)


def reasons_of(scope: Scope) -> dict[str, Reasons]:
    """Return where those stand who aren't warm (`status`), why (`not_warm`), and why deals were lost.

    Reasons are what people wrote; those that differ in case or a full stop alone are one.
    """
    found: dict[str, list[tuple[str, int]]] = {"status": [], "not_warm": [], "lost": []}
    for what, said, n in _run(SAID, scope):
        found[what].append((said, n))
    return {what: _most(rows) for what, rows in found.items()}


def _most(rows: Iterable[tuple[str, int]]) -> Reasons:
    rows = list(rows)
    return Reasons(rows[:REASONS_SHOWN], sum(n for _said, n in rows[REASONS_SHOWN:]))


def ledger_of(scope: Scope) -> QuerySet[Commission]:
    """Return the entries earned in a period by the partners chosen.

    Source and seller are those of the person whose use case pays; for a bonus, the recruit's person.
    """
    rows = earned_between(scope.since, scope.until)
    if scope.partner:
        rows = rows.filter(partner=scope.partner)
    if scope.country:
        rows = rows.filter(partner__country=scope.country)
    if scope.tier:
        newest = Contract.objects.filter(partner=OuterRef("pk"), status=ContractStatus.SIGNED).order_by(
            "-signed_at", "-pk"
        )
        tiered = Partner.objects.annotate(newest_tier=Subquery(newest.values("tier")[:1]))
        rows = rows.filter(partner__in=tiered.filter(newest_tier=scope.tier))
    if scope.seller:
        rows = rows.filter(use_case__referral__seller=scope.seller)
    if scope.source:
        own = Q(use_case__referral__registered_by=F("use_case__referral__partner__user"))
        rows = rows.filter(own) if scope.source == BY_PARTNER else rows.exclude(own)
    return rows

"""Reads around statements: what isn't in one yet, and who contests which line."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet

from commissions import queries
from commissions.models import Commission, ContestedEntry, Payout, Statement, StatementLine
from partners.models import Partner
from ssp.core.periods import start_of_day

What = StatementLine.What
Event = tuple[datetime, StatementLine]


def _entries(before: datetime) -> QuerySet[Commission]:
    return Commission.objects.filter(recorded_at__lt=before, statement_line__isnull=True)


def _payouts(before: datetime, what: str) -> QuerySet[Payout]:
    stated = StatementLine.objects.filter(payout=OuterRef("pk"), what=what)
    happened = {"run__approved_at__lt": before} if what == What.PAYOUT else {"failed_at__lt": before}
    return Payout.objects.filter(**happened, statement_sequence__isnull=False).exclude(Exists(stated))


def to_close(*, before: date) -> list[tuple[Partner, str]]:
    """Return whose months miss something that was entered before that day, with its currency."""
    moment = start_of_day(before)
    found = set(_entries(moment).values_list("partner_id", "currency").distinct())
    for what in (What.PAYOUT, What.FAILED):
        found |= set(_payouts(moment, what).values_list("partner_id", "currency").distinct())
    partners = Partner.objects.in_bulk({pk for pk, _currency in found})
    return [(partners[pk], currency) for pk, currency in sorted(found)]


def unstated(partner: Partner, currency: str, *, before: datetime) -> list[Event]:
    """Return what no month's statement has yet, as its lines, by the moment at which it was entered."""
    mine = {"partner": partner, "currency": currency}
    events: list[Event] = [
        (entry.recorded_at, StatementLine(what=What.ENTRY, commission=entry, amount=entry.amount))
        for entry in _entries(before).filter(**mine).order_by("recorded_at", "pk")
    ]
    for payout in _payouts(before, What.PAYOUT).filter(**mine).select_related("run"):
        assert payout.run.approved_at is not None  # it has its number
        line = StatementLine(what=What.PAYOUT, payout=payout, amount=-payout.entries_total)
        events.append((payout.run.approved_at, line))
    for payout in _payouts(before, What.FAILED).filter(**mine).select_related("run"):
        assert payout.failed_at is not None
        line = StatementLine(what=What.FAILED, payout=payout, amount=payout.entries_total)
        events.append((payout.failed_at, line))
    return sorted(events, key=lambda event: event[0])  # stable: entries of one moment stay in their order


def held_after(partner: Partner, currency: str, lines: list[StatementLine], *, on: date) -> Decimal:
    """Return what of a month's closing balance isn't payable on its last day."""
    mine = Commission.objects.owned_by(partner).filter(currency=currency).held(on=on)
    stated = queries.sum_of(mine.filter(statement_line__isnull=False))
    return stated + sum(
        (line.amount for line in lines if line.commission and line.commission.payable_on > on), queries.ZERO
    )


def statements_of(partner: Partner) -> QuerySet[Statement]:
    """Return a partner's statements, newest first, without what they print."""
    return Statement.objects.owned_by(partner).select_related("payout__run").defer("facts").newest_first()


def contests_of(entries: list[int]) -> dict[int, ContestedEntry]:
    """Return the last contest of each of these entries, if there is one."""
    rows = ContestedEntry.objects.filter(commission__in=entries).order_by("contested_at", "pk")
    return {row.commission_id: row for row in rows}


def waiting() -> QuerySet[ContestedEntry]:
    """Return what is contested and not answered, the oldest first."""
    return ContestedEntry.objects.open().with_all().order_by("contested_at", "pk")


def open_by_partner(currency: str) -> dict[int, int]:
    """Return how many entries of a currency each partner contests that aren't answered; the others aside."""
    theirs = ContestedEntry.objects.open().filter(commission__currency=currency).order_by()
    return dict(theirs.values_list("commission__partner").annotate(n=Count("pk")))


def answered() -> QuerySet[ContestedEntry]:
    """Return what was answered, the newest first."""
    rows = ContestedEntry.objects.filter(answered_at__isnull=False)
    return rows.with_all().order_by("-answered_at", "-pk")

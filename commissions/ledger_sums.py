"""Sums of ledger entries, told apart: always by currency, since currencies are never mixed."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncYear

from commissions.models import Commission

Unit = Literal["month", "year"]


def earned_between(since: date, until: date) -> QuerySet[Commission]:
    """Return the entries whose fact happened from `since` to `until`, both included."""
    return Commission.objects.filter(earned_on__range=(since, until))


def sums_by(rows: QuerySet[Commission], *fields: str) -> Sequence[dict[str, Any]]:
    """Return the sum of the entries for each currency and each value of `fields`, as dicts with `amount`."""
    told_apart = (*fields, "currency")
    return rows.order_by(*told_apart).values(*told_apart).annotate(amount=Sum("amount"))


def sums_over_time(rows: QuerySet[Commission], unit: Unit) -> list[tuple[str, date, Decimal]]:
    """Return (currency, first day of the month or year, sum), in that order; nothing where nothing is."""
    cut = {"month": TruncMonth, "year": TruncYear}[unit]
    summed = sums_by(rows.annotate(starts_on=cut("earned_on")), "starts_on")
    return sorted((row["currency"], row["starts_on"], row["amount"]) for row in summed)

"""The whole ledger as finance reads it: every entry, filtered, with all that explains it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import batched
from typing import Any, Self

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.explain import Explained, explain
from commissions.finance import addresses
from commissions.models import Commission, CommissionKind, CommissionQuerySet
from commissions.queries import LIVE_PLACES, payout_of
from ssp.core.table_files import Cells

PAGE = 25
STATES = {
    "held": gettext_lazy("Held"),
    "payable": gettext_lazy("Payable"),
    "in_payout": gettext_lazy("In a payout"),
    "paid": gettext_lazy("Paid"),
}
NAMES = ("state", "kind", "partner", "deal", "invoice", "currency", "since", "until")


@dataclass(frozen=True, kw_only=True)
class LedgerFilters:
    """Which entries; what is empty leaves all in."""

    state: str = ""
    kind: str = ""
    partner: str = ""  # an id, as the next two
    deal: str = ""
    invoice: str = ""
    currency: str = ""
    since: date | None = None  # the day it was earned
    until: date | None = None
    after: tuple[date, int] | None = field(default=None, compare=False)

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        return cls(
            state=addresses.one_of(query, "state", STATES),
            kind=addresses.one_of(query, "kind", CommissionKind.values),
            partner=addresses.matching(query, "partner", addresses.ID),
            deal=addresses.matching(query, "deal", addresses.ID),
            invoice=addresses.matching(query, "invoice", addresses.ID),
            currency=addresses.matching(query, "currency", addresses.CURRENCY),
            since=addresses.day(query, "since"),
            until=addresses.day(query, "until"),
            after=addresses.place(query.get("after", "")),
        )

    @property
    def pairs(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in NAMES}

    @property
    def query(self) -> str:
        return addresses.written(self.pairs)

    @property
    def is_filtered(self) -> bool:
        return any(self.pairs.values())


def matching(filters: LedgerFilters, *, on: date) -> CommissionQuerySet:
    """Return the entries that the filters leave in, as they stand on a day."""
    wanted = Q()
    if filters.kind:
        wanted &= Q(kind=filters.kind)
    if filters.partner:
        wanted &= Q(partner=int(filters.partner))
    if filters.deal:
        wanted &= Q(use_case__deal=int(filters.deal))
    if filters.invoice:
        wanted &= Q(invoice=int(filters.invoice))
    if filters.currency:
        wanted &= Q(currency=filters.currency)
    if filters.since:
        wanted &= Q(earned_on__gte=filters.since)
    if filters.until:
        wanted &= Q(earned_on__lte=filters.until)
    return _standing(Commission.objects.filter(wanted), filters.state, on=on)


def _standing(rows: CommissionQuerySet, state: str, *, on: date) -> CommissionQuerySet:
    if state == "held":
        return rows.held(on=on).unpaid()
    if state == "payable":
        return rows.payable(on=on)
    if state:
        places = LIVE_PLACES.filter(payout__paid_on__isnull=state != "paid")
        return rows.filter(pk__in=places.order_by().values("commission"))
    return rows


@dataclass(frozen=True)
class Page:
    """Some entries, and where the next page goes on; nothing on the last."""

    entries: list[Commission]
    next: str


def page_of(filters: LedgerFilters, *, on: date, size: int = PAGE) -> Page:
    """Return a page, what was earned last first."""
    rows = matching(filters, on=on)
    if filters.after:
        rows = rows.filter(TupleLessThan(Tuple(F("earned_on"), F("pk")), filters.after))
    found = list(_explained(rows).order_by("-earned_on", "-pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{last.earned_on.isoformat()}.{last.pk}" if last else "")


def _explained(rows: QuerySet[Commission]) -> QuerySet[Commission]:
    return rows.select_related(
        "partner",
        "invoice__deal",
        "fact__invoice",
        "opening__opening",
        "use_case__deal",
        "contract",
        "use_case__referral__company",
        "use_case__partner",
        "source_entry",
    ).prefetch_related(Prefetch("payout_entries", queryset=LIVE_PLACES, to_attr="places"))


def sums_of(filters: LedgerFilters, *, on: date) -> list[dict[str, Any]]:
    """Return how many entries match and what they add up to, per currency."""
    rows: Any = matching(filters, on=on).order_by("currency").values("currency")
    return list(rows.annotate(count=Count("pk"), total=Sum("amount")))


def title_of(told: Explained) -> str:
    """Say what an entry is for to finance, who isn't the recruiter that a bonus speaks to."""
    if told.entry.kind == CommissionKind.BONUS:
        return _("Bonus for a sale by %s") % told.entry.use_case.partner
    return told.title


def headings() -> list[str]:
    return [
        _("Entry"), _("Earned on"), _("Partner"), _("What for"), _("Detail"), _("Invoice"), _("Rule"),
        _("State"), _("Payable on"), _("Rate"), _("Counted net"), _("Amount"), _("Currency"), _("Statement"),
        _("Recorded at"),
    ]  # fmt: skip


def every_row(filters: LedgerFilters, *, on: date) -> Iterator[Cells]:
    """Yield the cells of everything that matches. Which entries there are is read by one cursor."""
    found = matching(filters, on=on).order_by("-earned_on", "-pk").values_list("pk", flat=True)
    for some in batched(found.iterator(chunk_size=1000), 500):
        for entry in _explained(Commission.objects.filter(pk__in=some)).order_by("-earned_on", "-pk"):
            told = explain(entry, on=on)
            yield [
                str(entry),
                entry.earned_on,
                str(entry.partner),
                title_of(told),
                told.subtitle,
                entry.invoice.reference if entry.invoice else "",
                told.rule,
                told.state_word,
                entry.payable_on,
                entry.rate_percent,
                entry.eligible_net,
                entry.amount,
                entry.currency,
                str(payout_of(entry) or ""),
                entry.recorded_at.isoformat(timespec="seconds"),
            ]

"""Every invoice with what became of it: paid, credited, written off, or still open.

None of that is stored: it is summed from the facts, for the rows of a page alone, or for all that match.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Self

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.db.models.functions import Coalesce, Greatest
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.finance import addresses
from commissions.models import Fact, Invoice
from ssp.core.table_files import Cells

PAGE = 25
WORDS = 5  # of a search
WRITE_OFF = "write_off"  # a fact's kind, once there are such
STATES = {
    "without_deal": gettext_lazy("Without a deal"),
    "open": gettext_lazy("Open, of deals"),
    "unpaid": gettext_lazy("Unpaid"),
    "partly_paid": gettext_lazy("Partly paid"),
    "paid": gettext_lazy("Paid"),
    "credited": gettext_lazy("Credited"),
    "written_off": gettext_lazy("Written off"),
}
TONES = {
    "unpaid": "waiting",
    "partly_paid": "moving",
    "paid": "good",
    "credited": "closed",
    "written_off": "closed",
}
AMOUNT = DecimalField(max_digits=14, decimal_places=3)
OPEN_OF_DEALS = Q(deal__isnull=False, state__in=["unpaid", "partly_paid"])
NOTHING = Value(Decimal(0), output_field=AMOUNT)


@dataclass(frozen=True, kw_only=True)
class InvoiceFilters:
    """Which invoices; what is empty leaves all in."""

    state: str = ""
    q: str = ""
    customer: str = ""  # the whole name, as invoices have it
    partner: str = ""  # an id
    currency: str = ""
    since: date | None = None
    until: date | None = None
    after: tuple[date, int] | None = field(default=None, compare=False)

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        return cls(
            state=addresses.one_of(query, "state", STATES),
            q=addresses.words(query, "q"),
            customer=query.get("customer", "").replace("\x00", "").strip()[:300],
            partner=addresses.matching(query, "partner", addresses.ID),
            currency=addresses.matching(query, "currency", addresses.CURRENCY),
            since=addresses.day(query, "since"),
            until=addresses.day(query, "until"),
            after=addresses.place(query.get("after", "")),
        )

    @property
    def pairs(self) -> dict[str, object]:
        names = ("state", "q", "customer", "partner", "currency", "since", "until")
        return {name: getattr(self, name) for name in names}

    @property
    def query(self) -> str:
        return addresses.written(self.pairs)

    @property
    def is_filtered(self) -> bool:
        return any(self.pairs.values())


def _of_row(kind: str, field_name: str = "gross") -> Any:
    """Sum the facts of a kind, looked up for each invoice: for pages."""
    of_kind = Fact.objects.filter(invoice=OuterRef("pk"), kind=kind).order_by().values("invoice")
    return Coalesce(Subquery(of_kind.values(total=Sum(field_name)), output_field=AMOUNT), NOTHING)


def _of_all(kind: str, field_name: str = "gross") -> Any:
    """Sum the facts of a kind, joined to all invoices and grouped: for sums over many."""
    return Coalesce(Sum(f"facts__{field_name}", filter=Q(facts__kind=kind)), NOTHING)


def with_sums(*, at_once: bool = False) -> QuerySet[Invoice]:
    """Return invoices with what was paid, credited and is open, and how they stand.

    Money that went back counts against what was paid. What is credited in full owes nothing, and what was
    written off nobody asks for any more.

    :param at_once: read all facts in one pass, as sums over many need it, instead of row by row.
    """
    of = _of_all if at_once else _of_row
    return (
        Invoice.objects.annotate(
            paid_gross=of("payment") - of("refund"),
            credited_gross=of("credit"),
            written_off_gross=of(WRITE_OFF),
        )
        .annotate(remaining=F("gross") - F("credited_gross"))
        .annotate(
            state=Case(
                When(remaining__lte=0, gross__gt=0, then=Value("credited")),
                When(paid_gross__gte=F("remaining"), then=Value("paid")),
                When(
                    written_off_gross__gt=0,
                    written_off_gross__gte=F("remaining") - F("paid_gross"),
                    then=Value("written_off"),
                ),
                When(paid_gross__gt=0, then=Value("partly_paid")),
                default=Value("unpaid"),
                output_field=CharField(),
            )
        )
        .annotate(
            open_gross=Greatest(
                F("remaining") - F("paid_gross") - F("written_off_gross"), NOTHING, output_field=AMOUNT
            )
        )
    )


def unpaid_of_deals() -> QuerySet[Invoice]:
    """Return the invoices of deals for which customers still owe something; all facts are read once."""
    return with_sums(at_once=True).filter(OPEN_OF_DEALS)


def matching(filters: InvoiceFilters, *, at_once: bool = False) -> QuerySet[Invoice]:
    """Return the invoices that the filters leave in."""
    wanted = Q()
    if filters.state == "without_deal":
        wanted &= Q(deal__isnull=True)
    elif filters.state == "open":
        wanted &= OPEN_OF_DEALS
    elif filters.state:
        wanted &= Q(state=filters.state)
    for word in filters.q.split()[:WORDS]:
        wanted &= Q(customer_name__icontains=word) | Q(reference__icontains=word)
    if filters.customer:
        wanted &= Q(customer_name=filters.customer)
    if filters.partner:
        wanted &= Q(deal__use_case__partner=int(filters.partner))
    if filters.currency:
        wanted &= Q(currency=filters.currency)
    if filters.since:
        wanted &= Q(issued_on__gte=filters.since)
    if filters.until:
        wanted &= Q(issued_on__lte=filters.until)
    return with_sums(at_once=at_once).filter(wanted)


@dataclass(frozen=True)
class Page:
    """Some invoices, and where the next page goes on; nothing on the last."""

    rows: list[Any]  # invoices of `with_sums`
    next: str


def page_of(filters: InvoiceFilters, *, size: int = PAGE) -> Page:
    """Return a page, the newest invoice first."""
    rows = matching(filters)
    if filters.after:
        rows = rows.filter(TupleLessThan(Tuple(F("issued_on"), F("pk")), filters.after))
    found = list(_with_deals(rows).order_by("-issued_on", "-pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{last.issued_on.isoformat()}.{last.pk}" if last else "")


def _with_deals(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return rows.select_related("deal__use_case__referral__company", "deal__use_case__partner")


SUMS = """
    SELECT {told_apart}, count(*) AS count, min(issued_on) AS oldest, sum(net) AS total_net,
           sum(gross) AS total_gross, sum(paid_gross) AS total_paid, sum(credited_gross) AS total_credited,
           sum(open_gross) AS total_open
      FROM ({rows}) AS invoices GROUP BY {told_apart} ORDER BY {told_apart}
"""


def summed(rows: QuerySet[Invoice], *fields: str) -> list[dict[str, Any]]:
    """Return number and sums of invoices of `with_sums`, for each value of the fields.

    Django sums no sums, so its statement becomes the inner one here.
    """
    inner = rows.order_by().values(
        *fields, "issued_on", "net", "gross", "paid_gross", "credited_gross", "open_gross"
    )
    sql, params = inner.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(told_apart=", ".join(fields), rows=sql), params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sums_of(filters: InvoiceFilters) -> list[dict[str, Any]]:
    """Return what matches as numbers and sums, per currency: never summed across them."""
    return summed(matching(filters, at_once=True), "currency")


def headings() -> list[str]:
    return [
        _("Invoice"), _("Date"), _("Customer"), _("Customer reference"), _("Partner"), _("Deal"), _("State"),
        _("Currency"), _("Net"), _("Incl. VAT"), _("Credited, incl. VAT"), _("Paid, incl. VAT"),
        _("Open, incl. VAT"),
    ]  # fmt: skip


def every_row(filters: InvoiceFilters) -> Iterator[Cells]:
    """Yield the cells of everything that matches, read by one cursor."""
    rows: Any = _with_deals(matching(filters)).order_by("-issued_on", "-pk")
    for row in rows.iterator(chunk_size=1000):
        case = row.deal.use_case if row.deal else None
        company = f"{case.referral.company} · " if case and case.referral else ""
        yield [
            row.reference,
            row.issued_on,
            row.customer_name,
            row.customer_reference,
            str(case.partner) if case else "",
            f"{company}{case.title}" if case else "",
            str(STATES[row.state]),
            row.currency,
            row.net,
            row.gross,
            row.credited_gross,
            row.paid_gross,
            row.open_gross,
        ]


def currencies() -> list[str]:
    """Return the currencies that were invoiced."""
    return list(Invoice.objects.order_by("currency").values_list("currency", flat=True).distinct())

"""What needs finance today, told by whoever knows: each kind of thing is registered under a name.

A module that knows of another kind (a contested line of a statement, say) decorates a function with
`provides` and is imported in `AppConfig.ready()`; the page shows it in its place, and nothing else changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, Count, F, Min, Q, Sum, Value, When
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions import queries
from commissions.finance import invoice_list, journal, outlook
from commissions.finance.invoice_list import InvoiceFilters
from commissions.finance.standing import AGES
from commissions.models import Commission, Invoice, PayoutRun, TaxStatus
from ssp.core.money import format_money
from ssp.core.periods import local_date

DEALS = 40  # of which the page works out what waits for their invoices; the forecast does more
ROWS = 5  # of a kind that are listed; the rest is behind its link
Amounts = dict[str, Decimal]  # by currency


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that waits: since when, how much, and where it is done."""

    what: str
    text: str = ""
    since: date | None = None
    amounts: Amounts = field(default_factory=dict)
    url: str = ""
    action: str = ""
    by_finance: bool = False  # a director may look at it, and not do it


@dataclass(frozen=True, kw_only=True)
class Need:
    """One kind of thing that waits for somebody. `count` is of all of it, `rows` the oldest few."""

    name: str
    title: str
    text: str
    count: int
    amounts: Amounts = field(default_factory=dict)
    since: date | None = None  # the oldest
    rows: Sequence[Row] = ()
    url: str = ""  # all of it
    action: str = ""


Provider = Callable[[date], Need | None]
_providers: dict[str, tuple[int, Provider]] = {}


def provides(name: str, *, place: int) -> Callable[[Provider], Provider]:
    """Register the decorated function as the one that tells about `name`; the page shows it in that place.

    It takes today's date and returns nothing while nothing of the kind waits.
    """

    def register(provider: Provider) -> Provider:
        if name in _providers and _providers[name][1] is not provider:
            raise RuntimeError(f"Two providers for {name}")
        _providers[name] = (place, provider)
        return provider

    return register


def needs_of(today: date) -> list[Need]:
    """Return everything that waits, in the order of the page."""
    ordered = sorted(_providers.values(), key=lambda each: each[0])
    return [need for _place, provider in ordered if (need := provider(today))]


def in_words(amounts: Amounts) -> str:
    """Say sums of several currencies: `EUR 1,200.00 · USD 300.00`."""
    return " · ".join(
        format_money(amount, currency, code=True) for currency, amount in sorted(amounts.items())
    )


def added(pairs: Iterable[tuple[str, Decimal]]) -> Amounts:
    """Return what pairs of currency and amount add up to, per currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in pairs:
        sums[currency] += amount
    return dict(sums)


@provides("without_deal", place=10)
def without_deal(today: date) -> Need | None:
    """Invoices that earn nothing until somebody says whose they are."""
    rows = Invoice.objects.without_deal()
    sums = list(
        rows.order_by("currency")
        .values("currency")
        .annotate(n=Count("pk"), net=Sum("net"), oldest=Min("issued_on"))
    )
    if not sums:
        return None
    return Need(
        name="without_deal",
        title=_("Invoices without a deal"),
        text=_("They earn nothing until you say whose they are, or a won deal has their customer reference."),
        count=sum(each["n"] for each in sums),
        amounts={each["currency"]: each["net"] for each in sums},
        since=min(each["oldest"] for each in sums),
        rows=[
            Row(
                what=invoice.reference,
                text=invoice.customer_name,
                since=invoice.issued_on,
                amounts={invoice.currency: invoice.net},
                url=reverse("commissions:invoice_match", args=[invoice.pk]),
                action=_("Choose the deal"),
                by_finance=True,
            )
            for invoice in rows.order_by("issued_on", "pk")[:ROWS]
        ],
        url=reverse("commissions:invoices_waiting"),
        action=_("Match them, the likeliest deal beside each"),
    )


@provides("unpaid", place=20)
def unpaid(today: date) -> Need | None:
    """Invoices of deals that customers still owe, by their age, and the commission that waits for them."""
    limits = [today - timedelta(days=limit) for limit in AGES]
    band = Case(
        *(When(issued_on__gte=on, then=Value(n)) for n, on in enumerate(limits)), default=Value(len(AGES))
    )
    found = invoice_list.summed(invoice_list.unpaid_of_deals().annotate(band=band), "band", "currency")
    if not found:
        return None
    bands = {each["band"]: [row for row in found if row["band"] == each["band"]] for each in found}
    address = reverse("commissions:finance_invoices")
    return Need(
        name="unpaid",
        title=_("Unpaid invoices of deals"),
        text=_waits(today),
        count=sum(row["count"] for row in found),
        amounts=added((row["currency"], row["total_open"]) for row in found),
        since=min(row["oldest"] for row in found),
        rows=[
            Row(
                what=band_name(band),
                text=_invoices(sum(row["count"] for row in rows)),
                amounts=added((row["currency"], row["total_open"]) for row in rows),
                url=f"{address}?{_issued(band, today)}",
                action=_("Show them"),
            )
            for band, rows in sorted(bands.items(), reverse=True)
        ],
        url=f"{address}?state=open",
        action=_("All unpaid invoices"),
    )


def _invoices(n: int) -> str:
    return ngettext("%(n)s invoice", "%(n)s invoices", n) % {"n": n}


def _issued(band: int, today: date) -> str:
    """Return the filter of the list for one band of age."""
    until = today - timedelta(days=AGES[band - 1] + 1) if band else None
    since = today - timedelta(days=AGES[band]) if band < len(AGES) else None
    return InvoiceFilters(state="open", since=since, until=until).query


def _waits(today: date) -> str:
    found = outlook.estimate(on=today, at_most=DEALS)
    if not (sums := found.sums):
        return _("No commission waits for them.")
    if found.left_out:
        return _("An estimated %(sums)s of commission waits for the oldest of them.") % {
            "sums": in_words(sums)
        }
    return _("An estimated %(sums)s of commission waits for them.") % {"sums": in_words(sums)}


def band_name(band: int) -> str:
    """Say how old the things of a band are: in days, by the same limits everywhere."""
    if band == len(AGES):
        return _("more than %(n)s days old") % {"n": AGES[-1]}
    return _("%(first)s to %(last)s days old") % {
        "first": AGES[band - 1] + 1 if band else 0,
        "last": AGES[band],
    }


@provides("runs", place=30)
def runs_to_approve(today: date) -> Need | None:
    """Payout runs that another person has to approve."""
    runs = (
        PayoutRun.objects.filter(approved_at__isnull=True, discarded_at__isnull=True)
        .select_related("prepared_by")
        .annotate(n=Count("payouts"), total=Sum(F("payouts__entries_total") + F("payouts__vat")))
        .order_by("prepared_at")
    )
    rows = [
        Row(
            what=_("Payout run %(run)s") % {"run": run},
            text=_("prepared by %(person)s") % {"person": run.prepared_by},
            since=local_date(run.prepared_at),
            amounts={run.currency: run.total or Decimal(0)},
            url=reverse("commissions:payout_run", args=[run.pk]),
            action=_("Look at it"),
        )
        for run in runs
    ]
    return _of_rows(
        "runs",
        _("Payout runs to approve"),
        _("Whoever prepared one can’t approve it."),
        rows,
        url=reverse("commissions:payouts"),
        action=_("All payout runs"),
    )


@provides("transfers", place=40)
def transfers_to_settle(today: date) -> Need | None:
    """Approved runs of which it isn't known yet whether the bank transferred everything."""
    open_ones = Q(payouts__paid_on__isnull=True, payouts__failed_at__isnull=True)
    runs = (
        PayoutRun.objects.filter(approved_at__isnull=False, discarded_at__isnull=True)
        .annotate(
            n=Count("payouts", filter=open_ones),
            total=Sum(F("payouts__entries_total") + F("payouts__vat"), filter=open_ones),
        )
        .filter(n__gt=0)
        .order_by("approved_at")
    )
    rows = [
        Row(
            what=_("Payout run %(run)s") % {"run": run},
            text=ngettext("%(n)s transfer", "%(n)s transfers", run.n) % {"n": run.n},
            since=local_date(run.approved_at) if run.approved_at else None,
            amounts={run.currency: run.total or Decimal(0)},
            url=reverse("commissions:payout_run", args=[run.pk]),
            action=_("Mark what was paid"),
        )
        for run in runs
    ]
    return _of_rows(
        "transfers",
        _("Approved payouts to transfer"),
        _("They are owed until the bank has transferred them and somebody says so."),
        rows,
        url=reverse("commissions:payouts"),
        action=_("All payout runs"),
    )


@provides("tax", place=50)
def tax_to_confirm(today: date) -> Need | None:
    """Partners who have something payable and no tax status that was confirmed of them as they are now."""
    as_they_are = TaxStatus.objects.filter(
        of_country=F("partner__country"),
        of_tax_number=F("partner__tax_number"),
        of_legal_name=F("partner__legal_name"),
    )
    sums = (
        Commission.objects.payable(on=today)
        .exclude(partner__tax_status__in=as_they_are)
        .order_by("partner__display_name", "partner_id", "currency")
        .values("partner_id", "partner__display_name", "currency")
        .annotate(total=Sum("amount"), oldest=Min("payable_on"))
        .filter(total__gt=0)
    )
    partners: dict[int, Row] = {}
    for each in sums:
        known = partners.get(each["partner_id"])
        partners[each["partner_id"]] = Row(
            what=each["partner__display_name"],
            since=min(filter(None, [known and known.since, each["oldest"]])),
            amounts={**(known.amounts if known else {}), each["currency"]: each["total"]},
            url=reverse("commissions:tax_status", args=[each["partner_id"]]),
            action=_("Confirm the tax status"),
            by_finance=True,
        )
    rows = sorted(partners.values(), key=lambda row: row.since or today)
    return _of_rows(
        "tax",
        _("Tax statuses to confirm"),
        _("VAT follows from it, so these partners are left out of payouts until then."),
        rows,
        url=reverse("commissions:payouts"),
        action=_("What is payable today"),
    )


@provides("months", place=90)
def months_to_close(today: date) -> Need | None:
    """Months that are over and not yet with bookkeeping."""
    rows = []
    for currency in queries.currencies():
        over = [month for month in journal.open_months(currency) if month.is_over(today)]
        rows += [
            Row(
                what=f"{date_format(month.month, 'F Y')}, {currency}",
                text=ngettext("%(n)s posting", "%(n)s postings", month.count) % {"n": month.count},
                since=month.month,
                amounts={currency: month.earned} if month.earned else {},
                url=reverse("commissions:journal_month", args=[currency, f"{month.month:%Y-%m}"]),
                action=_("Look at the journal"),
            )
            for month in over
        ]
    return _of_rows(
        "months",
        _("Months to close for bookkeeping"),
        _("What is recorded later is booked in the month that is open then. Amounts are commissions earned."),
        sorted(rows, key=lambda row: (row.since or today, row.what)),
        url=reverse("commissions:journal"),
        action=_("The journal"),
    )


def _of_rows(name: str, title: str, text: str, rows: Sequence[Row], *, url: str, action: str) -> Need | None:
    if not rows:
        return None
    return Need(
        name=name,
        title=title,
        text=text,
        count=len(rows),
        amounts=added(pair for row in rows for pair in row.amounts.items()),
        since=min((row.since for row in rows if row.since), default=None),
        rows=rows[:ROWS],
        url=url,
        action=action,
    )

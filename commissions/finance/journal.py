"""The journal for bookkeeping: double entries per month and currency, each thing booked exactly once.

A commission is an expense, and accrued, from the day it was earned. An opening balance is accrued against an
account of its own, which bookkeeping settles with the books before: it was an expense there (ADR 22). When
its payout is approved the partner's statement stands in for their invoice: what was accrued becomes payable,
with its VAT. The transfer settles that; one that fails takes the approval back, since its entries go into the
next payout and its statement. So does one that the bank sends back later: the money is at the bank again.

What is recorded after its month was closed is booked on the first day of the first month that is open then.
Which month a thing is in is kept by a row for each (`JournalPosting`), and the file of a closed month is kept
as it was: neither a new name of a partner nor another account changes what bookkeeping has.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction

from commissions.errors_finance import EarlierMonthOpen, MonthClosed, MonthNotOver, NothingToBook
from commissions.models import JournalMonth, JournalPosting
from commissions.permissions import check_approves, check_finance
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.money import minor_units
from ssp.core.periods import add_months, local_date
from ssp.core.tabular import safe_cell

ZERO = Decimal(0)
What = JournalPosting.What
HEADINGS = (
    "currency", "period", "date", "document", "account", "account_name", "partner", "partner_name",
    "description", "happened_on", "debit", "credit",
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """An account of bookkeeping: its code comes from the settings."""

    name: str  # as the settings call it
    label: str

    @property
    def code(self) -> str:
        codes: dict[str, str] = settings.BOOKKEEPING
        return codes[self.name]


EXPENSE = Account("EXPENSE", "Commission expense")
ACCRUED = Account("ACCRUED", "Accrued commissions")
PAYABLE = Account("PAYABLE", "Payable to partners")
VAT = Account("VAT", "VAT to reclaim")
BANK = Account("BANK", "Bank")
OPENING = Account("OPENING", "Opening balances, partner commissions")
ACCOUNTS = (EXPENSE, OPENING, ACCRUED, PAYABLE, VAT, BANK)  # in the order of every list


@dataclass(frozen=True)
class Source:
    """Something to book: an entry earned, or what happened to a payout."""

    what: str
    pk: int
    happened_on: date
    currency: str
    partner: int
    partner_name: str
    amount: Decimal  # net: of the entry, or of the payout's entries
    vat: Decimal
    document: str  # L-0012 for an entry, 2026-0058 for a payout
    about: str  # the invoice of an entry, or nothing
    is_opening: bool  # a balance from before this system


@dataclass(frozen=True)
class Line:
    """One line of the journal; either side is zero."""

    source: Source
    posted_on: date
    account: Account
    debit: Decimal
    credit: Decimal
    description: str

    @property
    def partner_code(self) -> str:
        return f"P-{self.source.partner:04d}"


SOURCES = """
    SELECT 'earned' AS what, c.id, c.earned_on AS happened_on, c.currency, c.partner_id, c.amount,
           0 AS vat, 'L-' || lpad(c.id::text, greatest(4, length(c.id::text)), '0') AS document,
           coalesce(i.reference, '') AS about, c.opening_id IS NOT NULL AS is_opening
      FROM commissions_commission c LEFT JOIN commissions_invoice i ON i.id = c.invoice_id
     WHERE c.currency = %(currency)s AND NOT EXISTS (
           SELECT 1 FROM commissions_journalposting j WHERE j.commission_id = c.id)
     UNION ALL
    SELECT w.what, p.id, w.happened_on, p.currency, p.partner_id, p.entries_total, p.vat,
           p.statement_year || '-'
               || lpad(p.statement_sequence::text, greatest(4, length(p.statement_sequence::text)), '0'),
           '', false
      FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
     CROSS JOIN LATERAL (VALUES
               ('approved', (r.approved_at AT TIME ZONE 'Europe/Amsterdam')::date),
               ('paid', p.paid_on),
               ('failed', CASE WHEN p.returned_on IS NULL
                               THEN (p.failed_at AT TIME ZONE 'Europe/Amsterdam')::date END),
               ('returned', p.returned_on)) AS w(what, happened_on)
     WHERE p.currency = %(currency)s AND p.statement_sequence IS NOT NULL AND w.happened_on IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM commissions_journalposting j WHERE j.payout_id = p.id AND j.what = w.what)
"""
OPEN_SOURCES = f"""
    SELECT s.what, s.id, s.happened_on, s.currency, s.partner_id, partner.display_name, s.amount, s.vat,
           s.document, s.about, s.is_opening
      FROM ({SOURCES}) s JOIN partners_partner partner ON partner.id = s.partner_id
     WHERE s.happened_on < %(before)s
     ORDER BY greatest(s.happened_on, %(first)s), s.what, s.id
"""  # noqa: S608 - SQL of constants alone
OPEN_MONTHS = f"""
    SELECT greatest(date_trunc('month', s.happened_on)::date, %(first)s) AS month, s.what, count(*),
           sum(s.amount + s.vat)
      FROM ({SOURCES}) s GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - SQL of constants alone
LONG_AGO = date(1, 1, 1)


def _first_of(month: date) -> date:
    return month.replace(day=1)


def _earliest_open(currency: str) -> date:
    """Return the first day of the month after the last one that was closed."""
    closed = JournalMonth.objects.filter(currency=currency).order_by("-month").values_list("month", flat=True)
    last = closed.first()
    return add_months(last, 1) if last else LONG_AGO


@dataclass(frozen=True)
class OpenMonth:
    """What waits to be booked in a month, in numbers and sums by what happened."""

    currency: str
    month: date
    sums: dict[str, tuple[int, Decimal]]

    @property
    def earned(self) -> Decimal:
        return self.sums.get(What.EARNED, (0, ZERO))[1]

    @property
    def transferred(self) -> Decimal:
        """What left the bank, less what it sent back: negative when more came back."""
        return self.sums.get(What.PAID, (0, ZERO))[1] - self.sums.get(What.RETURNED, (0, ZERO))[1]

    @property
    def count(self) -> int:
        return sum(number for number, _amount in self.sums.values())

    def is_over(self, on: date) -> bool:
        return on >= add_months(self.month, 1)


def open_months(currency: str) -> list[OpenMonth]:
    """Return the months in which something waits to be booked, the earliest first: it closes first."""
    months: dict[date, dict[str, tuple[int, Decimal]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(OPEN_MONTHS, {"currency": currency, "first": _earliest_open(currency)})
        for month, what, number, amount in cursor.fetchall():
            months.setdefault(month, {})[what] = (number, amount)
    return [OpenMonth(currency, month, sums) for month, sums in months.items()]


def _sources(currency: str, *, first: date, month: date) -> list[Source]:
    """Return what isn't booked and happened before the end of a month."""
    given: dict[str, str | date] = {"currency": currency, "before": add_months(month, 1), "first": first}
    with connection.cursor() as cursor:
        cursor.execute(OPEN_SOURCES, given)
        return [Source(*row) for row in cursor.fetchall()]


def draft_of(currency: str, month: date) -> list[Line]:
    """Return the lines of an open month as they stand now: they may still change.

    Earlier months that are open aren't in it.
    """
    first, month = _earliest_open(currency), _first_of(month)
    sources = _sources(currency, first=first, month=month)
    return [
        line
        for source in sources
        if _first_of(max(source.happened_on, first)) == month
        for line in lines_of(source, month=month)
    ]


def lines_of(source: Source, *, month: date) -> Iterator[Line]:
    """Yield the two or three lines that book something; debit equals credit."""
    net, vat = source.amount, source.vat
    words = {
        What.EARNED: f"Commission {source.document}, opening balance from before this system"
        if source.is_opening
        else f"Commission {source.document}, invoice {source.about}",
        What.APPROVED: f"Payout approved, statement {source.document}",
        What.PAID: f"Payout transferred, statement {source.document}",
        What.FAILED: f"Transfer failed, statement {source.document} taken back",
        What.RETURNED: f"Transfer came back, statement {source.document} taken back",
    }
    sides = {  # account, and what is debited; a credit is negative
        What.EARNED: ((OPENING if source.is_opening else EXPENSE, net), (ACCRUED, -net)),
        What.APPROVED: ((ACCRUED, net), (VAT, vat), (PAYABLE, -net - vat)),
        What.PAID: ((PAYABLE, net + vat), (BANK, -net - vat)),
        What.FAILED: ((PAYABLE, net + vat), (VAT, -vat), (ACCRUED, -net)),
        What.RETURNED: ((BANK, net + vat), (VAT, -vat), (ACCRUED, -net)),
    }
    what = What(source.what)
    for account, amount in sides[what]:
        if amount:
            yield Line(
                source=source,
                posted_on=max(source.happened_on, month),
                account=account,
                debit=max(amount, ZERO),
                credit=max(-amount, ZERO),
                description=words[what],
            )


@dataclass(frozen=True)
class Totals:
    """What the lines of a journal add up to: for each account, and for all."""

    by_account: list[tuple[Account, Decimal, Decimal]]
    debit: Decimal
    credit: Decimal


def totals_of(lines: Iterable[Line]) -> Totals:
    sums: dict[Account, list[Decimal]] = {}
    for line in lines:
        both = sums.setdefault(line.account, [ZERO, ZERO])
        both[0] += line.debit
        both[1] += line.credit
    ordered = [account for account in ACCOUNTS if account in sums]
    return Totals(
        [(account, sums[account][0], sums[account][1]) for account in ordered],
        sum((debit for debit, _credit in sums.values()), ZERO),
        sum((credit for _debit, credit in sums.values()), ZERO),
    )


def file_of(lines: Sequence[Line], *, currency: str, month: date) -> bytes:
    """Return the journal as a CSV; its words are English, whoever asks."""

    def money(amount: Decimal) -> str:
        return f"{amount:.{minor_units(currency)}f}" if amount else ""

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for line in lines:
        source = line.source
        cells = (
            currency, f"{month:%Y-%m}", line.posted_on, source.document, line.account.code,
            line.account.label, line.partner_code, source.partner_name, line.description, source.happened_on,
        )  # fmt: skip
        writer.writerow([*(safe_cell(cell) for cell in cells), money(line.debit), money(line.credit)])
    return out.getvalue().encode("utf-8-sig")


def close_month(*, currency: str, month: date, by: User, at: datetime) -> JournalMonth:
    """Close a month of a currency: what is in it is booked for good, and its file never changes.

    :param month: any day of it.
    :raises MonthNotOver, MonthClosed, EarlierMonthOpen, NothingToBook: it can't be.
    """
    check_finance(by)
    month = _first_of(month)
    with (
        constraint_as("journal_month_once", MonthClosed),
        constraint_as("journal_months_in_turn", MonthClosed),
        transaction.atomic(),
    ):
        one_after_another(f"commissions.journal.{currency}")
        first = _earliest_open(currency)
        if month < first:
            raise MonthClosed
        if local_date(at) < add_months(month, 1):
            raise MonthNotOver
        sources = _sources(currency, first=first, month=month)
        months = {_first_of(max(source.happened_on, first)) for source in sources}
        if months - {month}:
            raise EarlierMonthOpen
        if not sources:
            raise NothingToBook
        lines = [line for source in sources for line in lines_of(source, month=month)]
        totals = totals_of(lines)
        content = file_of(lines, currency=currency, month=month)
        closed = JournalMonth.objects.create(
            currency=currency,
            month=month,
            closed_by=by,
            closed_at=at,
            debit=totals.debit,
            credit=totals.credit,
            lines=len(lines),
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
        )
        JournalPosting.objects.bulk_create((_posting(closed, source) for source in sources), batch_size=2_000)
        audit.record("journal.closed", closed, by=by, at=at, currency=currency, month=month.isoformat())
    return closed


def _posting(closed: JournalMonth, source: Source) -> JournalPosting:
    is_entry = source.what == What.EARNED
    return JournalPosting(
        journal_month=closed,
        what=source.what,
        commission_id=source.pk if is_entry else None,
        payout_id=None if is_entry else source.pk,
        happened_on=source.happened_on,
    )


@transaction.atomic
def hand_out(*, closed: JournalMonth, by: User, at: datetime) -> bytes:
    """Return the file of a closed month, the same bytes each time; who took it is kept."""
    check_approves(by)
    audit.record(
        "journal.exported", closed, by=by, at=at, currency=closed.currency, month=f"{closed.month:%Y-%m}"
    )
    return bytes(closed.content)

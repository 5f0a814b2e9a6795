"""Issuing statements: of payouts, of what failed, and of months (ADR 16).

All of them are issued one after another, so numbers have no gaps; triggers hold numbers and sums besides.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import translation

from commissions import queries, queries_statements, statement_facts, statement_papers
from commissions.models import Payout, Statement, StatementFile, StatementKind, StatementLine
from partners.models import Partner
from ssp.core import audit, outbox
from ssp.core.locks import one_after_another
from ssp.core.periods import add_months, local_date, start_of_day

What = StatementLine.What


def in_turn() -> None:
    """Wait for whoever issues statements now; then nobody else does until this transaction ends."""
    one_after_another("commissions.statements")


@transaction.atomic
def issue_for_payouts(*, at: datetime) -> list[Statement]:
    """Issue the statement of every payout that has its number and no statement yet, in their order.

    What an approval calls; and what the task catches up on: payouts from before there were statements.
    """
    in_turn()
    waiting = (
        Payout.objects.filter(statement_sequence__isnull=False)
        .exclude(statements__kind=StatementKind.PAYOUT)
        .select_related("partner", "run__prepared_by", "run__approved_by")
        .order_by("statement_year", "statement_sequence")
    )
    issued = []
    for payout in waiting:
        assert payout.statement_year is not None and payout.statement_sequence is not None  # the filter
        issued.append(
            _issue(
                kind=StatementKind.PAYOUT,
                year=payout.statement_year,
                sequence=payout.statement_sequence,
                partner=payout.partner,
                currency=payout.currency,
                payout=payout,
                net=payout.entries_total,
                vat=payout.vat,
                facts=lambda number, payout=payout: statement_facts.of_payout(payout, number=number, at=at),
                at=at,
            )
        )
    return issued


@transaction.atomic
def issue_cancellation(*, payout: Payout, at: datetime) -> Statement:
    """Take back the statement of a payout whose transfer failed; the partner is told."""
    issue_for_payouts(at=at)  # one from before there were statements has its own first
    original = payout.statements.get(kind=StatementKind.PAYOUT)
    year = local_date(at).year
    statement = _issue(
        kind=StatementKind.CANCELLATION,
        year=year,
        sequence=_next(StatementKind.CANCELLATION, year),
        partner=payout.partner,
        currency=payout.currency,
        payout=payout,
        net=-payout.entries_total,
        vat=-payout.vat,
        facts=lambda number: statement_facts.of_cancellation(payout, original.facts, number=number, at=at),
        at=at,
    )
    _tell(statement, at=at)
    return statement


def catch_up(*, at: datetime) -> None:
    """Issue what payouts from before there were statements miss: theirs, and what cancels failed ones."""
    issue_for_payouts(at=at)
    numbered = Payout.objects.filter(failed_at__isnull=False, statement_sequence__isnull=False)
    failed = numbered.exclude(statements__kind=StatementKind.CANCELLATION)  # who was set aside never had one
    for payout in failed.select_related("partner", "run").order_by("failed_at", "pk"):
        with transaction.atomic():
            in_turn()
            if not payout.statements.filter(kind=StatementKind.CANCELLATION).exists():
                issue_cancellation(payout=payout, at=at)


def close_months(*, at: datetime) -> int:
    """Issue the statement of every month that is over, for everybody for whom something was entered in it.

    Each partner and currency in a transaction of its own, so that what failed for one is caught up on later.
    Safe to run twice, and twice at once. Return how many were issued.
    """
    return sum(
        len(close_months_of(partner=partner, currency=currency, at=at))
        for partner, currency in queries_statements.to_close(before=_this_month(at))
    )


@transaction.atomic
def close_months_of(*, partner: Partner, currency: str, at: datetime) -> list[Statement]:
    """Issue what is missing of one partner and currency, month by month; the partner is told once.

    What was entered while its month was being closed goes into the next one that closes: a closed month gets
    no more lines, and no line is lost.
    """
    in_turn()
    this_month = _this_month(at)
    months = Statement.objects.filter(partner=partner, currency=currency, kind=StatementKind.MONTH)
    last = months.order_by("-month").first()
    closed = last.month if last else None
    opening = last.closing if last else queries.ZERO
    by_month: dict[date, list[StatementLine]] = {}
    for moment, line in queries_statements.unstated(partner, currency, before=start_of_day(this_month)):
        month = local_date(moment).replace(day=1)
        if closed is not None and month <= closed:
            month = add_months(closed, 1)
        by_month.setdefault(month, []).append(line)
    issued = []
    for month in sorted(m for m in by_month if m < this_month):
        statement = _close(partner, currency, month, by_month[month], opening=opening, at=at)
        opening = statement.closing
        issued.append(statement)
    if issued:
        _tell(issued[-1], at=at)
    return issued


def _close(
    partner: Partner,
    currency: str,
    month: date,
    lines: list[StatementLine],
    *,
    opening: Decimal,
    at: datetime,
) -> Statement:
    last_on = add_months(month, 1) - timedelta(days=1)
    year = local_date(at).year
    net = sum((line.amount for line in lines), queries.ZERO)
    held = queries_statements.held_after(partner, currency, lines, on=last_on)
    return _issue(
        kind=StatementKind.MONTH,
        year=year,
        sequence=_next(StatementKind.MONTH, year),
        partner=partner,
        currency=currency,
        month=month,
        opening=opening,
        net=net,
        lines=lines,
        facts=lambda number: statement_facts.of_month(
            partner, month, lines, currency=currency, number=number, opening=opening, held=held,
            last_on=last_on, at=at,
        ),
        at=at,
    )  # fmt: skip


def _issue(*, facts: Any, lines: Iterable[StatementLine] = (), at: datetime, **fields: Any) -> Statement:
    statement = Statement(issued_at=at, **fields)
    with translation.override(settings.LANGUAGE_CODE):  # a document has one language, whoever presses
        statement.facts = facts(statement.number)
    statement.save(force_insert=True)
    for position, line in enumerate(lines, start=1):
        line.statement, line.position = statement, position
    StatementLine.objects.bulk_create(lines)
    content = statement_papers.render(statement.facts)
    StatementFile.objects.create(
        statement=statement, content=content, sha256=hashlib.sha256(content).hexdigest()
    )
    audit.record("statement.issued", statement, by=None, at=at, kind=str(statement.kind))
    return statement


def _next(kind: StatementKind, year: int) -> int:
    used = Statement.objects.filter(kind=kind, year=year).aggregate(last=Max("sequence"))["last"] or 0
    return int(used) + 1


def _this_month(at: datetime) -> date:
    return local_date(at).replace(day=1)


def _tell(statement: Statement, *, at: datetime) -> None:
    outbox.enqueue(
        "commissions.statement_ready",
        key=f"statement:{statement.pk}:ready",
        payload={"statement_id": statement.pk},
        at=at,
    )

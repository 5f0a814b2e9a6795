"""The one writer of the ledger: facts in, entries out, in sets (C5, C20).

`sql/accrued.sql` works out what some deals' facts call for, `sql/write.sql` puts it into the ledger. Both run
while the deals and their invoices are locked, in one transaction: two runs at once write nothing twice, and a
worker that dies leaves nothing half done. The unique (fact, invoice, kind) and the ledger's triggers hold it
finally. `commissions.reconciliation` checks all of it by the pure rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import batched
from pathlib import Path

import structlog
from django.db import DatabaseError, OperationalError, connection, transaction

from commissions import rules
from commissions.cases import case_of, written_for
from commissions.models import AccrualFailure, Invoice
from referrals.models import Deal
from ssp.core.money import currencies_of

__all__ = ["accrue", "accrue_deal", "accrue_deals", "accrue_invoices", "case_of", "written_for"]

log = structlog.get_logger(__name__)
A_PIECE = 200  # deals that are locked, worked out and committed together
DEADLOCK = "40P01"
TRIES = 3  # when others hold what we need and wait for what we hold
SQL = Path(__file__).with_name("sql")
WORK_OUT, WRITE = (SQL / "accrued.sql").read_text(), (SQL / "write.sql").read_text()
TABLE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS accrued (
        deal bigint, use_case bigint, known bigint, bill bigint, fact bigint, kind text, receiver bigint,
        contract bigint, rate numeric, eligible numeric, numerator numeric, denominator numeric, due numeric,
        amount numeric, currency text, happened_on date, place bigint, why jsonb
    ) ON COMMIT DELETE ROWS
"""
# Everything is joined by equality and small enough to hash; the planner can't know that, and would loop.
# Each trigger asks which of them to ignore; told "none", it needn't find out by an exception.
IN_SETS = """
    SELECT set_config('client_min_messages', 'warning', true), set_config('jit', 'off', true),
           set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true),
           set_config('pgtrigger.ignore',
                      coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{}'), true)
"""
# The triggers look single rows up, by plans that may be from when the ledger was empty.
ROW_BY_ROW = """
    SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT;
    SET LOCAL enable_seqscan = off
"""
AS_USUAL = "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL jit TO DEFAULT"


def accrue_invoices(invoice_ids: Iterable[int], *, at: datetime) -> int:
    """Write what the facts about these invoices' deals call for; return how many entries."""
    written = 0
    for some in batched(invoice_ids, 1000):
        deals = Deal.objects.filter(invoices__in=some).order_by("pk").distinct()
        written += accrue_deals(list(deals.values_list("pk", flat=True)), at=at)
    return written


def accrue(*, at: datetime) -> int:
    """Write whatever any fact calls for and isn't written yet; return how many entries."""
    return sum(accrue_deals(some, at=at) for some in deals_with_invoices())


def deals_with_invoices() -> Iterator[list[int]]:
    """Yield the deals that have invoices, piece by piece, in their order."""
    last = 0
    while some := list(
        Invoice.objects.filter(deal__gt=last)
        .order_by("deal")
        .values_list("deal", flat=True)
        .distinct()[:A_PIECE]
    ):
        yield [pk for pk in some if pk is not None]
        last = some[-1] or 0


def accrue_deals(deal_ids: Iterable[int], *, at: datetime) -> int:
    """Write the entries of deals that aren't written yet; return how many. Safe to run twice at once.

    A deal that can't be worked out becomes an `AccrualFailure`, for people: it holds up no other.
    """
    return sum(_accrue_piece(some, at=at) for some in batched(sorted(set(deal_ids)), A_PIECE))


def accrue_deal(deal_id: int, *, at: datetime) -> int:
    """Write the entries of one deal that aren't written yet; return how many.

    :raises DatabaseError: the ledger takes none of them.
    """
    return _write([deal_id], at=at)


def _accrue_piece(deal_ids: Sequence[int], *, at: datetime) -> int:
    """Write a piece at once; where something in it is refused, the halves, until one deal alone is left."""
    try:
        return _patiently(deal_ids, at=at)
    except DatabaseError as failure:
        if not _is_about_deals(failure):
            raise  # whoever asked tries again
        if len(deal_ids) == 1:
            _keep_failure(deal_ids[0], failure, at=at)
            return 0
        half = len(deal_ids) // 2
        return sum(_accrue_piece(some, at=at) for some in (deal_ids[:half], deal_ids[half:]))


def _is_about_deals(failure: DatabaseError) -> bool:
    """Tell whether the deals are at fault: the database refuses them, or they are too much for it."""
    state = _state_of(failure)
    return bool(state) and state != DEADLOCK and not state.startswith(("08", "57P"))  # gone, or going


def _state_of(failure: DatabaseError) -> str:
    return getattr(failure.__cause__, "sqlstate", None) or ""


def _patiently(deal_ids: Sequence[int], *, at: datetime) -> int:
    for left in reversed(range(TRIES)):
        try:
            return _write(deal_ids, at=at)
        except OperationalError as failure:
            if not left or _state_of(failure) != DEADLOCK:
                raise
    raise AssertionError  # the last try returns or raises


def _keep_failure(deal_id: int, failure: DatabaseError, *, at: datetime) -> None:
    log.error("accrual.failed", deal_id=deal_id, error=type(failure).__name__)
    diagnosis = getattr(failure.__cause__, "diag", None)
    reason = getattr(diagnosis, "message_primary", None) or type(failure).__name__
    AccrualFailure.objects.update_or_create(
        deal_id=deal_id,
        defaults={"reason": reason, "last_failed_at": at},
        create_defaults={"reason": reason, "first_failed_at": at, "last_failed_at": at},
    )


@transaction.atomic
def _write(deal_ids: Sequence[int], *, at: datetime) -> int:
    invoices = lock(deal_ids)
    if not invoices:
        return 0
    work_out(deal_ids, invoices)
    written = write(at=at)
    AccrualFailure.objects.filter(deal__in=deal_ids).delete()
    return written


def lock(deal_ids: Sequence[int]) -> list[int]:
    """Lock deals and their invoices against other writers, each in their order; return the invoices."""
    list(Deal.objects.select_for_update(no_key=True).filter(pk__in=deal_ids).order_by("pk").values("pk"))
    invoices = Invoice.objects.select_for_update(no_key=True).filter(deal__in=deal_ids).order_by("pk")
    return list(invoices.values_list("pk", flat=True))


def work_out(deal_ids: Sequence[int], invoices: Sequence[int]) -> None:
    """Put what is to be written into the table `accrued` of this session."""
    with connection.cursor() as cursor:
        cursor.execute(IN_SETS)
        cursor.execute(TABLE)
        cursor.execute("DELETE FROM pg_temp.accrued")
        cursor.execute(
            WORK_OUT,
            {
                "deals": list(deal_ids),
                "invoices": list(invoices),
                "no_decimals": currencies_of(0),
                "three_decimals": currencies_of(3),
            },
        )


def write(*, at: datetime) -> int:
    """Put what was worked out into the ledger; return how many entries."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_BY_ROW)
        cursor.execute(WRITE, {"at": at, "hold": rules.HOLD.days})
        written = cursor.rowcount
        cursor.execute(AS_USUAL)
        return written

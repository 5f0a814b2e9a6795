"""What the ledger's writer costs, beside a plain INSERT of the same rows by hand: `./dev bench accrual`.

    python -m bench.ledger 10000 100000 1000000

seeds a database for each size, each invoice with a line, its fact and its payment, ten invoices a deal. There
it measures, in one run and a process of its own: the floor, one hand-written INSERT … SELECT that knows every
amount beforehand, with the keys and triggers as they are; the same without the triggers; then the accrual of
everything, and once more when nothing is left to write.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssp.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from bench import databases  # noqa: E402
from bench.bulk import copy, reset_sequences  # noqa: E402
from bench.lives import Life, Meeting, Need, Sale  # noqa: E402
from bench.moment import NOW  # noqa: E402
from bench.partnerships import SELLERS, seed_partners, seed_staff  # noqa: E402
from bench.people import address, firm, somebody  # noqa: E402
from bench.seed import keep_triggers_quick, seed_lives, vacuum  # noqa: E402
from commissions import accrual  # noqa: E402
from commissions.models import Commission, Fact, Invoice, InvoiceLine  # noqa: E402
from ssp.core.periods import add_months, at_local, local_date  # noqa: E402

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- accrual: begin -->", "<!-- accrual: end -->"
INVOICES_A_DEAL, DEALS_A_PARTNER = 10, 40
MET_ON = local_date(NOW) - timedelta(days=400)
SIGNED_ON = MET_ON + timedelta(days=30)
# What somebody would write who knows that everything is recurring, inside the cap and paid in full.
FLOOR = """
    INSERT INTO commissions_commission (
        partner_id, contract_id, use_case_id, invoice_id, fact_id, kind, rate_percent, eligible_net,
        paid_numerator, paid_denominator, due, amount, currency, earned_on, payable_on, why, recorded_at)
    SELECT u.partner_id, c.id, u.id, i.id, f.id, 'recurring', c.recurring_percent, i.net, i.gross, i.gross,
           round(i.net * c.recurring_percent / 100, 2), round(i.net * c.recurring_percent / 100, 2),
           i.currency, f.happened_on, f.happened_on + 30, '{}', %s
      FROM commissions_invoice i
      JOIN commissions_fact f ON f.invoice_id = i.id AND f.kind = 'payment'
      JOIN referrals_deal d ON d.id = i.deal_id JOIN referrals_usecase u ON u.id = d.use_case_id
      JOIN partners_contract c ON c.partner_id = u.partner_id
     ORDER BY f.id
"""


@dataclass
class Measured:
    invoices: int
    entries: int
    floor: float  # seconds
    without_triggers: float
    accrual: float
    again: float
    process: int  # kB at the most, of this process and of the database's for it
    backend: int


# --- what is accrued ------------------------------------------------------------------
def seed(invoices: int) -> None:
    deals = invoices // INVOICES_A_DEAL
    with transaction.atomic():
        keep_triggers_quick()
        seed_staff()
        partners = seed_partners(max(4, deals // DEALS_A_PARTNER))
        seed_lives([_won(number, partners) for number in range(1, deals + 1)])
        copy(Invoice, (_invoice(number) for number in range(1, invoices + 1)))
        copy(InvoiceLine, (_line(number) for number in range(1, invoices + 1)))
        copy(Fact, _facts(invoices))
        reset_sequences(Invoice, InvoiceLine, Fact)
    vacuum()


def _won(number: int, partners: range) -> Life:
    """Return somebody who was introduced, met and whose company signed, in time."""
    random = Random(f"won {number}")
    first, last = somebody(random)
    where = firm(2 + number % 5000)
    meeting = Meeting(
        at_local(MET_ON, time_of_day(10)), SELLERS[number % len(SELLERS)], "video", "held", "warm"
    )
    registered_at = meeting.starts_at - timedelta(days=10)
    return Life(
        number=number,
        partner=partners[number % len(partners)],
        firm=where,
        first=first,
        last=last,
        email=address(first, last, f"w{number}", where),
        registered_at=registered_at,
        status="warm",
        vested_at=meeting.ends_at,
        seller=meeting.host,
        meeting=meeting,
        needs=[
            Need("Search in manuals", registered_at, starts_on=MET_ON, sale=Sale("won", SIGNED_ON)),
        ],
    )


def _net(number: int) -> Decimal:
    return Decimal(Random(f"net {number}").randrange(10_000, 500_000)) / 100


def _gross(number: int) -> Decimal:
    return (_net(number) * Decimal("1.21")).quantize(Decimal("0.01"))


def _issued_on(number: int) -> date:
    return add_months(SIGNED_ON, number % INVOICES_A_DEAL)


def _invoice(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "source": "file",
        "reference": f"SI-{number}",
        "customer_name": "A customer",
        "deal": (number - 1) // INVOICES_A_DEAL + 1,
        "issued_on": _issued_on(number),
        "currency": "EUR",
        "net": _net(number),
        "gross": _gross(number),
        "recorded_at": NOW,
    }


def _line(number: int) -> dict[str, Any]:
    return {
        "invoice": number,
        "number": 1,
        "net": _net(number),
        "recurring": True,
        "service_from": _issued_on(number),
        "service_to": add_months(_issued_on(number), 1) - timedelta(days=1),
    }


def _facts(invoices: int) -> Iterator[dict[str, Any]]:
    for number in range(1, invoices + 1):
        for kind, gross in (("invoice", Decimal(0)), ("payment", _gross(number))):
            yield {
                "invoice": number,
                "kind": kind,
                "source": "bench",
                "reference": f"{number}",
                "happened_on": _issued_on(number),
                "gross": gross,
                "recorded_at": NOW,
            }


# --- what it takes --------------------------------------------------------------------
def measure(invoices: int) -> Measured:
    """Measure in the database that the connection leads to; run it in a process of its own."""
    floor = _seconds(lambda: _floor(invoices))
    vacuum()
    without_triggers = _seconds(lambda: _floor(invoices, triggers=False))
    vacuum()
    backend = 0
    started = time.perf_counter()
    for some in accrual.deals_with_invoices():
        accrual.accrue_deals(some, at=NOW)
        backend = max(backend, _memory(_backend(), "RssAnon"))
    took = time.perf_counter() - started
    vacuum()
    return Measured(
        invoices=invoices,
        entries=Commission.objects.count(),
        floor=floor,
        without_triggers=without_triggers,
        accrual=took,
        again=_seconds(lambda: accrual.accrue(at=NOW)),
        process=_memory(os.getpid(), "VmHWM"),
        backend=backend,
    )


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _floor(invoices: int, *, triggers: bool = True) -> None:
    """Insert every row by one statement, have the keys checked as a commit does, and take it back."""
    with transaction.atomic(), connection.cursor() as cursor:
        keep_triggers_quick()
        if not triggers:
            cursor.execute("ALTER TABLE commissions_commission DISABLE TRIGGER USER")
        cursor.execute(FLOOR, [NOW])
        assert cursor.rowcount == invoices
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _memory(pid: int, what: str) -> int:
    """Return a process's memory in kB; 0 where /proc doesn't tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{what}:")), 0)


# --- what is told ---------------------------------------------------------------------
def told(found: list[Measured]) -> str:
    """Return the table: ratios of one run, nothing that depends on the machine."""
    first = found[0]
    rows = [
        "| invoices | entries | floor | accrual, times the floor | the floor's share for the triggers "
        "| again, nothing to write, times the floor | time an invoice, times the first size "
        "| memory, process and database, times the first size |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        an_invoice = (one.accrual / one.invoices) / (first.accrual / first.invoices)
        rows.append(
            f"| {one.invoices:,} | {one.entries:,} | 1 | {one.accrual / one.floor:.1f} "
            f"| {1 - one.without_triggers / one.floor:.0%} | {one.again / one.floor:.1f} | {an_invoice:.2f} "
            f"| {one.process / (first.process or 1):.2f}, {one.backend / (first.backend or 1):.2f} |"
        )
    return "\n".join(rows)


def write(found: list[Measured]) -> None:
    """Put the table between its marks in the README."""
    before, rest = README.read_text().split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{told(found)}\n{END}{rest.split(END)[1]}")


def main(sizes: list[int]) -> None:
    found = []
    try:
        for size in sizes:
            name = f"{databases.PREFIX}ledger_{size}"
            databases.make(name)
            with databases.at(name):
                print(f"{name}: seeded in {_seconds(lambda size=size: seed(size)):.0f} s", flush=True)
            output = subprocess.run(
                [sys.executable, "-m", "bench.ledger", "measure", name, str(size)],
                stdout=subprocess.PIPE,
                check=True,
            )
            found.append(Measured(**json.loads(output.stdout)))
            print(found[-1], flush=True)
            databases.drop(name)
            write(found)
    finally:
        databases.drop(*(f"{databases.PREFIX}ledger_{size}" for size in sizes), databases.EMPTY)


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        with databases.at(sys.argv[2]):
            print(json.dumps(asdict(measure(int(sys.argv[3])))))
    else:
        main([int(size) for size in sys.argv[1:]])

"""Invoices, payments, credit notes, refunds and write-offs one by one: by hand now, by an API later.

Each goes the way of a file's row, with the same refusals: the same number twice changes nothing, a number
that stands for something else is never overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from commissions import intake
from commissions.errors_intake import DiffersFromRecorded, NotRecorded
from commissions.models import Fact, Invoice, InvoiceLine, Source
from commissions.permissions import check_finance
from commissions.services import IMPORTS, save_plan
from ssp.core import audit, outbox
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.money import minor_units
from ssp.core.periods import local_date
from ssp.core.tabular import Row


@dataclass(frozen=True)
class NewLine:
    """A line of an invoice; a recurring one has a service period, its last day inclusive."""

    net: Decimal
    recurring: bool = False
    service_from: date | None = None
    service_to: date | None = None
    description: str = ""


@transaction.atomic
def record_invoice(
    *,
    source: Source,
    reference: str,
    customer: str,
    issued_on: date,
    currency: str,
    gross: Decimal,
    lines: Sequence[NewLine],
    customer_reference: str = "",
    customer_domain: str = "",
    external_id: str = "",
    by: User | None,
    at: datetime,
) -> Invoice:
    """Record an invoice with its lines; its net is theirs. Its customer reference finds the deal.

    :param gross: with VAT.  :param external_id: how its own system calls it besides.
    :raises NotRecorded: it can't be one.  :raises DiffersFromRecorded: the number is taken by another.
    """
    if not lines:
        raise NotRecorded(_("An invoice has at least one line."))
    net = sum((line.net for line in lines), Decimal(0))
    head = Row(
        1,
        {
            "kind": "invoice",
            "reference": reference,
            "customer": customer,
            "customer_reference": customer_reference,
            "customer_domain": customer_domain,
            "external_id": external_id,
            "date": issued_on.isoformat(),
            "currency": currency,
            "net": _plain(net, currency),
            "gross": _plain(gross, currency),
        },
    )
    rows = [Row(number, _line(line, reference, currency)) for number, line in enumerate(lines, start=1)]
    plan = _save([head, *rows], source=source, by=by, at=at)
    invoice = Invoice.objects.get(source=source, reference=reference)
    if plan.has_news:
        audit.record("invoice.recorded", invoice, by=by, at=at)
        _tell(invoice, f"invoice:{invoice.pk}:recorded", at=at)
    return invoice


def record_payment(
    *, invoice: Invoice, reference: str, happened_on: date, gross: Decimal, by: User | None, at: datetime
) -> Fact:
    """Record what a customer paid for an invoice, VAT included.

    :raises NotRecorded, DiffersFromRecorded:
    """
    return _record(Fact.Kind.PAYMENT, invoice, reference, happened_on, gross, by=by, at=at)


def record_refund(
    *, invoice: Invoice, reference: str, happened_on: date, gross: Decimal, by: User | None, at: datetime
) -> Fact:
    """Record what was given back to a customer, VAT included.

    :raises NotRecorded, DiffersFromRecorded:
    """
    return _record(Fact.Kind.REFUND, invoice, reference, happened_on, gross, by=by, at=at)


def record_write_off(
    *, invoice: Invoice, reference: str, happened_on: date, gross: Decimal, by: User | None, at: datetime
) -> Fact:
    """Record that nobody asks for an amount any more. It changes no commission (Arithmetic).

    :raises NotRecorded, DiffersFromRecorded:
    """
    return _record(Fact.Kind.WRITE_OFF, invoice, reference, happened_on, gross, by=by, at=at)


def record_credit(
    *,
    invoice: Invoice,
    reference: str,
    happened_on: date,
    net: Decimal,
    gross: Decimal,
    line: InvoiceLine | None = None,
    replacement: Invoice | None = None,
    by: User | None,
    at: datetime,
) -> Fact:
    """Record a credit note, for one line or spread over all, and the invoice that replaces this one.

    :raises NotRecorded, DiffersFromRecorded:
    """
    if replacement is not None and replacement.source != invoice.source:
        raise NotRecorded(_("The invoice that replaces it is from another system."))
    cells = {
        "net": _plain(net, invoice.currency),
        "line": str(line.number) if line else "",
        "replaced_by": replacement.reference if replacement else "",
    }
    return _record(Fact.Kind.CREDIT, invoice, reference, happened_on, gross, by=by, at=at, **cells)


@transaction.atomic
def _record(
    kind: Fact.Kind,
    invoice: Invoice,
    reference: str,
    happened_on: date,
    gross: Decimal,
    *,
    by: User | None,
    at: datetime,
    **cells: str,
) -> Fact:
    row = Row(
        1,
        {
            "kind": kind.value,
            "reference": reference,
            "invoice": invoice.reference,
            "date": happened_on.isoformat(),
            "gross": _plain(gross, invoice.currency),
            **cells,
        },
    )
    plan = _save([row], source=invoice.source, by=by, at=at)
    fact: Fact = Fact.objects.get(source=invoice.source, kind=kind, reference=reference)
    if plan.has_news:
        audit.record("fact.recorded", fact, by=by, at=at, invoice=invoice.pk)
        _tell(invoice, f"fact:{fact.pk}:recorded", at=at)
    return fact


def _save(rows: Sequence[Row], *, source: str, by: User | None, at: datetime) -> intake.Plan:
    check_finance(by)
    one_after_another(IMPORTS)
    plan = intake.plan_rows(rows, source=source, on=local_date(at))
    for outcome, error in ((intake.REFUSED, NotRecorded), (intake.CONFLICT, DiffersFromRecorded)):
        said = [row.message for row in plan.rows if row.outcome == outcome]
        own = [message for message in said if message != str(intake.ANOTHER_ROW)]
        if said:
            raise error((own or said)[0])
    save_plan(plan, upload=None, by=by, at=at)
    return plan


def _line(line: NewLine, invoice: str, currency: str) -> dict[str, str]:
    return {
        "kind": "line",
        "invoice": invoice,
        "net": _plain(line.net, currency),
        "recurring": "yes" if line.recurring else "no",
        "service_from": line.service_from.isoformat() if line.service_from else "",
        "service_to": line.service_to.isoformat() if line.service_to else "",
        "description": line.description,
    }


def _plain(amount: Decimal, currency: str) -> str:
    """Return an amount as a file has it.

    :raises NotRecorded: it has more decimals than its currency.
    """
    places = minor_units(currency.upper())
    if amount != round(amount, places):
        raise NotRecorded(
            _("%(amount)s has more decimals than %(currency)s knows.")
            % {"amount": amount, "currency": currency}
        )
    return f"{amount:.{places}f}"


def _tell(invoice: Invoice, key: str, *, at: datetime) -> None:
    outbox.enqueue("commissions.facts_arrived", key=key, payload={"invoice_id": invoice.pk}, at=at)

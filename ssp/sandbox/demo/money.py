"""The customers' invoices and payments, and the first payout."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from commissions.accrual import accrue
from commissions.payment_files import take_sepa_file
from commissions.payouts import approve_payout_run, mark_paid, prepare_payout_run
from commissions.services import confirm_tax_status, import_invoices, upload_invoices
from partners.models import Partner
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar

COLUMNS = (
    "kind,reference,invoice,customer,customer_reference,date,currency,net,gross,description,recurring,"
    "service_from,service_to"
)

ADDRESSES = {"NL": "Tweede Leliedwarsstraat 14\n1015 TB Amsterdam", "BE": "Kaasstraat 9\n2000 Antwerpen"}


def invoice_row(
    reference: str,
    customer: str,
    customer_reference: str,
    issued_on: date,
    net: str,
    gross: str,
    description: str,
    service: tuple[date, date] | None = None,
) -> str:
    period = f"yes,{service[0]},{service[1]}" if service else "no,,"
    head = f"invoice,{reference},,{customer},{customer_reference},{issued_on}"
    return f"{head},EUR,{net},{gross},{description},{period}"


def fact_row(kind: str, reference: str, invoice: str, on: date, net: str, gross: str) -> str:
    return f"{kind},{reference},{invoice},,,{on},EUR,{net},{gross},,,,"


def bring_in(rows: Sequence[str], *, name: str, by: User, at: datetime) -> None:
    """Import a file as finance would, and write what it calls for."""
    content = "\n".join([COLUMNS, *rows, ""]).encode()
    upload = upload_invoices(content=content, file_name=name, by=by, at=at)
    import_invoices(upload=upload, by=by, at=at)
    accrue(at=at)


def first_invoices(when: Calendar, *, by: User) -> None:
    rows = [
        invoice_row(
            "SI-2026-0371",
            "Noordlicht Energie",
            "NOORDLICHT-2026",
            when.day(15, 6),
            "18000.00",
            "21780.00",
            "Grid-incident lookup with set-up",
        ),
        fact_row("payment", "P-2026-0371", "SI-2026-0371", when.day(1, 7), "", "21780.00"),
    ]
    bring_in(rows, name="invoices-june.csv", by=by, at=when.at(2, 7))


def autumn_invoices(when: Calendar, *, by: User) -> None:
    quarter = (when.day(1, 9), when.day(30, 11))
    kestrel = ("SI-2026-0412", "Kestrel Biotech", "KESTREL-2026", when.day(1, 9))
    rows = [
        invoice_row(
            "SI-2026-0398",
            "Scheldt Ports",
            "SCHELDT-2026",
            when.day(20, 8),
            "8400.00",
            "10164.00",
            "Permit search",
            (when.day(20, 8), when.day(19, 11)),
        ),
        fact_row("payment", "P-2026-0398", "SI-2026-0398", when.day(3, 9), "", "10164.00"),
        invoice_row(*kestrel, "12600.00", "15246.00", "Literature search", quarter),
        invoice_row(*kestrel, "3000.00", "3630.00", "Onboarding"),
        fact_row("credit", "CN-2026-0031", "SI-2026-0371", when.day(14, 9), "2000.00", "2420.00"),
    ]
    bring_in(rows, name="invoices-september.csv", by=by, at=when.at(15, 9))
    rows = [fact_row("payment", "P-2026-0412-1", "SI-2026-0412", when.day(12, 10), "", "9438.00")]
    bring_in(rows, name="payments-october.csv", by=by, at=when.at(13, 10))
    rows = [fact_row("payment", "P-2026-0412-2", "SI-2026-0412", when.day(2, 11), "", "9438.00")]
    bring_in(rows, name="payments-november.csv", by=by, at=when.at(3, 11))
    winter = (when.day(1, 12), when.day(28, 2, 2027))
    coming = ("SI-2026-0457", "Kestrel Biotech", "KESTREL-2026", when.day(20, 11))
    rows = [invoice_row(*coming, "12600.00", "15246.00", "Literature search", winter)]
    bring_in(rows, name="invoices-winter.csv", by=by, at=when.at(20, 11))


def first_payout(when: Calendar, *, by: User, approver: User) -> None:
    """August's payout: one prepares it, another approves, and the bank has paid it."""
    for partner in Partner.objects.all():
        confirm_tax_status(
            partner=partner,
            vat_percent=Decimal(0),
            note="",
            treatment="small_business" if partner.country == "NL" else "reverse_charge",
            postal_address=ADDRESSES.get(partner.country, ""),
            by=by,
            at=when.at(12, 8),
        )
    run = prepare_payout_run(currency="EUR", by=by, at=when.at(12, 8, 11))
    approve_payout_run(run=run, by=approver, at=when.at(13, 8, 9))
    take_sepa_file(run=run, by=by, at=when.at(13, 8, 10))
    for payout in run.payouts.all():
        mark_paid(payout=payout, paid_on=when.day(14, 8), by=by, at=when.at(14, 8, 16))

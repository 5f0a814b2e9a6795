"""What is on finance's desk: invoices without a deal, one written off, Stripe's file half read."""

from commissions.models import Invoice
from commissions.recording import record_write_off
from commissions.services import upload_invoices
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.money import bring_in, invoice_row

STRIPE = (
    "id,Number,Currency,Customer,Customer Name,Customer Email,Date (UTC),Finalized At (UTC),Status,"
    "Subscription,Tax,Total,Amount Due,Amount Paid,Charge,Paid At (UTC),Minimum Line Item Period Start (UTC),"
    "Maximum Line Item Period End (UTC)"
)


def invoices_that_wait(when: Calendar, *, by: User) -> None:
    quarter = (when.day(1, 11), when.day(31, 1, 2027))
    kestrel = ("SI-2026-0461", "Kestrel Biotech B.V.", "", when.day(21, 11))
    rows = [
        invoice_row(*kestrel, "12600.00", "15246.00", "Literature search for a second team", quarter),
        invoice_row(
            "SI-2026-0463", "Halvorsen Shipping", "HALV-7", when.day(22, 11), "4100.00", "4961.00", "Workshop"
        ),
        invoice_row(
            "SI-2026-0388", "Scheldt Ports NV", "", when.day(4, 8), "900.00", "1089.00", "Travel expenses"
        ),
    ]
    bring_in(rows, name="invoices-november.csv", by=by, at=when.at(23, 11))
    record_write_off(
        invoice=Invoice.objects.get(reference="SI-2026-0388"),
        reference="WO-2026-004",
        happened_on=when.day(23, 11),
        gross=Invoice.objects.get(reference="SI-2026-0388").gross,
        by=by,
        at=when.at(23, 11, 15),
    )
    stripe = [
        f"in_1QK{number},SEMI-000{number},eur,cus_R{number},{customer},ap@{domain},2026-11-{day} 22:40,"
        f"2026-11-{day} 23:10,{status},sub_{number},210.00,1210.00,1210.00,{paid},ch_3Q{number},{paid_at},"
        f"2026-11-{day} 23:00,2026-12-{day} 23:00"
        for number, customer, domain, day, status, paid, paid_at in (
            (1, "Kestrel Biotech", "kestrel-biotech.example", 10, "paid", "1210.00", "2026-11-11 09:00"),
            (2, "Scheldt Ports", "scheldtports.example", 12, "open", "0.00", ""),
        )
    ]
    content = "\n".join([STRIPE, *stripe, ""]).encode()
    upload_invoices(content=content, file_name="stripe-invoices.csv", by=by, at=when.at(23, 11, 16))

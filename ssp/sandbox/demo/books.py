"""What finance finds on a Monday: invoices nobody paid or that nobody claimed, and months to close."""

from commissions.finance.journal import close_month, open_months
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.money import bring_in, invoice_row


def close_the_summer(when: Calendar, *, by: User) -> None:
    """Every month that is over at the beginning of September goes to bookkeeping."""
    at = when.at(3, 9, 9)
    for month in open_months("EUR"):
        if month.is_over(local_date(at)):
            close_month(currency="EUR", month=month.month, by=by, at=at)


def customers_owe(when: Calendar, *, by: User) -> None:
    """One of a deal that the customer hasn't paid, and two whose deal nobody knows yet."""
    rows = [
        invoice_row(
            "SI-2026-0420",
            "Scheldt Ports",
            "SCHELDT-2026",
            when.day(15, 9),
            "3600.00",
            "4356.00",
            "Permit search for the second site",
            (when.day(15, 9), when.day(14, 12)),
        ),
        invoice_row(
            "SI-2026-0433",
            "Vinterbro Logistik",
            "VINTERBRO-2026",
            when.day(5, 10),
            "7200.00",
            "7200.00",
            "Freight documents",
            (when.day(5, 10), when.day(4, 1, 2027)),
        ),
        invoice_row(
            "SI-2026-0455",
            "Kestrel Biotech BV",
            "",
            when.day(18, 11),
            "950.00",
            "1149.50",
            "Training day",
        ),
    ]
    bring_in(rows, name="invoices-open.csv", by=by, at=when.at(19, 11))

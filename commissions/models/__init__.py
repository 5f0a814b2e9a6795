"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from commissions.models.amounts import AMOUNT
from commissions.models.invoices import (
    MANUAL,
    SILENT,
    Fact,
    Invoice,
    InvoiceImport,
    InvoiceLine,
    InvoiceQuerySet,
    Source,
)
from commissions.models.ledger import Commission, CommissionKind, CommissionQuerySet
from commissions.models.payouts import Payout, PayoutEntry, PayoutRun, TaxStatus

__all__ = [
    "AMOUNT",
    "MANUAL",
    "SILENT",
    "Commission",
    "CommissionKind",
    "CommissionQuerySet",
    "Fact",
    "Invoice",
    "InvoiceImport",
    "InvoiceLine",
    "InvoiceQuerySet",
    "Payout",
    "PayoutEntry",
    "PayoutRun",
    "Source",
    "TaxStatus",
]

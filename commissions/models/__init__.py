"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from commissions.models.accrual_failures import AccrualFailure
from commissions.models.amounts import AMOUNT
from commissions.models.invoices import MANUAL, Fact, Invoice, InvoiceImport, InvoiceLine, InvoiceQuerySet
from commissions.models.ledger import Commission, CommissionKind, CommissionQuerySet
from commissions.models.payouts import Payout, PayoutEntry, PayoutRun, TaxStatus

__all__ = [
    "AMOUNT",
    "MANUAL",
    "AccrualFailure",
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
    "TaxStatus",
]

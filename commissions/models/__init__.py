"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from commissions.models.amounts import AMOUNT
from commissions.models.elections import ElectedUseCase, ElectionChange
from commissions.models.invoices import MANUAL, Fact, Invoice, InvoiceImport, InvoiceLine, InvoiceQuerySet
from commissions.models.journal import JournalMonth, JournalPosting
from commissions.models.ledger import Commission, CommissionKind, CommissionQuerySet
from commissions.models.payouts import Payout, PayoutEntry, PayoutRun, TaxStatus

__all__ = [
    "AMOUNT",
    "MANUAL",
    "Commission",
    "CommissionKind",
    "CommissionQuerySet",
    "ElectedUseCase",
    "ElectionChange",
    "Fact",
    "Invoice",
    "InvoiceImport",
    "InvoiceLine",
    "InvoiceQuerySet",
    "JournalMonth",
    "JournalPosting",
    "Payout",
    "PayoutEntry",
    "PayoutRun",
    "TaxStatus",
]

"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from commissions.models.amounts import AMOUNT
from commissions.models.contests import ContestedEntry
from commissions.models.invoices import MANUAL, Fact, Invoice, InvoiceImport, InvoiceLine, InvoiceQuerySet
from commissions.models.ledger import Commission, CommissionKind, CommissionQuerySet
from commissions.models.payouts import Payout, PayoutEntry, PayoutRun, TaxStatus
from commissions.models.statements import Statement, StatementFile, StatementKind, StatementLine
from commissions.models.tax import TaxTreatment

__all__ = [
    "AMOUNT",
    "MANUAL",
    "Commission",
    "CommissionKind",
    "CommissionQuerySet",
    "ContestedEntry",
    "Fact",
    "Invoice",
    "InvoiceImport",
    "InvoiceLine",
    "InvoiceQuerySet",
    "Payout",
    "PayoutEntry",
    "PayoutRun",
    "Statement",
    "StatementFile",
    "StatementKind",
    "StatementLine",
    "TaxStatus",
    "TaxTreatment",
]

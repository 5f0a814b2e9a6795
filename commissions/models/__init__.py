"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from commissions.models.accrual_failures import AccrualFailure
from commissions.models.amounts import AMOUNT
from commissions.models.bank import AddressKeeper, BankDetails, FormerAddress, PaymentFile
from commissions.models.contests import ContestedEntry
from commissions.models.elections import ElectedUseCase, ElectionChange
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
from commissions.models.journal import JournalMonth, JournalPosting
from commissions.models.ledger import Commission, CommissionKind, CommissionQuerySet
from commissions.models.left_out import LeftOut
from commissions.models.openings import Opening, OpeningImport, OpeningQuerySet, OpeningSum
from commissions.models.payouts import Payout, PayoutEntry, PayoutRun, TaxStatus
from commissions.models.statements import Statement, StatementFile, StatementKind, StatementLine
from commissions.models.tax import TaxTreatment

__all__ = [
    "AMOUNT",
    "MANUAL",
    "SILENT",
    "AccrualFailure",
    "AddressKeeper",
    "BankDetails",
    "Commission",
    "CommissionKind",
    "CommissionQuerySet",
    "ContestedEntry",
    "ElectedUseCase",
    "ElectionChange",
    "Fact",
    "FormerAddress",
    "Invoice",
    "InvoiceImport",
    "InvoiceLine",
    "InvoiceQuerySet",
    "JournalMonth",
    "JournalPosting",
    "LeftOut",
    "Opening",
    "OpeningImport",
    "OpeningQuerySet",
    "OpeningSum",
    "PaymentFile",
    "Payout",
    "PayoutEntry",
    "PayoutRun",
    "Source",
    "Statement",
    "StatementFile",
    "StatementKind",
    "StatementLine",
    "TaxStatus",
    "TaxTreatment",
]

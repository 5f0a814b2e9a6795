"""The arithmetic of C5 and C20: facts about invoices in, ledger entries out. No clock, no database.

Per invoice and kind, after each fact:

    due   = round(rate x eligible net x min(1, (paid - refunded) / (gross - credited gross)))
    entry = due - (sum of the entries already written for this invoice and kind)

Everything before the one rounding is an exact Fraction.
"""

from commissions.rules.books import Books, Position, Reckoning, figure, reckon
from commissions.rules.facts import (
    BONUS,
    FIRST_INVOICE,
    HOLD,
    RECURRING,
    Bill,
    Case,
    Entry,
    FactKind,
    Happening,
    Kind,
    Line,
    Opening,
    Terms,
    Written,
    cap_ends_on,
    contract_in_force,
    payable_on,
)
from commissions.rules.renewals import last_service_day
from commissions.rules.walk import entries_due

__all__ = [
    "BONUS",
    "FIRST_INVOICE",
    "HOLD",
    "RECURRING",
    "Bill",
    "Books",
    "Case",
    "Entry",
    "FactKind",
    "Happening",
    "Kind",
    "Line",
    "Opening",
    "Position",
    "Reckoning",
    "Terms",
    "Written",
    "cap_ends_on",
    "contract_in_force",
    "entries_due",
    "figure",
    "last_service_day",
    "payable_on",
    "reckon",
]

"""Invoices that were taken from a deal again: what its entries of that time knew of them.

An unmatch leaves a fact with the invoice, and the deal's number in the audit.
"""

from collections import defaultdict
from dataclasses import dataclass

from commissions import rules
from commissions.cases import KINDS, bill_of, happening_of
from commissions.models import Fact, Invoice
from ssp.core.models import AuditEntry

UNMATCHED_IN_AUDIT = "invoice.unmatched"


@dataclass(frozen=True)
class Departure:
    """An invoice that belonged to a deal from one fact until another, by their ids."""

    bill: rules.Bill
    facts: tuple[rules.Happening, ...]
    since: int
    until: int

    def was_there(self, known: int) -> bool:
        """Tell whether a run that knew no later fact than this one may have seen it."""
        return self.since <= known < self.until


def departures() -> dict[int, list[Departure]]:
    """Return {deal: the invoices that were taken from it}; few deals have any."""
    found: defaultdict[int, list[Departure]] = defaultdict(list)
    taken: defaultdict[int, list[int]] = defaultdict(list)
    rows = AuditEntry.objects.filter(action=UNMATCHED_IN_AUDIT, target_type=Invoice._meta.label_lower)
    for invoice_id, data in rows.order_by("pk").values_list("target_id", "data"):
        taken[invoice_id].append(data["deal"])
    invoices = Invoice.objects.filter(pk__in=taken).prefetch_related("lines", "facts").order_by("pk")
    for invoice in invoices:
        facts = sorted(invoice.facts.all(), key=lambda fact: fact.pk)
        unmatched = [fact.pk for fact in facts if fact.kind == Fact.Kind.UNMATCH]
        told = tuple(happening_of(fact) for fact in facts if fact.kind in KINDS)
        for deal, until in zip(taken[invoice.pk], unmatched, strict=True):
            before = [fact.pk for fact in facts if fact.kind == Fact.Kind.MATCH and fact.pk < until]
            since = max(before, default=facts[0].pk)
            found[deal].append(Departure(bill_of(invoice), told, since, until))
    return dict(found)

"""What the outbox delivers for commissions."""

from commissions import accrual, services
from commissions.models import Invoice
from referrals.models import Deal
from ssp.core import clock, outbox
from ssp.core.models import OutboxMessage


@outbox.handles("commissions.facts_arrived")
def accrue_new_facts(message: OutboxMessage) -> None:
    """Write what an import's facts, or a match by hand, call for."""
    if "invoice_id" in message.payload:
        accrual.accrue_invoices([message.payload["invoice_id"]], at=clock.now())
        return
    facts = Invoice.objects.filter(facts__imported_in_id=message.payload["import_id"])
    accrual.accrue_invoices(facts.values_list("pk", flat=True).distinct(), at=clock.now())


@outbox.handles("referrals.deal_won")
def accrue_won_deal(message: OutboxMessage) -> None:
    """Match the invoices that came before the deal was won, and write what they call for."""
    deal = Deal.objects.get(pk=message.payload["deal_id"])
    services.match_waiting_invoices(deal=deal, at=clock.now())
    accrual.accrue_deal(deal.pk, at=clock.now())


@outbox.handles("referrals.use_case_changed")
def accrue_use_case(message: OutboxMessage) -> None:
    """Look again at what a use case pays: its window, its model or its outcome changed."""
    for pk in Deal.objects.filter(use_case_id=message.payload["use_case_id"]).values_list("pk", flat=True):
        accrual.accrue_deal(pk, at=clock.now())

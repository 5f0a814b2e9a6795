"""What the outbox delivers for commissions."""

from django.urls import reverse

from commissions import accrual, matches, services
from commissions.models import Invoice, LeftOut, Payout
from referrals.models import Deal
from ssp.core import clock, emails, links, outbox
from ssp.core.models import OutboxMessage


@outbox.handles("commissions.facts_arrived")
def accrue_new_facts(message: OutboxMessage) -> None:
    """Write what an import's facts, or a match by hand, call for."""
    if "invoice_id" in message.payload:
        accrual.accrue_invoices([message.payload["invoice_id"]], at=clock.now())
        return
    facts = Invoice.objects.filter(facts__imported_in_id=message.payload["import_id"])
    accrual.accrue_invoices(facts.values_list("pk", flat=True).distinct(), at=clock.now())


@outbox.handles("commissions.import_rows")
def import_long_file(message: OutboxMessage) -> None:
    """Import a file that takes longer than a browser waits."""
    services.finish_import(
        import_id=message.payload["import_id"],
        leave_differing=bool(message.payload["leave_differing"]),
        at=clock.now(),
    )


@outbox.handles("commissions.invoice_unmatched")
def accrue_without_an_invoice(message: OutboxMessage) -> None:
    """Look again at a deal that an invoice was taken from."""
    accrual.accrue_deals([message.payload["deal_id"]], at=clock.now())


@outbox.handles("referrals.deal_won")
def accrue_won_deal(message: OutboxMessage) -> None:
    """Match the invoices that came before the deal was won, and write what they call for."""
    deal = Deal.objects.get(pk=message.payload["deal_id"])
    matches.match_waiting_invoices(deal=deal, at=clock.now())
    accrual.accrue_deals([deal.pk], at=clock.now())


@outbox.handles("referrals.use_case_changed")
def accrue_use_case(message: OutboxMessage) -> None:
    """Look again at what a use case pays: its window, its model or its outcome changed."""
    deals = Deal.objects.filter(use_case_id=message.payload["use_case_id"])
    accrual.accrue_deals(deals.values_list("pk", flat=True), at=clock.now())


@outbox.handles("commissions.opening_entered")
def accrue_after_an_opening(message: OutboxMessage) -> None:
    """Write what invoices of a deal call for that were there before its opening balance."""
    accrual.accrue_deals([message.payload["deal_id"]], at=clock.now())


@outbox.handles("commissions.payout_approved")
def mail_statement(message: OutboxMessage) -> None:
    """Tell the partner that a payout was approved, and where its statement is."""
    _mail(message, "commissions/emails/payout_approved")


@outbox.handles("commissions.payout_paid")
def mail_payment(message: OutboxMessage) -> None:
    """Tell the partner that the money is on its way."""
    _mail(message, "commissions/emails/payout_paid")


@outbox.handles("commissions.left_out")
def mail_left_out(message: OutboxMessage) -> None:
    """Tell a partner that an approved run pays them nothing, and why."""
    row = LeftOut.objects.select_related("run", "partner__user").get(pk=message.payload["left_out_id"])
    emails.send(
        "commissions/emails/left_out",
        to=[row.partner.user.email],
        context={
            "left_out": row,
            "name": row.partner.user.first_name,
            "url": links.absolute(reverse("commissions:earnings")),
        },
        key=message.key,
    )


def _mail(message: OutboxMessage, template: str) -> None:
    payout = Payout.objects.select_related("partner__user").get(pk=message.payload["payout_id"])
    path = reverse("commissions:statement", args=[payout.statement_number])
    emails.send(
        template,
        to=[payout.partner.user.email],
        context={"payout": payout, "name": payout.partner.user.first_name, "url": links.absolute(path)},
        key=message.key,
    )

"""Which deal an invoice belongs to: by the customer reference that both have, or because somebody says so."""

from datetime import datetime

from django.db import transaction

from commissions.errors import InvoiceAlreadyMatched
from commissions.errors_intake import MatchEarned, NotMatched
from commissions.models import Commission, Fact, Invoice
from commissions.own_money import was_brought_in_by_who_earns
from commissions.permissions import check_earns_nothing, check_finance
from referrals.models import Deal
from ssp.core import audit, outbox
from ssp.core.models import User
from ssp.core.periods import local_date


@transaction.atomic
def match_invoice(*, invoice: Invoice, deal: Deal, by: User | None, at: datetime) -> Invoice:
    """Say which deal an invoice belongs to; it stays there once it earned something.

    :raises InvoiceAlreadyMatched: it has one.  :raises OwnMoney: they would earn from it.
    """
    check_finance(by)
    check_earns_nothing(by, deal.use_case.partner)
    Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    row = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if row.deal_id is not None:
        raise InvoiceAlreadyMatched
    _match(row, deal, at=at)
    audit.record("invoice.matched", row, by=by, at=at, deal=deal.pk)
    return row


@transaction.atomic
def unmatch_invoice(*, invoice: Invoice, by: User, at: datetime) -> Invoice:
    """Take back a match that was a mistake, as long as no entry came of it. A person matches it again.

    :raises NotMatched: it has no deal.
    :raises MatchEarned: an entry names the invoice, or something that happened to it.
    """
    check_finance(by)
    deal_id = Invoice.objects.values_list("deal_id", flat=True).get(pk=invoice.pk)
    if deal_id is None:
        raise NotMatched
    deal = Deal.objects.select_for_update(no_key=True).get(pk=deal_id)  # nobody writes entries meanwhile
    check_earns_nothing(by, deal.use_case.partner)
    row = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if row.deal_id != deal_id:
        raise NotMatched
    if has_earned(row):
        raise MatchEarned
    row.deal = None
    row.save(update_fields=["deal"])
    _note(row, Fact.Kind.UNMATCH, at=at)
    audit.record("invoice.unmatched", row, by=by, at=at, deal=deal_id)
    outbox.enqueue(  # what the other invoices of the deal earn may hang on which is the first
        "commissions.invoice_unmatched",
        key=f"invoice:{row.pk}:unmatched:{at.isoformat()}",
        payload={"deal_id": deal_id},
        at=at,
    )
    return row


def has_earned(invoice: Invoice) -> bool:
    """Tell whether an entry names an invoice or something that happened to it: then it stays where it is."""
    return (
        Commission.objects.filter(invoice=invoice).exists()
        or Commission.objects.filter(fact__invoice=invoice).exists()
    )


def _note(invoice: Invoice, kind: Fact.Kind, *, at: datetime) -> Fact:
    """Note that an invoice was matched or unmatched; the first time under its own number."""
    before = Fact.objects.filter(invoice=invoice, kind=kind).count()
    fact: Fact = Fact.objects.create(
        invoice=invoice,
        kind=kind,
        source="ssp",
        reference=f"{invoice.pk}.{before + 1}" if before else str(invoice.pk),
        happened_on=local_date(at),
        recorded_at=at,
    )
    return fact


def _match(invoice: Invoice, deal: Deal, *, at: datetime) -> None:
    invoice.deal = deal
    invoice.save(update_fields=["deal"])
    fact = _note(invoice, Fact.Kind.MATCH, at=at)
    outbox.enqueue(
        "commissions.facts_arrived",
        key=f"invoice:{invoice.pk}:matched:{fact.pk}",
        payload={"invoice_id": invoice.pk},
        at=at,
    )


@transaction.atomic
def match_waiting_invoices(*, deal: Deal, at: datetime) -> int:
    """Give a deal the waiting invoices that carry its customer reference; return how many.

    Those that somebody brought in who earns from the deal wait for another person from finance.
    """
    if not deal.customer_reference:
        return 0
    Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    waiting = Invoice.objects.without_deal().filter(customer_reference=deal.customer_reference)
    matched = 0
    # What somebody took from a deal isn't given back by a machine, nor does it give anybody their own money.
    for invoice in waiting.never_unmatched().select_for_update(no_key=True).order_by("pk"):
        if was_brought_in_by_who_earns(invoice, deal):
            continue
        _match(invoice, deal, at=at)
        audit.record("invoice.matched", invoice, by=None, at=at, deal=deal.pk)
        matched += 1
    return matched


def match_all_waiting_invoices(*, at: datetime) -> int:
    """Match every waiting invoice whose customer reference a deal has by now; return how many."""
    waiting = Invoice.objects.without_deal().never_unmatched().exclude(customer_reference="")
    references = waiting.values("customer_reference")
    deals = Deal.objects.filter(customer_reference__in=references).order_by("pk")
    return sum(match_waiting_invoices(deal=deal, at=at) for deal in deals)

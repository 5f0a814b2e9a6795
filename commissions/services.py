"""The writes around invoices: files in, and which deal an invoice belongs to."""

import hashlib
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from commissions import intake
from commissions.errors import AlreadyImported, ImportRefused, InvoiceAlreadyMatched
from commissions.errors_statements import TaxStatusUnfit
from commissions.models import MANUAL, Fact, Invoice, InvoiceImport, InvoiceLine, TaxStatus
from commissions.permissions import check_finance
from commissions.rules import tax
from partners.models import Partner
from referrals.models import Deal
from ssp.core import audit, outbox
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.tabular import read_table

IMPORTS = "commissions.import"


@transaction.atomic
def upload_invoices(*, content: bytes, file_name: str, by: User | None, at: datetime) -> InvoiceImport:
    """Keep a file for its preview; nothing of it is imported yet.

    :raises UnreadableTable: it is too large, no table, or has other columns.
    """
    check_finance(by)
    intake.plan_import(read_table(content), on=local_date(at))
    return InvoiceImport.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        uploaded_by=by,
        uploaded_at=at,
    )


def plan_of(upload: InvoiceImport, *, at: datetime) -> intake.Plan:
    """Judge every row of an uploaded file as things stand now."""
    return intake.plan_import(read_table(bytes(upload.content)), on=local_date(at))


@transaction.atomic
def import_invoices(*, upload: InvoiceImport, by: User | None, at: datetime) -> intake.Plan:
    """Save what is new in an uploaded file: all of it, or nothing when a row is refused or differs.

    A file that was imported before changes nothing.  :raises ImportRefused: a row can't be used.
    :raises AlreadyImported: this upload was.
    """
    check_finance(by)
    one_after_another(IMPORTS)
    upload = InvoiceImport.objects.select_for_update().get(pk=upload.pk)
    if upload.imported_at is not None:
        raise AlreadyImported
    plan = plan_of(upload, at=at)
    if not plan.is_fine:
        raise ImportRefused
    deals = dict(
        Deal.objects.filter(
            customer_reference__in={draft.customer_reference for draft in plan.invoices} - {""}
        ).values_list("customer_reference", "pk")
    )
    for draft in plan.invoices:
        _save_invoice(draft, upload, deals.get(draft.customer_reference), at=at)
    _save_facts(plan.facts, upload, at=at)
    upload.imported_by, upload.imported_at, upload.report = by, at, plan.report
    upload.save(update_fields=["imported_by", "imported_at", "report"])
    audit.record("invoices.imported", upload, by=by, at=at, new=plan.count(intake.NEW))
    if plan.has_news:
        outbox.enqueue(
            "commissions.facts_arrived",
            key=f"import:{upload.pk}:accrue",
            payload={"import_id": upload.pk},
            at=at,
        )
    return plan


def _save_invoice(
    draft: intake.InvoiceDraft, upload: InvoiceImport, deal_id: int | None, *, at: datetime
) -> None:
    invoice = Invoice.objects.create(
        source=MANUAL,
        reference=draft.reference,
        customer_name=draft.customer,
        customer_reference=draft.customer_reference,
        deal_id=deal_id,
        issued_on=draft.issued_on,
        currency=draft.currency,
        net=draft.net,
        gross=draft.gross,
        imported_in=upload,
        recorded_at=at,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            number=number,
            net=line.net,
            recurring=line.recurring,
            service_from=line.service_from,
            service_to=line.service_to,
            description=line.description,
        )
        for number, line in enumerate(draft.lines, start=1)
    )
    Fact.objects.create(
        invoice=invoice,
        kind=Fact.Kind.INVOICE,
        source=MANUAL,
        reference=draft.reference,
        happened_on=draft.issued_on,
        imported_in=upload,
        recorded_at=at,
    )


def _save_facts(facts: list[intake.FactDraft], upload: InvoiceImport, *, at: datetime) -> None:
    named = {fact.invoice for fact in facts} | {fact.replaced_by for fact in facts}
    locked = Invoice.objects.filter(source=MANUAL, reference__in=named)
    invoices = {row.reference: row for row in locked.select_for_update(no_key=True).order_by("pk")}
    for fact in facts:
        invoice = invoices[fact.invoice]
        Fact.objects.create(
            invoice=invoice,
            kind=fact.kind,
            source=MANUAL,
            reference=fact.reference,
            happened_on=fact.happened_on,
            gross=fact.gross,
            net=fact.net,
            line=invoice.lines.get(number=fact.line) if fact.line else None,
            replacement=invoices[fact.replaced_by] if fact.replaced_by else None,
            imported_in=upload,
            recorded_at=at,
        )


@transaction.atomic
def match_invoice(*, invoice: Invoice, deal: Deal, by: User | None, at: datetime) -> Invoice:
    """Say which deal an invoice belongs to; it stays there.

    :raises InvoiceAlreadyMatched: it has one.
    """
    check_finance(by)
    Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    row = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if row.deal_id is not None:
        raise InvoiceAlreadyMatched
    _match(row, deal, at=at)
    audit.record("invoice.matched", row, by=by, at=at, deal=deal.pk)
    return row


def _match(invoice: Invoice, deal: Deal, *, at: datetime) -> None:
    invoice.deal = deal
    invoice.save(update_fields=["deal"])
    Fact.objects.create(
        invoice=invoice,
        kind=Fact.Kind.MATCH,
        source="ssp",
        reference=str(invoice.pk),
        happened_on=local_date(at),
        recorded_at=at,
    )
    outbox.enqueue(
        "commissions.facts_arrived",
        key=f"invoice:{invoice.pk}:matched",
        payload={"invoice_id": invoice.pk},
        at=at,
    )


@transaction.atomic
def match_waiting_invoices(*, deal: Deal, at: datetime) -> int:
    """Give a deal the waiting invoices that carry its customer reference; return how many."""
    if not deal.customer_reference:
        return 0
    Deal.objects.select_for_update(no_key=True).get(pk=deal.pk)
    waiting = Invoice.objects.without_deal().filter(customer_reference=deal.customer_reference)
    matched = 0
    for invoice in waiting.select_for_update(no_key=True).order_by("pk"):
        _match(invoice, deal, at=at)
        audit.record("invoice.matched", invoice, by=None, at=at, deal=deal.pk)
        matched += 1
    return matched


def match_all_waiting_invoices(*, at: datetime) -> int:
    """Match every waiting invoice whose customer reference a deal has by now; return how many."""
    references = Invoice.objects.without_deal().exclude(customer_reference="").values("customer_reference")
    deals = Deal.objects.filter(customer_reference__in=references).order_by("pk")
    return sum(match_waiting_invoices(deal=deal, at=at) for deal in deals)


@transaction.atomic
def confirm_tax_status(
    *,
    partner: Partner,
    vat_percent: Decimal,
    note: str,
    treatment: str = "",
    postal_address: str = "",
    tax_number: str = "",
    by: User,
    at: datetime,
) -> TaxStatus:
    """Confirm what VAT a partner's payouts carry; it holds for payouts prepared from now on.

    :param treatment: a `TaxTreatment`; nothing when the note says all there is to say.
    :param tax_number: what the partner told since they applied; nothing when theirs holds.
    :raises TaxStatusUnfit: it can't be right for a partner of that country.
    """
    check_finance(by)
    if why := treatment and tax.unfit(
        treatment,
        percent=vat_percent,
        country=partner.country,
        home=settings.SEMI["COUNTRY"],
        has_tax_number=bool(tax_number or partner.tax_number),
    ):
        raise TaxStatusUnfit(why)
    status, _made = TaxStatus.objects.update_or_create(
        partner=partner,
        defaults={
            "vat_percent": vat_percent,
            "note": note,
            "treatment": treatment,
            "postal_address": postal_address,
            "tax_number": tax_number,
            "confirmed_by": by,
            "confirmed_at": at,
        },
    )
    audit.record("tax_status.confirmed", status, by=by, at=at, partner=partner.pk)
    return status

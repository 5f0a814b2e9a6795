"""The writes around invoices: files in, and which deal an invoice belongs to."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from commissions import intake, layouts
from commissions.errors import AlreadyImported, ImportRefused, OwnMoney
from commissions.errors_intake import BeingImported, PreviewGone
from commissions.errors_statements import TaxStatusUnfit
from commissions.models import (
    Fact,
    Invoice,
    InvoiceImport,
    InvoiceLine,
    Source,
    TaxStatus,
)
from commissions.own_money import check_brings_in
from commissions.permissions import check_finance, check_not_paid
from commissions.rules import tax
from partners.models import Partner
from referrals.models import Deal
from ssp.core import audit, outbox
from ssp.core.batches import pack, unpack
from ssp.core.intake import ColumnsUnclear
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.tabular import Table, read_table

log = structlog.get_logger(__name__)
IMPORTS = "commissions.import"  # whoever adds invoices or facts waits for the one before
BATCH = 1000
KEPT = timedelta(days=30)  # how long a preview that nobody imports is kept
AT_ONCE = 2000  # rows that are imported while the browser waits; a worker takes longer files


# --- before ------------------------------------------------------------------------
@transaction.atomic
def upload_invoices(*, content: bytes, file_name: str, by: User | None, at: datetime) -> InvoiceImport:
    """Keep a file for its preview; nothing of it is imported yet. Whose export it is shows by its headings.

    :raises UnreadableTable: it is too large, or no table.
    """
    check_finance(by)
    table = read_table(content)
    layout = layouts.recognise(table.headers)
    upload = InvoiceImport.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        rows=pack(table),
        source=layout.source,
        layout=layout.name,
        mapping=layouts.recognise_columns(table.headers, layout),
        uploaded_by=by,
        uploaded_at=at,
    )
    audit.record("invoices.uploaded", upload, by=by, at=at, rows=len(table.rows))
    return upload


@transaction.atomic
def map_invoices(
    *,
    upload: InvoiceImport,
    layout: str,
    source: str,
    mapping: Mapping[str, str],
    options: Mapping[str, str],
    by: User | None,
    at: datetime,
) -> None:
    """Say which column of a file is which, whose numbers it has, and what it leaves open.

    :raises PreviewGone, AlreadyImported, BeingImported:
    :raises ColumnsUnclear: a column or an answer is missing.
    """
    check_finance(by)
    upload = _locked_preview(upload)
    read_as = layouts.LAYOUTS[layout]
    table = table_of(upload)
    known = {column.name for column in read_as.columns}
    chosen = {name: heading for name, heading in mapping.items() if name in known and heading}
    questions = {option.name for option in read_as.options}
    said = {name: answer for name, answer in options.items() if name in questions and answer}
    upload.layout, upload.source = layout, Source(source)
    upload.mapping, upload.options = chosen, said
    layouts.own_rows(table, read_as, chosen, said)
    upload.save(update_fields=["layout", "source", "mapping", "options"])
    audit.record("invoices.mapped", upload, by=by, at=at)


@transaction.atomic
def discard_invoices(*, upload: InvoiceImport, by: User | None, at: datetime) -> None:
    """Delete a preview: nothing of it was imported.

    :raises PreviewGone, AlreadyImported, BeingImported:
    """
    check_finance(by)
    upload = _locked_preview(upload)
    audit.record("invoices.discarded", upload, by=by, at=at)
    upload.delete()


@transaction.atomic
def forget_old_previews(*, at: datetime) -> None:
    """Delete previews that nobody imported for a month."""
    old = InvoiceImport.objects.filter(imported_at=None, begun_at=None, uploaded_at__lt=at - KEPT)
    for upload in old.select_for_update(skip_locked=True).defer("content", "rows"):
        audit.record("invoices.forgotten", upload, by=None, at=at)
        upload.delete()


def table_of(upload: InvoiceImport) -> Table:
    """Return the rows of a file that isn't imported yet."""
    return unpack(bytes(upload.rows)) if upload.rows else read_table(bytes(upload.content))


def plan_of(upload: InvoiceImport, *, at: datetime) -> intake.Plan:
    """Judge every row of an uploaded file as things stand now.

    :raises ColumnsUnclear: somebody must say which column is which, or what the file leaves open.
    """
    layout = layouts.LAYOUTS[upload.layout]
    rows = layouts.own_rows(table_of(upload), layout, upload.mapping, upload.options)
    return intake.plan_rows(rows, source=upload.source, on=local_date(at))


def _locked(upload: InvoiceImport) -> InvoiceImport:
    row = InvoiceImport.objects.select_for_update().filter(pk=upload.pk).first()
    if row is None:
        raise PreviewGone
    if row.imported_at is not None:
        raise AlreadyImported
    return row


def _locked_preview(upload: InvoiceImport) -> InvoiceImport:
    row = _locked(upload)
    if row.begun_at is not None:
        raise BeingImported
    return row


# --- the import ----------------------------------------------------------------------
@transaction.atomic
def import_invoices(
    *, upload: InvoiceImport, by: User | None, at: datetime, leave_differing: bool = False
) -> intake.Plan:
    """Save what is new in an uploaded file: all of it, or nothing when a row is refused or differs.

    A file that was imported before changes nothing.

    :param leave_differing: rows that differ from what is recorded are left as they are recorded.
    :raises ImportRefused: a row can't be used.  :raises AlreadyImported: this upload was.
    :raises PreviewGone:  :raises ColumnsUnclear:  :raises OwnMoney: they earn from what is in it.
    """
    check_finance(by)
    one_after_another(IMPORTS)
    upload = _locked(upload)
    plan = plan_of(upload, at=at)
    _check_fine(plan, leave_differing=leave_differing)
    save_plan(plan, upload=upload, by=by, at=at)
    upload.imported_by, upload.imported_at, upload.report = by, at, plan.report
    upload.rows, upload.problem = b"", ""
    if upload.layout != layouts.OWN.name:
        upload.content = b""  # another system's export names people whom nobody needs here
    upload.save(update_fields=["imported_by", "imported_at", "report", "rows", "problem", "content"])
    audit.record("invoices.imported", upload, by=by, at=at, new=plan.count(intake.NEW))
    if plan.has_news:
        outbox.enqueue(
            "commissions.facts_arrived",
            key=f"import:{upload.pk}:accrue",
            payload={"import_id": upload.pk},
            at=at,
        )
    return plan


def _check_fine(plan: intake.Plan, *, leave_differing: bool) -> None:
    if plan.count(intake.REFUSED) or (plan.count(intake.CONFLICT) and not leave_differing):
        raise ImportRefused


@transaction.atomic
def begin_import(
    *, upload: InvoiceImport, by: User, at: datetime, leave_differing: bool = False
) -> intake.Plan | None:
    """Import a file now, or have a worker do it when it is long: then nothing is returned.

    :raises ImportRefused, AlreadyImported, BeingImported, PreviewGone, ColumnsUnclear:
    """
    check_finance(by)
    upload = _locked_preview(upload)
    if len(table_of(upload).rows) <= AT_ONCE:
        return import_invoices(upload=upload, by=by, at=at, leave_differing=leave_differing)
    plan = plan_of(upload, at=at)
    _check_fine(plan, leave_differing=leave_differing)
    check_brings_in(plan, by=by)
    upload.imported_by, upload.begun_at, upload.problem = by, at, ""
    upload.save(update_fields=["imported_by", "begun_at", "problem"])
    outbox.enqueue(
        "commissions.import_rows",
        key=f"import:{upload.pk}:rows:{at.isoformat()}",
        payload={"import_id": upload.pk, "leave_differing": int(leave_differing)},
        at=at,
    )
    return None


def finish_import(*, import_id: int, leave_differing: bool, at: datetime) -> None:
    """Import a long file in one transaction; what stands in its way is shown on its preview.

    It may run twice: what is in is left.
    """
    upload = InvoiceImport.objects.filter(pk=import_id, begun_at__isnull=False, imported_at=None).first()
    if upload is None:
        return
    try:
        import_invoices(upload=upload, by=upload.imported_by, at=at, leave_differing=leave_differing)
    except (ImportRefused, ColumnsUnclear, PreviewGone, AlreadyImported, OwnMoney) as refusal:
        left = InvoiceImport.objects.filter(pk=import_id, imported_at=None)
        left.update(begun_at=None, imported_by=None, problem=str(refusal)[:300])


def progress_of(upload: InvoiceImport) -> int:
    """Return how many rows a worker has saved so far; none when nobody knows."""
    try:
        return int(cache.get(f"invoice-import:{upload.pk}") or 0)
    except Exception:  # the cache may be lost at any moment, and the page only says less
        log.warning("import.progress_unknown", import_id=upload.pk)
        return 0


def _note_progress(upload: InvoiceImport | None, done: int) -> None:
    if upload is None or upload.begun_at is None:
        return
    try:
        cache.set(f"invoice-import:{upload.pk}", done, timeout=3600)
    except Exception:  # money comes in without the cache too
        log.warning("import.progress_lost", import_id=upload.pk)


def save_plan(plan: intake.Plan, *, upload: InvoiceImport | None, by: User | None, at: datetime) -> None:
    """Save the new invoices and facts of a plan, in the caller's transaction and turn (`IMPORTS`).

    :raises OwnMoney: `by` earns from a deal that gets some of it.
    """
    references = {draft.customer_reference for draft in plan.invoices} - {""}
    found = Deal.objects.filter(customer_reference__in=references).order_by("pk")
    deals = dict(found.select_for_update(no_key=True).values_list("customer_reference", "pk"))
    for start in range(0, len(plan.invoices), BATCH):
        _save_invoices(plan.invoices[start : start + BATCH], plan.source, deals, upload, at=at)
        _note_progress(upload, start)
    named = {fact.invoice for fact in plan.facts} | {fact.replaced_by for fact in plan.facts}
    locked = Invoice.objects.filter(source=plan.source, reference__in=named).prefetch_related("lines")
    invoices = {row.reference: row for row in locked.select_for_update(no_key=True).order_by("pk")}
    check_brings_in(plan, by=by, deals=deals)  # once none of them is given to a deal meanwhile
    for start in range(0, len(plan.facts), BATCH):
        Fact.objects.bulk_create(
            _fact(draft, invoices, plan.source, upload, at=at) for draft in plan.facts[start : start + BATCH]
        )
        _note_progress(upload, len(plan.invoices) + start)


def _save_invoices(
    drafts: Sequence[intake.InvoiceDraft],
    source: str,
    deals: Mapping[str, int],
    upload: InvoiceImport | None,
    *,
    at: datetime,
) -> None:
    invoices = Invoice.objects.bulk_create(
        Invoice(
            source=source,
            reference=draft.reference,
            external_id=draft.external_id,
            customer_name=draft.customer,
            customer_reference=draft.customer_reference,
            customer_domain=draft.customer_domain,
            deal_id=deals.get(draft.customer_reference),
            issued_on=draft.issued_on,
            currency=draft.currency,
            net=draft.net,
            gross=draft.gross,
            imported_in=upload,
            recorded_at=at,
        )
        for draft in drafts
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
        for invoice, draft in zip(invoices, drafts, strict=True)
        for number, line in enumerate(draft.lines, start=1)
    )
    Fact.objects.bulk_create(
        Fact(
            invoice=invoice,
            kind=Fact.Kind.INVOICE,
            source=source,
            reference=invoice.reference,
            happened_on=invoice.issued_on,
            imported_in=upload,
            recorded_at=at,
        )
        for invoice in invoices
    )


def _fact(
    draft: intake.FactDraft,
    invoices: Mapping[str, Invoice],
    source: str,
    upload: InvoiceImport | None,
    *,
    at: datetime,
) -> Fact:
    invoice = invoices[draft.invoice]
    lines = {line.number: line for line in invoice.lines.all()} if draft.line else {}
    return Fact(
        invoice=invoice,
        kind=draft.kind,
        source=source,
        reference=draft.reference,
        happened_on=draft.happened_on,
        gross=draft.gross,
        net=draft.net,
        line=lines[draft.line] if draft.line else None,
        replacement=invoices[draft.replaced_by] if draft.replaced_by else None,
        imported_in=upload,
        recorded_at=at,
    )


# --- what VAT -----------------------------------------------------------------------
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
    :raises TaxStatusUnfit: it can't be right for a partner of that country.  :raises OwnMoney: it is theirs.
    """
    check_finance(by)
    check_not_paid(by, partner)
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)  # who approves a payout now goes first
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

"""Our own columns: what a spreadsheet made by hand has, and what every other layout is turned into."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from commissions.layouts.shapes import PERIOD, RECURRING, Layout, Option, Options, with_answers
from commissions.models import Source
from ssp.core.intake import Column
from ssp.core.tabular import Row, fold

KINDS = {  # what people call them: ours
    "invoice": "invoice",
    "factuur": "invoice",
    "rechnung": "invoice",
    "line": "line",
    "payment": "payment",
    "betaling": "payment",
    "zahlung": "payment",
    "credit": "credit",
    "credit_note": "credit",
    "creditnota": "credit",
    "gutschrift": "credit",
    "refund": "refund",
    "terugbetaling": "refund",
    "write_off": "write_off",
    "writeoff": "write_off",
    "afschrijving": "write_off",
}
COLUMNS = (
    Column("kind", _("Kind of row"), ("type", "soort", "row_kind")),
    Column("reference", _("Number of the row’s own paper"), ("ref", "number", "document_number", "nummer")),
    Column(
        "invoice",
        _("Invoice number that the row is about"),
        ("invoice_number", "invoice_no", "factuurnummer", "rechnungsnummer"),
    ),
    Column("customer", _("Customer"), ("customer_name", "client", "klant", "kunde", "relatie", "debtor")),
    Column(
        "customer_reference",
        _("Customer reference (finds the deal)"),
        ("customer_ref", "your_reference", "your_ref", "uw_ref", "po_number", "purchase_order"),
    ),
    Column(
        "customer_domain",
        _("Customer’s website or e-mail (finds the deal)"),
        ("customer_email", "email", "website", "domain", "web"),
    ),
    Column(
        "date",
        _("Date"),
        ("invoice_date", "issued_on", "payment_date", "paid_on", "datum", "factuurdatum", "rechnungsdatum"),
        needed=True,
    ),
    Column("currency", _("Currency"), ("valuta", "currency_code")),
    Column(
        "net",
        _("Amount without VAT"),
        ("net_amount", "amount_excl_vat", "bedrag_excl_btw", "netto"),
    ),
    Column(
        "gross",
        _("Amount with VAT"),
        ("gross_amount", "amount_incl_vat", "bedrag_incl_btw", "brutto", "total", "totaal"),
        needed=True,
    ),
    Column("description", _("Description"), ("omschrijving", "beschreibung")),
    Column("recurring", _("Recurring, yes or no"), ("terugkerend", "wiederkehrend")),
    Column("service_from", _("First service day"), ("period_start", "service_start", "van", "from")),
    Column("service_to", _("Last service day"), ("period_end", "service_end", "naar", "tot", "to")),
    Column("line", _("Line that a credit note is for"), ("line_number",)),
    Column("replaced_by", _("Invoice that replaces a credited one"), ("replacement",)),
    Column("external_id", _("Its other number, in its own system"), ("id",)),
    Column("payment", _("Payment that a refund gives back"), ("payment_reference",)),
)
KIND = Option(
    "kind",
    _("What are the rows of this file?"),
    (
        ("invoice", _("Invoices, each row a line")),
        ("payment", _("Payments")),
        ("credit", _("Credit notes")),
        ("refund", _("Refunds")),
        ("write_off", _("Write-offs")),
    ),
    missing=_("Say what the rows of this file are: no column does."),
    answered_by=("kind",),
)
CURRENCY = Option(
    "currency",
    _("Which currency are the invoices in?"),
    tuple((code, code) for code in ("EUR", "USD", "GBP", "CHF", "JPY", "KWD")),
    missing=_("Say which currency the invoices are in: no column does."),
    answered_by=("currency",),
    of_invoices=True,
)


def read(rows: Sequence[Row], options: Options) -> Iterable[Row]:
    """Yield the rows with what was answered for the whole file."""
    for row in rows:
        kind = _kind(row, options)
        cells = {**row.cells, "kind": kind}
        if kind == "invoice":
            cells["reference"] = row.get("reference") or row.get("invoice")
            cells["currency"] = row.get("currency") or options.get("currency", "")
        ours = replace(row, cells=cells)
        yield with_answers(ours, options) if kind in ("invoice", "line") else ours


def _kind(row: Row, options: Options) -> str:
    said = row.get("kind") or options.get("kind", "")
    return KINDS.get(fold(said), said)


def has_invoices(rows: Sequence[Row], options: Options) -> bool:
    return any(_kind(row, options) in ("invoice", "line") for row in rows)


LAYOUT = Layout(
    name="own",
    label=_("Our own columns"),
    source=Source.FILE,
    columns=COLUMNS,
    read=read,
    options=(KIND, CURRENCY, RECURRING, PERIOD),
    has_invoices=has_invoices,
)

"""Stripe's exports of invoices, payments, its balance, and credit notes.

Headings of the invoices and payments exports are those that public programs read from the files of Stripe's
dashboard ("Minimum Line Item Period Start (UTC)", "Marked Uncollectible At (UTC)"; "Created date (UTC)",
"Amount Refunded", "Invoice ID"; older files say "Created (UTC)"). The balance report's columns are those of
Stripe's report "balance change from activity, itemized". The credit notes' are the fields of the API's object
(docs.stripe.com/api/credit_notes) in the dashboard's spelling; no file was at hand to compare.

All moments are UTC there, and days in Amsterdam here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.layouts.shapes import (
    PERIOD,
    Layout,
    LeftOut,
    Option,
    Options,
    day_before,
    local_day,
    plain,
    refused,
    with_answers,
)
from commissions.models import Source
from ssp.core.intake import Column
from ssp.core.money import minor_units
from ssp.core.tabular import Row, UnreadableCell, decimal_of

PAID = {"paid", "succeeded", "refunded", "partially_refunded", "partial_refund", "disputed"}


def _each(read: Callable[[Row, Options], Iterable[Row]]) -> Callable[[Sequence[Row], Options], Iterable[Row]]:
    """Return a reader of all rows made of one that reads a single row; what can't be read is refused."""

    def rows(rows: Sequence[Row], options: Options) -> Iterable[Row]:
        for row in rows:
            try:
                yield from read(row, options)
            except UnreadableCell as why:
                yield refused(row, why)

    return rows


def _amount(row: Row, column: str) -> Decimal:
    places = minor_units(row.get("currency").upper())
    return decimal_of(row.get(column), places=places) if row.get(column) else Decimal(0)


def _ours(row: Row, **cells: str) -> Row:
    return replace(row, cells=cells)


def _out(row: Row, kind: str, why: str) -> LeftOut:
    reference = row.get("number") or row.get("id")
    return LeftOut(row.number, {"kind": kind, "reference": reference}, why=why)


# --- invoices -----------------------------------------------------------------------
def _invoice(row: Row, options: Options) -> Iterable[Row]:
    status = row.get("status").casefold()
    number = row.get("number") or row.get("id")
    if status in ("draft", "") and not row.get("number"):
        yield _out(row, "invoice", _("A draft is no invoice yet."))
        return
    if status in ("void", "voided", "deleted"):
        yield _out(
            row,
            "invoice",
            _("Voided in Stripe. If it is recorded here, a credit note over the whole amount ends it."),
        )
        return
    total, tax = _amount(row, "total"), _amount(row, "tax")
    first, last = _period(row)
    cells = {
        "kind": "invoice",
        "reference": number,
        "external_id": row.get("id") if row.get("number") else "",
        "customer": row.get("customer_name") or row.get("customer_id"),
        "customer_reference": row.get("customer_reference"),
        "customer_domain": row.get("customer_email"),
        "date": local_day(row.get("finalized") or row.get("date")),
        "currency": row.get("currency").upper(),
        "net": plain(total - tax),
        "gross": plain(total),
        "description": row.get("description"),
        "service_from": first,
        "service_to": last,
    }
    answers = dict(options)
    if answers.get("recurring") == "subscription":
        answers["recurring"] = "all" if row.get("subscription") else "none"
    yield with_answers(_ours(row, **cells), answers)
    yield from _settled(row, number, options)


def _period(row: Row) -> tuple[str, str]:
    """Return the first and last service day; a one-off item's period ends where it begins, and is none."""
    first, end = row.get("period_from"), row.get("period_to")
    if not first or not end or first == end:
        return "", ""
    return local_day(first), day_before(end)


def _settled(row: Row, number: str, options: Options) -> Iterable[Row]:
    """Yield the payment, if it is to come from this file, and the write-off of what Stripe gave up."""
    currency, paid = row.get("currency").upper(), _amount(row, "amount_paid")
    if options.get("payments") == "here" and paid > 0 and row.get("paid_at"):
        yield _ours(
            row,
            kind="payment",
            reference=row.get("charge") or f"{number}:paid",
            invoice=number,
            date=local_day(row.get("paid_at")),
            currency=currency,
            gross=plain(paid),
        )
    given_up = _amount(row, "amount_due") - paid
    if row.get("status").casefold() == "uncollectible" and row.get("uncollectible_at") and given_up > 0:
        yield _ours(
            row,
            kind="write_off",
            reference=f"{number}:uncollectible",
            invoice=number,
            date=local_day(row.get("uncollectible_at")),
            currency=currency,
            gross=plain(given_up),
        )


INVOICES = Layout(
    name="stripe_invoices",
    label=gettext_lazy("Stripe’s export of invoices"),
    source=Source.STRIPE,
    signs=frozenset({"id", "number", "amount_due", "total", "status"}),
    columns=(
        Column("id", gettext_lazy("Stripe’s id (id)"), ("invoice_id",), needed=True),
        Column("number", gettext_lazy("Invoice number (Number)"), (), needed=True),
        Column("date", gettext_lazy("Created (Date)"), ("date_utc", "created_utc", "created"), needed=True),
        Column("finalized", gettext_lazy("Finalized at"), ("finalized_at_utc", "finalized_at")),
        Column("status", gettext_lazy("Status"), (), needed=True),
        Column("customer_id", gettext_lazy("Customer’s id"), ("customer",)),
        Column("customer_name", gettext_lazy("Customer’s name")),
        Column("customer_email", gettext_lazy("Customer’s e-mail (its domain finds the deal)")),
        Column(
            "customer_reference",
            gettext_lazy("Customer reference (finds the deal)"),
            ("customer_reference_metadata", "deal_metadata", "po_number_metadata", "customer_description"),
        ),
        Column("currency", gettext_lazy("Currency"), (), needed=True),
        Column("total", gettext_lazy("Total, tax included"), (), needed=True),
        Column("tax", gettext_lazy("Tax"), (), needed=True),
        Column("amount_due", gettext_lazy("Amount due")),
        Column("amount_paid", gettext_lazy("Amount paid")),
        Column("paid_at", gettext_lazy("Paid at"), ("paid_at_utc",)),
        Column("charge", gettext_lazy("Charge")),
        Column("uncollectible_at", gettext_lazy("Marked uncollectible at"), ("marked_uncollectible_at_utc",)),
        Column("subscription", gettext_lazy("Subscription")),
        Column(
            "period_from",
            gettext_lazy("First service moment"),
            ("minimum_line_item_period_start_utc", "minimum_line_item_period_start"),
        ),
        Column(
            "period_to",
            gettext_lazy("End of service"),
            ("maximum_line_item_period_end_utc", "maximum_line_item_period_end"),
        ),
        Column("description", gettext_lazy("Description"), ("memo",)),
    ),
    read=_each(_invoice),
    options=(
        Option(
            "recurring",
            gettext_lazy("Which invoices are recurring revenue?"),
            (
                ("subscription", gettext_lazy("Those of a subscription")),
                ("period", gettext_lazy("Those with a service period")),
                ("all", gettext_lazy("All of them")),
                ("none", gettext_lazy("None of them")),
            ),
            hint=gettext_lazy("Stripe’s export has no lines: each invoice is recurring as a whole, or not."),
            missing=gettext_lazy("Say which invoices are recurring revenue: Stripe’s export doesn’t."),
        ),
        replace(PERIOD, answered_by=()),
        Option(
            "payments",
            gettext_lazy("Where do the payments come from?"),
            (
                ("elsewhere", gettext_lazy("From another export, or not through Stripe")),
                ("here", gettext_lazy("From this file: what is paid, on the day it was")),
            ),
            hint=gettext_lazy(
                "A payment taken from here has its charge’s number, so that Stripe’s payments export "
                "finds it already there."
            ),
            missing=gettext_lazy("Say where the payments come from."),
        ),
    ),
    lacks=(
        gettext_lazy(
            "It has no lines. An invoice that mixes recurring and one-off items comes in as one line: enter "
            "it by hand in the administration instead, before you import the file."
        ),
        gettext_lazy(
            "Its service period is the span of all items. The last day is the one before the period’s end."
        ),
        gettext_lazy(
            "What a customer’s balance paid is in no payment. Drafts and voided invoices are left out."
        ),
    ),
)


# --- payments -----------------------------------------------------------------------
def _payment(row: Row, options: Options) -> Iterable[Row]:
    status = row.get("status").casefold().replace(" ", "_")
    if status not in PAID or row.get("captured").casefold() == "false":
        yield _out(row, "payment", _("It didn’t go through: its status is “%s”.") % row.get("status")[:40])
        return
    invoice = row.get("invoice_number") or row.get("invoice_id")
    if not invoice:
        yield _out(row, "payment", _("Stripe names no invoice for it."))
        return
    currency = row.get("currency").upper()
    yield _ours(
        row,
        kind="payment",
        reference=row.get("id"),
        invoice=invoice,
        date=local_day(row.get("date")),
        currency=currency,
        gross=plain(_amount(row, "amount")),
    )
    given_back = _amount(row, "refunded")
    if not given_back:
        return
    if options.get("refunds") != "here":
        yield _out(row, "refund", _("Its refund comes from another export, as you said."))
        return
    yield _ours(
        row,
        kind="refund",
        reference=f"{row.get('id')}:refunded",
        invoice=invoice,
        date=local_day(row.get("refunded_at")),
        currency=currency,
        gross=plain(given_back),
    )


PAYMENTS = Layout(
    name="stripe_payments",
    label=gettext_lazy("Stripe’s export of payments"),
    source=Source.STRIPE,
    signs=frozenset({"id", "amount", "amount_refunded", "status", "invoice_id"}),
    columns=(
        Column("id", gettext_lazy("Stripe’s id (id)"), (), needed=True),
        Column("date", gettext_lazy("Created"), ("created_date_utc", "created_utc"), needed=True),
        Column("amount", gettext_lazy("Amount"), (), needed=True),
        Column("refunded", gettext_lazy("Amount refunded"), ("amount_refunded",)),
        Column("refunded_at", gettext_lazy("Refunded on"), ("refunded_date_utc",)),
        Column("currency", gettext_lazy("Currency"), (), needed=True),
        Column("status", gettext_lazy("Status"), (), needed=True),
        Column("captured", gettext_lazy("Captured")),
        Column("invoice_id", gettext_lazy("Invoice ID"), (), needed=True),
        Column("invoice_number", gettext_lazy("Invoice number")),
    ),
    read=_each(_payment),
    options=(
        Option(
            "refunds",
            gettext_lazy("Where do refunds come from?"),
            (
                ("elsewhere", gettext_lazy("From Stripe’s balance report: each with its own day")),
                ("here", gettext_lazy("From this file: one sum per payment, on the last day")),
            ),
            hint=gettext_lazy(
                "The payments export knows only how much of a payment was given back in all. A second "
                "partial refund changes that sum, and would be reported as a conflict."
            ),
            missing=gettext_lazy("Say where refunds come from."),
        ),
    ),
    lacks=(
        gettext_lazy(
            "Disputes that were lost aren’t read: enter what the bank took back as a refund by hand."
        ),
        gettext_lazy("The invoices must be here already, or come in first. What failed is left out."),
    ),
)


# --- the balance report: payments and refunds, each with its day ------------------------
def _movement(row: Row, options: Options) -> Iterable[Row]:
    category = row.get("category").casefold()
    kinds = {"charge": "payment", "payment": "payment", "refund": "refund", "payment_refund": "refund"}
    if category not in kinds:
        yield _out(row, category[:20], _("“%s” is no payment and no refund.") % row.get("category")[:40])
        return
    invoice, payment = row.get("invoice_number") or row.get("invoice_id"), row.get("charge_id")
    if not invoice and not (kinds[category] == "refund" and payment):
        yield _out(row, kinds[category], _("Stripe names no invoice for it."))
        return
    paid = replace(row, cells={**row.cells, "currency": row.get("paid_currency") or row.get("currency")})
    amount = _amount(paid, "paid_amount" if row.get("paid_amount") else "amount")
    yield _ours(
        row,
        kind=kinds[category],
        reference=row.get("id"),
        invoice=invoice,
        payment="" if invoice else payment,
        date=local_day(row.get("date")),
        currency=paid.get("currency").upper(),
        gross=plain(abs(amount)),
    )


BALANCE = Layout(
    name="stripe_balance",
    label=gettext_lazy("Stripe’s balance report, itemized"),
    source=Source.STRIPE,
    signs=frozenset({"balance_transaction_id", "reporting_category", "source_id", "gross"}),
    columns=(
        Column("id", gettext_lazy("Source (source_id)"), ("source_id",), needed=True),
        Column("category", gettext_lazy("Category"), ("reporting_category",), needed=True),
        Column("date", gettext_lazy("Created, UTC"), ("created_utc",), needed=True),
        Column("amount", gettext_lazy("Gross"), ("gross",), needed=True),
        Column("currency", gettext_lazy("Currency"), (), needed=True),
        Column("paid_amount", gettext_lazy("What the customer paid"), ("customer_facing_amount",)),
        Column("paid_currency", gettext_lazy("… and in which currency"), ("customer_facing_currency",)),
        Column("invoice_id", gettext_lazy("Invoice ID")),
        Column("invoice_number", gettext_lazy("Invoice number")),
        Column("charge_id", gettext_lazy("Charge ID")),
    ),
    read=_each(_movement),
    lacks=(gettext_lazy("Fees, payouts and disputes are left out. The invoices must be here already."),),
)


# --- credit notes ---------------------------------------------------------------------
def _credit_note(row: Row, options: Options) -> Iterable[Row]:
    if row.get("status").casefold() in ("void", "voided"):
        yield _out(row, "credit", _("Voided in Stripe."))
        return
    total = _amount(row, "total")
    net = _amount(row, "net") if row.get("net") else total - _amount(row, "tax")
    yield _ours(
        row,
        kind="credit",
        reference=row.get("number") or row.get("id"),
        invoice=row.get("invoice_number") or row.get("invoice_id"),
        date=local_day(row.get("date")),
        currency=row.get("currency").upper(),
        net=plain(net),
        gross=plain(total),
    )


CREDIT_NOTES = Layout(
    name="stripe_credits",
    label=gettext_lazy("Stripe’s export of credit notes"),
    source=Source.STRIPE,
    signs=frozenset({"credit_note_number", "total", "currency"}),
    columns=(
        Column("number", gettext_lazy("Credit note number"), ("credit_note_number",), needed=True),
        Column("id", gettext_lazy("Stripe’s id (id)"), ("credit_note_id",)),
        Column("date", gettext_lazy("Created"), ("created_utc", "date_utc", "created"), needed=True),
        Column("status", gettext_lazy("Status"), ("credit_note_status",)),
        Column("invoice_id", gettext_lazy("Invoice ID"), ("invoice",)),
        Column("invoice_number", gettext_lazy("Invoice number")),
        Column("currency", gettext_lazy("Currency"), (), needed=True),
        Column("total", gettext_lazy("Total, tax included"), ("amount",), needed=True),
        Column("net", gettext_lazy("Total without tax"), ("total_excluding_tax", "subtotal_excluding_tax")),
        Column("tax", gettext_lazy("Tax"), ("total_tax", "tax_amount")),
    ),
    read=_each(_credit_note),
    options=(
        Option(
            "untaxed",
            gettext_lazy("The file names no tax. What is its total?"),
            (("yes", gettext_lazy("An amount without VAT: nothing of it is tax")),),
            missing=gettext_lazy("Say which column holds the tax, or that there is none."),
            answered_by=("tax",),
        ),
    ),
    lacks=(
        gettext_lazy("A credit note spreads over the lines by their net: the export doesn’t name a line."),
        gettext_lazy("It doesn’t say which invoice replaces a credited one: enter such a one by hand."),
    ),
)
LAYOUTS = (INVOICES, PAYMENTS, BALANCE, CREDIT_NOTES)

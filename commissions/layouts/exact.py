"""Exact Online's sales entries: one row for each line, the entry's head repeated on it.

The Dutch headings are those of Exact's own template for sales entries, as public programs read and write it:
"Dagboek: Code", "Boekstuknummer", "Factuurdatum", "Valuta", "Uw ref.", "Code", "Naam", "Grootboekrekening",
"Omschrijving", "BTW-code", "BTW-percentage", "Bedrag", "BTW-bedrag", "Van", "Naar". The English ones are
the same terms as in Exact's screens and its API (SalesEntries, SalesEntryLines: EntryNumber, YourRef,
AmountFC, VATAmountFC, From, To); no English file was at hand to compare.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.layouts.own import CURRENCY
from commissions.layouts.shapes import (
    PERIOD,
    RECURRING,
    Layout,
    LeftOut,
    Option,
    Options,
    plain,
    refused,
    with_answers,
)
from commissions.models import Source
from ssp.core.intake import Column
from ssp.core.money import minor_units
from ssp.core.tabular import Row, UnreadableCell, decimal_of


def _currency(row: Row, options: Options) -> str:
    return row.get("currency").upper() or options.get("currency", "")


def _amounts(row: Row, options: Options) -> tuple[Decimal, Decimal]:
    """Return a line's amount without and with VAT, negative ones too."""
    places = minor_units(_currency(row, options))
    amount = decimal_of(row.get("amount"), places=places)
    vat = decimal_of(row.get("vat"), places=places) if row.get("vat") else Decimal(0)
    return (amount, amount + vat) if options.get("vat") == "without" else (amount - vat, amount)


def _number(row: Row) -> str:
    return row.get("invoice_number") or row.get("entry")


def read(rows: Sequence[Row], options: Options) -> Iterable[Row]:
    """Yield each entry's lines as one invoice, and an entry below zero as one credit note."""
    entries: dict[str, list[Row]] = {}
    for row in rows:
        entries.setdefault(_number(row), []).append(row)
    for lines in entries.values():
        try:
            total = sum((_amounts(row, options)[1] for row in lines), Decimal(0))
        except UnreadableCell:
            yield from (_unreadable(row, options) for row in lines)
            continue
        if total < 0:
            yield from _credit(lines, options)
        else:
            yield from (_line(row, options) for row in lines)


def _head(row: Row, options: Options) -> dict[str, str]:
    return {
        "reference": _number(row),
        "customer": row.get("customer"),
        "customer_reference": row.get("your_ref"),
        "date": row.get("date"),
        "currency": _currency(row, options),
        "description": row.get("description"),
    }


def _unreadable(row: Row, options: Options) -> Row:
    broken = replace(row, cells={"kind": "invoice", **_head(row, options)})
    try:
        _amounts(row, options)
    except UnreadableCell as why:
        return refused(broken, why)
    return refused(broken, _("Another row of this invoice is refused."))


def _line(row: Row, options: Options) -> Row:
    net, gross = _amounts(row, options)
    cells = {
        "kind": "invoice",
        **_head(row, options),
        "net": plain(net),
        "gross": plain(gross),
        "service_from": row.get("service_from"),
        "service_to": row.get("service_to"),
        "recurring": row.get("recurring"),
    }
    return with_answers(replace(row, cells=cells), options)


def _credit(lines: Sequence[Row], options: Options) -> Iterable[Row]:
    """Yield an entry below zero: its lines added up, on its first row."""
    amounts = [_amounts(row, options) for row in lines]
    first = lines[0]
    cells = {
        **_head(first, options),
        "kind": "credit",
        "invoice": first.get("credited"),
        "net": plain(-sum((net for net, _gross in amounts), Decimal(0))),
        "gross": plain(-sum((gross for _net, gross in amounts), Decimal(0))),
    }
    problem = "" if first.get("credited") else _("It is below zero, so a credit note: say for which invoice.")
    yield replace(first, cells=cells, problem=first.problem or problem)
    for row in lines[1:]:
        why = _("Counted with row %s: one credit note.") % first.number
        yield LeftOut(row.number, {"kind": "credit", "reference": _number(row)}, row.problem, why=why)


ENTRIES = Layout(
    name="exact_entries",
    label=gettext_lazy("Exact Online’s sales entries"),
    source=Source.EXACT,
    columns=(
        Column(
            "invoice_number",
            gettext_lazy("Invoice number"),
            ("factuurnummer", "invoicenumber", "our_ref", "onze_ref"),
        ),
        Column(
            "entry",
            gettext_lazy("Entry number (Boekstuknummer)"),
            ("boekstuknummer", "entry_number", "entrynumber", "entry_no"),
            needed=True,
        ),
        Column(
            "date",
            gettext_lazy("Invoice date (Factuurdatum)"),
            ("factuurdatum", "invoice_date", "invoicedate", "boekdatum", "entry_date", "entrydate"),
            needed=True,
        ),
        Column(
            "customer",
            gettext_lazy("Customer (Naam)"),
            ("naam", "name", "customer_name", "customername", "relatie_naam"),
            needed=True,
        ),
        Column(
            "your_ref",
            gettext_lazy("Your ref. (Uw ref.; finds the deal)"),
            ("uw_ref", "your_ref", "yourref"),
        ),
        Column("currency", gettext_lazy("Currency (Valuta)"), ("valuta", "currency_code")),
        Column(
            "amount",
            gettext_lazy("Amount of the line (Bedrag)"),
            ("bedrag", "amountfc", "amount_fc"),
            needed=True,
        ),
        Column(
            "vat",
            gettext_lazy("VAT of the line (BTW-bedrag)"),
            ("btw_bedrag", "vat_amount", "vatamountfc"),
            needed=True,
        ),
        Column("description", gettext_lazy("Description (Omschrijving)"), ("omschrijving",)),
        Column("recurring", gettext_lazy("Recurring, yes or no (a column of your own)"), ("terugkerend",)),
        Column("service_from", gettext_lazy("First service day (Van)"), ("van", "from")),
        Column("service_to", gettext_lazy("Last service day (Naar)"), ("naar", "to")),
        Column(
            "credited",
            gettext_lazy("Invoice that a credit note is for (a column of your own)"),
            ("credited_invoice", "gecrediteerde_factuur"),
        ),
    ),
    read=read,
    options=(
        Option(
            "vat",
            gettext_lazy("Is the VAT in the amount of a line?"),
            (
                ("without", gettext_lazy("No: amounts are without VAT")),
                ("with", gettext_lazy("Yes: amounts include it")),
            ),
            hint=gettext_lazy("It depends on your VAT codes; compare one invoice with its paper."),
            missing=gettext_lazy("Say whether amounts include VAT: Exact’s file doesn’t."),
        ),
        CURRENCY,
        RECURRING,
        replace(PERIOD, answered_by=()),  # the columns are there, and mostly empty
    ),
    lacks=(
        gettext_lazy(
            "Its service period (Van, Naar) is filled only where costs are spread. Without it, a recurring "
            "line needs the answer below."
        ),
        gettext_lazy(
            "A credit note doesn’t name its invoice: add a column “Credited invoice” to the file, or enter "
            "it by hand."
        ),
        gettext_lazy(
            "Payments aren’t in it. Export the bank entries, and say on this page which column holds the "
            "invoice number."
        ),
    ),
)


def _signed(*signs: str) -> Layout:
    return replace(ENTRIES, signs=frozenset(signs))


DUTCH = _signed("boekstuknummer", "grootboekrekening", "bedrag", "btw_bedrag")
ENGLISH = replace(
    _signed("entry_number", "g_l_account", "amount", "vat_amount"),
    name="exact_entries_en",
    label=gettext_lazy("Exact Online’s sales entries (English)"),
)
API = replace(
    _signed("entrynumber", "amountfc", "vatamountfc"),
    name="exact_entries_api",
    label=gettext_lazy("Exact Online’s sales entries (fields of its API)"),
)
LAYOUTS = (DUTCH, ENGLISH, API)

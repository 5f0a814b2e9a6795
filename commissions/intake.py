"""Rows of invoices, payments and credit notes: what each means, before anything is saved.

They come under our own columns (`layouts.own`), whatever file they stood in; what is entered by hand is
such rows too. Several `invoice` rows with one reference are its lines.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.layouts import LeftOut
from commissions.models import MANUAL, Fact, Invoice, Source
from referrals.rules import FREE_MAIL
from ssp.core.intake import (
    CONFLICT,
    KNOWN,
    LEFT_OUT,
    NEW,
    NO,
    REFUSED,
    YES,
    Judgement,
    Judgements,
    RowRefused,
    judge_known,
)
from ssp.core.money import minor_units
from ssp.core.tabular import Row, UnreadableCell, decimal_of, likely_date_of

__all__ = [
    "CONFLICT",
    "KNOWN",
    "LEFT_OUT",
    "NEW",
    "REFUSED",
    "FactDraft",
    "InvoiceDraft",
    "Judged",
    "Plan",
    "plan_rows",
]

KINDS = {"invoice", "line", "payment", "credit", "refund", "write_off"}
LONGEST_LINE_NUMBER = 4
ANOTHER_ROW = gettext_lazy("Another row of this invoice is refused.")
AT_ONCE = 5000  # references asked for in one query


@dataclass
class LineDraft:
    net: Decimal
    recurring: bool
    service_from: date | None
    service_to: date | None
    description: str

    @property
    def facts(self) -> tuple[object, ...]:
        return (self.net, self.recurring, self.service_from, self.service_to, self.description)


@dataclass
class InvoiceDraft:
    reference: str
    customer: str
    customer_reference: str
    issued_on: date
    currency: str
    net: Decimal
    gross: Decimal
    external_id: str = ""
    customer_domain: str = ""
    lines: list[LineDraft] = field(default_factory=list)
    rows: list["Judged"] = field(default_factory=list)


@dataclass
class FactDraft:
    kind: str
    reference: str
    invoice: str
    happened_on: date
    gross: Decimal
    net: Decimal
    line: int | None
    replaced_by: str
    row: "Judged"


@dataclass
class Judged(Judgement):
    """One row and what becomes of it."""

    number: int
    kind: str
    reference: str
    invoice: str
    amount: str
    outcome: str = NEW
    message: str = ""


@dataclass
class Plan(Judgements):
    """What an import would do: every row judged, and what is new."""

    rows: list[Judged]
    source: str = MANUAL
    invoices: list[InvoiceDraft] = field(default_factory=list)
    facts: list[FactDraft] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        return bool(self.invoices or self.facts)


class Reader:
    """Reads the rows of one file, each on its own, then what they say together."""

    def __init__(self, rows: Sequence[Row], *, source: str, on: date) -> None:
        self.on, self.source = on, source
        self.rows: list[Judged] = []
        self.invoices: dict[str, InvoiceDraft] = {}
        self.lines: dict[str, list[tuple[Judged, LineDraft]]] = {}
        self.facts: list[FactDraft] = []
        self.broken: set[str] = set()  # invoices of which a line can't be read
        self.named: set[tuple[str, str]] = set()  # kind and reference of each fact
        self.numbers: dict[str, str] = {}  # what else an invoice is called: its reference
        self.payments: dict[str, str] = {}  # a payment: its invoice
        self.currencies = self._currencies(rows)
        for row in rows:
            self._read(row)

    def _currencies(self, rows: Sequence[Row]) -> dict[str, str]:
        """Return the currency of each invoice: those in the file before those in the database.

        Learns on the way which invoice another number means, and which one a payment is for.
        """
        paid = {row.get("payment") for row in rows} - {""}
        for some in _some(paid):
            known = Fact.objects.filter(source=self.source, kind=Fact.Kind.PAYMENT, reference__in=some)
            self.payments |= dict(known.values_list("reference", "invoice__reference"))
        self.payments |= {
            row.get("reference"): row.get("invoice") for row in rows if row.get("kind") == "payment"
        }
        named = {row.get("invoice") or row.get("reference") for row in rows} | set(self.payments.values())
        named |= {row.get("external_id") for row in rows if row.get("external_id")}
        currencies: dict[str, str] = {}
        for some in _some(named):
            called = Q(reference__in=some) | Q(external_id__in=some)
            for reference, other, currency in Invoice.objects.filter(called, source=self.source).values_list(
                "reference", "external_id", "currency"
            ):
                currencies[reference] = currency
                self.numbers[other] = reference
        self.taken = dict(self.numbers)
        for row in rows:
            if row.get("kind") == "invoice":
                currencies[row.get("reference")] = row.get("currency").upper()
                self.numbers[row.get("external_id")] = row.get("reference")
        self.numbers.pop("", None)
        return currencies

    def _read(self, row: Row) -> None:
        kind = row.get("kind").casefold()
        amount = row.get("net") if kind in ("invoice", "line", "credit") else row.get("gross")
        judged = Judged(row.number, kind, row.get("reference"), row.get("invoice"), amount)
        self.rows.append(judged)
        if isinstance(row, LeftOut) and not row.problem:
            judged.refuse(row.why, LEFT_OUT)
            return
        try:
            if row.problem:
                raise RowRefused(row.problem)
            if kind == "invoice":
                self._invoice(row, judged)
            elif kind == "line":
                self.lines.setdefault(self._text(row, "invoice"), []).append(
                    (judged, self._line(row, self._text(row, "invoice")))
                )
            elif kind in KINDS:
                self._fact(row, judged, kind)
            else:
                raise RowRefused(
                    _("“%s” is no kind. Use invoice, line, payment, credit, refund or write_off.")
                    % row.get("kind")[:40]
                )
        except (RowRefused, UnreadableCell) as refusal:
            judged.refuse(str(refusal))
            if kind == "line":
                self.broken.add(row.get("invoice"))

    def _invoice(self, row: Row, judged: Judged) -> None:
        reference = self._text(row, "reference")
        currency = row.get("currency").upper()
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise RowRefused(_("The currency is missing. Write it like EUR."))
        net, gross = self._amount(row, "net", currency), self._amount(row, "gross", currency)
        if gross < net:
            raise RowRefused(_("The gross amount is below the net amount."))
        draft = InvoiceDraft(
            reference,
            row.get("customer")[:300],
            row.get("customer_reference")[:80],
            self._date(row),
            currency,
            net,
            gross,
            row.get("external_id")[:80],
            _domain(row.get("customer_domain")),
        )
        if draft.external_id and self.taken.setdefault(draft.external_id, reference) != reference:
            raise RowRefused(_("Its other number belongs to invoice %s.") % self.taken[draft.external_id])
        line = self._line(row, reference, net=net)
        if (known := self.invoices.get(reference)) is None:
            self.invoices[reference] = draft
            draft.lines, draft.rows = [line], [judged]
            return
        heads = [(d.customer, d.customer_reference, d.issued_on, d.currency) for d in (known, draft)]
        if heads[0] != heads[1]:
            raise RowRefused(_("Its rows disagree about the customer, the date or the currency."))
        if line.facts in [there.facts for there in known.lines]:
            raise RowRefused(
                _(
                    "This row is twice in the file. If the invoice really has two such lines, "
                    "give each its own description."
                )
            )
        known.net, known.gross = known.net + net, known.gross + gross
        known.lines.append(line)
        known.rows.append(judged)

    def _line(self, row: Row, invoice: str, *, net: Decimal | None = None) -> LineDraft:
        answer = row.get("recurring").casefold()
        if answer not in YES | NO:
            raise RowRefused(_("“%s” under recurring is neither yes nor no.") % row.get("recurring")[:40])
        recurring = answer in YES
        first = likely_date_of(row.get("service_from")) if row.get("service_from") else None
        last = likely_date_of(row.get("service_to")) if row.get("service_to") else None
        if recurring and (first is None or last is None):
            raise RowRefused(_("A recurring line needs its service period: service_from and service_to."))
        if first and last and last < first:
            raise RowRefused(_("The service period ends before it begins."))
        if net is None:
            net = self._amount(row, "net", self.currencies.get(invoice, "EUR"))
        return LineDraft(net, recurring, first, last, row.get("description")[:300])

    def _fact(self, row: Row, judged: Judged, kind: str) -> None:
        if not row.get("invoice") and row.get("payment"):
            invoice = self.payments.get(row.get("payment"), "")
            if not invoice:
                raise RowRefused(_("The payment %s isn't known here.") % row.get("payment")[:80])
        else:
            invoice = self._text(row, "invoice")
        invoice = judged.invoice = self.numbers.get(invoice, invoice)
        currency = self.currencies.get(invoice)
        if currency is None:
            raise RowRefused(_("There is no invoice %s, neither here nor in this file.") % invoice)
        if row.get("currency") and row.get("currency").upper() != currency:
            raise RowRefused(_("The invoice is in %s: currencies are never mixed.") % currency)
        gross = self._amount(row, "gross", currency)
        net = self._amount(row, "net", currency) if kind == "credit" else Decimal(0)
        if not gross:
            raise RowRefused(_("The gross amount is missing."))
        if gross < net:
            raise RowRefused(_("The gross amount is below the net amount."))
        happened_on = self._date(row)
        if happened_on > self.on:
            raise RowRefused(_("The date is in the future."))
        line = row.get("line") if kind == "credit" else ""
        if line and not (line.isdecimal() and len(line) <= LONGEST_LINE_NUMBER):
            raise RowRefused(_("“%s” is no line number.") % line[:40])
        replaced_by = row.get("replaced_by") if kind == "credit" else ""
        replaced_by = self.numbers.get(replaced_by, replaced_by)
        reference = self._text(row, "reference")
        if (kind, reference) in self.named:
            raise RowRefused(_("This reference is twice in the file."))
        self.named.add((kind, reference))
        self.facts.append(
            FactDraft(
                kind,
                reference,
                invoice,
                happened_on,
                gross,
                net,
                int(line) if line else None,
                replaced_by,
                judged,
            )
        )

    def _text(self, row: Row, column: str) -> str:
        if not (text := row.get(column)):
            raise RowRefused(_("%s is missing.") % column)
        if len(text) > 80:
            raise RowRefused(_("%s is longer than 80 characters.") % column)
        return text

    def _date(self, row: Row) -> date:
        if not row.get("date"):
            raise RowRefused(_("The date is missing."))
        return likely_date_of(row.get("date"))

    def _amount(self, row: Row, column: str, currency: str) -> Decimal:
        if not row.get(column):
            raise RowRefused(_("%s is missing.") % column)
        amount = decimal_of(row.get(column), places=minor_units(currency))
        if amount < 0:
            raise RowRefused(
                _("%s is below zero. What is given back is a row of its own: credit or refund.") % column
            )
        if amount >= 10**11:
            raise RowRefused(_("%s is larger than any invoice.") % column)
        return amount


def _some(references: Collection[str]) -> Iterator[list[str]]:
    """Yield references in portions that a query can take."""
    ordered = sorted(references)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _domain(cell: str) -> str:
    """Return the company's domain in a website or an e-mail address; nothing at free mail providers."""
    host = cell.strip().casefold().rpartition("@")[2]
    host = host.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    host = re.split(r"[/:?#]", host, maxsplit=1)[0]
    return host[:200] if "." in host and host not in FREE_MAIL else ""


def plan_rows(rows: Sequence[Row], *, source: str = Source.FILE, on: date) -> Plan:
    """Judge rows of our own columns against each other and what is in the database; saves nothing.

    :param source: whose numbers they are.  :param on: today; nothing may be paid or credited after it.
    """
    reader = Reader(rows, source=source, on=on)
    for reference, lines in reader.lines.items():
        if reference not in reader.broken:
            _give_lines(reader.invoices.get(reference), reference, lines)
    for draft in reader.invoices.values():
        read = [row for row, _line in reader.lines.get(draft.reference, ())]
        if draft.reference in reader.broken or any(row.outcome == REFUSED for row in draft.rows):
            for row in (*draft.rows, *read):
                row.refuse(str(ANOTHER_ROW))
    known = _known_invoices(reader)
    _compare_invoices(reader.invoices.values(), known)
    for fact in reader.facts:
        _check_fact(fact, reader, known)
    _compare_facts(reader.facts, source)
    return Plan(
        reader.rows,
        source,
        [draft for draft in reader.invoices.values() if draft.rows[0].outcome == NEW],
        sorted(
            (fact for fact in reader.facts if fact.row.outcome == NEW),
            key=lambda fact: (fact.happened_on, fact.row.number),
        ),
    )


def _give_lines(draft: InvoiceDraft | None, reference: str, lines: list[tuple[Judged, LineDraft]]) -> None:
    if draft is None:
        for row, _line in lines:
            row.refuse(_("Its invoice row isn't in this file: an invoice comes with its lines."))
        return
    if len(draft.lines) > 1:
        for row, _line in lines:
            row.refuse(_("Its invoice has several invoice rows already: use these or line rows."))
        return
    draft.lines = [line for _row, line in lines]
    draft.rows += [row for row, _line in lines]
    if sum((line.net for line in draft.lines), Decimal(0)) != draft.net:
        for row in draft.rows:
            row.refuse(_("The lines of invoice %s don't add up to its net amount.") % reference)


def _known_invoices(reader: Reader) -> dict[str, Invoice]:
    named = {
        *reader.invoices,
        *(fact.invoice for fact in reader.facts),
        *(fact.replaced_by for fact in reader.facts),
    }
    known: dict[str, Invoice] = {}
    for some in _some(named):
        rows = Invoice.objects.filter(source=reader.source, reference__in=some).prefetch_related("lines")
        known |= {invoice.reference: invoice for invoice in rows}
    return known


def _compare_invoices(drafts: Iterable[InvoiceDraft], known: dict[str, Invoice]) -> None:
    for draft in drafts:
        if (there := known.get(draft.reference)) is None:
            continue
        lines = [
            (line.net, line.recurring, line.service_from, line.service_to, line.description)
            for line in sorted(there.lines.all(), key=lambda line: line.number)
        ]
        pairs = {
            _("customer"): (there.customer_name, draft.customer),
            _("customer reference"): (there.customer_reference, draft.customer_reference),
            _("date"): (there.issued_on, draft.issued_on),
            _("currency"): (there.currency, draft.currency),
            _("net"): (there.net, draft.net),
            _("gross"): (there.gross, draft.gross),
            _("lines"): (lines, [line.facts for line in draft.lines]),
        }
        judge_known(draft.rows, _differing(pairs))


def _check_fact(fact: FactDraft, reader: Reader, known: dict[str, Invoice]) -> None:
    draft, there = reader.invoices.get(fact.invoice), known.get(fact.invoice)
    if draft and any(row.outcome in (REFUSED, CONFLICT) for row in draft.rows):
        fact.row.refuse(
            _("Its invoice is refused, or differs from what is recorded."),
            CONFLICT if all(row.outcome != REFUSED for row in draft.rows) else REFUSED,
        )
        return
    gross = draft.gross if draft else there.gross if there else Decimal(0)
    if fact.kind == Fact.Kind.WRITE_OFF and fact.gross > gross:
        fact.row.refuse(_("More is written off than the invoice is about."))
    lines = len(draft.lines) if draft else there.lines.count() if there else 0
    if fact.line is not None and not 1 <= fact.line <= lines:
        fact.row.refuse(
            _("Invoice %(invoice)s has no line %(line)s.") % {"invoice": fact.invoice, "line": fact.line}
        )
    if fact.replaced_by and not (fact.replaced_by in reader.invoices or fact.replaced_by in known):
        fact.row.refuse(_("There is no invoice %s to replace it.") % fact.replaced_by)
    if fact.replaced_by and fact.replaced_by == fact.invoice:
        fact.row.refuse(_("An invoice can't replace itself."))


def _compare_facts(facts: list[FactDraft], source: str) -> None:
    known: dict[tuple[str, str], Fact] = {}
    for some in _some({fact.reference for fact in facts}):
        rows = Fact.objects.filter(source=source, reference__in=some)
        for row in rows.select_related("invoice", "line", "replacement"):
            known[row.kind, row.reference] = row
    for fact in facts:
        if (there := known.get((fact.kind, fact.reference))) is None:
            continue
        pairs = {
            _("invoice"): (there.invoice.reference, fact.invoice),
            _("date"): (there.happened_on, fact.happened_on),
            _("gross"): (there.gross, fact.gross),
            _("net"): (there.net, fact.net),
            _("line"): (there.line.number if there.line else None, fact.line),
            _("replacing invoice"): (
                there.replacement.reference if there.replacement else "",
                fact.replaced_by,
            ),
        }
        judge_known([fact.row], _differing(pairs))


def _differing(pairs: Mapping[str, tuple[object, object]]) -> list[str]:
    """Return what differs, with both values where they can be read in a line."""
    return [
        name
        if isinstance(old, list)
        else _("%(name)s (%(old)s there, %(new)s here)")
        % {"name": name, "old": _shown(old), "new": _shown(new)}
        for name, (old, new) in pairs.items()
        if old != new
    ]


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return str(value)[:60] if value not in (None, "") else _("nothing")

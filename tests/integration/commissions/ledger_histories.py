"""Histories of facts for Hypothesis: whatever can happen to a deal's invoices, in whatever order."""

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from hypothesis import strategies as st

from commissions.models import Fact, Invoice, InvoiceLine, Source
from partners.models import Partner
from referrals.models import Deal, UseCase
from ssp.core.periods import start_of_day
from tests.factories.commissions import SIGNED_ON, a_won_deal
from tests.factories.openings import an_opening
from tests.factories.partners import PartnerFactory, ended
from tests.moments import MONDAY

LATER = MONDAY + timedelta(days=900)
UNITS = {"EUR": 2, "JPY": 0, "KWD": 3}
PERCENTS = st.sampled_from([Decimal(n) for n in ("10", "12.5", "7.77", "25", "33.33", "0.33", "10", "0")])
DAYS = st.integers(-20, 800)
NUMBERS = st.sampled_from(
    ["9", "10", "010", "SI-9", "SI-10", "SI-10b", "si-2", "é-1", "Ω", "A1B2", "A1B10", "1.2.3"]
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Line:
    cents: int
    recurring: bool
    starts: int
    lasts: int


@dataclass(frozen=True)
class NewInvoice:
    number: str
    on: int
    lines: tuple[Line, ...]
    tax: int  # percent
    waits: bool  # it is matched to the deal later
    currency: str


@dataclass(frozen=True)
class Happens:
    kind: str
    invoice: int
    share: int  # of the invoice's gross, in hundredths
    on: int
    line: int | None = None
    replacement: int | None = None


@dataclass(frozen=True)
class Match:
    invoice: int


@dataclass(frozen=True)
class Accrue:
    pass


@dataclass(frozen=True)
class Turn:
    """What decides about the deal changes: it stops or starts paying, or a partnership ends for cause."""

    what: str


Step = NewInvoice | Happens | Match | Accrue | Turn

LINES = st.builds(
    Line,
    st.integers(0, 50_000) | st.just(100_00),
    st.booleans() | st.just(True),
    st.integers(-40, 60),
    st.integers(0, 800),
)
INVOICES = st.builds(
    NewInvoice,
    NUMBERS,
    st.sampled_from([0, 0, 30, 365]) | st.integers(0, 900),
    st.lists(LINES, min_size=1, max_size=4).map(tuple),
    st.sampled_from([0, 21]),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(["EUR", "EUR", "EUR", "JPY", "KWD"]),
)
HAPPENINGS = st.builds(
    Happens,
    st.sampled_from(["payment", "payment", "payment", "refund", "credit", "credit"]),
    st.integers(0, 5),
    st.sampled_from([0, 10, 33, 50, 100, 120]) | st.integers(0, 130),
    DAYS,
    st.none() | st.integers(0, 3),
    st.none() | st.none() | st.integers(0, 5),
)
STEPS = (
    INVOICES
    | HAPPENINGS
    | HAPPENINGS
    | HAPPENINGS
    | st.builds(Match, st.integers(0, 5))
    | st.just(Accrue())
    | st.builds(Turn, st.sampled_from(["stops", "pays", "pays", "ends", "recruiter ends"]))
)
# Left to itself, Hypothesis tells short stories of invoices that nobody pays, and no entry is written. So
# each begins with two invoices that something is paid for, and is long enough for the rest to happen.
PAID_FOR = st.builds(
    NewInvoice,
    NUMBERS,
    st.integers(0, 200),
    st.tuples(
        st.builds(
            Line, st.integers(5_000, 50_000), st.just(True), st.integers(-10, 30), st.integers(20, 500)
        ),
        LINES,
    ),
    st.sampled_from([0, 21]),
    st.just(False),
    st.sampled_from(["EUR", "EUR", "JPY", "KWD"]),
)
PAYMENTS = st.builds(
    Happens,
    st.just("payment"),
    st.integers(0, 1),
    st.sampled_from([33, 50, 100]),
    st.integers(0, 800),
)


def histories(*, longest: int) -> st.SearchStrategy[list[Step]]:
    """Return what happens to one deal: an invoice and another, payments, and then anything."""
    begin = st.tuples(PAID_FOR, PAYMENTS, st.just(Accrue()), PAID_FOR, PAYMENTS).map(list)
    return st.builds(lambda first, then: first + then, begin, st.lists(STEPS, min_size=8, max_size=longest))


@dataclass(frozen=True)
class Setting:
    """Contracts of any shape, with a recruiter or without."""

    model: str
    numbers: dict[str, Any]
    recruiter: dict[str, Any] | None
    opening: dict[str, Any] | None  # what the deal earned before this system


SETTINGS = st.builds(
    Setting,
    st.sampled_from(["recurring", "recurring", "first_invoice"]),
    st.fixed_dictionaries(
        {
            "recurring_percent": PERCENTS,
            "first_invoice_percent": PERCENTS,
            "cap_unit": st.sampled_from(["years", "years", "invoices"]),
            "cap_count": st.integers(1, 3),
            "default_model": st.sampled_from(["recurring", "first_invoice"]),
        }
    ),
    st.none()
    | st.fixed_dictionaries(
        {"bonus_percent": PERCENTS, "bonus_basis": st.sampled_from(["commission", "first_invoice"])}
    ),
    st.none()
    | st.none()
    | st.none()
    | st.fixed_dictionaries(
        {
            "as_of": st.integers(0, 300),
            "cap_starts_on": st.none() | st.integers(-400, 300),
            "recurring_before": st.integers(0, 3),
            "first_taken": st.booleans(),
            "earned": st.sampled_from(["0", "100.05"]),
        }
    ),
)


@dataclass
class Story:
    """One deal, as a history makes it."""

    deal: Deal
    invoices: list[Invoice] = field(default_factory=list)

    @classmethod
    def of(cls, setting: Setting) -> "Story":
        recruiter = PartnerFactory(numbers=setting.recruiter) if setting.recruiter else None
        partner = PartnerFactory(
            numbers=setting.numbers, recruiter=recruiter, bonus_slot=1 if recruiter else None
        )
        story = cls(a_won_deal(partner=partner, model=setting.model))
        if setting.opening:
            story.moves_in(**setting.opening)
        return story

    def moves_in(self, *, as_of: int, cap_starts_on: int | None, **fields: Any) -> None:
        starts = None if cap_starts_on is None else SIGNED_ON + timedelta(days=cap_starts_on)
        an_opening(self.deal, as_of=SIGNED_ON + timedelta(days=as_of), cap_starts_on=starts, **fields)

    def take(self, step: Step) -> None:
        match step:
            case NewInvoice():
                self._invoice(step)
            case Happens() if self.invoices:
                self._fact(step)
            case Match() if self.invoices:
                self._match(self.invoices[step.invoice % len(self.invoices)])
            case Turn():
                self._turn(step.what)

    def _invoice(self, new: NewInvoice) -> None:
        if len(self.invoices) == 6:
            return
        reference = f"D{self.deal.pk}-{new.number}"
        used = [each.source for each in self.invoices if each.reference == reference]
        sources = [source for source in Source.values if source not in used]  # once in each system
        if not sources:
            return
        unit = Decimal(1).scaleb(-UNITS[new.currency])
        on = SIGNED_ON + timedelta(days=new.on)
        nets = [(Decimal(line.cents) / 100).quantize(unit) for line in new.lines]
        invoice = Invoice.objects.create(
            source=sources[0],
            reference=reference,
            customer_name="A customer",
            deal=None if new.waits else self.deal,
            issued_on=on,
            currency=new.currency,
            net=sum(nets),
            gross=(sum(nets, Decimal(0)) * (100 + new.tax) / 100).quantize(unit),
            recorded_at=MONDAY,
        )
        for number, (line, net) in enumerate(zip(new.lines, nets, strict=True), start=1):
            first = on + timedelta(days=line.starts)
            period = {"service_from": first, "service_to": first + timedelta(days=line.lasts)}
            InvoiceLine.objects.create(
                invoice=invoice,
                number=number,
                net=net,
                recurring=line.recurring,
                **(period if line.recurring else {}),
            )
        self.invoices.append(invoice)
        self._happens(invoice, "invoice", on)

    def _fact(self, step: Happens) -> None:
        invoice = self.invoices[step.invoice % len(self.invoices)]
        unit = Decimal(1).scaleb(-UNITS[invoice.currency])
        gross = (invoice.gross * step.share / 100).quantize(unit)
        more: dict[str, Any] = {}
        if step.kind == "credit":
            more["net"] = min((invoice.net * step.share / 100).quantize(unit), gross)
            lines = list(invoice.lines.order_by("number"))
            if step.line is not None:
                more["line"] = lines[step.line % len(lines)]
            if step.replacement is not None:
                more["replacement"] = self.invoices[step.replacement % len(self.invoices)]
        self._happens(invoice, step.kind, SIGNED_ON + timedelta(days=step.on), gross=gross, **more)

    def _match(self, invoice: Invoice) -> None:
        if invoice.deal_id is None:
            invoice.deal = self.deal
            invoice.save()
            self._happens(invoice, "match", SIGNED_ON + timedelta(days=300))

    def _happens(self, invoice: Invoice, kind: str, on: date, **fields: Any) -> None:
        Fact.objects.create(
            invoice=invoice,
            kind=kind,
            source="history",
            reference=str(next(_numbers)),
            happened_on=on,
            recorded_at=MONDAY,
            **fields,
        )

    def _turn(self, what: str) -> None:
        partner = self.deal.use_case.partner
        if what in ("stops", "pays"):
            outcome = "duplicate" if what == "stops" else ""
            with pgtrigger.ignore("referrals.UseCase:use_case_duplicate_by_a_link"):
                UseCase.objects.filter(pk=self.deal.use_case_id).update(outcome=outcome)
        elif what == "ends":
            _end(partner, self._now)
        elif partner.recruiter:
            _end(partner.recruiter, self._now)

    @property
    def _now(self) -> datetime:
        """The last day known: an end is written down at once, and nothing is that happens tomorrow."""
        days = Fact.objects.filter(invoice__in=self.invoices).values_list("happened_on", flat=True)
        return start_of_day(max(days, default=SIGNED_ON)) + timedelta(hours=15)

    def everything_arrives(self) -> None:
        for invoice in self.invoices:
            self._match(invoice)


def _end(partner: Partner, at: datetime) -> None:
    if partner.ended_at is None:
        ended(partner, at=at, kind="cause")

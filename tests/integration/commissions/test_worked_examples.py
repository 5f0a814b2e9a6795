"""The worked examples against the database: whatever writes the ledger writes what was worked out by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pgtrigger
import pytest

from commissions import accrual
from commissions.elections import change_election
from commissions.models import Commission, Fact, Invoice, InvoiceLine
from partners.models import CommissionModel, Partner
from referrals.models import Deal, Introduction, UseCase
from referrals.rules import Answer
from referrals.services.outcomes import apply_answer
from ssp.core.periods import start_of_day
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended, signed_contract
from tests.factories.referrals import director, extended
from tests.unit.commissions.test_worked_examples import told
from tests.unit.commissions.worked import EXAMPLES
from tests.unit.commissions.worked.shape import MET, Bill, Ended, Example, Paper, Step

pytestmark = pytest.mark.django_db
D = Decimal
DEFINED = datetime(2026, 7, 2, 9, tzinfo=UTC)  # they meet ten days later
NOW = datetime(2032, 1, 5, 9, tzinfo=UTC)
Ledger = dict[tuple[int, str, str], Decimal]


class Lived:
    """An example as it happens in the database, step by step."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.facts: list[int] = []
        self.partner = self.someone(
            example.papers, recruiter=self.recruiter(), bonus_slot=example.slot if example.recruiter else None
        )
        self.deal = self.deal_of(self.partner)
        self.invoices: dict[str, Invoice] = {}

    # --- who, and what was agreed -------------------------------------------------------------------
    def recruiter(self) -> Partner | None:
        if not self.example.recruiter:
            return None
        above = {"recruiter": PartnerFactory(started_at=moment(date(2026, 1, 5))), "bonus_slot": 1}
        return self.someone(self.example.recruiter, **(above if self.example.recruiter_is_recruit else {}))

    def someone(self, papers: tuple[Paper, ...], **fields: object) -> Partner:
        first, *others = papers
        partner: Partner = PartnerFactory(started_at=moment(first.signed), numbers=numbers(first), **fields)
        for paper in others:
            signed_contract(partner, at=moment(paper.signed), **numbers(paper))
        return partner

    def deal_of(self, partner: Partner) -> Deal:
        example = self.example
        if example.another_use_case:
            other = "recurring" if example.model == "first_invoice" else "first_invoice"
            happens(
                an_invoice(a_won_deal(partner=partner, model=other, at=DEFINED), on=date(2026, 9, 1)),
                "payment",
                "1000",
            )
        deal = a_won_deal(
            partner=partner, model=example.elected or example.model, signed_on=example.deal_signed, at=DEFINED
        )
        assert deal.use_case.window_starts_on == MET
        if example.elected:
            change_election(
                use_case=deal.use_case,
                model=CommissionModel(example.model),
                reason="They asked before anything was invoiced.",
                by=director(),
                at=NOW,
            )
        if example.outcome:
            with pgtrigger.ignore("referrals.UseCase:use_case_duplicate_by_a_link"):
                UseCase.objects.filter(pk=deal.use_case_id).update(outcome=example.outcome)
        return deal

    # --- what happens --------------------------------------------------------------------------------
    def happen(self, step: Step) -> None:
        if step.kind == "invoice":
            self.come(step)
        elif step.kind == "match":
            Invoice.objects.filter(pk=self.invoices[step.bill].pk).update(deal=self.deal)
            self.facts.append(happens(self.invoices[step.bill], "match", on=step.on).pk)
        elif step.kind in Fact.Kind.values:
            credit = {"net": D(step.net)} if step.kind == "credit" else {}
            invoice = self.invoices[step.bill]
            if step.item:
                credit["line"] = invoice.lines.get(number=step.item)
            if step.replaced_by:
                credit["replacement"] = self.invoices[step.replaced_by]
            self.facts.append(happens(invoice, step.kind, step.gross, on=step.on, **credit).pk)
        else:  # a fact that the arithmetic doesn't know, and the database doesn't either
            self.facts.append(0)

    def come(self, step: Step) -> None:
        bill: Bill = next(bill for bill in self.example.bills if bill.number == step.bill)
        invoice = Invoice.objects.create(
            source="example",
            reference=f"{self.deal.pk}-{bill.number}",
            customer_name="A customer",
            deal=None if bill.number in self.example.matched_late else self.deal,
            issued_on=bill.on,
            currency=bill.currency,
            net=bill.net,
            gross=bill.total,
            recorded_at=DEFINED,
        )
        InvoiceLine.objects.bulk_create(
            InvoiceLine(
                invoice=invoice,
                number=number,
                net=D(item.net),
                recurring=item.first is not None,
                service_from=item.first,
                service_to=item.last,
            )
            for number, item in enumerate(bill.items, start=1)
        )
        self.invoices[bill.number] = invoice
        self.facts.append(happens(invoice, "invoice", on=step.on).pk)

    def goes_on(self) -> None:
        """Let come what comes after the facts: an extension, a reseller's answer, an end."""
        example = self.example
        if example.extended:
            extended(self.deal.use_case, months=example.extended, at=NOW)
        if example.reseller_after_winning:
            meeting = Introduction.objects.get(use_cases=self.deal.use_case)
            apply_answer(meeting, Answer(kind="reseller"), by=meeting.host, at=NOW)

    def ends(self) -> None:
        recruiter = self.partner.recruiter
        for partner, end in ((self.partner, self.example.ended), (recruiter, self.example.recruiter_ended)):
            if end is not None:
                assert partner is not None
                ended(partner, at=last_moment(end), kind=end.kind)

    # --- what came of it ------------------------------------------------------------------------------
    @property
    def ledger(self) -> Ledger:
        numbers = {invoice.pk: number for number, invoice in self.invoices.items()}
        places = {pk: place for place, pk in enumerate(self.facts)}
        return {
            (places[entry.fact_id], numbers[entry.invoice_id], entry.kind): entry.amount
            for entry in self.entries
        }

    @property
    def entries(self) -> list[Commission]:
        return list(self.deal.use_case.commissions.order_by("pk"))

    @property
    def receivers(self) -> set[tuple[str, int | None]]:
        return {(entry.kind, entry.partner_id) for entry in self.entries}


def moment(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=10)


def last_moment(end: Ended) -> datetime:
    """A notice ends with its day; directors end for cause while it lasts."""
    return start_of_day(end.on + timedelta(days=1)) if end.kind == "notice" else moment(end.on)


def numbers(paper: Paper) -> dict[str, object]:
    return {
        "recurring_percent": D(paper.x),
        "first_invoice_percent": D(paper.y),
        "bonus_percent": D(paper.z),
        "bonus_basis": paper.basis,
        "cap_unit": paper.unit,
        "cap_count": paper.cap,
    }


def live(example: Example, accrue: Callable[[Lived], None] = lambda lived: None) -> Lived:
    """Let an example happen in its order; `accrue` is called after each step."""
    lived = Lived(example)
    lived.ends()
    for step in example.steps:
        lived.happen(step)
        accrue(lived)
    lived.goes_on()
    accrue(lived)
    return lived


def accrue_its_invoices(lived: Lived) -> None:
    accrual.accrue_invoices([invoice.pk for invoice in lived.invoices.values()], at=NOW)


@pytest.mark.parametrize("example", [told(example) for example in EXAMPLES])
def test_each_fact_writes_what_was_worked_out_by_hand(example: Example) -> None:
    lived = live(example, accrue_its_invoices)

    assert lived.ledger == example.expected
    assert lived.receivers <= {(example.model, lived.partner.pk), ("bonus", lived.partner.recruiter_id)}
    assert accrual.accrue(at=NOW) == (1 if example.another_use_case else 0)  # nothing is left to write


@pytest.mark.clause("C5")
def test_all_examples_at_once_are_written_by_one_run() -> None:
    lives = [live(example) for example in EXAMPLES]

    accrual.accrue(at=NOW)

    wrong = {lived.example.says for lived in lives if lived.ledger != lived.example.expected}
    assert wrong == set()
    assert accrual.accrue(at=NOW) == 0


@pytest.mark.clause("C5")
def test_entries_are_payable_when_the_examples_say() -> None:
    lives = [live(example) for example in EXAMPLES if any(step.payable for step in example.story)]

    accrual.accrue(at=NOW)

    for lived in lives:
        days = {lived.facts[place]: step.payable for place, step in enumerate(lived.example.steps)}
        for entry in lived.entries:
            assert days[entry.fact_id] in (None, entry.payable_on), lived.example.says

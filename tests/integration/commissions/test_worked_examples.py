"""The worked examples against the database: whatever writes the ledger writes what was worked out by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pgtrigger
import pytest

from commissions import accrual
from commissions.elections import change_election
from commissions.models import AccrualFailure, Commission, Fact, Invoice, InvoiceLine
from partners.models import CommissionModel, Partner
from referrals.models import Deal, Introduction, UseCase
from referrals.rules import Answer
from referrals.services.outcomes import apply_answer
from ssp.core.periods import start_of_day
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.openings import an_opening
from tests.factories.partners import PartnerFactory, ended, signed_contract
from tests.factories.referrals import director, extended
from tests.unit.commissions.worked import CAPS, EXAMPLES, FIRST_INVOICES, OPENINGS, PAYMENTS, PEOPLE
from tests.unit.commissions.worked.shape import MET, Bill, Ended, Example, Paper, Step

pytestmark = pytest.mark.django_db
D = Decimal
DEFINED = datetime(2026, 7, 2, 9, tzinfo=UTC)  # they meet ten days later
NOW = datetime(2032, 1, 5, 9, tzinfo=UTC)
Ledger = dict[tuple[int, str, str], Decimal]


class People:
    """The partners of some examples: those whom the same happens to are the same partner."""

    def __init__(self) -> None:
        self.known: dict[object, Partner] = {}

    def partner_of(self, example: Example) -> Partner:
        slot = example.slot if example.recruiter else None
        case = (
            example.papers,
            example.recruiter,
            slot,
            example.recruiter_is_recruit,
            example.ended,
            example.recruiter_ended,
        )
        if case not in self.known:
            recruiter = self._recruiter(example)
            self.known[case] = self._someone(example.papers, recruiter=recruiter, bonus_slot=slot)
            for partner, end in ((self.known[case], example.ended), (recruiter, example.recruiter_ended)):
                if partner and end:
                    ended(partner, at=last_moment(end), kind=end.kind)
        return self.known[case]

    def _recruiter(self, example: Example) -> Partner | None:
        if not example.recruiter:
            return None
        above = {"recruiter": PartnerFactory(started_at=moment(date(2026, 1, 5))), "bonus_slot": 1}
        return self._someone(example.recruiter, **(above if example.recruiter_is_recruit else {}))

    def _someone(self, papers: tuple[Paper, ...], **fields: object) -> Partner:
        first, *others = papers
        partner: Partner = PartnerFactory(started_at=moment(first.signed), numbers=numbers(first), **fields)
        for paper in others:
            signed_contract(partner, at=moment(paper.signed), **numbers(paper))
        return partner


class Lived:
    """An example as it happens in the database, step by step."""

    def __init__(self, example: Example, people: People) -> None:
        self.example = example
        self.facts: list[int] = []
        self.partner = people.partner_of(example)
        self.deal = self.deal_of(self.partner)
        self.invoices: dict[str, Invoice] = {}

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
        if before := example.before:
            an_opening(
                deal,
                before.earned,
                before.paid,
                as_of=before.as_of,
                cap_starts_on=before.cap_starts_on,
                recurring_before=before.recurring,
                first_taken=before.first_taken,
            )
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
            source="file",
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
                recurring=item.recurring,
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
        return list(Commission.objects.by_facts().filter(use_case=self.deal.use_case_id).order_by("pk"))


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


def live(example: Example, people: People, accrue: Callable[[Lived], None] = lambda lived: None) -> Lived:
    """Let an example happen in its order; `accrue` is called after each step."""
    lived = Lived(example, people)
    for step in example.steps:
        lived.happen(step)
        accrue(lived)
    lived.goes_on()
    accrue(lived)
    return lived


def accrue_its_invoices(lived: Lived) -> None:
    accrual.accrue_invoices([invoice.pk for invoice in lived.invoices.values()], at=NOW)


def wrong(lives: list[Lived]) -> dict[str, tuple[object, object]]:
    """Return the examples of which something else came, with what came and what was worked out by hand."""
    return {
        lived.example.says: (lived.ledger, lived.example.expected)
        for lived in lives
        if lived.ledger != lived.example.expected
    }


def refused() -> list[str]:
    """Return why the triggers refused what was worked out: they are the last door, and nothing gets there."""
    return list(AccrualFailure.objects.values_list("reason", flat=True))


@pytest.mark.clause("C5", "C20", "C2", "C19")
@pytest.mark.parametrize(
    "examples",
    [PAYMENTS, CAPS, FIRST_INVOICES, PEOPLE, OPENINGS],
    ids=["payments", "caps", "first invoices", "people", "openings"],
)
def test_each_fact_writes_what_was_worked_out_by_hand(examples: tuple[Example, ...]) -> None:
    people = People()

    lives = [live(example, people, accrue_its_invoices) for example in examples]

    assert wrong(lives) == {}
    assert refused() == []


@pytest.mark.clause("C5", "C20", "C21", "C22")
def test_all_examples_at_once_are_written_by_one_run_to_whom_they_belong_and_when() -> None:
    people = People()
    lives = [live(example, people) for example in EXAMPLES]

    accrual.accrue(at=NOW)

    assert wrong(lives) == {}
    assert refused() == []
    assert accrual.accrue(at=NOW) == 0
    for lived in lives:
        said = lived.example.says
        theirs = {(lived.example.model, lived.partner.pk), ("bonus", lived.partner.recruiter_id)}
        days = {lived.facts[place]: step.payable for place, step in enumerate(lived.example.steps)}
        assert {(entry.kind, entry.partner_id) for entry in lived.entries} <= theirs, said
        for entry in lived.entries:
            assert days[entry.fact_id] in (None, entry.payable_on), said

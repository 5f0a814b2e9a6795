"""The ledger, worked out again from the facts by the pure rules: what differs, entry by entry (C5, C20).

What comes later may change what an entry would be today: an invoice that is matched afterwards, a use case
that turns out to be a duplicate. Nothing that was written rightly is wrong for that. So each run of the
writer is repeated as things stood for it, by the last fact that it knew of, and what it wrote is compared
with what the rules write; in the end they say what is missing now.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch

from commissions import rules
from commissions.accrual import A_PIECE, lock
from commissions.cases import cases_of
from commissions.departures import Departure, departures
from commissions.models import Commission, CommissionKind, Fact, Invoice, Opening, OpeningSum
from referrals.models import Deal, UseCaseOutcome
from ssp.core.periods import local_date

Key = tuple[int, int, str]  # the fact, the invoice and the kind
MISSING, SUPERFLUOUS, DIFFERENT = "missing", "superfluous", "different"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An entry that isn't in the ledger and should be, or the other way round, or isn't what it should be."""

    what: str
    deal: int
    key: Key
    entry: int | None  # in the ledger
    figures: dict[str, tuple[object, object]]  # by name: as it is, as it should be

    def __str__(self) -> str:
        fact, invoice, kind = self.key
        name = f"L-{self.entry:04d}" if self.entry else "not written"
        told = "; ".join(_told(name, *both) for name, both in self.figures.items())
        return f"{self.what}: {name}, deal {self.deal}, invoice {invoice}, fact {fact}, {kind}: {told}"


def _key(entry: Commission) -> Key:
    return (entry.fact_id or 0, entry.invoice_id or 0, entry.kind)


def _told(name: str, there: object, due: object) -> str:
    if there is None:
        return f"{name} {due}"
    return f"{name} {there}" if due is None else f"{name} {there}, should be {due}"


@dataclass
class Tally:
    """How much was looked at."""

    deals: int = 0
    entries: int = 0
    differences: int = 0


def differences(tally: Tally) -> Iterator[Difference]:
    """Yield whatever in the ledger differs from what the rules say, deal by deal; counts in `tally`.

    Nothing is written, but a piece is locked while it is read: its facts and entries are of one moment.
    """
    departed = departures()
    for pks in _deals():
        with transaction.atomic():
            lock(pks)
            found = list(of_deals(pks, tally, departed))
        yield from found


def _deals() -> Iterator[list[int]]:
    """Yield the deals that have invoices or an opening balance, piece by piece, in their order."""
    last = 0
    known = Exists(Invoice.objects.filter(deal=OuterRef("pk"))) | Exists(
        Opening.objects.filter(deal=OuterRef("pk"))
    )
    rows = Deal.objects.filter(known).order_by("pk").values_list("pk", flat=True)
    while some := list(rows.filter(pk__gt=last)[:A_PIECE]):
        yield some
        last = some[-1]


def of_deals(
    deal_ids: Sequence[int], tally: Tally, departed: Mapping[int, Sequence[Departure]] | None = None
) -> Iterator[Difference]:
    """Yield the differences of some deals.

    :param departed: by deal, the invoices that were taken from it again.
    """
    entries = Commission.objects.order_by("pk").select_related("source_entry", "opening__opening")
    rows = (
        Deal.objects.filter(pk__in=deal_ids)
        .select_related("use_case__partner__recruiter", "use_case__referral")
        .prefetch_related(Prefetch("use_case__commissions", queryset=entries))
        .order_by("pk")
    )
    deals = list(rows)
    cases = cases_of(deals)
    matched: dict[int, int] = dict(  # by the last match, where one was taken back and made again
        Fact.objects.filter(invoice__deal__in=deals, kind=Fact.Kind.MATCH)
        .order_by("pk")
        .values_list("invoice_id", "pk")
    )
    sums: defaultdict[int, list[OpeningSum]] = defaultdict(list)
    for each in OpeningSum.objects.filter(opening__deal__in=deals).select_related("opening").order_by("pk"):
        sums[each.opening.deal_id].append(each)
    for deal in deals:
        entered = list(deal.use_case.commissions.all())
        ledger = [entry for entry in entered if entry.opening is None]
        tally.deals += 1
        tally.entries += len(entered)
        for difference in _openings(deal, entered, sums[deal.pk]):
            tally.differences += 1
            yield difference
        books = _Books(deal, cases.get(deal.pk), ledger, matched, (departed or {}).get(deal.pk, ()))
        for difference in books.compare():
            tally.differences += 1
            yield difference


def _openings(deal: Deal, entered: Sequence[Commission], sums: Sequence[OpeningSum]) -> Iterator[Difference]:
    """Compare what was open before this system with its entries: all of it once, or taken back."""
    for each in sums:
        mine = [entry for entry in entered if entry.opening_id == each.pk]
        due = [each.open] if each.opening.undone_at is None else [each.open, -each.open]
        if [entry.amount for entry in mine] != [amount for amount in due if amount]:
            total = sum((entry.amount for entry in mine), Decimal(0))
            yield Difference(
                what=DIFFERENT if mine else MISSING,
                deal=deal.pk,
                key=(0, 0, CommissionKind.OPENING.value),
                entry=mine[0].pk if mine else None,
                figures={"amount": (total if mine else None, sum(due, Decimal(0)))},
            )


class _Books:
    """One deal: its case, its ledger, and which fact brought which invoice."""

    def __init__(
        self,
        deal: Deal,
        case: rules.Case | None,
        ledger: Sequence[Commission],
        matched: dict[int, int],
        departed: Sequence[Departure],
    ) -> None:
        self.deal, self.case, self.ledger, self.matched = deal, case, ledger, matched
        self.departed = departed
        self.written: list[rules.Written] = []
        self.known = 0  # what one run knew, every later one knew too

    def compare(self) -> Iterator[Difference]:
        for _run, group in groupby(self.ledger, key=lambda entry: (entry.known_fact, entry.recorded_at)):
            yield from self._compare_run(list(group))
        if self.case is not None:
            for due in rules.entries_due(self.case, self.written):
                yield self._difference(MISSING, None, due)

    def _compare_run(self, run: list[Commission]) -> Iterator[Difference]:
        """Compare what one run wrote with what the rules write, as things may have stood for it."""
        found: list[Difference] | None = None
        expected: list[rules.Entry] = []
        for case in self._as_it_stood(run):
            dues = rules.entries_due(case, self.written)
            differs = list(self._compare_entries(run, dues))
            if found is None or not differs:
                found, expected = differs, dues
            if not differs:
                break
        if found is None:  # there is nothing that anything could be written for
            found = [self._difference(SUPERFLUOUS, entry, None) for entry in run]
        yield from found
        self.written += [
            rules.Written(due.fact, due.bill, due.kind, due.amount, due.contract) for due in expected
        ]

    def _as_it_stood(self, run: list[Commission]) -> Iterator[rules.Case]:
        """Yield the case with what the run knew: as it is decided now, then as it may have been then."""
        if self.case is None:
            return
        self.known = max(self.known, run[0].known_fact or 0, *(entry.fact_id or 0 for entry in run))
        known = self.known
        bills = tuple(bill for bill in self.case.bills if self.matched.get(bill.id, 0) <= known)
        ids = {bill.id for bill in bills}
        facts = tuple(fact for fact in self.case.facts if fact.id <= known and fact.bill in ids)
        case = replace(self.case, bills=bills, facts=facts)
        on = local_date(run[0].recorded_at)
        for known_case in self._with_departed(case):
            for stood in (known_case, self._before_an_end(known_case, on)):
                yield stood
                if self._pays_may_have_been_otherwise:
                    yield replace(stood, pays=not stood.pays)

    def _with_departed(self, case: rules.Case) -> Iterator[rules.Case]:
        """Yield the case, and with the invoices that may still have belonged to the deal."""
        yield case
        there = {bill.id for bill in case.bills}
        left = [each for each in self.departed if each.was_there(self.known) and each.bill.id not in there]
        if left:
            facts = [fact for each in left for fact in each.facts if fact.id <= self.known]
            yield replace(
                case,
                bills=(*case.bills, *(each.bill for each in left)),
                facts=tuple(sorted((*case.facts, *facts), key=lambda fact: fact.id)),
            )

    @staticmethod
    def _before_an_end(case: rules.Case, on: date) -> rules.Case:
        """Leave out ends for cause that hadn't come when the run wrote."""
        ended, recruiter_ended = case.ended_for_cause_on, case.recruiter_ended_for_cause_on
        return replace(
            case,
            ended_for_cause_on=ended if ended and ended < on else None,
            recruiter_ended_for_cause_on=recruiter_ended
            if recruiter_ended and recruiter_ended < on
            else None,
        )

    @property
    def _pays_may_have_been_otherwise(self) -> bool:
        """A window may have been extended since, a link to another use case made or taken back; no more."""
        return self.deal.is_within_window() and self.deal.use_case.outcome != UseCaseOutcome.RESELLER

    def _compare_entries(self, run: list[Commission], dues: list[rules.Entry]) -> Iterator[Difference]:
        expected: dict[Key, rules.Entry] = {(due.fact, due.bill, due.kind): due for due in dues}
        for entry in run:
            due = expected.pop(_key(entry), None)
            if due is None:
                yield self._difference(SUPERFLUOUS, entry, None)
            elif wrong := self._wrong(entry, due, dues):
                yield self._difference(DIFFERENT, entry, due, wrong)
        for due in expected.values():
            yield self._difference(MISSING, None, due)

    def _wrong(
        self, entry: Commission, due: rules.Entry, dues: list[rules.Entry]
    ) -> dict[str, tuple[object, object]]:
        """Return {figure: (as it is, as it should be)} where they differ."""
        source = entry.source_entry
        partner = self.deal.use_case.partner
        has_source = due.kind == rules.BONUS and any(
            (each.fact, each.bill) == (due.fact, due.bill) and each.kind != rules.BONUS for each in dues
        )
        pairs: dict[str, tuple[object, object]] = {
            "amount": (entry.amount, due.amount),
            "due": (entry.due, due.due),
            "contract": (entry.contract_id, due.contract),
            "rate": (entry.rate_percent, due.rate),
            "eligible net": (entry.eligible_net, Decimal(round(due.eligible * 10**6)).scaleb(-6)),
            "paid": (entry.paid_numerator, due.numerator),
            "of": (entry.paid_denominator, due.denominator),
            "currency": (entry.currency, due.currency),
            "earned on": (entry.earned_on, due.on),
            "payable on": (entry.payable_on, due.payable_on),
            "partner": (
                entry.partner_id,
                partner.recruiter_id if due.kind == rules.BONUS else partner.pk,
            ),
            "source": (
                (source.fact_id, source.invoice_id) if source else None,
                (due.fact, due.bill) if has_source else None,
            ),
        }
        return {name: both for name, both in pairs.items() if both[0] != both[1]}

    def _difference(
        self,
        what: str,
        entry: Commission | None,
        due: rules.Entry | None,
        figures: dict[str, tuple[object, object]] | None = None,
    ) -> Difference:
        if entry is not None:
            key = _key(entry)
        else:
            assert due is not None
            key = (due.fact, due.bill, due.kind)
        amounts = (entry.amount if entry else None, due.amount if due else None)
        return Difference(
            what=what,
            deal=self.deal.pk,
            key=key,
            entry=entry.pk if entry else None,
            figures=figures or {"amount": amounts},
        )

"""A spreadsheet of opening balances: what each row says, and what would become of it (ADR 22).

One row is one currency of one deal: what was earned before this system, what of it was paid, and where the
caps go on from.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commissions.models import Commission, Invoice, Opening
from partners.models import CapUnit, Contract, ContractStatus
from referrals.models import Deal, DealStage, UseCaseOutcome
from ssp.core.intake import (
    CONFLICT,
    KNOWN,
    NEW,
    NO,
    REFUSED,
    YES,
    Column,
    Judgement,
    Judgements,
    check_mapping,
    mapped,
)
from ssp.core.money import format_money, minor_units
from ssp.core.periods import local_date
from ssp.core.tabular import Row, Table, UnreadableCell, decimal_of, likely_date_of
from ssp.core.templatetags.ssp import day

COLUMNS = (
    Column("deal", gettext_lazy("Customer reference of the deal"), ("customer_reference", "reference"), True),
    Column("as_of", gettext_lazy("Reckoned up to"), ("reckoned_up_to", "as_of_day", "cut_off"), True),
    Column("currency", gettext_lazy("Currency"), ("currency_code",)),
    Column("earned", gettext_lazy("Earned before"), ("earned_before", "commission_earned"), True),
    Column("paid", gettext_lazy("Of it paid before"), ("paid_before", "commission_paid"), True),
    Column("first_taken", gettext_lazy("First invoice was before"), ("first_invoice_taken",), True),
    Column("cap_starts_on", gettext_lazy("First recurring service day"), ("cap_start", "cap_starts")),
    Column(
        "recurring_before",
        gettext_lazy("Recurring invoices before"),
        ("invoices_counted",),
    ),
    Column("contract_signed_on", gettext_lazy("Contract signed on"), ("contract", "contract_of")),
    Column("partner", gettext_lazy("Partner's e-mail, to compare"), ("partner_email",)),
)
MOST_BEFORE = 1_000
AHEAD = timedelta(days=366)  # a service may be invoiced a year before it begins
LARGEST = Decimal(10) ** 11


@dataclass
class Judged(Judgement):
    """One row, and what would become of it."""

    number: int
    deal: str = ""
    customer: str = ""
    partner: str = ""
    amounts: str = ""
    creates: list[str] = field(default_factory=list)
    outcome: str = NEW
    message: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """What a row says, normalised."""

    deal: str
    as_of: date
    currency: str
    earned: Decimal
    paid: Decimal
    first_taken: bool
    cap_starts_on: date | None
    recurring_before: int
    contract_signed_on: date | None
    partner: str

    @property
    def of_the_deal(self) -> tuple[object, ...]:
        """What every row of one deal has to say alike."""
        return (
            self.as_of, self.first_taken, self.cap_starts_on, self.recurring_before, self.contract_signed_on,
        )  # fmt: skip


@dataclass
class Draft:
    """A row that can be read, with the deal that it is about."""

    said: Said
    judged: Judged
    deal: Deal | None = None
    contract: Contract | None = None

    @property
    def is_new(self) -> bool:
        return self.judged.outcome == NEW


@dataclass
class Plan(Judgements):
    """All rows of a file."""

    rows: list[Judged]
    drafts: list[Draft] = field(default_factory=list)

    @property
    def new(self) -> list[Draft]:
        return [draft for draft in self.drafts if draft.is_new]

    @property
    def by_deal(self) -> dict[int, list[Draft]]:
        """The new rows of each deal, in the order of deals: they are locked in it."""
        found: defaultdict[int, list[Draft]] = defaultdict(list)
        for draft in self.new:
            assert draft.deal is not None  # refused otherwise
            found[draft.deal.pk].append(draft)
        return dict(sorted(found.items()))

    @property
    def open_sums(self) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """Return (currency, earned, paid, open) of what is new, never summed across currencies."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for draft in self.new:
            earned, paid = sums.get(draft.said.currency, (Decimal(0), Decimal(0)))
            sums[draft.said.currency] = earned + draft.said.earned, paid + draft.said.paid
        return [(currency, *both, both[0] - both[1]) for currency, both in sorted(sums.items())]

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What stays of the rows once they are in: no names."""
        return [
            {"number": row.number, "deal": row.deal, "outcome": row.outcome, "said": " ".join(row.creates)}
            for row in self.rows
        ]

    @property
    def shown(self) -> list[Any]:
        """What a preview shows, as far as it decides what would be entered."""
        return [
            self.report,
            [
                [{k: str(v) for k, v in asdict(draft.said).items()}, draft.deal and draft.deal.pk,
                 draft.contract and draft.contract.pk]
                for draft in self.drafts
            ],
        ]  # fmt: skip


def plan_openings(table: Table, mapping: Mapping[str, str], *, at: datetime) -> Plan:
    """Judge every row as things stand at that moment; saves nothing.

    :raises ColumnsUnclear: the mapping leaves something open.
    """
    check_mapping(mapping, table.headers, COLUMNS)
    plan = Plan([])
    for row in table.rows:
        cells = mapped(row, mapping)
        judged = Judged(row.number, cells.get("deal")[:80])
        plan.rows.append(judged)
        reader = _Reader(cells)
        said = reader.said()
        if said is None:
            judged.refuse(" ".join(reader.problems))
            continue
        plan.drafts.append(Draft(said, judged))
    _Judge(plan.drafts, on=local_date(at)).judge()
    return plan


class _Reader:
    """Reads the cells of one row and collects what is wrong, so that it is put right in one go."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.problems: list[str] = [row.problem] if row.problem else []

    def said(self) -> Said | None:
        currency = self.row.get("currency").upper() or "EUR"
        if not re.fullmatch(r"[A-Z]{3}", currency):
            self.problems.append(_("“%s” is no currency. Write its code, like EUR.") % currency[:10])
            currency = "EUR"
        reference = self.row.get("deal")
        if not reference:
            self.problems.append(_("%s is missing.") % _label("deal"))
        as_of = self.day("as_of", needed=True)
        earned, paid = self.amount("earned", currency), self.amount("paid", currency)
        first_taken, before = self.first_taken(), self.before()
        cap_starts_on, signed_on = self.day("cap_starts_on"), self.day("contract_signed_on")
        if self.problems or as_of is None or earned is None or paid is None:
            return None
        return Said(
            deal=reference,
            as_of=as_of,
            currency=currency,
            earned=earned,
            paid=paid,
            first_taken=first_taken,
            cap_starts_on=cap_starts_on,
            recurring_before=before,
            contract_signed_on=signed_on,
            partner=self.row.get("partner").lower(),
        )

    def day(self, column: str, *, needed: bool = False) -> date | None:
        cell = self.row.get(column)
        if not cell:
            if needed:
                self.problems.append(_("%s is missing.") % _label(column))
            return None
        try:
            return likely_date_of(cell)
        except UnreadableCell as refusal:
            self.problems.append(f"{_label(column)}: {refusal}")
            return None

    def amount(self, column: str, currency: str) -> Decimal | None:
        cell = self.row.get(column)
        if not cell:
            self.problems.append(_("%s is missing. Write 0 where nothing was.") % _label(column))
            return None
        try:
            found = decimal_of(cell, places=minor_units(currency))
        except UnreadableCell as refusal:
            self.problems.append(f"{_label(column)}: {refusal}")
            return None
        if not 0 <= found < LARGEST:
            self.problems.append(_("%s is below zero, or too large to be right.") % _label(column))
            return None
        return found

    def first_taken(self) -> bool:
        answer = self.row.get("first_taken").casefold()
        if answer and answer in YES | NO:
            return answer in YES
        self.problems.append(_("%s: write yes or no.") % _label("first_taken"))
        return False

    def before(self) -> int:
        cell = self.row.get("recurring_before") or "0"
        if not re.fullmatch(r"\d{1,4}", cell) or int(cell) > MOST_BEFORE:
            self.problems.append(_("%s: write a whole number, up to 1000.") % _label("recurring_before"))
            return 0
        return int(cell)


def _label(column: str) -> str:
    return str(next(each.label for each in COLUMNS if each.name == column))


class _Judge:
    """Judges rows: each alone, then those of one deal together, then against what is there."""

    def __init__(self, drafts: list[Draft], *, on: date) -> None:
        self.drafts, self.on = drafts, on
        wanted = {draft.said.deal for draft in drafts}
        rows = Deal.objects.filter(customer_reference__in=wanted).select_related(
            "use_case__partner__user", "use_case__referral__company"
        )
        self.deals = {deal.customer_reference: deal for deal in rows}
        self.contracts: defaultdict[int, list[Contract]] = defaultdict(list)
        partners = {deal.use_case.partner_id for deal in self.deals.values()}
        signed = Contract.objects.filter(partner__in=partners, status=ContractStatus.SIGNED)
        for contract in signed.order_by("signed_at", "pk"):
            self.contracts[contract.partner_id].append(contract)

    def judge(self) -> None:
        for draft in self.drafts:
            for look in (self.deal, self.contract, self.cap):
                look(draft)
        self.among_themselves()
        self.against_the_database()
        for draft in self.drafts:
            if draft.is_new:
                self.say(draft)

    # --- a row alone ------------------------------------------------------------------------------
    def deal(self, draft: Draft) -> None:
        said, judged = draft.said, draft.judged
        earned, paid = (format_money(n, said.currency, code=True) for n in (said.earned, said.paid))
        judged.amounts = f"{earned} − {paid}"
        draft.deal = deal = self.deals.get(said.deal)
        if deal is None:
            judged.refuse(_("No deal has this customer reference. Running referrals move in first."))
            return
        case = deal.use_case
        judged.customer = case.referral.company.name if case.referral else case.title
        judged.partner = case.partner.display_name
        if said.partner and said.partner != case.partner.user.email.lower():
            judged.refuse(_("The deal is another partner’s: %s.") % case.partner.display_name)
        if deal.stage != DealStage.WON or deal.signed_on is None:
            judged.refuse(_("The deal isn’t won, so it earned nothing (C2)."))
        elif not deal.is_within_window():
            judged.refuse(_("The deal wasn’t signed within its window, so it earns nothing (C2)."))
        elif case.outcome != UseCaseOutcome.OPEN:
            judged.refuse(_("The use case is closed and pays nothing: %s.") % case.get_outcome_display())
        elif said.as_of < deal.signed_on:
            judged.refuse(_("The customer signed after that day, on %s.") % day(deal.signed_on))
        if said.as_of > self.on:
            judged.refuse(_("The day up to which it was reckoned lies in the future."))

    def contract(self, draft: Draft) -> None:
        if draft.deal is None:
            return
        said = draft.said
        known = [
            contract
            for contract in self.contracts[draft.deal.use_case.partner_id]
            if contract.signed_at and local_date(contract.signed_at) <= said.as_of
        ]
        if said.contract_signed_on:
            known = [
                contract
                for contract in known
                if contract.signed_at and local_date(contract.signed_at) == said.contract_signed_on
            ]
        if not known:
            draft.judged.refuse(
                _("No contract of the partner was signed on %s.") % day(said.contract_signed_on)
                if said.contract_signed_on
                else _("The partner had no signed contract on that day (C6).")
            )
            return
        draft.contract = known[-1]

    def cap(self, draft: Draft) -> None:
        said, deal, contract = draft.said, draft.deal, draft.contract
        if deal is None or contract is None:
            return
        if said.cap_starts_on and said.cap_starts_on > said.as_of + AHEAD:
            draft.judged.refuse(_("The first service day is more than a year after the day of the balance."))
        recurring = (deal.use_case.model or contract.default_model) == "recurring"
        if recurring and said.earned:
            if contract.cap_unit == CapUnit.YEARS and said.cap_starts_on is None:
                draft.judged.refuse(
                    _("%s is missing: the cap runs from there (C5).") % _label("cap_starts_on")
                )
            if contract.cap_unit == CapUnit.INVOICES and not said.recurring_before:
                draft.judged.refuse(
                    _("%s is missing: the cap of the contract counts them (C5).") % _label("recurring_before")
                )
        if said.paid > said.earned:
            draft.judged.warnings.append(
                _("More was paid than earned: the rest is owed back, and the next payouts are less by it.")
            )
        if said.earned and not said.first_taken:
            draft.judged.warnings.append(
                _("It earned before, but not by the first invoice: the earliest here becomes the first.")
            )

    # --- rows of one deal -------------------------------------------------------------------------
    def among_themselves(self) -> None:
        alike: defaultdict[str, list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            alike[draft.said.deal].append(draft)
        for rows in alike.values():
            currencies: set[str] = set()
            for draft in rows:
                if draft.said.of_the_deal != rows[0].said.of_the_deal:
                    draft.judged.refuse(
                        _("Row %s says something else about the same deal.") % rows[0].judged.number
                    )
                if draft.said.currency in currencies:
                    draft.judged.refuse(_("The same deal and currency stand in the file twice."))
                currencies.add(draft.said.currency)
            if any(draft.judged.outcome == REFUSED for draft in rows):
                for draft in rows:
                    if draft.is_new:
                        draft.judged.refuse(_("Another row of this deal is refused."))

    # --- what is there ----------------------------------------------------------------------------
    def against_the_database(self) -> None:
        deals = {draft.deal.pk for draft in self.drafts if draft.deal}
        rows = Opening.objects.living().filter(deal__in=deals).prefetch_related("sums")
        there = {opening.deal_id: opening for opening in rows}
        earned = set(
            Commission.objects.by_facts()
            .filter(use_case__deal__in=deals)
            .values_list("use_case__deal", flat=True)
        )
        invoices: defaultdict[int, list[date]] = defaultdict(list)
        for pk, on in Invoice.objects.filter(deal__in=deals).values_list("deal", "issued_on"):
            invoices[pk or 0].append(on)
        together: defaultdict[int, list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            if draft.deal is not None:
                together[draft.deal.pk].append(draft)
        for pk, drafts in together.items():
            if pk in there:
                self.compare(drafts, there[pk])
                continue
            if pk in earned:
                for draft in drafts:
                    draft.judged.refuse(
                        _("The deal has earned here already. An opening comes before its invoices."), CONFLICT
                    )
            early = sum(on <= drafts[0].said.as_of for on in invoices[pk])
            if early:
                drafts[0].judged.warnings.append(
                    ngettext(
                        "%(n)d invoice here is from before that day: payments until then don’t count.",
                        "%(n)d invoices here are from before that day: payments until then don’t count.",
                        early,
                    )
                    % {"n": early}
                )

    def compare(self, drafts: list[Draft], opening: Opening) -> None:
        """Say whether the rows of a deal repeat what is there or contradict it: it is never overwritten."""
        sums = {each.currency: each for each in opening.sums.all()}
        first = drafts[0].said
        differing = [
            label
            for label, recorded, said in (
                (_("day"), opening.as_of, first.as_of),
                (_("first service day"), opening.cap_starts_on, first.cap_starts_on),
                (_("number of recurring invoices"), opening.recurring_before, first.recurring_before),
                (_("word on the first invoice"), opening.first_taken, first.first_taken),
                (_("contract"), opening.contract_id, drafts[0].contract and drafts[0].contract.pk),
                (_("set of currencies"), set(sums), {draft.said.currency for draft in drafts}),
            )
            if recorded != said
        ]
        for draft in drafts:
            there = sums.get(draft.said.currency)
            mine = list(differing)
            if there and there.earned != draft.said.earned:
                mine.append(_("sum earned"))
            if there and there.paid != draft.said.paid:
                mine.append(_("sum paid"))
            if mine:
                draft.judged.refuse(
                    _("Another %s is recorded; it isn't overwritten.") % ", ".join(mine), CONFLICT
                )
            elif draft.is_new:
                draft.judged.outcome = KNOWN

    def say(self, draft: Draft) -> None:
        said, contract = draft.said, draft.contract
        assert contract is not None  # refused otherwise
        left = said.earned - said.paid
        if left < 0:
            told = [_("Owed back: %s, once.") % format_money(-left, said.currency, code=True)]
        elif left:
            told = [_("Open: %s, payable once.") % format_money(left, said.currency, code=True)]
        else:
            told = [_("Nothing is open.")]
        if said.cap_starts_on:
            told.append(_("The cap runs from %s.") % day(said.cap_starts_on))
        if said.recurring_before:
            told.append(
                ngettext(
                    "%(n)d recurring invoice counted.",
                    "%(n)d recurring invoices counted.",
                    said.recurring_before,
                )
                % {"n": said.recurring_before}
            )
        if said.first_taken:
            told.append(_("No invoice here is the first."))
        told.append(_("Contract of %s.") % day(contract.signed_at))
        draft.judged.creates = told

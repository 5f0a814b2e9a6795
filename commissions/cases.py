"""What the rules need to know about deals, read from the database: for many in a few queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from commissions import rules
from commissions.models import Commission, CommissionKind, CommissionQuerySet, Fact, Invoice, Opening
from partners.models import Contract, ContractStatus, Ending, Partner
from partners.queries import first_end_for_cause
from referrals.models import Deal, UseCase, UseCaseOutcome
from ssp.core.periods import local_date

# Kinds of facts that aren't here change nothing in the ledger.
KINDS: dict[str, rules.FactKind] = {
    Fact.Kind.INVOICE: "invoice",
    Fact.Kind.PAYMENT: "payment",
    Fact.Kind.REFUND: "refund",
    Fact.Kind.CREDIT: "credit",
    Fact.Kind.MATCH: "match",
}


def case_of(deal: Deal) -> rules.Case | None:
    """Return everything that decides what a deal pays, as the rules take it; None without invoices."""
    return cases_of([deal]).get(deal.pk)


def cases_of(deals: Sequence[Deal]) -> dict[int, rules.Case]:
    """Return {deal: everything that decides what it pays}; none without invoices or contract."""
    invoices: defaultdict[int, list[Invoice]] = defaultdict(list)
    for invoice in Invoice.objects.filter(deal__in=deals).prefetch_related("lines").order_by("pk"):
        assert invoice.deal_id is not None
        invoices[invoice.deal_id].append(invoice)
    facts: defaultdict[int, list[Fact]] = defaultdict(list)
    rows = (
        Fact.objects.filter(invoice__deal__in=deals, kind__in=KINDS).select_related("invoice").order_by("pk")
    )
    for fact in rows:
        facts[fact.invoice.deal_id or 0].append(fact)
    partners = {deal.use_case.partner_id for deal in deals}
    partners |= {deal.use_case.partner.recruiter_id or 0 for deal in deals}
    contracts = _contracts(partners)
    ended = set(
        Ending.objects.filter(partner__in=partners, kind="cause").values_list("partner_id", flat=True)
    )
    entered = _entered_models(deals)
    openings = {each.deal_id: each for each in Opening.objects.living().filter(deal__in=deals)}
    return {
        deal.pk: replace(
            _case(deal, invoices[deal.pk], facts[deal.pk], contracts, ended, entered.get(deal.use_case_id)),
            opening=opening_of(openings.get(deal.pk)),
        )
        for deal in deals
        if facts[deal.pk] and contracts[deal.use_case.partner_id]
    }


def written_for(deal: Deal) -> list[rules.Written]:
    """Return what facts of a deal wrote into the ledger, in the order in which it was written."""
    rows: CommissionQuerySet = Commission.objects.by_facts().filter(use_case=deal.use_case_id)
    return [written(entry) for entry in rows.order_by("pk")]


def written(entry: Commission) -> rules.Written:
    """Return an entry as the rules take it."""
    assert entry.fact_id is not None and entry.invoice_id is not None  # constraint: only openings have none
    return rules.Written(
        entry.fact_id, entry.invoice_id, kind_of(entry.kind), entry.amount, entry.contract_id
    )


def kind_of(kind: str) -> rules.Kind:
    kinds: dict[str, rules.Kind] = {k: k for k in (rules.RECURRING, rules.FIRST_INVOICE, rules.BONUS)}
    return kinds[kind]


def _case(
    deal: Deal,
    invoices: list[Invoice],
    facts: list[Fact],
    contracts: defaultdict[int, list[Contract]],
    ended: set[int],
    entered: str | None,
) -> rules.Case:
    use_case = deal.use_case
    partner = use_case.partner
    recruiter = partner.recruiter if partner.bonus_slot else None
    began = use_case.referral.registered_at if use_case.referral else use_case.defined_at
    own = contracts[partner.pk]
    return rules.Case(
        model=_model(use_case, own, entered),
        bills=tuple(bill_of(invoice) for invoice in invoices),
        facts=tuple(happening_of(fact) for fact in facts),
        contracts=_terms(own),
        pays=deal.is_within_window() and use_case.outcome == UseCaseOutcome.OPEN,
        ended_for_cause_on=_ended_for_cause_on(partner, began, ended),
        recruiter_contracts=_terms(contracts[recruiter.pk]) if recruiter else (),
        recruiter_ended_for_cause_on=_ended_for_cause_on(recruiter, partner.started_at, ended),
    )


def opening_of(opening: Opening | None) -> rules.Opening | None:
    """Return an opening balance as the rules take it."""
    if opening is None:
        return None
    return rules.Opening(
        as_of=opening.as_of,
        cap_starts_on=opening.cap_starts_on,
        recurring_before=opening.recurring_before,
        first_taken=opening.first_taken,
    )


def _contracts(partners: Iterable[int]) -> defaultdict[int, list[Contract]]:
    """Return {partner: signed contracts, in the order in which they were signed}."""
    signed: defaultdict[int, list[Contract]] = defaultdict(list)
    rows = Contract.objects.filter(partner__in=partners, status=ContractStatus.SIGNED)
    for contract in rows.order_by("signed_at", "pk"):
        signed[contract.partner_id].append(contract)
    return signed


def _entered_models(deals: Sequence[Deal]) -> dict[int, str]:
    """Return {use case: the model that its first entry went by}, where nobody elected one."""
    undecided = [deal.use_case_id for deal in deals if not deal.use_case.model]
    rows = (
        Commission.objects.by_facts()
        .filter(use_case__in=undecided)
        .exclude(kind=CommissionKind.BONUS)
        .order_by("-pk")
    )
    return dict(rows.values_list("use_case_id", "kind")) if undecided else {}


def _model(use_case: UseCase, contracts: list[Contract], entered: str | None) -> rules.Kind:
    """Return the elected model, or the default of the contract in force when the window began (C5)."""
    if model := use_case.model or entered:
        return kind_of(model)
    started = use_case.window_starts_on or local_date(use_case.defined_at)
    terms = _terms(contracts)
    chosen = rules.contract_in_force(terms, started) or terms[0]
    return kind_of(next(each.default_model for each in contracts if each.pk == chosen.contract))


def _ended_for_cause_on(partner: Partner | None, since: datetime | None, ended: set[int]) -> date | None:
    """Return the last day on which facts still earn, if what began `since` then lost its partner for cause.

    Coming back revives nothing: it is a new contract, for what begins after it (*Ending*).
    """
    if partner is None or since is None or partner.pk not in ended:
        return None
    ended_at = first_end_for_cause(partner, since=since)
    return local_date(ended_at) if ended_at else None


def _terms(contracts: Iterable[Contract]) -> tuple[rules.Terms, ...]:
    return tuple(
        rules.Terms(
            contract=contract.pk,
            signed_on=local_date(contract.signed_at),
            recurring_percent=contract.recurring_percent,
            first_invoice_percent=contract.first_invoice_percent,
            bonus_percent=contract.bonus_percent,
            bonus_basis=contract.bonus_basis,
            cap_unit=contract.cap_unit,
            cap_count=contract.cap_count,
        )
        for contract in contracts
        if contract.signed_at is not None  # constraint: a signed contract has its moment
    )


def bill_of(invoice: Invoice) -> rules.Bill:
    """Return an invoice as the rules take it."""
    return rules.Bill(
        id=invoice.pk,
        number=invoice.reference,
        issued_on=invoice.issued_on,
        currency=invoice.currency,
        net=invoice.net,
        gross=invoice.gross,
        lines=tuple(
            rules.Line(line.pk, line.net, line.recurring, line.service_from, line.service_to)
            for line in sorted(invoice.lines.all(), key=lambda line: line.number)
        ),
    )


def happening_of(fact: Fact) -> rules.Happening:
    """Return a fact as the rules take it: one of `KINDS`."""
    return rules.Happening(
        id=fact.pk,
        bill=fact.invoice_id,
        kind=KINDS[fact.kind],
        on=fact.happened_on,
        gross=fact.gross,
        net=fact.net,
        line=fact.line_id,
        replacement=fact.replacement_id,
    )

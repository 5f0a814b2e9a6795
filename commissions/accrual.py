"""The one writer of the ledger: facts in, entries out (C5, C20).

A deal is accrued under a lock of its row and its invoices, so two runs at once write nothing twice; the
unique (fact, invoice, kind) and the ledger's trigger hold it finally. What an entry is comes from `rules`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import structlog
from django.db import transaction

from commissions import rules
from commissions.models import SILENT, Commission, CommissionKind, Fact, Invoice
from partners.models import Contract, ContractStatus, Partner
from partners.queries import first_end_for_cause
from referrals.models import Deal, UseCase, UseCaseOutcome
from ssp.core.periods import local_date

log = structlog.get_logger(__name__)


def accrue_invoices(invoice_ids: Iterable[int], *, at: datetime) -> int:
    """Write what the facts about these invoices call for; return how many entries."""
    deals = Deal.objects.filter(invoices__in=list(invoice_ids)).order_by("pk").distinct()
    return sum(accrue_deal(pk, at=at) for pk in deals.values_list("pk", flat=True))


def accrue(*, at: datetime) -> int:
    """Write whatever any fact calls for and isn't written yet; return how many entries.

    A deal that can't be worked out is logged and left: it keeps no other from being paid.
    """
    deals = Deal.objects.filter(invoices__facts__isnull=False).order_by("pk").distinct()
    written = 0
    for pk in list(deals.values_list("pk", flat=True)):
        try:
            written += accrue_deal(pk, at=at)
        except Exception:
            log.exception("accrual.failed", deal_id=pk)
    return written


@transaction.atomic
def accrue_deal(deal_id: int, *, at: datetime) -> int:
    """Write the entries of one deal that aren't written yet; return how many. Safe to run twice at once."""
    deal = lock_deal(deal_id)
    case = case_of(deal)
    if case is None:
        return 0
    entries = rules.entries_due(case, written_for(deal))
    _write(deal, entries, at=at)
    return len(entries)


def written_for(deal: Deal) -> list[rules.Written]:
    """Return the ledger's entries of a deal, in the order in which they were written."""
    return [
        rules.Written(entry.fact_id, entry.invoice_id, _kind(entry.kind), entry.amount, entry.contract_id)
        for entry in deal.use_case.commissions.order_by("pk")
    ]


def lock_deal(deal_id: int) -> Deal:
    """Lock a deal and its invoices against other writers, and return it read afresh."""
    Deal.objects.select_for_update(no_key=True).get(pk=deal_id)
    list(Invoice.objects.select_for_update(no_key=True).filter(deal_id=deal_id).order_by("pk").values("pk"))
    return Deal.objects.select_related("use_case__partner__recruiter", "use_case__referral").get(pk=deal_id)


def case_of(deal: Deal) -> rules.Case | None:
    """Return everything that decides what a deal pays, as the rules take it; None without invoices."""
    use_case = deal.use_case
    partner = use_case.partner
    invoices = list(deal.invoices.prefetch_related("lines").order_by("pk"))
    facts = list(Fact.objects.filter(invoice__in=invoices).exclude(kind__in=SILENT).order_by("pk"))
    contracts = terms_of(partner)
    if not facts or not contracts:
        return None
    recruiter = partner.recruiter if partner.bonus_slot else None
    began = use_case.referral.registered_at if use_case.referral else use_case.defined_at
    return rules.Case(
        model=_model(use_case, contracts),
        bills=tuple(_bill(invoice) for invoice in invoices),
        facts=tuple(_happening(fact) for fact in facts),
        contracts=contracts,
        pays=deal.is_within_window() and use_case.outcome == UseCaseOutcome.OPEN,
        ended_for_cause_on=_ended_for_cause_on(partner, since=began),
        recruiter_contracts=terms_of(recruiter) if recruiter else (),
        recruiter_ended_for_cause_on=_ended_for_cause_on(recruiter, since=partner.started_at)
        if recruiter and partner.started_at
        else None,
    )


def terms_of(partner: Partner) -> tuple[rules.Terms, ...]:
    """Return the numbers of a partner's signed contracts."""
    return tuple(
        _terms(contract)
        for contract in Contract.objects.filter(partner=partner, status=ContractStatus.SIGNED).order_by(
            "signed_at", "pk"
        )
    )


def _terms(contract: Contract) -> rules.Terms:
    assert contract.signed_at is not None  # constraint: a signed contract has its moment
    return rules.Terms(
        contract=contract.pk,
        signed_on=local_date(contract.signed_at),
        recurring_percent=contract.recurring_percent,
        first_invoice_percent=contract.first_invoice_percent,
        bonus_percent=contract.bonus_percent,
        bonus_basis=contract.bonus_basis,
        cap_unit=contract.cap_unit,
        cap_count=contract.cap_count,
    )


def _model(use_case: UseCase, contracts: tuple[rules.Terms, ...]) -> rules.Kind:
    """Return the elected model, or the default of the contract in force when the window began (C5)."""
    entered = (
        use_case.commissions.exclude(kind=CommissionKind.BONUS).order_by("pk").values_list("kind", flat=True)
    )
    if model := use_case.model or entered.first():
        return _kind(model)
    started = use_case.window_starts_on or local_date(use_case.defined_at)
    terms = rules.contract_in_force(contracts, started) or contracts[0]
    return _kind(Contract.objects.values_list("default_model", flat=True).get(pk=terms.contract))


def _kind(kind: str) -> rules.Kind:
    kinds: dict[str, rules.Kind] = {k: k for k in (rules.RECURRING, rules.FIRST_INVOICE, rules.BONUS)}
    return kinds[kind]


def _ended_for_cause_on(partner: Partner, *, since: datetime) -> date | None:
    """Return the last day on which facts still earn, if what began `since` then lost its partner for cause.

    Coming back revives nothing: it is a new contract, for what begins after it (*Ending*).
    """
    ended_at = first_end_for_cause(partner, since=since)
    return local_date(ended_at) if ended_at else None


def _bill(invoice: Invoice) -> rules.Bill:
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


def _happening(fact: Fact) -> rules.Happening:
    kinds: dict[str, rules.FactKind] = {
        Fact.Kind.INVOICE: "invoice",
        Fact.Kind.PAYMENT: "payment",
        Fact.Kind.REFUND: "refund",
        Fact.Kind.CREDIT: "credit",
        Fact.Kind.MATCH: "match",
    }
    return rules.Happening(
        id=fact.pk,
        bill=fact.invoice_id,
        kind=kinds[fact.kind],
        on=fact.happened_on,
        gross=fact.gross,
        net=fact.net,
        line=fact.line_id,
        replacement=fact.replacement_id,
    )


def _write(deal: Deal, entries: list[rules.Entry], *, at: datetime) -> None:
    partner = deal.use_case.partner
    sources: dict[tuple[int, int], Commission] = {}
    for entry in entries:
        bonus = entry.kind == rules.BONUS
        receiver = partner.recruiter if bonus else partner
        assert receiver is not None  # no bonus without a recruiter
        written = Commission.objects.create(
            partner=receiver,
            contract_id=entry.contract,
            use_case=deal.use_case,
            invoice_id=entry.bill,
            fact_id=entry.fact,
            kind=entry.kind,
            source_entry=sources.get((entry.fact, entry.bill)) if bonus else None,
            rate_percent=entry.rate,
            eligible_net=_decimal(entry.eligible),
            paid_numerator=entry.numerator,
            paid_denominator=entry.denominator,
            due=entry.due,
            amount=entry.amount,
            currency=entry.currency,
            earned_on=entry.on,
            payable_on=entry.payable_on,
            why=dict(entry.why),
            recorded_at=at,
        )
        if not bonus:
            sources[entry.fact, entry.bill] = written


def _decimal(number: Fraction) -> Decimal:
    return Decimal(round(number * 10**6)).scaleb(-6)

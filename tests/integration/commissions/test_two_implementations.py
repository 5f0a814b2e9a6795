"""Two implementations, one ledger: the SQL writes what the pure rules say, for any history (C5, C20).

`LEDGER_HISTORIES=500 ./dev test …` tries that many histories instead of a few.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commissions import accrual, rules
from commissions.cases import case_of, kind_of
from commissions.models import Commission
from commissions.reconciliation import Tally, of_deals
from referrals.models import Deal
from tests.integration.commissions.ledger_histories import (
    LATER,
    SETTINGS,
    Accrue,
    Setting,
    Step,
    Story,
    Turn,
    histories,
)

HISTORIES = int(os.environ.get("LEDGER_HISTORIES", "20"))
MANY = settings(
    max_examples=HISTORIES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=HISTORIES < 100,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate] + ([Phase.shrink] if HISTORIES >= 100 else []),
)
pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5"), pytest.mark.clause("C20")]
Sums = dict[tuple[int, str], Decimal]


def as_rules_say(deal: Deal) -> list[tuple[object, ...]]:
    deal = Deal.objects.select_related("use_case__partner__recruiter", "use_case__referral").get(pk=deal.pk)
    case = case_of(deal)
    if case is None:
        return []
    due = rules.entries_due(case, accrual.written_for(deal))
    sources = {(entry.fact, entry.bill) for entry in due if entry.kind != rules.BONUS}
    partner = deal.use_case.partner
    return [
        (
            entry.fact,
            entry.bill,
            entry.kind,
            partner.recruiter_id if entry.kind == rules.BONUS else partner.pk,
            entry.contract,
            entry.rate,
            Decimal(round(entry.eligible * 10**6)).scaleb(-6),
            entry.numerator,
            entry.denominator,
            entry.due,
            entry.amount,
            entry.currency,
            entry.on,
            entry.payable_on,
            entry.kind == rules.BONUS and (entry.fact, entry.bill) in sources,
            plain(entry.why),
        )
        for entry in due
    ]


def as_written(deal: Deal, *, after: int) -> list[tuple[object, ...]]:
    return [
        (
            entry.fact_id,
            entry.invoice_id,
            entry.kind,
            entry.partner_id,
            entry.contract_id,
            entry.rate_percent,
            entry.eligible_net,
            entry.paid_numerator,
            entry.paid_denominator,
            entry.due,
            entry.amount,
            entry.currency,
            entry.earned_on,
            entry.payable_on,
            entry.source_entry_id is not None,
            plain(entry.why),
        )
        for entry in Commission.objects.by_facts()
        .filter(use_case=deal.use_case_id, pk__gt=after)
        .order_by("pk")
    ]


def plain(why: object) -> dict[str, object]:
    """Amounts as amounts: 50.00 is 50.000."""
    assert isinstance(why, dict)
    words = (
        "fact",
        "cap_unit",
        "cap_starts_on",
        "cap_ends_on",
        "service_from",
        "service_to",
        "is_first",
        "place",
    )
    return {name: value if name in words or value is None else Decimal(value) for name, value in why.items()}


def last_entry() -> int:
    return Commission.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def sums_of(deal: Deal) -> Sums:
    sums: Counter[tuple[int, str]] = Counter()
    for bill, kind, amount in (
        Commission.objects.by_facts()
        .filter(use_case=deal.use_case_id)
        .values_list("invoice_id", "kind", "amount")
    ):
        sums[bill, kind] += amount
    return dict(+sums)


def test_every_run_writes_entry_by_entry_what_the_rules_say() -> None:
    wrote: Counter[str] = Counter()

    @MANY
    @given(setting=SETTINGS, steps=histories(longest=22))
    def in_any_history(setting: Setting, steps: list[Step]) -> None:
        with undone():
            story = Story.of(setting)
            for step in [*steps, Accrue()]:
                if not isinstance(step, Accrue):
                    story.take(step)
                    continue
                expected, before = as_rules_say(story.deal), last_entry()

                accrual.accrue_deal(story.deal.pk, at=LATER)

                assert as_written(story.deal, after=before) == expected
                assert accrual.accrue_deal(story.deal.pk, at=LATER) == 0  # a replay adds nothing
            assert list(of_deals([story.deal.pk], Tally())) == []
            wrote.update(kinds_of(story.deal))

    in_any_history()

    # Histories that write nothing prove nothing: most earn, many lose again, by each model, with bonuses.
    assert wrote["some"] >= HISTORIES / 2
    assert wrote["minus"] >= HISTORIES / 5
    assert min(wrote[kind] for kind in ("recurring", "first_invoice", "bonus")) >= HISTORIES / 12


def kinds_of(deal: Deal) -> set[str]:
    """Return what a history wrote: any entry, one that takes something back, and the kinds."""
    rows = Commission.objects.by_facts().filter(use_case=deal.use_case_id).values_list("kind", "amount")
    return {kind for kind, _ in rows} | {"minus" for _, n in rows if n < 0} | {"some" for _ in rows}


def test_the_order_of_facts_and_of_runs_changes_no_total() -> None:
    """Worked out at any moments, it ends at the sums of the rules for all of it at once, in another order."""
    wrote: Counter[str] = Counter()

    @MANY
    @given(setting=SETTINGS, steps=histories(longest=16), seed=st.randoms(use_true_random=False))
    def in_any_history(setting: Setting, steps: list[Step], seed: random.Random) -> None:
        with undone():
            story = Story.of(setting)
            for step in [*steps, Accrue()]:
                story.take(step)
                if isinstance(step, Accrue):
                    accrual.accrue_deal(story.deal.pk, at=LATER)
            story.everything_arrives()
            story.take(Turn("pays"))
            accrual.accrue_deal(story.deal.pk, at=LATER)

            deal = Deal.objects.get(pk=story.deal.pk)
            case = case_of(deal)
            assert sums_of(deal) == (sums_by_rules(case, seed) if case else {})
            wrote.update(kinds_of(deal))

    in_any_history()

    assert wrote["some"] >= HISTORIES / 2


def sums_by_rules(case: rules.Case, seed: random.Random) -> Sums:
    facts = list(case.facts)
    seed.shuffle(facts)
    sums: Counter[tuple[int, str]] = Counter()
    for entry in rules.entries_due(replace(case, facts=tuple(facts))):
        sums[entry.bill, kind_of(entry.kind)] += entry.amount
    return dict(+sums)


class undone:
    """A savepoint that is always rolled back: each history begins with nothing."""

    def __enter__(self) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()

    def __exit__(self, *error: object) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

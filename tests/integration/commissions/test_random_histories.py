"""Whatever comes in, in any order and portions: the database takes every entry; sums are the formula's."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from commissions import accrual, rules
from commissions.invariants import INVARIANTS
from commissions.models import Commission, Invoice
from referrals.models import Deal
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
LATER = MONDAY + timedelta(days=900)


def a_case(dice: random.Random) -> Deal:
    """Return a deal of a recruit whose contract, and whose recruiter's, has any shape."""
    recruiter = PartnerFactory(
        numbers={
            "bonus_basis": dice.choice(["commission", "first_invoice"]),
            "bonus_percent": Decimal("12.5"),
        }
    )
    cap = dice.choice([{"cap_unit": "years", "cap_count": 1}, {"cap_unit": "invoices", "cap_count": 2}])
    recruit = PartnerFactory(
        recruiter=recruiter, bonus_slot=1, numbers={"recurring_percent": Decimal("7.77"), **cap}
    )
    deal = a_won_deal(partner=recruit, model=dice.choice(["recurring", "first_invoice"]))
    for partner in (recruit, recruiter):
        if dice.random() < 0.25:
            moment = MONDAY + timedelta(days=dice.randint(60, 300))
            ended(partner, at=moment, kind=dice.choice(["cause", "notice"]))
    return deal


def something_happens(dice: random.Random, deal: Deal, invoices: list[Invoice]) -> None:
    if len(invoices) < 4 and dice.random() < 0.4:
        currency = dice.choice(["EUR", "EUR", "JPY", "KWD"])
        net = {"JPY": "1005", "KWD": "100.055"}.get(currency, dice.choice(["100.05", "0", "3333.33"]))
        on = INVOICED_ON + timedelta(days=dice.choice([0, 0, 200, 400]))
        invoices.append(an_invoice(deal, net, currency=currency, on=on, one_off=dice.choice(["0", net])))
        return
    invoice = dice.choice(invoices)
    unit = Decimal(1).scaleb(-{"JPY": 0, "KWD": 3}.get(invoice.currency, 2))
    amount = str((invoice.gross * dice.choice([1, 3, 5, 10]) / 10).quantize(unit) or unit)
    kind = dice.choice(["payment", "payment", "payment", "refund", "credit"])
    more = {}
    if kind == "credit" and dice.random() < 0.3:
        more["replacement"] = dice.choice(invoices)
    on = INVOICED_ON + timedelta(days=dice.randint(0, 400))
    happens(invoice, kind, amount, on=on, **more)


@pytest.mark.parametrize("seed", range(8))
def test_any_history_is_written_and_ends_where_the_formula_says(seed: int) -> None:
    dice = random.Random(seed)
    deal = a_case(dice)
    invoices = [an_invoice(deal, "1000")]
    for _ in range(18):
        something_happens(dice, deal, invoices)
        if dice.random() < 0.3:
            accrual.accrue_deal(deal.pk, at=LATER)
    accrual.accrue_deal(deal.pk, at=LATER)

    case = accrual.case_of(Deal.objects.get(pk=deal.pk))
    assert case is not None
    sums: Counter[tuple[int, str]] = Counter()
    for entry in Commission.objects.filter(use_case=deal.use_case):
        sums[entry.invoice_id, entry.kind] += entry.amount
    at_once: Counter[tuple[int, str]] = Counter()
    for due in rules.entries_due(case):
        at_once[due.bill, due.kind] += due.amount
    assert +sums == +at_once
    assert rules.entries_due(case, written(deal)) == []


def written(deal: Deal) -> list[rules.Written]:
    rows = Commission.objects.filter(use_case=deal.use_case).order_by("pk")
    return [rules.Written(c.fact_id, c.invoice_id, c.kind, c.amount, c.contract_id) for c in rows]


@pytest.mark.parametrize("seed", range(100, 104))
def test_no_history_breaks_an_invariant(seed: int) -> None:
    dice = random.Random(seed)
    deal = a_case(dice)
    invoices = [an_invoice(deal, "1000")]
    for _ in range(25):
        something_happens(dice, deal, invoices)
    accrual.accrue_deal(deal.pk, at=LATER)

    for _number, name, sql in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.fetchall() == [], name

"""Each invariant of the ledger finds what breaks it, once no trigger and no constraint stands in the way."""

from datetime import timedelta
from decimal import Decimal

import pgtrigger
import pytest
from django.db import connection

from commissions import accrual
from commissions.invariants import INVARIANTS
from commissions.models import Commission
from ssp.core.invariants import broken
from tests.factories.commissions import SIGNED_ON, a_won_deal, an_invoice, happens
from tests.factories.openings import an_opening
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5"), pytest.mark.clause("C20")]
AT = MONDAY + timedelta(days=120)


def the(kind: str) -> str:
    """Return the number of the newest entry of a kind."""
    return f"(SELECT max(id) FROM commissions_commission WHERE kind = '{kind}')"


def entry(kind: str, change: str) -> str:
    return f"UPDATE commissions_commission SET {change} WHERE id = {the(kind)}"


FIRST_BONUS = "(SELECT min(id) FROM commissions_commission WHERE kind = 'bonus')"
THE_PARTNER = f"(SELECT o.partner_id FROM commissions_commission o WHERE o.id = {the('recurring')})"
THE_FIRST = "(SELECT o.fact_id, o.invoice_id FROM commissions_commission o ORDER BY o.id LIMIT 1)"
BREAKS = [
    ("signed before", "UPDATE referrals_deal SET signed_on = signed_on + 400"),
    ("without a payment", "UPDATE commissions_fact SET kind = 'refund' WHERE kind = 'payment'"),
    ("closed as reseller", "UPDATE referrals_usecase SET outcome = 'reseller', closed_at = now()"),
    ("both models", entry("recurring", "kind = 'first_invoice'")),
    (
        "two entries for one fact",
        "ALTER TABLE commissions_commission DROP CONSTRAINT commission_once_per_fact; "
        + entry("recurring", f"(fact_id, invoice_id) = {THE_FIRST}"),
    ),
    ("No negative sum", entry("recurring", "amount = -1")),
    ("above the formula", entry("recurring", "amount = amount + 0.02, due = due + 0.02")),
    ("above the formula", entry("recurring", "due = due - 1")),
    ("above the formula", entry("bonus", "due = due - 1")),
    ("open before this system", entry("opening", "amount = amount - 1")),
    ("someone other than", entry("bonus", f"partner_id = {THE_PARTNER}")),
    ("someone other than", "UPDATE partners_partner SET bonus_slot = NULL"),
    ("from a RaR entry", entry("bonus", f"source_entry_id = {FIRST_BONUS}")),
    ("UPDATE and DELETE on the ledger", "ALTER TABLE commissions_commission DISABLE TRIGGER USER"),
]


@pytest.fixture
def a_ledger() -> None:
    recruit = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=1)
    deal = a_won_deal(partner=recruit)
    for _ in range(2):
        happens(an_invoice(deal, "1000.05"), "payment", "1000.05")
    accrual.accrue(at=AT)
    an_opening(a_won_deal(partner=recruit), "100", "40", as_of=SIGNED_ON + timedelta(days=5))
    assert broken(INVARIANTS) == []


@pytest.mark.parametrize(("words", "sql"), BREAKS)
def test_what_breaks_it_is_found(words: str, sql: str, a_ledger: None) -> None:
    queries = [query for _number, says, query in INVARIANTS if words in says]
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pgtrigger.ignore():
            cursor.execute(sql)
        cursor.execute(queries[0])

        assert cursor.fetchall() != []


@pytest.mark.parametrize("kind", ["credit", "refund", "payment"])
def test_what_was_recorded_and_isnt_worked_out_yet_breaks_none(kind: str) -> None:
    invoice = an_invoice(a_won_deal(), "1000")
    happens(invoice, "payment", "1000")
    accrual.accrue(at=AT)

    happens(invoice, kind, "300")

    assert broken(INVARIANTS) == []  # at any moment
    accrual.accrue(at=AT)
    assert broken(INVARIANTS) == []
    assert sum(Commission.objects.values_list("amount", flat=True)) in (Decimal(70), Decimal(100))

"""What SQL has no words for: rounding without a loss, and the order of invoice numbers; as Python has it."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commissions import rules
from commissions.models import AccrualFailure
from ssp.core.money import currencies_of, minor_units, round_half_even
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal
from tests.factories.core import UserFactory
from tests.integration.commissions.test_pages import signed_in
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
CURRENCIES = {0: "JPY", 2: "EUR", 3: "KWD"}


@pytest.mark.clause("C5")
@QUICK
@example([(1, 200), (3, 200), (-1, 200), (5, 1000), (15, 1000), (25, 2000), (1, 3)])
@given(st.lists(st.tuples(st.integers(-(10**25), 10**25), st.integers(1, 10**25)), min_size=1, max_size=20))
def test_a_fraction_is_rounded_half_even_however_long_it_is(fractions: list[tuple[int, int]]) -> None:
    for digits, currency in CURRENCIES.items():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_half_even(a, b, %s) FROM unnest(%s::numeric[], %s::numeric[]) AS f (a, b)",
                [digits, [Decimal(a) for a, _b in fractions], [Decimal(b) for _a, b in fractions]],
            )
            rounded = [row[0] for row in cursor.fetchall()]

        assert rounded == [round_half_even(Fraction(a, b), currency) for a, b in fractions]


@pytest.mark.clause("C5")
@QUICK
@example(["SI-10", "SI-9", "SI-09", "SI-9b", "", "9", "10", "é", "z", "a1b2", "a1b10", "٣"])
@given(st.lists(st.text(st.sampled_from("019-. aZzéΩ٣😀"), max_size=8), min_size=2, max_size=12))
def test_invoice_numbers_have_the_order_that_the_rules_give_them(numbers: list[str]) -> None:
    zero, day = Decimal(0), date(2027, 1, 1)
    bills = [rules.Bill(n, number, day, "EUR", zero, zero, ()) for n, number in enumerate(numbers)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM unnest(%s::int[], %s::text[]) AS b (n, number)"
            ' ORDER BY ledger_number_key(number) COLLATE "C", n',
            [list(range(len(numbers))), numbers],
        )
        assert [row[0] for row in cursor.fetchall()] == [
            bill.id for bill in sorted(bills, key=lambda b: b.place)
        ]


def test_the_currencies_of_other_units_are_all_told() -> None:
    assert {minor_units(code) for digits in (0, 3) for code in currencies_of(digits)} == {0, 3}
    assert "JPY" in currencies_of(0)
    assert currencies_of(2) == []


def test_finance_sees_whose_commission_cant_be_worked_out() -> None:
    deal = a_won_deal()
    AccrualFailure.objects.create(
        deal=deal, reason="one use case pays by one model", first_failed_at=MONDAY, last_failed_at=MONDAY
    )

    for role, address in (
        (Role.FINANCE, reverse("commissions:invoices")),
        (Role.DIRECTOR, reverse("commissions:invoices")),
        (Role.ADMINISTRATOR, reverse("admin:commissions_accrualfailure_changelist")),
    ):
        page = signed_in(UserFactory(roles=[role])).get(address)
        assert page.status_code == 200
        assert "one use case pays by one model" in page.content.decode()
    assert Client().get(reverse("admin:commissions_accrualfailure_changelist")).status_code == 302

"""Invariants 8 to 13 hold after a life with everything in it, and the admin shows the ledger to who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from commissions import accrual, payouts
from commissions.invariants import INVARIANTS
from commissions.models import Commission, Invoice
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_pages import signed_in
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
AT = MONDAY + timedelta(days=120)


@pytest.fixture
def a_whole_life() -> Invoice:
    recruit = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=1)
    invoice = an_invoice(a_won_deal(partner=recruit), "15600", gross="18876", one_off="3000")
    first = an_invoice(a_won_deal(partner=recruit, model="first_invoice"), "1000")
    for row in (invoice, first):
        happens(row, "payment", "600", on=(AT - timedelta(days=50)).date())
        happens(row, "credit", "300", on=(AT - timedelta(days=45)).date())
        happens(row, "refund", "100", on=(AT - timedelta(days=40)).date())
    accrual.accrue(at=AT)
    for partner in (recruit, recruit.recruiter):
        confirmed_tax(partner)
    nadia, willem = UserFactory(roles=[Role.FINANCE]), UserFactory(roles=[Role.DIRECTOR])
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)
    paid, failed = run.payouts.order_by("pk")
    payouts.mark_paid(payout=paid, paid_on=AT.date(), by=nadia, at=AT)
    payouts.mark_failed(payout=failed, reason="Account closed", by=nadia, at=AT)
    payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    return invoice


@pytest.mark.parametrize(("number", "words", "sql"), INVARIANTS)
def test_an_invariant_holds(number: int, words: str, sql: str, a_whole_life: Invoice) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.fetchall() == [], f"{number}: {words}"


@pytest.mark.parametrize("model", ["invoice", "commission", "payoutrun", "taxstatus"])
def test_the_admin_shows_the_books_to_finance_and_directors_alone(model: str, a_whole_life: Invoice) -> None:
    address = reverse(f"admin:commissions_{model}_changelist")

    assert signed_in(UserFactory(roles=[Role.FINANCE])).get(address).status_code == 200
    assert signed_in(UserFactory(roles=[Role.DIRECTOR])).get(address).status_code == 200
    assert signed_in(UserFactory(roles=[Role.SALES])).get(address).status_code == 403


def test_nobody_changes_an_entry_in_the_admin(a_whole_life: Invoice) -> None:
    entry = Commission.objects.first()
    assert entry is not None
    address = reverse("admin:commissions_commission_change", args=[entry.pk])
    finance = signed_in(UserFactory(roles=[Role.FINANCE]))

    assert finance.get(address).status_code == 200
    assert finance.post(address, {"amount": "1"}).status_code == 403

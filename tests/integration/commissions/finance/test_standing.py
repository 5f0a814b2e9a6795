"""What was owed at the end of any day: to the cent, and the same whenever somebody asks."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from commissions import accrual, payouts
from commissions.finance.standing import Standing, standing
from commissions.models import Commission
from ssp.core.periods import at_local, local_date
from ssp.core.roles import Role
from tests.factories.commissions import happens
from tests.factories.core import UserFactory
from tests.factories.finance import a_payment, a_run, all_paid
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
FIRST = date(2027, 1, 20)  # the customer's payment
EUR100 = Decimal("100.00")


def at(day: date, hour: int = 12) -> datetime:
    return at_local(day, MONDAY.time().replace(hour=hour))


def days(n: int) -> date:
    return FIRST + timedelta(days=n)


def only(on: date) -> Standing:
    (found,) = standing(on)
    return found


def test_an_entry_goes_from_held_to_payable_to_a_payout_to_paid() -> None:
    a_payment(on=FIRST, at=at(FIRST))
    run = a_run(at=at(days(40)))
    all_paid(run, at=at(days(42)))

    stood = {n: only(days(n)).total for n in (0, 29, 30, 39, 40, 41, 42)}

    assert [stood[n].held for n in (0, 29)] == [EUR100, EUR100]
    assert [stood[n].payable for n in (30, 39)] == [EUR100, EUR100]
    assert [stood[n].in_payout for n in (40, 41)] == [EUR100, EUR100]
    assert (stood[42].paid, stood[42].owed) == (EUR100, 0)
    assert standing(days(-1)) == []


def test_what_is_recorded_later_changes_no_earlier_day() -> None:
    partner = PartnerFactory()
    invoice = a_payment(partner, on=FIRST, at=at(FIRST))
    a_payment(partner, on=FIRST, at=at(days(2)))
    last_evening = standing(days(3))

    happens(invoice, "refund", "1000", on=days(2))  # two days late, about a day before
    accrual.accrue_deal(invoice.deal.pk, at=at(days(5)))
    run = a_run(at=at(days(40)))
    all_paid(run, at=at(days(45)), on=days(41))

    assert standing(days(3)) == last_evening
    assert only(days(5)).total.owed == EUR100
    assert only(days(44)).total.in_payout == EUR100  # the bank paid on day 41, and nobody knew
    assert only(days(45)).total.paid == EUR100


def test_a_failed_transfer_is_owed_again_from_the_day_it_was_known() -> None:
    a_payment(on=FIRST, at=at(FIRST))
    run = a_run(at=at(days(40)))
    by = UserFactory(roles=[Role.FINANCE])
    payouts.mark_failed(payout=run.payouts.get(), reason="Account closed", by=by, at=at(days(43)))

    assert only(days(42)).total.in_payout == EUR100
    assert only(days(43)).total.payable == EUR100


def test_what_the_bank_sent_back_is_owed_again_from_the_day_it_was_known() -> None:
    a_payment(on=FIRST, at=at(FIRST))
    run = a_run(at=at(days(40)))
    all_paid(run, at=at(days(41)))
    by = UserFactory(roles=[Role.FINANCE])
    payouts.mark_returned(
        payout=run.payouts.get(), returned_on=days(43), reason="Closed", by=by, at=at(days(45))
    )

    assert only(days(44)).total.paid == EUR100
    assert only(days(45)).total.payable == EUR100


def test_a_run_that_is_prepared_later_counts_from_then_on() -> None:
    a_payment(on=FIRST, at=at(FIRST))
    a_run(at=at(days(40)), approved=False)

    assert only(days(39)).total.payable == EUR100
    assert only(days(40)).total.in_payout == EUR100


def test_what_is_payable_is_told_apart_by_its_age() -> None:
    for n in (0, 30, 60, 91):  # payable 30 days later
        a_payment(on=days(n), at=at(days(n)))

    assert only(days(121)).ages == [EUR100, EUR100, EUR100, EUR100]
    assert only(days(120)).ages == [EUR100, EUR100, EUR100, 0]


def plain_sums(on: date) -> dict[tuple[str, str], Decimal]:
    """Sum the ledger as it stands now, without any of our code."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.currency, CASE WHEN p.paid_on IS NOT NULL THEN 'paid' WHEN p.id IS NOT NULL
                     THEN 'in_payout' WHEN c.payable_on > %s THEN 'held' ELSE 'payable' END, sum(c.amount)
              FROM commissions_commission c
              LEFT JOIN (commissions_payoutentry e JOIN commissions_payout p ON p.id = e.payout_id)
                ON e.commission_id = c.id AND e.released_at IS NULL
             GROUP BY 1, 2
            """,
            [on],
        )
        return {(currency, state): amount for currency, state, amount in cursor.fetchall()}


def test_months_partners_and_ages_all_add_up_to_the_ledger() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    for n, partner in enumerate([recruit, recruiter, None, recruit]):
        a_payment(partner, on=days(25 * n), net="333.33", gross="403.33", paid="100", at=at(days(25 * n)))
    a_payment(recruit, on=days(3), net="1005", currency="JPY", at=at(days(3)))
    refunded = a_payment(on=FIRST, at=at(FIRST))
    all_paid(a_run(at=at(days(45))), at=at(days(46)))
    happens(refunded, "refund", "900", on=days(50))
    accrual.accrue_deal(refunded.deal.pk, at=at(days(50)))
    a_run(at=at(days(60)), approved=False)

    on = days(80)
    ledger = plain_sums(on)
    for each in standing(on):
        for state in ("held", "payable", "in_payout", "paid"):
            whole = ledger.get((each.currency, state), Decimal(0))
            assert getattr(each.total, state) == whole
            assert sum(getattr(sums, state) for sums in each.months.values()) == whole
            assert sum(getattr(sums, state) for sums in each.partners.values()) == whole
        assert sum(each.ages) == each.total.payable
        assert each.total.owed + each.total.paid == each.total.earned
        assert each.total.earned == sum(
            Commission.objects.filter(currency=each.currency).values_list("amount", flat=True)
        )
    assert {each.currency for each in standing(on)} == {"EUR", "JPY"}


def test_a_month_is_the_one_in_which_it_was_earned() -> None:
    a_payment(on=date(2027, 1, 31), at=at(date(2027, 2, 3)))

    assert list(only(date(2027, 2, 3)).months) == [date(2027, 1, 1)]


def test_it_is_one_statement_and_one_for_names(django_assert_num_queries) -> None:
    for _ in range(4):
        a_payment(on=FIRST, at=at(FIRST))

    with django_assert_num_queries(2):
        standing(local_date(at(days(1))))

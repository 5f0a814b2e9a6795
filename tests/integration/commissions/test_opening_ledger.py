"""What moved in as open: one entry that is paid once, what goes on from there, and the way back (ADR 22)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction

from commissions import accrual, openings, payouts, queries
from commissions.elections import change_election
from commissions.errors_openings import (
    EarnedBefore,
    OpeningEarnedSince,
    OpeningPaidOut,
    OpeningUndoneAlready,
)
from commissions.finance import by_partner, journal
from commissions.finance.standing import standing
from commissions.forecast import to_the_cap
from commissions.invariants import INVARIANTS
from commissions.models import (
    Commission,
    ElectionChange,
    Opening,
    OpeningSum,
    PayoutEntry,
)
from commissions.reconciliation import Tally, differences
from partners.models import CommissionModel
from referrals.models import Deal
from ssp.core.errors import NotAllowed
from ssp.core.invariants import broken
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import SIGNED_ON, a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.openings import an_opening
from tests.integration.commissions.test_openings import AS_OF, AT, entered

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
D = Decimal


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


# --- the ledger holds it ----------------------------------------------------------------------------
def entry_of(each: OpeningSum, **fields: Any) -> Commission:
    opening = each.opening
    values = {
        "partner": opening.deal.use_case.partner,
        "contract": opening.contract,
        "use_case": opening.deal.use_case,
        "opening": each,
        "kind": "opening",
        "rate_percent": 0,
        "eligible_net": 0,
        "paid_numerator": 0,
        "paid_denominator": 0,
        "due": each.open,
        "amount": each.open,
        "currency": each.currency,
        "earned_on": opening.as_of,
        "payable_on": opening.as_of + timedelta(days=30),
        "recorded_at": AT,
        **fields,
    }
    entry: Commission = Commission.objects.create(**values)
    return entry


def a_sum_without_entry(deal: Deal, **fields: Any) -> OpeningSum:
    opening = an_opening(deal, as_of=AS_OF, **fields)
    each: OpeningSum = OpeningSum.objects.create(opening=opening, currency="USD", earned=D(100), paid=D(40))
    return each


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"amount": D(61), "due": D(61)}, "exactly what is open"),
        ({"amount": D(59), "due": D(60)}, "exactly what is open"),
        ({"amount": D(-60), "due": D(0)}, "exactly what is open"),
        ({"currency": "EUR"}, "something else than its opening"),
        ({"earned_on": AS_OF + timedelta(days=1)}, "something else than its opening"),
        ({"payable_on": AS_OF}, "held for 30 days"),
        ({"kind": "recurring"}, "another use case|commission_by_fact_or_opening"),
    ],
)
def test_no_entry_says_something_else_than_its_opening(fields: dict[str, Any], why: str) -> None:
    each = a_sum_without_entry(a_won_deal())

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        entry_of(each, **fields)
    entry_of(each)  # as it should be, it fits


def test_an_opening_has_one_entry() -> None:
    each = a_sum_without_entry(a_won_deal())
    entry_of(each)

    with pytest.raises(IntegrityError, match="exactly what is open"), transaction.atomic():
        entry_of(each)


def test_a_transaction_that_forgets_the_entry_is_refused() -> None:
    a_sum_without_entry(a_won_deal())

    with pytest.raises(IntegrityError, match="becomes an entry"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_openings_and_their_entries_are_never_changed_or_deleted() -> None:
    opening = an_opening(a_won_deal(), "100", "40", as_of=AS_OF)

    for change in (
        lambda: Opening.objects.filter(pk=opening.pk).update(as_of=AS_OF + timedelta(days=1)),
        lambda: OpeningSum.objects.filter(opening=opening).update(paid=0),
        lambda: Commission.objects.filter(opening__opening=opening).update(amount=1),
        lambda: Opening.objects.filter(pk=opening.pk).delete(),
    ):
        with pytest.raises(Exception), transaction.atomic():  # noqa: B017 - two kinds of guards
            change()


# --- what goes on from there ------------------------------------------------------------------------
def test_an_invoice_after_it_earns_as_any_other_and_everything_adds_up(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem)
    happens(an_invoice(deal, on=AS_OF + timedelta(days=1)), "payment", "1000")
    accrual.accrue(at=AT)

    (earned,) = queries.earned_summary(deal.use_case.partner, AT.date())
    assert earned.earned == D(1200) + D(100)
    assert broken(INVARIANTS) == []
    assert list(differences(Tally())) == []


def test_a_cap_that_was_over_before_pays_nothing_here() -> None:
    deal = a_won_deal()
    an_opening(deal, "100", as_of=AS_OF, cap_starts_on=SIGNED_ON - timedelta(days=3 * 366))
    happens(an_invoice(deal, on=AS_OF + timedelta(days=1)), "payment", "1000")
    accrual.accrue(at=AT)

    assert Commission.objects.by_facts().count() == 0  # the cap ended before
    assert list(differences(Tally())) == []


def paid_run(deal: Deal, nadia: User, willem: User) -> None:
    confirmed_tax(deal.use_case.partner)
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)


def test_only_what_is_open_is_paid_and_once(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem)
    paid_run(deal, nadia, willem)

    payout = deal.use_case.partner.payouts.get()
    assert payout.entries_total == D(1200)
    assert PayoutEntry.objects.count() == 1
    statement = payout.statements.get()
    assert "before this system" in str(statement.facts)
    assert broken(INVARIANTS) == []


def test_the_journal_books_it_against_its_own_account_and_no_expense(nadia: User, willem: User) -> None:
    entered(a_won_deal(), nadia, willem)

    lines = journal.draft_of("EUR", AS_OF)

    assert [(line.account.name, line.debit, line.credit) for line in lines] == [
        ("OPENING", D(1200), D(0)),
        ("ACCRUED", D(0), D(1200)),
    ]
    closed = journal.close_month(currency="EUR", month=AS_OF, by=nadia, at=AT)
    assert b"opening balance from before this system" in bytes(closed.content)


def test_liabilities_and_partners_name_what_is_from_before(nadia: User, willem: User) -> None:
    entered(a_won_deal(), nadia, willem)

    (owed,) = standing(AT.date())
    (figures,) = by_partner.figures("partner", since=AS_OF, until=AS_OF)

    assert (owed.total.owed, owed.total.before) == (D(1200), D(1200))
    assert (figures.earned, figures.opening, figures.paid, figures.rate) == (D(1200), D(1200), D(0), None)


def test_the_forecast_ends_with_the_cap_that_began_before(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem, cap=(AS_OF - timedelta(days=30)).isoformat())
    an_invoice(deal, on=AS_OF + timedelta(days=1))

    (expected,) = to_the_cap(deal.use_case.partner, on=AS_OF + timedelta(days=1))

    assert expected.goes_on
    assert expected.renewals is not None
    start = AS_OF - timedelta(days=30)
    assert expected.renewals.cap_ends_on == start.replace(year=start.year + 3) - timedelta(days=1)


def test_a_model_that_earned_before_is_changed_no_more(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    opening, case = entered(deal, nadia, willem), deal.use_case
    asked = {"use_case": case, "model": CommissionModel.FIRST_INVOICE, "reason": "They asked.", "by": willem}

    with pytest.raises(EarnedBefore):
        change_election(**asked, at=AT)
    with pytest.raises(IntegrityError, match="earned before"), transaction.atomic():
        ElectionChange.objects.create(
            use_case=case,
            before="recurring",
            model="first_invoice",
            reason="They asked.",
            director=willem,
            changed_at=AT,
        )
    openings.undo_opening(opening=opening, by=nadia, at=AT)
    change_election(**asked, at=AT)


# --- and back ---------------------------------------------------------------------------------------
def test_an_opening_is_taken_back_by_the_opposite_entry_and_comes_in_again(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    openings.undo_opening(opening=entered(deal, nadia, willem), by=nadia, at=AT)

    assert sorted(Commission.objects.values_list("amount", flat=True)) == [D(-1200), D(1200)]
    assert broken(INVARIANTS) == []
    assert list(differences(Tally())) == []
    entered(deal, nadia, willem, earned="2500.00")
    assert sum(Commission.objects.values_list("amount", flat=True)) == D(1300)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_it_is_taken_back_once(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem)
    openings.undo_opening(opening=opening, by=nadia, at=AT)

    with pytest.raises(OpeningUndoneAlready):
        openings.undo_opening(opening=opening, by=nadia, at=AT)


def test_what_is_in_a_payout_isnt_taken_back(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    opening = entered(deal, nadia, willem)
    confirmed_tax(deal.use_case.partner)
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    with pytest.raises(OpeningPaidOut):
        openings.undo_opening(opening=opening, by=nadia, at=AT)
    with pytest.raises(IntegrityError, match="in a payout"), transaction.atomic():
        Opening.objects.filter(pk=opening.pk).update(undone_by=nadia, undone_at=AT)
    payouts.return_payout_run(run=run, by=willem, at=AT)
    openings.undo_opening(opening=opening, by=nadia, at=AT)


def test_what_the_deal_earned_since_rests_on_it(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    opening = entered(deal, nadia, willem)
    happens(an_invoice(deal, on=AS_OF + timedelta(days=1)), "payment", "1000")
    accrual.accrue(at=AT)

    with pytest.raises(OpeningEarnedSince):
        openings.undo_opening(opening=opening, by=nadia, at=AT)
    with pytest.raises(IntegrityError, match="earned here since"), transaction.atomic():
        Opening.objects.filter(pk=opening.pk).update(undone_by=nadia, undone_at=AT)


def test_only_finance_takes_back(nadia: User, willem: User) -> None:
    with pytest.raises(NotAllowed):
        openings.undo_opening(opening=entered(a_won_deal(), nadia, willem), by=willem, at=AT)


def test_reconcile_misses_an_entry_that_somebody_took_away(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem)
    with pgtrigger.ignore("commissions.Commission:ledger_append_only"):
        Commission.objects.filter(opening__opening=opening).delete()

    (found,) = differences(Tally())

    assert (found.what, found.figures) == ("missing", {"amount": (None, D(1200))})
    assert [name for name in broken(INVARIANTS) if "before this system" in str(name)]
    with pgtrigger.ignore("commissions.Commission:ledger_append_only"):
        openings.enter(opening, opening.sums.get(), amount=D(1200), due=D(1200), at=AT)

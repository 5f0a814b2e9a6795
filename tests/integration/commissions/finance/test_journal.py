"""The books: balanced, each thing once, and a closed month is the same for ever."""

import csv
import io
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissions import accrual, payouts
from commissions.errors_finance import EarlierMonthOpen, MonthClosed, MonthNotOver, NothingToBook
from commissions.finance import journal
from commissions.models import Commission, JournalMonth, JournalPosting, Payout
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, User
from ssp.core.periods import at_local
from ssp.core.roles import Role
from tests.factories.commissions import happens
from tests.factories.core import UserFactory
from tests.factories.finance import a_payment, a_run, all_paid
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)
PAID_ON = date(2027, 1, 12)


def at(day: date, hour: int = 12) -> datetime:
    return at_local(day, MONDAY.time().replace(hour=hour))


@pytest.fixture
def femke() -> User:
    return UserFactory(roles=[Role.FINANCE])


def close(month: date, by: User, *, on: date | None = None, currency: str = "EUR") -> JournalMonth:
    return journal.close_month(currency=currency, month=month, by=by, at=at(on or date(2027, 6, 1)))


def lines(closed: JournalMonth) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes(closed.content).decode("utf-8-sig"), newline="")))


def sides(closed: JournalMonth) -> list[tuple[str, str, str]]:
    return [(line["account_name"], line["debit"], line["credit"]) for line in lines(closed)]


def test_a_commission_is_an_expense_and_accrued(femke: User) -> None:
    partner = PartnerFactory(display_name="Ada Advies")
    invoice = a_payment(partner, on=PAID_ON, at=at(PAID_ON))

    closed = close(JANUARY, femke)

    assert sides(closed) == [("Commission expense", "100.00", ""), ("Accrued commissions", "", "100.00")]
    first = lines(closed)[0]
    entry = Commission.objects.get()
    assert (first["document"], first["date"], first["account"]) == (str(entry), "2027-01-12", "4550")
    assert first["partner"] == f"P-{partner.pk:04d}"
    assert first["partner_name"] == "Ada Advies"
    assert invoice.reference in first["description"]


def test_a_correction_is_booked_the_other_way_round(femke: User) -> None:
    invoice = a_payment(on=PAID_ON, at=at(PAID_ON))
    close(JANUARY, femke)
    happens(invoice, "refund", "1000", on=FEBRUARY)
    accrual.accrue_deal(invoice.deal.pk, at=at(FEBRUARY))

    closed = close(FEBRUARY, femke)

    assert sides(closed) == [("Commission expense", "", "100.00"), ("Accrued commissions", "100.00", "")]


def test_a_payout_becomes_payable_with_its_vat_and_is_settled_by_the_bank(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    close(JANUARY, femke)
    run = a_run(at=at(date(2027, 2, 20)), vat_percent="21")
    all_paid(run, at=at(date(2027, 2, 24)))

    closed = close(FEBRUARY, femke)

    assert sides(closed) == [
        ("Accrued commissions", "100.00", ""),
        ("VAT to reclaim", "21.00", ""),
        ("Payable to partners", "", "121.00"),
        ("Payable to partners", "121.00", ""),
        ("Bank", "", "121.00"),
    ]
    assert {line["document"] for line in lines(closed)} == {run.payouts.get().statement_number}


def test_a_failed_transfer_takes_its_approval_back(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    run = a_run(at=at(date(2027, 2, 20)), vat_percent="21")
    payouts.mark_failed(payout=run.payouts.get(), reason="Closed", by=femke, at=at(date(2027, 2, 22)))

    close(JANUARY, femke)
    sums = {a.name: d - c for a, d, c in journal.totals_of(journal.draft_of("EUR", FEBRUARY)).by_account}

    assert sums == {"ACCRUED": 0, "VAT": 0, "PAYABLE": 0}


def test_what_the_bank_sends_back_is_in_the_bank_and_accrued_again_on_that_day(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    run = a_run(at=at(date(2027, 2, 20)), vat_percent="21")
    all_paid(run, at=at(date(2027, 2, 24)))
    close(JANUARY, femke)
    close(FEBRUARY, femke)
    back = date(2027, 3, 2)
    payouts.mark_returned(
        payout=run.payouts.get(), returned_on=back, reason="Closed", by=femke, at=at(date(2027, 3, 4))
    )

    closed = close(MARCH, femke)

    assert sides(closed) == [
        ("Bank", "121.00", ""),
        ("VAT to reclaim", "", "21.00"),
        ("Accrued commissions", "", "100.00"),
    ]
    assert {line["happened_on"] for line in lines(closed)} == {back.isoformat()}


def test_what_was_transferred_in_a_month_is_less_what_came_back_in_it(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    run = a_run(at=at(date(2027, 2, 20)), vat_percent="21")
    all_paid(run, at=at(date(2027, 2, 24)))
    (january, february) = journal.open_months("EUR")
    assert (january.transferred, february.transferred) == (0, 121)

    payouts.mark_returned(
        payout=run.payouts.get(),
        returned_on=date(2027, 2, 26),
        reason="AC04",
        by=femke,
        at=at(date(2027, 3, 1)),
    )

    assert journal.open_months("EUR")[1].transferred == 0


def test_a_run_that_was_returned_is_in_no_book(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    close(JANUARY, femke)
    run = a_run(at=at(date(2027, 2, 20)), approved=False)
    payouts.return_payout_run(run=run, by=femke, at=at(date(2027, 2, 21)))

    assert journal.open_months("EUR") == []


def test_a_closed_month_is_the_same_bytes_each_time(femke: User, settings) -> None:
    partner = PartnerFactory(display_name="Before")
    a_payment(partner, on=PAID_ON, at=at(PAID_ON))
    closed = close(JANUARY, femke)
    first = journal.hand_out(closed=closed, by=femke, at=at(MARCH))

    partner.display_name = "After"
    partner.save()
    settings.BOOKKEEPING = {**settings.BOOKKEEPING, "EXPENSE": "9999"}
    a_payment(partner, on=PAID_ON, at=at(date(2027, 2, 2)))

    again = journal.hand_out(closed=JournalMonth.objects.get(), by=femke, at=at(MARCH))
    assert again == first
    assert b"Before" in again


def test_who_took_the_file_is_written_down(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    closed = close(JANUARY, femke)
    journal.hand_out(closed=closed, by=femke, at=at(MARCH))

    trail = AuditEntry.objects.filter(target_type="commissions.journalmonth", target_id=closed.pk)
    assert list(trail.order_by("pk").values_list("action", "by")) == [
        ("journal.closed", femke.pk),
        ("journal.exported", femke.pk),
    ]


def test_what_is_recorded_late_is_booked_in_the_month_that_is_open(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    close(JANUARY, femke, on=FEBRUARY)
    late = a_payment(on=date(2027, 1, 28), at=at(date(2027, 2, 10)))

    closed = close(FEBRUARY, femke)

    (line, _accrued) = lines(closed)
    assert (line["date"], line["happened_on"]) == ("2027-02-01", "2027-01-28")
    assert late.reference in line["description"]


def test_a_month_that_is_not_over_cant_be_closed(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))

    with pytest.raises(MonthNotOver):
        close(JANUARY, femke, on=date(2027, 1, 31))


def test_months_close_in_turn_and_once(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    a_payment(on=date(2027, 2, 3), at=at(date(2027, 2, 3)))

    with pytest.raises(EarlierMonthOpen):
        close(FEBRUARY, femke)
    close(JANUARY, femke)
    with pytest.raises(MonthClosed):
        close(JANUARY, femke)
    close(FEBRUARY, femke)
    with pytest.raises(NothingToBook):
        close(MARCH, femke)


def test_currencies_have_books_of_their_own(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    a_payment(on=PAID_ON, net="1005", currency="JPY", at=at(PAID_ON))

    closed = close(JANUARY, femke, currency="JPY")

    assert sides(closed) == [("Commission expense", "100", ""), ("Accrued commissions", "", "100")]
    assert [month.currency for month in journal.open_months("EUR")] == ["EUR"]


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.SALES, Role.PARTNER])
def test_only_finance_closes(role: Role) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))

    with pytest.raises(NotAllowed):
        close(JANUARY, UserFactory(roles=[role]))


def test_a_name_that_is_a_formula_stays_text(femke: User) -> None:
    a_payment(PartnerFactory(display_name='=HYPERLINK("x")'), on=PAID_ON, at=at(PAID_ON))

    assert lines(close(JANUARY, femke))[0]["partner_name"] == '\'=HYPERLINK("x")'


# --- what the database refuses ------------------------------------------------------------
def refused(name: str, **row: object) -> None:
    model = JournalMonth if "month" in row else JournalPosting
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        model.objects.create(**row)
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def a_month(femke: User, **more: object) -> dict[str, object]:
    sums = {"debit": 1, "credit": 1, "lines": 2, "sha256": "", "content": b""}
    base = {"currency": "EUR", "month": JANUARY, "closed_by": femke, "closed_at": at(MARCH)}
    return {**sums, **base, **more}


def test_the_database_refuses_books_that_dont_balance(femke: User) -> None:
    refused("journal_month_balances", **a_month(femke, credit=2))


def test_the_database_refuses_a_month_twice_out_of_turn_or_unfinished(femke: User) -> None:
    JournalMonth.objects.create(**a_month(femke, month=FEBRUARY))

    refused("journal_month_once", **a_month(femke, month=FEBRUARY))
    refused("journal_months_in_turn", **a_month(femke))
    refused("journal_months_in_turn", **a_month(femke, month=MARCH))
    refused(
        "journal_month_by_its_first_day",
        **a_month(femke, month=date(2027, 2, 2), closed_at=at(date(2027, 4, 1))),
    )


def test_the_database_books_nothing_twice_and_nothing_of_a_later_month(femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    a_payment(on=date(2027, 2, 2), at=at(date(2027, 2, 2)))
    closed = close(JANUARY, femke)
    first, second = Commission.objects.order_by("earned_on")
    row = {"journal_month": closed, "what": "earned"}

    refused("journal_entry_booked_once", **row, commission=first, happened_on=first.earned_on)
    refused("journal_posting_fits_month", **row, commission=second, happened_on=second.earned_on)
    refused("journal_posting_fits_month", **row, commission=second, happened_on=PAID_ON)


@pytest.mark.parametrize("model", [JournalMonth, JournalPosting])
def test_what_is_booked_is_never_rewritten(model, femke: User) -> None:
    a_payment(on=PAID_ON, at=at(PAID_ON))
    close(JANUARY, femke)

    with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
        model.objects.all().delete()
    with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
        model.objects.all().update(id=99)


# --- whatever happens ---------------------------------------------------------------------
happenings = st.lists(
    st.tuples(
        st.sampled_from(
            ["payment", "payment", "refund", "credit", "run", "paid", "failed", "returned", "close"]
        ),
        st.integers(0, 3),
        st.integers(1, 12),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(history=happenings)
def test_any_history_is_booked_once_and_balances(history: list[tuple[str, int, int]], femke: User) -> None:
    with transaction.atomic():
        booked_as_the_ledger_says(history, femke)
        transaction.set_rollback(True)


def booked_as_the_ledger_says(history: list[tuple[str, int, int]], femke: User) -> None:
    today = date(2027, 1, 2)
    invoices = [a_payment(on=today, net="777.77", gross="941.10", paid="1", at=at(today)) for _ in range(3)]
    for what, which, days_later in history:
        today += timedelta(days=days_later)
        if what in ("payment", "refund", "credit"):
            invoice = invoices[which % 3]
            happens(invoice, what, "33.33", on=today - timedelta(days=which))
            accrual.accrue_deal(invoice.deal.pk, at=at(today))
        elif what == "close":
            for month in journal.open_months("EUR"):
                if month.is_over(today):
                    journal.close_month(currency="EUR", month=month.month, by=femke, at=at(today))
        else:
            something_is_paid_out(what, today, femke)
    today = today.replace(year=2029)
    for month in journal.open_months("EUR"):
        journal.close_month(currency="EUR", month=month.month, by=femke, at=at(today))

    assert journal.open_months("EUR") == []
    booked = [line for closed in JournalMonth.objects.order_by("month") for line in lines(closed)]
    balance: dict[str, Decimal] = {}
    for line in booked:
        amount = Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)
        balance[line["account_name"]] = balance.get(line["account_name"], Decimal(0)) + amount
    assert sum(balance.values()) == 0
    assert balance["Commission expense"] == sum(Commission.objects.values_list("amount", flat=True))
    transferred = sum(p.total for p in _payouts() if p.paid_on and not p.returned_on)
    waiting = sum(p.total for p in _payouts() if not p.paid_on and not p.failed_at)
    assert -balance.get("Bank", Decimal(0)) == transferred
    assert -balance.get("Payable to partners", Decimal(0)) == waiting


def _payouts() -> Any:
    return Payout.objects.filter(run__approved_at__isnull=False)


def something_is_paid_out(what: str, today: date, femke: User) -> None:
    if what == "run":
        try:
            a_run(at=at(today, 9))
        except payouts.NothingToPay:
            return
    for payout in _payouts().filter(paid_on__isnull=False, failed_at__isnull=True)[:1]:
        if what == "returned":
            payouts.mark_returned(payout=payout, returned_on=today, reason="AC04", by=femke, at=at(today))
    for payout in _payouts().filter(paid_on__isnull=True, failed_at__isnull=True)[:1]:
        if what == "paid":
            payouts.mark_paid(payout=payout, paid_on=today, by=femke, at=at(today))
        elif what == "failed":
            payouts.mark_failed(payout=payout, reason="Closed", by=femke, at=at(today))


# --- two at once --------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_ten_people_close_a_month_once() -> None:
    femke = UserFactory(roles=[Role.FINANCE])
    a_payment(on=PAID_ON, at=at(PAID_ON))

    raised = all_at_once(lambda: close(JANUARY, femke), threads=10)

    assert [type(error) for error in raised] == [MonthClosed] * 9
    assert JournalPosting.objects.count() == 1


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody read what is open before anybody closes, as without the lock."""
    together, read = threading.Barrier(3), journal._sources

    def read_by_all(*args: Any, **named: Any) -> list[journal.Source]:
        found = read(*args, **named)
        together.wait(timeout=30)
        return found

    monkeypatch.setattr(journal, "one_after_another", lambda name: None)
    monkeypatch.setattr(journal, "_sources", read_by_all)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_database_keeps_one(unlocked: None) -> None:
    femke = UserFactory(roles=[Role.FINANCE])
    a_payment(on=PAID_ON, at=at(PAID_ON))

    raised = all_at_once(lambda: close(JANUARY, femke), threads=3)

    assert [type(error) for error in raised] == [MonthClosed] * 2
    assert JournalMonth.objects.count() == JournalPosting.objects.count() == 1


@pytest.fixture
def unconstrained(transactional_db: None) -> Iterator[None]:
    """Take the constraints away that keep a month, and an entry, from being booked twice."""
    constraints = [
        ("commissions_journalmonth", "journal_month_once", "currency, month"),
        ("commissions_journalposting", "journal_entry_booked_once", "commission_id"),
    ]
    with connection.cursor() as cursor:
        for table, name, _columns in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE commissions_journalposting, commissions_journalmonth")
        for table, name, columns in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({columns})")


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraints_an_entry_is_booked_three_times(
    unlocked: None, unconstrained: None
) -> None:
    femke = UserFactory(roles=[Role.FINANCE])
    a_payment(on=PAID_ON, at=at(PAID_ON))

    assert all_at_once(lambda: close(JANUARY, femke), threads=3) == []
    assert JournalPosting.objects.filter(commission=Commission.objects.get()).count() == 3

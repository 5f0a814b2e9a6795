"""What happens while a payout is prepared, approved or paid: nothing twice, nothing lost, and the twins."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, connection

from commissions import accrual, bank, candidates, payouts
from commissions.errors import NothingToPay, RunAlreadyDecided
from commissions.errors_payout import AccountsChanged, SameAccount
from commissions.invariants import INVARIANTS
from commissions.models import BankDetails, Commission, Invoice, Payout, PayoutEntry, PayoutRun
from commissions.queries import balance
from commissions.rules.accounts import read_iban
from partners.models import Partner
from ssp.core.models import OutboxMessage
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_payouts import AT, ON, D, earns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C5")]
NEWEST = "commissions.PayoutRun:payout_run_to_the_newest_accounts"


def meanwhile(work: Callable[[], object]) -> None:
    """Do something in another thread with its own connection, to its end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive(), "it waits for what waits for it"
    assert raised == []


def a_paid_invoice(partner: Partner, paid: str = "1000") -> Invoice:
    confirmed_tax(partner)
    invoice = an_invoice(a_won_deal(partner=partner), "2000")
    happens(invoice, "payment", paid, on=ON - timedelta(days=40))
    accrual.accrue_invoices([invoice.pk], at=AT)
    return invoice


def comes(invoice: Invoice, kind: str, gross: str) -> Callable[[], None]:
    """Let a payment or a credit note arrive and be accrued."""

    def arrive() -> None:
        happens(invoice, kind, gross, on=ON - timedelta(days=35))
        accrual.accrue_invoices([invoice.pk], at=AT)

    return arrive


def after_the_look(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    """Let `work` happen between the moment a preparer has read who is paid, and the first row."""

    def looked(*args: Any, **kwargs: Any) -> Any:
        found = candidates.candidates(*args, **kwargs)
        meanwhile(work)
        return found

    monkeypatch.setattr(payouts, "candidates", looked)


def in_payouts(partner: Partner) -> Decimal:
    rows = Payout.objects.filter(partner=partner, failed_at=None, run__discarded_at=None)
    return sum((payout.entries_total for payout in rows), Decimal(0))


def assert_nothing_twice(partner: Partner) -> None:
    """Everything in the ledger is in exactly one payout or in the balance, and the invariants hold."""
    ledger = sum((entry.amount for entry in Commission.objects.owned_by(partner)), Decimal(0))
    assert in_payouts(partner) + balance(partner, "EUR", ON) == ledger
    with connection.cursor() as cursor:
        for number, words, sql in INVARIANTS:
            cursor.execute(sql)
            assert cursor.fetchall() == [], f"{number}: {words}"


# --- fifty at once --------------------------------------------------------------------
def test_fifty_approvals_at_once_approve_once() -> None:
    partners = PartnerFactory.create_batch(2)
    for partner in partners:
        earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)
    queue = UserFactory.create_batch(50, roles=[Role.DIRECTOR])

    raised = all_at_once(lambda: payouts.approve_payout_run(run=run, by=queue.pop(), at=AT), threads=50)

    assert [type(error) for error in raised] == [RunAlreadyDecided] * 49
    assert sorted(p.statement_number for p in Payout.objects.all()) == ["2027-0001", "2027-0002"]
    assert OutboxMessage.objects.filter(kind="commissions.payout_approved").count() == 2
    for partner in partners:
        assert_nothing_twice(partner)


# --- while it is prepared ----------------------------------------------------------------
def test_a_payment_that_comes_while_a_run_is_prepared_goes_into_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    after_the_look(monkeypatch, comes(a_paid_invoice(partner), "payment", "400"))

    first = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    monkeypatch.undo()
    second = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert [run.payouts.get().total for run in (first, second)] == [D(100), D(40)]
    assert_nothing_twice(partner)


def test_a_credit_note_that_comes_while_a_run_is_prepared_is_netted_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    invoice = a_paid_invoice(partner, "2000")
    after_the_look(monkeypatch, comes(invoice, "credit", "600"))

    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert (run.payouts.get().total, balance(partner, "EUR", ON)) == (D(200), D(-60))
    monkeypatch.undo()
    with pytest.raises(NothingToPay):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    assert_nothing_twice(partner)


def test_the_twin_a_sum_that_is_read_again_isnt_its_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preparer who adds up by a second look is refused when the payout is closed."""
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    after_the_look(monkeypatch, comes(a_paid_invoice(partner), "payment", "400"))
    anew = property(lambda self: balance(self.partner, self.currency, ON))
    monkeypatch.setattr(candidates.Candidate, "total", anew)

    with pytest.raises(IntegrityError, match="equals its entries"):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    assert not PayoutRun.objects.exists()


def test_payments_credits_and_preparers_all_at_once_pay_everything_once() -> None:
    partner = PartnerFactory()
    invoice = a_paid_invoice(partner)
    preparers = UserFactory.create_batch(4, roles=[Role.FINANCE])
    work: list[Callable[[], object]] = [comes(invoice, "payment", "100") for _ in range(4)]
    work += [comes(invoice, "credit", "50") for _ in range(2)]
    work += [
        lambda by=by: payouts.prepare_payout_run(currency="EUR", by=by, at=AT)  # type: ignore[misc]
        for by in preparers
    ]

    raised = all_at_once(lambda: work.pop()(), threads=len(work))

    assert {type(error) for error in raised} <= {NothingToPay}
    assert PayoutEntry.objects.count() == PayoutEntry.objects.values("commission").distinct().count()
    assert_nothing_twice(partner)


# --- while it is approved ---------------------------------------------------------------
def test_a_credit_note_at_the_moment_of_the_approval_changes_no_payout() -> None:
    partner, nadia = PartnerFactory(), UserFactory(roles=[Role.FINANCE])
    invoice = a_paid_invoice(partner, "2000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    willem = UserFactory(roles=[Role.DIRECTOR])
    work = [
        comes(invoice, "credit", "600"),
        lambda: payouts.approve_payout_run(run=run, by=willem, at=AT),
    ]

    assert all_at_once(lambda: work.pop()(), threads=2) == []

    assert (run.payouts.get().total, balance(partner, "EUR", ON)) == (D(200), D(-60))
    assert_nothing_twice(partner)


def changes_account(partner: Partner) -> BankDetails:
    account = read_iban("DE89370400440532013000", holder="Somebody")
    return bank.enter_bank_details(partner=partner, account=account, proved_at=AT, by=partner.user, at=AT)


def test_an_account_changed_at_the_moment_of_the_approval_is_before_or_after_it() -> None:
    partner, other = PartnerFactory.create_batch(2)
    earns(partner, "1000")
    earns(other, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)
    willem = UserFactory(roles=[Role.DIRECTOR])
    former = partner.bank_details.get()
    work: list[Callable[[], object]] = [
        lambda: changes_account(partner),
        lambda: payouts.approve_payout_run(run=run, by=willem, at=AT),
    ]

    assert all_at_once(lambda: work.pop()(), threads=2) == []

    paid = run.payouts.get(partner=partner)
    assert paid.bank_details == former
    assert (paid.failed_at is None) == bool(paid.statement_number)
    assert_nothing_twice(partner)


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_lock_on_partners_the_database_keeps_the_former_account_out(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approver looked, then the account is changed; without the trigger as well, the old one is paid."""
    partner = PartnerFactory()
    earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=UserFactory(roles=[Role.FINANCE]), at=AT)
    willem = UserFactory(roles=[Role.DIRECTOR])

    def looked(run: PayoutRun, *, at: Any) -> None:
        meanwhile(lambda: changes_account(partner))

    monkeypatch.setattr(payouts, "_set_aside", looked)

    if guarded:
        with pytest.raises((IntegrityError, AccountsChanged), match="changed since"):
            payouts.approve_payout_run(run=run, by=willem, at=AT)
        return
    with pgtrigger.ignore(NEWEST):
        payouts.approve_payout_run(run=run, by=willem, at=AT)
    assert run.payouts.get().bank_details != partner.bank_details.latest("pk")


def test_four_entries_of_one_account_at_once_are_one() -> None:
    partner = PartnerFactory()

    raised = all_at_once(lambda: changes_account(partner), threads=4)

    assert [type(error) for error in raised] == [SameAccount] * 3
    assert BankDetails.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="commissions.bank_details_entered").count() == 1

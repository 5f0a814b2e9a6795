"""Payouts: two people, one place per entry, numbers without gaps, and nothing twice."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction

from commissions import accrual, handlers, payouts, queries, services
from commissions.candidates import candidates
from commissions.errors import (
    EntryAlreadyInPayout,
    NothingToPay,
    OwnPayout,
    PaidInTheFuture,
    PayoutSettled,
    RunAlreadyDecided,
    RunNotApproved,
    SamePerson,
    TaxStatusMissing,
)
from commissions.models import Commission, Payout, PayoutEntry, PayoutRun
from partners.models import Partner
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.moments import MONDAY

D = Decimal
AT = MONDAY + timedelta(days=120)
ON = AT.date()


def earns(
    partner: Partner,
    paid: str,
    *,
    credit: str = "",
    currency: str = "EUR",
    days_ago: int = 40,
    taxed: bool = True,
) -> None:
    if taxed:
        confirmed_tax(partner)
    invoice = an_invoice(a_won_deal(partner=partner, currency=currency), "1000", currency=currency)
    when = ON - timedelta(days=days_ago)
    happens(invoice, "payment", paid, on=when)
    if credit:
        happens(invoice, "credit", credit, on=when)
    accrual.accrue_invoices([invoice.pk], at=AT)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


@pytest.fixture
def partner() -> Partner:
    return PartnerFactory()


def an_approved_payout(partner: Partner, nadia: User, willem: User, paid: str = "1000") -> Payout:
    earns(partner, paid)
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)
    return run.payouts.get()


@pytest.mark.django_db
def test_what_is_payable_is_paid_and_what_is_held_waits(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    earns(partner, "500", days_ago=10)

    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    payout = run.payouts.get()
    assert (payout.entries_total, payout.vat, payout.total) == (D("100.00"), 0, D("100.00"))
    assert queries.earned_summary(partner, ON)[0].held == D("50.00")


@pytest.mark.django_db
def test_the_thirtieth_day_after_the_payment_is_payable(partner: Partner, nadia: User) -> None:
    earns(partner, "1000", days_ago=29)
    with pytest.raises(NothingToPay):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert (
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT + timedelta(days=1)).payouts.count() == 1
    )


@pytest.mark.django_db
def test_a_negative_balance_carries_forward_and_is_netted(
    partner: Partner, nadia: User, willem: User
) -> None:
    invoice = an_invoice(a_won_deal(partner=partner), "1000")
    happens(invoice, "payment", "1000", on=ON - timedelta(days=40))
    confirmed_tax(partner)
    accrual.accrue(at=AT)
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)
    happens(invoice, "credit", "600", on=ON)
    accrual.accrue(at=AT)

    assert queries.balance(partner, "EUR", ON) == D("-60.00")
    with pytest.raises(NothingToPay):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    earns(partner, "1000")
    assert payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT).payouts.get().total == D("40.00")


@pytest.mark.django_db
def test_currencies_are_never_mixed(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    earns(partner, "500", currency="USD")

    run = payouts.prepare_payout_run(currency="USD", by=nadia, at=AT)

    assert (run.payouts.get().total, run.payouts.get().currency) == (D("50.00"), "USD")
    assert [(s.currency, s.earned) for s in queries.earned_summary(partner, ON)] == [
        ("EUR", D(100)),
        ("USD", D(50)),
    ]


@pytest.mark.django_db
def test_vat_stands_on_its_own_line_once_finance_confirmed_the_tax_status(
    partner: Partner, nadia: User
) -> None:
    earns(partner, "1000")
    services.confirm_tax_status(partner=partner, vat_percent=D(21), note="", by=nadia, at=AT)

    payout = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT).payouts.get()

    assert (payout.entries_total, payout.vat, payout.total) == (D(100), D(21), D(121))


@pytest.mark.django_db
def test_a_partner_without_a_confirmed_tax_status_is_left_out(partner: Partner, nadia: User) -> None:
    other = PartnerFactory()
    earns(partner, "1000", taxed=False)
    earns(other, "1000")

    left_out = next(c for c in candidates("EUR", at=AT) if c.partner == partner)
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert (left_out.is_paid, left_out.waits_for_tax) == (False, True)
    assert "tax status" in str(left_out.why_not)
    assert [payout.partner for payout in run.payouts.all()] == [other]
    with pytest.raises(TaxStatusMissing):
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)


@pytest.mark.django_db
def test_a_statement_keeps_the_note_of_its_day(partner: Partner, nadia: User, willem: User) -> None:
    confirmed_tax(partner, vat_percent="21", note="Dutch VAT")
    payout = an_approved_payout(partner, nadia, willem)

    services.confirm_tax_status(partner=partner, vat_percent=D(0), note="Reverse charge", by=nadia, at=AT)

    payout.refresh_from_db()
    assert (payout.vat_percent, payout.vat_note) == (D(21), "Dutch VAT")


@pytest.mark.django_db
def test_the_preview_says_why_somebody_gets_nothing(partner: Partner) -> None:
    earns(partner, "1000", days_ago=5)

    found = candidates("EUR", at=AT)[0]

    assert (found.is_paid, found.held_total, str(found.why_not)) == (False, D(100), "Everything is held.")


@pytest.mark.django_db
def test_only_another_person_approves(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    with pytest.raises(SamePerson):
        payouts.approve_payout_run(run=run, by=nadia, at=AT)
    with pytest.raises(NotAllowed):
        payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.SALES]), at=AT)
    with pytest.raises(IntegrityError, match="payout_run_approved_by_another"), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(approved_by=nadia, approved_at=AT)


@pytest.mark.django_db
def test_nobody_approves_their_own_payout(nadia: User) -> None:
    own = UserFactory(roles=[Role.DIRECTOR])
    earns(PartnerFactory(user=own), "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    with pytest.raises(OwnPayout):
        payouts.approve_payout_run(run=run, by=own, at=AT)


@pytest.mark.django_db
def test_statements_are_numbered_without_gaps_and_the_partner_is_told(nadia: User, willem: User) -> None:
    for _ in range(3):
        earns(PartnerFactory(), "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=run, by=willem, at=AT)
    earns(PartnerFactory(), "1000")
    second = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.approve_payout_run(run=second, by=willem, at=AT)

    numbers = [payout.statement_number for payout in Payout.objects.order_by("pk")]
    assert numbers == ["2027-0001", "2027-0002", "2027-0003", "2027-0004"]
    for message in OutboxMessage.objects.filter(kind="commissions.payout_approved").order_by("pk"):
        handlers.mail_statement(message)
    assert len(mail.outbox) == 4
    assert "statement 2027-0001" in mail.outbox[0].subject
    assert "/earnings/statements/2027-0001/" in mail.outbox[0].body


@pytest.mark.django_db
def test_a_paid_payout_is_paid_once(partner: Partner, nadia: User, willem: User) -> None:
    payout = an_approved_payout(partner, nadia, willem)

    with pytest.raises(PaidInTheFuture):
        payouts.mark_paid(payout=payout, paid_on=ON + timedelta(days=1), by=nadia, at=AT)
    payouts.mark_paid(payout=payout, paid_on=ON, by=nadia, at=AT)
    with pytest.raises(PayoutSettled):
        payouts.mark_failed(payout=payout, reason="Account closed", by=nadia, at=AT)

    assert queries.earned_summary(partner, ON)[0].paid == D("100.00")
    handlers.mail_payment(OutboxMessage.objects.get(kind="commissions.payout_paid"))
    assert "€100.00 paid on" in mail.outbox[0].subject


@pytest.mark.django_db
def test_a_failed_payout_frees_its_entries_for_the_next(partner: Partner, nadia: User, willem: User) -> None:
    payout = an_approved_payout(partner, nadia, willem)
    payouts.mark_failed(payout=payout, reason="Account closed", by=nadia, at=AT)

    again = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert again.payouts.get().entries.get().commission == payout.entries.get().commission


@pytest.mark.django_db
def test_a_returned_run_frees_its_entries_and_stays_returned(
    partner: Partner, nadia: User, willem: User
) -> None:
    earns(partner, "1000")
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    payouts.return_payout_run(run=run, by=nadia, at=AT)

    with pytest.raises(RunAlreadyDecided):
        payouts.approve_payout_run(run=run, by=willem, at=AT)
    assert queries.balance(partner, "EUR", ON) == D("100.00")


@pytest.mark.django_db
def test_nothing_is_paid_before_its_approval(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    payout = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT).payouts.get()

    with pytest.raises(RunNotApproved):
        payouts.mark_paid(payout=payout, paid_on=ON, by=nadia, at=AT)
    with pytest.raises(IntegrityError, match="other than the preparer"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(paid_on=ON)


# --- what the database refuses, whoever writes --------------------------------
@pytest.mark.django_db
def test_the_database_refuses_an_entry_in_two_payouts(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    first = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT).payouts.get()

    with pytest.raises(IntegrityError, match="payout_entry_once"), transaction.atomic():
        run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)
        second = Payout.objects.create(run=run, partner=partner, currency="EUR", entries_total=D(100))
        PayoutEntry.objects.create(payout=second, commission=first.entries.get().commission)


@pytest.mark.django_db
@pytest.mark.parametrize("taxed", [False, True])
def test_the_database_refuses_a_payout_against_the_tax_status(
    taxed: bool, partner: Partner, nadia: User
) -> None:
    earns(partner, "1000", taxed=taxed)
    run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)

    with pytest.raises(IntegrityError, match="VAT follows the tax status"), transaction.atomic():
        Payout.objects.create(
            run=run, partner=partner, currency="EUR", entries_total=D(100), vat_percent=D(21), vat=D(21)
        )


@pytest.mark.django_db
def test_a_tax_status_is_never_deleted(partner: Partner) -> None:
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        confirmed_tax(partner).delete()


@pytest.mark.django_db
def test_the_database_refuses_an_entry_of_somebody_else(partner: Partner, nadia: User) -> None:
    earns(partner, "1000")
    other = PartnerFactory()
    confirmed_tax(other)

    with pytest.raises(IntegrityError, match="another partner"), transaction.atomic():
        run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)
        payout = Payout.objects.create(run=run, partner=other, currency="EUR", entries_total=D(100))
        PayoutEntry.objects.create(payout=payout, commission=Commission.objects.get())


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_payout_that_isnt_its_entries() -> None:
    nadia, partner = UserFactory(roles=[Role.FINANCE]), PartnerFactory()
    earns(partner, "1000")
    run = PayoutRun.objects.create(currency="EUR", prepared_by=nadia, prepared_at=AT)

    with pytest.raises(IntegrityError, match="equals its entries"), transaction.atomic():
        payout = Payout.objects.create(run=run, partner=partner, currency="EUR", entries_total=D(99))
        PayoutEntry.objects.create(payout=payout, commission=Commission.objects.get())


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["entries_total", "vat", "paid_on"])
def test_a_settled_payout_is_never_changed(field: str, partner: Partner, nadia: User, willem: User) -> None:
    payout = an_approved_payout(partner, nadia, willem)
    payouts.mark_paid(payout=payout, paid_on=ON, by=nadia, at=AT)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(
            **{field: ON - timedelta(days=1) if field == "paid_on" else 1}
        )


# --- at once --------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_eight_preparers_at_once_pay_each_entry_once() -> None:
    preparers = UserFactory.create_batch(8, roles=[Role.FINANCE])
    for _ in range(3):
        earns(PartnerFactory(), "1000")
    queue = list(preparers)

    raised = all_at_once(lambda: payouts.prepare_payout_run(currency="EUR", by=queue.pop(), at=AT), threads=8)

    assert [type(error) for error in raised] == [NothingToPay] * 7
    assert PayoutEntry.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_preparers_collide_and_the_database_keeps_each_entry_single(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preparers = UserFactory.create_batch(8, roles=[Role.FINANCE])
    for _ in range(3):
        earns(PartnerFactory(), "1000")
    together, queue = threading.Barrier(8), list(preparers)

    def read_by_all(*args: Any, **kwargs: Any) -> Any:
        found = candidates(*args, **kwargs)
        together.wait(timeout=30)
        return found

    monkeypatch.setattr(payouts, "one_after_another", lambda name: None)
    monkeypatch.setattr(payouts, "candidates", read_by_all)

    raised = all_at_once(lambda: payouts.prepare_payout_run(currency="EUR", by=queue.pop(), at=AT), threads=8)

    assert {type(error) for error in raised} == {EntryAlreadyInPayout}
    assert PayoutEntry.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_entries_are_paid_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    preparers = UserFactory.create_batch(4, roles=[Role.FINANCE])
    earns(PartnerFactory(), "1000")
    together, queue = threading.Barrier(4), list(preparers)

    def read_by_all(*args: Any, **kwargs: Any) -> Any:
        found = candidates(*args, **kwargs)
        together.wait(timeout=30)
        return found

    monkeypatch.setattr(payouts, "one_after_another", lambda name: None)
    monkeypatch.setattr(payouts, "candidates", read_by_all)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX payout_entry_once")
    try:
        all_at_once(lambda: payouts.prepare_payout_run(currency="EUR", by=queue.pop(), at=AT), threads=4)
        assert PayoutEntry.objects.count() > 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE commissions_payoutentry, commissions_payout CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX payout_entry_once ON commissions_payoutentry (commission_id) "
                "WHERE released_at IS NULL"
            )

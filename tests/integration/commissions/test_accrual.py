"""The ledger's writer, against the real database: what it writes, and what the database refuses."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from commissions import accrual
from commissions.models import AccrualFailure, Commission, Fact
from commissions.reconciliation import Tally, of_deals
from referrals.models import UseCase
from tests.factories.commissions import INVOICED_ON, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended
from tests.factories.referrals import extended
from tests.moments import MONDAY

D = Decimal
LATER = MONDAY + timedelta(days=100)
WAITS = "pgtrigger_invoice_waits_for_its_deal_5c0be"


def amounts() -> list[tuple[str, Decimal]]:
    return list(Commission.objects.order_by("pk").values_list("kind", "amount"))


@pytest.mark.clause("C5")
@pytest.mark.django_db
def test_a_payment_writes_an_entry_with_its_reasons() -> None:
    deal = a_won_deal()
    invoice = an_invoice(deal, "15600", gross="18876", one_off="3000")
    happens(invoice, "payment", "9438")

    accrual.accrue_invoices([invoice.pk], at=LATER)

    entry = Commission.objects.get()
    assert (entry.amount, entry.currency, entry.kind) == (D("630.00"), "EUR", "recurring")
    assert entry.payable_on == entry.earned_on + timedelta(days=30)
    assert entry.why["one_off"] == "-3000"
    assert entry.contract.partner == deal.use_case.partner


@pytest.mark.clause("C5")
@pytest.mark.django_db
def test_accruing_twice_writes_nothing_twice() -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "500")

    assert accrual.accrue(at=LATER) == 1
    assert accrual.accrue(at=LATER) == 0
    assert accrual.accrue_invoices([invoice.pk], at=LATER) == 0


@pytest.mark.clause("C20")
@pytest.mark.django_db
def test_the_recruiter_gets_a_bonus_with_its_source() -> None:
    recruiter = PartnerFactory(numbers={"bonus_percent": D("12.5")})
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    invoice = an_invoice(a_won_deal(partner=recruit), "8400")
    happens(invoice, "payment", "8400")
    happens(invoice, "credit", "3000")

    accrual.accrue(at=LATER)

    source, bonus, _back, bonus_back = Commission.objects.order_by("pk")
    assert (bonus.partner, bonus.amount, bonus.source_entry) == (recruiter, D("105.00"), source)
    assert bonus_back.amount == D("-37.50")


@pytest.mark.clause("C21")
@pytest.mark.django_db
def test_a_recruit_without_a_slot_brings_no_bonus() -> None:
    recruit = PartnerFactory(recruiter=PartnerFactory())
    happens(an_invoice(a_won_deal(partner=recruit)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert amounts() == [("recurring", D("100.00"))]


@pytest.mark.clause("C22")
@pytest.mark.django_db
def test_a_bonus_is_one_level_deep() -> None:
    first = PartnerFactory()
    second = PartnerFactory(recruiter=first, bonus_slot=1)
    third = PartnerFactory(recruiter=second, bonus_slot=1)
    happens(an_invoice(a_won_deal(partner=third)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert not Commission.objects.owned_by(first).exists()
    assert Commission.objects.owned_by(second).count() == 1


@pytest.mark.clause("C20")
@pytest.mark.django_db
def test_a_recruiter_ended_for_cause_gets_none() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    ended(recruiter, at=MONDAY + timedelta(days=2), kind="cause")
    happens(an_invoice(a_won_deal(partner=recruit)), "payment", "1000")

    accrual.accrue(at=LATER)

    assert amounts() == [("recurring", D("100.00"))]


@pytest.mark.django_db
def test_a_partner_who_left_by_notice_goes_on_earning_and_one_for_cause_doesnt() -> None:
    for kind in ("notice", "cause"):
        deal = a_won_deal()
        ended(deal.use_case.partner, at=MONDAY + timedelta(days=45), kind=kind)
        happens(an_invoice(deal), "payment", "1000")

    accrual.accrue(at=LATER)

    assert [entry.partner.end_kind for entry in Commission.objects.all()] == ["notice"]


@pytest.mark.clause("C2")
@pytest.mark.django_db
def test_a_deal_signed_a_day_late_pays_nothing_until_its_window_is_extended() -> None:
    deal = a_won_deal()
    use_case = deal.use_case
    deal.signed_on = use_case.window_ends_on + timedelta(days=1)
    deal.save()
    happens(an_invoice(deal), "payment", "1000")

    assert accrual.accrue(at=LATER) == 0

    extended(use_case, months=1)

    assert accrual.accrue(at=LATER) == 1


@pytest.mark.clause("C19")
@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["reseller", "duplicate"])
def test_a_use_case_closed_as_reseller_or_duplicate_pays_nothing(outcome: str) -> None:
    deal = a_won_deal()
    with pgtrigger.ignore("referrals.UseCase:use_case_duplicate_by_a_link"):
        UseCase.objects.filter(pk=deal.use_case_id).update(outcome=outcome)
    happens(an_invoice(deal), "payment", "1000")

    assert accrual.accrue(at=LATER) == 0


@pytest.mark.django_db
def test_an_invoice_without_a_payment_writes_nothing() -> None:
    an_invoice(a_won_deal())

    assert accrual.accrue(at=LATER) == 0


# --- what the database refuses, whoever writes --------------------------------
def an_entry(invoice: Any, fact: Fact, **fields: Any) -> Commission:
    use_case = invoice.deal.use_case
    values = {
        "partner": use_case.partner,
        "contract": use_case.partner.contracts.get(),
        "use_case": use_case,
        "invoice": invoice,
        "fact": fact,
        "kind": "recurring",
        "rate_percent": D(10),
        "eligible_net": D(1000),
        "paid_numerator": D(1000),
        "paid_denominator": D(1000),
        "due": D(100),
        "amount": D(100),
        "currency": "EUR",
        "earned_on": fact.happened_on,
        "payable_on": fact.happened_on,
        "recorded_at": LATER,
    }
    return Commission(**{**values, **fields})


@pytest.fixture
def paid(db: None) -> tuple[Any, Fact]:
    invoice = an_invoice(a_won_deal())
    return invoice, happens(invoice, "payment", "1000")


@pytest.mark.clause("C5")
def test_the_database_takes_what_the_formula_says(paid: tuple[Any, Fact]) -> None:
    an_entry(*paid).save()

    assert Commission.objects.count() == 1


@pytest.mark.clause("C5")
@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": D(101), "due": D(101)},
        {"amount": D(50)},
        {"amount": D(-1), "due": D(-1)},
        {"eligible_net": D(2000), "amount": D(200), "due": D(200)},
        {"currency": "USD"},
        {"earned_on": MONDAY.date()},
    ],
)
def test_the_database_refuses_another_sum(paid: tuple[Any, Fact], wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_entry(*paid, **wrong).save()


@pytest.mark.clause("C5")
def test_the_database_refuses_a_second_model(paid: tuple[Any, Fact]) -> None:
    an_entry(*paid).save()
    second = happens(paid[0], "payment", "1")

    with pytest.raises(IntegrityError, match="one model"), transaction.atomic():
        an_entry(paid[0], second, kind="first_invoice").save()


@pytest.mark.clause("C5")
def test_the_database_refuses_a_second_entry_of_a_fact(paid: tuple[Any, Fact]) -> None:
    an_entry(*paid, paid_numerator=D(500), due=D(50), amount=D(50)).save()

    with pytest.raises(IntegrityError, match="commission_once_per_fact"), transaction.atomic():
        an_entry(*paid, due=D(100), amount=D(50)).save()


@pytest.mark.clause("C1")
@pytest.mark.django_db
def test_the_database_refuses_a_positive_entry_without_a_payment() -> None:
    invoice = an_invoice(a_won_deal())

    with pytest.raises(IntegrityError, match="nothing was paid"), transaction.atomic():
        an_entry(invoice, invoice.facts.get()).save()


@pytest.mark.clause("C2")
def test_the_database_refuses_a_deal_signed_outside_its_window(paid: tuple[Any, Fact]) -> None:
    deal = paid[0].deal
    deal.signed_on = deal.use_case.window_ends_on + timedelta(days=1)
    deal.save()

    with pytest.raises(IntegrityError, match="within its window"), transaction.atomic():
        an_entry(*paid).save()


@pytest.mark.clause("C19")
def test_the_database_refuses_a_resellers_use_case(paid: tuple[Any, Fact]) -> None:
    UseCase.objects.filter(pk=paid[0].deal.use_case_id).update(outcome="reseller")

    with pytest.raises(IntegrityError, match="reseller"), transaction.atomic():
        an_entry(*paid).save()


@pytest.mark.clause("C5")
def test_the_database_refuses_somebody_elses_use_case(paid: tuple[Any, Fact]) -> None:
    other = PartnerFactory()

    with pytest.raises(IntegrityError, match="another partner"), transaction.atomic():
        an_entry(*paid, partner=other, contract=other.contracts.get()).save()


@pytest.mark.clause("C22")
@pytest.mark.django_db
def test_the_database_refuses_a_bonus_from_a_bonus_or_for_a_stranger() -> None:
    recruiter, stranger = PartnerFactory(), PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    invoice = an_invoice(a_won_deal(partner=recruit))
    fact = happens(invoice, "payment", "1000")
    accrual.accrue(at=LATER)
    bonus = Commission.objects.get(kind="bonus")
    more = happens(invoice, "payment", "1")
    figures = {
        "kind": "bonus",
        "eligible_net": D(200),
        "paid_numerator": D(1),
        "paid_denominator": D(1),
        "due": D(20),
        "amount": D(10),
    }

    for wrong in (
        {"partner": recruiter, "contract": recruiter.contracts.get(), "source_entry": bonus},
        {"partner": recruiter, "contract": recruiter.contracts.get(), "source_entry": None},
        {"partner": stranger, "contract": stranger.contracts.get(), "source_entry": bonus.source_entry},
    ):
        with pytest.raises(IntegrityError, match="bonus"), transaction.atomic():
            an_entry(invoice, more, **{**figures, **wrong}).save()
    assert fact.commissions.count() == 2


@pytest.mark.clause("C5")
@pytest.mark.parametrize(
    "sql", ["UPDATE commissions_commission SET amount = 1", "DELETE FROM commissions_commission"]
)
def test_the_ledger_is_append_only(paid: tuple[Any, Fact], sql: str) -> None:
    an_entry(*paid).save()

    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE commissions_fact SET gross = 1",
        "DELETE FROM commissions_fact",
        "UPDATE commissions_invoiceline SET net = 1",
        "UPDATE commissions_invoice SET net = 1",
        "UPDATE commissions_invoice SET deal_id = NULL",
        "DELETE FROM commissions_invoice",
    ],
)
def test_what_happened_is_never_rewritten(paid: tuple[Any, Fact], sql: str) -> None:
    accrual.accrue(at=MONDAY)  # an invoice that earned nothing may still leave a deal it was given by mistake

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


# --- at once --------------------------------------------------------------------
def all_at_once(work: Any, *, threads: int) -> list[BaseException]:
    """Run `work` in that many threads at the same moment; return what they raised."""
    gate, raised = threading.Barrier(threads), []

    def run() -> None:
        try:
            gate.wait(timeout=30)
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(timeout=60)
    return raised


@pytest.mark.clause("C5")
@pytest.mark.django_db(transaction=True)
def test_twelve_accruals_at_once_write_each_entry_once() -> None:
    recruit = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=1)
    invoice = an_invoice(a_won_deal(partner=recruit))
    for _ in range(4):
        happens(invoice, "payment", "250")

    raised = all_at_once(lambda: accrual.accrue(at=LATER), threads=12)

    assert raised == []
    assert sum(entry.amount for entry in Commission.objects.all()) == D("110.00")
    assert Commission.objects.count() == 8


@pytest.mark.clause("C5")
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_accruals_at_once_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = an_invoice(a_won_deal())
    for _ in range(4):
        happens(invoice, "payment", "250")
    deal_id = invoice.deal_id
    together = threading.Barrier(12)
    write = accrual.write

    def written_when_all_have_worked_it_out(*, at: Any) -> int:
        together.wait(timeout=30)
        return write(at=at)

    monkeypatch.setattr(accrual, "lock", lambda deals: [invoice.pk])
    monkeypatch.setattr(accrual, "write", written_when_all_have_worked_it_out)

    raised = all_at_once(lambda: accrual.accrue_deal(deal_id, at=LATER), threads=12)

    assert any(isinstance(error, IntegrityError) for error in raised)  # the database is the last door
    assert sum(entry.amount for entry in Commission.objects.all()) == D("100.00")


@pytest.mark.clause("C5")
@pytest.mark.django_db(transaction=True)
def test_accruals_of_many_deals_at_once_in_any_order_write_each_entry_once() -> None:
    deals = [a_won_deal() for _ in range(6)]
    for deal in deals:
        happens(an_invoice(deal), "payment", "1000")
    pks = [deal.pk for deal in deals]
    orders = iter([pks, pks[::-1]] * 3)

    raised = all_at_once(lambda: accrual.accrue_deals(next(orders), at=LATER), threads=6)

    assert raised == []
    assert Commission.objects.count() == 6
    assert not AccrualFailure.objects.exists()


def an_invoice_arrives_during_an_accrual(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Let an earlier invoice, paid in full, come to a deal between what is worked out and what is written."""
    deal = a_won_deal(model="first_invoice")
    later = an_invoice(deal, "1000")
    happens(later, "payment", "1000")
    begun, write = threading.Event(), accrual.write

    def arrive() -> None:
        try:
            begun.wait(timeout=30)
            with transaction.atomic():
                happens(an_invoice(deal, "400", on=INVOICED_ON - timedelta(days=5)), "payment", "400")
        finally:
            connection.close()

    def written_while_it_arrives(*, at: Any) -> int:
        begun.set()
        arriving.join(timeout=1)  # without the guard it is there at once; with it, it waits for us
        return write(at=at)

    arriving = threading.Thread(target=arrive)
    arriving.start()
    monkeypatch.setattr(accrual, "write", written_while_it_arrives)
    accrual.accrue_deal(deal.pk, at=LATER)
    arriving.join(timeout=30)
    return deal, later


@pytest.mark.clause("C5")
@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_comes_during_an_accrual_waits_and_counts_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal, later = an_invoice_arrives_during_an_accrual(monkeypatch)

    known = Commission.objects.get().known_fact
    assert known == later.facts.latest("pk").pk == Fact.objects.filter(pk__lte=known).latest("pk").pk
    accrual.accrue_deal(deal.pk, at=LATER)
    assert [entry.amount for entry in Commission.objects.order_by("pk")] == [D(250), D(-250), D(100)]
    assert list(of_deals([deal.pk], Tally())) == []


@pytest.mark.clause("C5")
@pytest.mark.django_db(transaction=True)
def test_without_its_guard_an_invoice_comes_in_while_its_deal_is_accrued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[bool] = []
    join = threading.Thread.join

    def watched(self: threading.Thread, timeout: float | None = None) -> None:
        join(self, timeout)
        waited.append(self.is_alive())

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE commissions_invoice DISABLE TRIGGER {WAITS}")
    try:
        monkeypatch.setattr(threading.Thread, "join", watched)
        an_invoice_arrives_during_an_accrual(monkeypatch)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE commissions_invoice ENABLE TRIGGER {WAITS}")

    assert waited[0] is False  # it was there before the run had written: nothing held it


@pytest.mark.clause("C5")
@pytest.mark.django_db
def test_a_worker_that_dies_between_two_statements_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = an_invoice(a_won_deal())
    happens(invoice, "payment", "500")
    write = accrual.write

    def killed(*, at: Any) -> int:
        write(at=at)
        raise KeyboardInterrupt

    monkeypatch.setattr(accrual, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        accrual.accrue_deal(invoice.deal_id, at=LATER)

    assert not Commission.objects.exists()
    monkeypatch.undo()
    assert accrual.accrue_deal(invoice.deal_id, at=LATER) == 1

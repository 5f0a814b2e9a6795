"""A payout that the bank sends back after it was marked as paid: owed again, once, and told."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from commissions import handlers_statements, payouts, queries
from commissions.candidates import candidates
from commissions.errors import PayoutSettled
from commissions.errors_payout import NotPaid, ReturnedOutOfTime
from commissions.models import Payout
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_accrual import all_at_once
from tests.integration.commissions.test_pages import signed_in
from tests.integration.commissions.test_payouts import AT, ON, an_approved_payout

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
LATER = AT + timedelta(days=4)
BACK_ON = LATER.date()


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory()


@pytest.fixture
def payout(ines: Partner, nadia: User) -> Payout:
    """One of a hundred euros, marked as paid."""
    row = an_approved_payout(ines, nadia, UserFactory(roles=[Role.DIRECTOR]))
    return payouts.mark_paid(payout=row, paid_on=ON, by=nadia, at=AT)


@pytest.fixture
def at_later() -> Iterator[None]:
    clock.install(lambda: LATER)
    yield
    clock.install(clock.wall)


def comes_back(payout: Payout, by: User, on: date = BACK_ON) -> Payout:
    return payouts.mark_returned(
        payout=payout, returned_on=on, reason="AC04, closed account", by=by, at=LATER
    )


def test_its_entries_are_owed_again_and_go_into_the_next_payout(
    payout: Payout, ines: Partner, nadia: User
) -> None:
    comes_back(payout, nadia)

    (summary,) = queries.earned_summary(ines, BACK_ON)
    assert (summary.paid, summary.payable, summary.paid_on) == (0, Decimal(100), None)
    again = payouts.prepare_payout_run(currency="EUR", by=nadia, at=LATER)
    assert again.payouts.get().entries.get().commission == payout.entries.get().commission


def test_it_keeps_the_day_of_its_transfer_and_the_banks_words(payout: Payout, nadia: User) -> None:
    comes_back(payout, nadia)

    payout.refresh_from_db()
    assert (payout.paid_on, payout.returned_on, payout.failure) == (ON, BACK_ON, "AC04, closed account")
    assert AuditEntry.objects.filter(action="payout.came_back", target_id=payout.pk, by=nadia).exists()


def test_its_statement_is_cancelled_and_the_partner_asked_to_look_at_the_account(
    payout: Payout, nadia: User
) -> None:
    comes_back(payout, nadia)

    cancellation = payout.statements.get(kind="cancellation")
    assert cancellation.facts["about"] == "Cancels statement 2027-0001, whose transfer came back"
    handlers_statements.mail_statement_ready(OutboxMessage.objects.get(kind="commissions.statement_ready"))
    assert "Your bank sent our transfer of €100.00 back" in mail.outbox[0].body
    assert "account you gave us still takes payments" in mail.outbox[0].body


@pytest.mark.parametrize("days", [-1, 5])
def test_it_comes_back_between_its_payment_and_today(days: int, payout: Payout, nadia: User) -> None:
    with pytest.raises(ReturnedOutOfTime):
        comes_back(payout, nadia, on=ON + timedelta(days=days))

    payout.refresh_from_db()
    assert (payout.failed_at, payout.returned_on) == (None, None)


def test_what_never_left_cannot_come_back(ines: Partner, nadia: User) -> None:
    row = an_approved_payout(ines, nadia, UserFactory(roles=[Role.DIRECTOR]))

    with pytest.raises(NotPaid):
        comes_back(row, nadia)


def test_it_comes_back_once(payout: Payout, nadia: User) -> None:
    comes_back(payout, nadia)

    with pytest.raises(PayoutSettled):
        comes_back(payout, nadia)
    with pytest.raises(PayoutSettled):
        payouts.mark_paid(payout=payout, paid_on=BACK_ON, by=nadia, at=LATER)


def test_who_prepares_the_next_run_reads_that_the_last_transfer_there_came_back(
    payout: Payout, nadia: User
) -> None:
    assert candidates("EUR", at=LATER) == []
    comes_back(payout, nadia)

    (candidate,) = candidates("EUR", at=LATER)
    assert candidate.came_back == payout
    payouts.approve_payout_run(
        run=payouts.prepare_payout_run(currency="EUR", by=nadia, at=LATER),
        by=UserFactory(roles=[Role.DIRECTOR]),
        at=LATER,
    )
    assert candidates("EUR", at=LATER) == []


# --- the page -----------------------------------------------------------------------------
def test_finance_records_it_from_the_run(payout: Payout, nadia: User, at_later: None) -> None:
    client = signed_in(nadia)
    address = reverse("commissions:payout_came_back", args=[payout.pk])
    run = reverse("commissions:payout_run", args=[payout.run_id])
    assert address in client.get(run).content.decode()

    refused = client.post(address, {"returned_on": f"{ON - timedelta(days=1)}", "reason": "AC04"})
    assert "can’t send it back before the day it was paid" in refused.content.decode()
    client.post(address, {"returned_on": BACK_ON.isoformat(), "reason": "AC04, closed account"})

    page = client.get(run).content.decode()
    assert "Came back" in page and "AC04, closed account" in page and address not in page
    assert "didn’t arrive: AC04" in client.get(reverse("commissions:payouts")).content.decode()
    again = client.get(address, follow=True)
    assert "Only a payout that is marked as paid can come back" in again.content.decode()


def test_the_partner_reads_on_the_statement_that_it_came_back(
    payout: Payout, client: Client, ines: Partner, nadia: User
) -> None:
    comes_back(payout, nadia)
    client.force_login(ines.user)

    page = client.get(reverse("commissions:statement", args=["2027-0001"])).content.decode()

    assert "the bank sent it back on" in page


# --- the database ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"failed_at": LATER}, "payout_not_both_paid_and_failed"),
        ({"returned_on": BACK_ON}, "payout_returned_after_it_was_paid"),
        ({"failed_at": LATER, "returned_on": ON - timedelta(days=1)}, "payout_returned_after_it_was_paid"),
    ],
)
def test_the_database_refuses_half_a_return(changes: dict[str, Any], constraint: str, payout: Payout) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(**changes)


@pytest.mark.parametrize("changes", [{"returned_on": BACK_ON + timedelta(days=1)}, {"returned_on": None}])
def test_the_database_keeps_what_came_back(changes: dict[str, Any], payout: Payout, nadia: User) -> None:
    comes_back(payout, nadia)

    with pytest.raises(IntegrityError, match="a payout is never changed"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(**changes)


@pytest.mark.django_db(transaction=True)
def test_it_is_recorded_once_by_ten_at_once() -> None:
    nadia, ines = UserFactory(roles=[Role.FINANCE]), PartnerFactory()
    row = an_approved_payout(ines, nadia, UserFactory(roles=[Role.DIRECTOR]))
    payouts.mark_paid(payout=row, paid_on=ON, by=nadia, at=AT)

    raised = all_at_once(lambda: comes_back(row, nadia), threads=10)

    assert [type(error) for error in raised] == [PayoutSettled] * 9
    assert row.statements.filter(kind="cancellation").count() == 1
    assert queries.balance(ines, "EUR", BACK_ON) == Decimal(100)

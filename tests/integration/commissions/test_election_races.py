"""A change and another, or an invoice, at the same moment: one of them, and without the guards both (C5)."""

from collections.abc import Iterator
from threading import Barrier

import pytest
from django.db import connection

from commissions import elections
from commissions.elections import change_election
from commissions.errors_elections import ElectionChangedAlready, InvoiceExists
from commissions.models import ElectionChange, Invoice
from partners.models import CommissionModel
from referrals.models import UseCase
from ssp.core import outbox
from ssp.core.models import User
from tests.factories.commissions import a_won_deal, an_invoice
from tests.factories.referrals import director
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C5")]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


def changed(case: UseCase, by: User) -> ElectionChange:
    model = CommissionModel.FIRST_INVOICE
    return change_election(use_case=case, model=model, reason="They asked.", by=by, at=MONDAY)


def both_at_once() -> list[object]:
    case, bram, carla = a_won_deal().use_case, director("Bram de Jong"), director("Carla Winter")
    return at_once(lambda: changed(case, bram), lambda: changed(case, carla))


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have checked before either of them writes."""
    gate = Barrier(2)
    check = elections.check_can_be_changed

    def checked(use_case: UseCase) -> None:
        check(use_case)
        gate.wait(timeout=10)

    monkeypatch.setattr(
        elections, "_locked", lambda case: UseCase.objects.select_related("partner").get(pk=case.pk)
    )
    monkeypatch.setattr(elections, "check_can_be_changed", checked)


@pytest.fixture
def no_constraint() -> Iterator[None]:
    table, unique = "commissions_electionchange", elections.ONE_PER_USE_CASE
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER, DROP CONSTRAINT {unique}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute(
            f"ALTER TABLE {table} ENABLE TRIGGER USER, ADD CONSTRAINT {unique} UNIQUE (use_case_id)"
        )


def check_one_won(results: list[object]) -> None:
    assert sum(isinstance(result, ElectionChangedAlready) for result in results) == 1
    assert ElectionChange.objects.count() == 1
    assert UseCase.objects.get().model == CommissionModel.FIRST_INVOICE


def test_two_directors_at_once_change_an_election_once() -> None:
    check_one_won(both_at_once())


@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_the_database_still_lets_one_change_it() -> None:
    check_one_won(both_at_once())


@pytest.mark.usefixtures("no_lock", "no_constraint")
def test_without_lock_and_constraint_both_would() -> None:
    both_at_once()

    assert ElectionChange.objects.count() == 2


@pytest.mark.parametrize("attempt", range(3))
def test_an_invoice_and_a_change_at_once_never_leave_an_entry_of_the_other_model(attempt: int) -> None:
    deal, bram = a_won_deal(), director()

    results = at_once(lambda: changed(deal.use_case, bram), lambda: an_invoice(deal))

    assert Invoice.objects.count() == 1
    refused = any(isinstance(result, InvoiceExists) for result in results)
    assert refused != ElectionChange.objects.exists()

"""Deals move in with what they earned before: by two people, once, and the ledger goes on (ADR 22)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from commissions import accrual, openings
from commissions.cases import case_of
from commissions.errors_openings import (
    ApproverHandedItIn,
    MapperHandsItIn,
    NoOpeningsToEnter,
    OpeningNotVouchedFor,
    OpeningRowsInTheWay,
    OpeningsChanged,
    OpeningsMoveInOnce,
    OwnOpening,
)
from commissions.invariants import INVARIANTS
from commissions.models import (
    Commission,
    Opening,
    OpeningImport,
)
from commissions.reconciliation import Tally, differences
from referrals.models import Deal
from ssp.core.errors import NotAllowed
from ssp.core.invariants import broken
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import SIGNED_ON, a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.factories.openings import an_opening
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
D = Decimal
AS_OF = SIGNED_ON + timedelta(days=100)
AT = MONDAY + timedelta(days=400)
HEADINGS = (
    "Customer reference,Reckoned up to,Currency,Earned before,Paid before,First invoice taken,Cap start,"
    "Invoices counted,Contract signed on"
)


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


def row(deal: Deal, **cells: str) -> str:
    said = {
        "as_of": AS_OF.isoformat(),
        "currency": "EUR",
        "earned": "2400.00",
        "paid": "1200.00",
        "first": "yes",
        "cap": SIGNED_ON.isoformat(),
        "count": "",
        "contract": "",
        **cells,
    }
    return ",".join([deal.customer_reference, *said.values()])


def handed_in(*rows: str, by: User) -> OpeningImport:
    content = "\n".join([HEADINGS, *rows]).encode()
    return openings.upload_openings(content=content, file_name="openings.csv", by=by, at=AT)


def outcomes(record: OpeningImport) -> list[str]:
    return [each.outcome for each in openings.plan_of(record, at=AT).rows]


def approve(record: OpeningImport, *, by: User, **said: Any) -> None:
    shown = openings.shown_by(openings.plan_of(record, at=AT))
    openings.approve_openings(record=record, by=by, at=AT, **{"shown": shown, "vouched": True, **said})


def entered(deal: Deal, nadia: User, willem: User, **cells: str) -> Opening:
    approve(handed_in(row(deal, **cells), by=nadia), by=willem)
    return Opening.objects.get(deal=deal, undone_at=None)


# --- in --------------------------------------------------------------------------------------------
def test_a_preview_enters_nothing(nadia: User) -> None:
    assert outcomes(handed_in(row(a_won_deal()), by=nadia)) == ["new"]
    assert not Opening.objects.exists()
    assert not Commission.objects.exists()


def test_what_is_open_becomes_one_entry_that_is_held_and_then_payable(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    opening = entered(deal, nadia, willem)

    entry = Commission.objects.get()
    assert (entry.kind, entry.amount, entry.opening) == ("opening", D(1200), opening.sums.get())
    assert (entry.earned_on, entry.payable_on) == (AS_OF, AS_OF + timedelta(days=30))
    assert entry.partner == deal.use_case.partner
    assert broken(INVARIANTS) == []
    assert list(differences(Tally())) == []


def test_what_was_paid_before_whole_enters_nothing_and_the_cap_goes_on(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem, paid="2400.00")
    happens(an_invoice(deal, on=AS_OF + timedelta(days=1)), "payment", "1000")

    case = case_of(Deal.objects.get(pk=deal.pk))

    assert not Commission.objects.exists()
    assert case is not None and case.opening is not None
    assert case.opening.cap_starts_on == SIGNED_ON


def test_two_currencies_of_a_deal_are_two_entries_of_one_opening(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    approve(handed_in(row(deal), row(deal, currency="JPY", earned="500", paid="0"), by=nadia), by=willem)

    assert set(Commission.objects.values_list("currency", "amount")) == {("EUR", D(1200)), ("JPY", D(500))}
    assert Opening.objects.count() == 1


@pytest.mark.parametrize(
    "cells, why",
    [
        ({"earned": ""}, "Earned before is missing"),
        ({"earned": "-5"}, "below zero"),
        ({"earned": "10.005"}, "can be read in two ways"),
        ({"as_of": "2099-01-01"}, "lies in the future"),
        ({"as_of": (SIGNED_ON - timedelta(days=1)).isoformat()}, "signed after that day"),
        ({"cap": ""}, "the cap runs from there"),
        ({"first": "perhaps"}, "write yes or no"),
        ({"count": "many"}, "whole number"),
        ({"contract": "2024-01-01"}, "No contract"),
        ({"currency": "euro"}, "no currency"),
        ({"earned": "=1+1"}, "formula"),
    ],
)
def test_a_row_that_cant_be_is_refused_and_says_why(nadia: User, cells: dict[str, str], why: str) -> None:
    (judged,) = openings.plan_of(handed_in(row(a_won_deal(), **cells), by=nadia), at=AT).rows

    assert (judged.outcome, why in judged.message) == ("refused", True), judged.message


def test_a_deal_that_pays_nothing_gets_no_opening(nadia: User) -> None:
    late = a_won_deal(signed_on=SIGNED_ON + timedelta(days=400))
    running = a_won_deal(stage="proposal", signed_on=None, recorded_at=None)

    assert outcomes(handed_in(row(late, as_of="2028-12-31"), row(running), by=nadia)) == ["refused"] * 2


def test_a_cap_in_invoices_needs_their_number(nadia: User) -> None:
    deal = a_won_deal(partner=PartnerFactory(numbers={"cap_unit": "invoices", "cap_count": 4}))

    assert outcomes(handed_in(row(deal), by=nadia)) == ["refused"]
    assert outcomes(handed_in(row(deal, count="2"), by=nadia)) == ["new"]


def test_the_same_file_twice_changes_nothing(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem)
    again = handed_in(row(deal), by=nadia)

    assert outcomes(again) == ["known"]
    with pytest.raises(NoOpeningsToEnter):
        approve(again, by=willem)
    assert Commission.objects.count() == 1


@pytest.mark.parametrize(
    "cells", [{"earned": "2500.00"}, {"paid": "0"}, {"first": "no"}, {"cap": "2026-12-24"}, {"count": "1"}]
)
def test_what_differs_is_a_conflict_and_overwrites_nothing(
    nadia: User, willem: User, cells: dict[str, str]
) -> None:
    deal = a_won_deal()
    entered(deal, nadia, willem)
    differs = handed_in(row(deal, **cells), by=nadia)

    assert outcomes(differs) == ["conflict"]
    with pytest.raises(OpeningRowsInTheWay):
        approve(differs, by=willem)


def test_one_refused_row_keeps_all_out(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal()), row(a_won_deal(), first=""), by=nadia)

    with pytest.raises(OpeningRowsInTheWay):
        approve(record, by=willem)
    assert not Opening.objects.exists()


# --- two people -------------------------------------------------------------------------------------
def test_who_handed_it_in_doesnt_approve_it(nadia: User) -> None:
    with pytest.raises(ApproverHandedItIn):
        approve(handed_in(row(a_won_deal()), by=nadia), by=nadia)
    assert not Opening.objects.exists()


def test_the_database_wants_two_people(nadia: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)

    with pytest.raises(IntegrityError, match="opening_import_by_two_people"), transaction.atomic():
        OpeningImport.objects.filter(pk=record.pk).update(committed_by=nadia, committed_at=AT)
    with pytest.raises(IntegrityError, match="somebody other"), transaction.atomic():
        deal = a_won_deal()
        Opening.objects.create(
            opening_import=record,
            deal=deal,
            contract=deal.use_case.partner.contracts.get(),
            as_of=AS_OF,
            first_taken=True,
            recorded_at=AT,
        )


def test_neither_is_the_partner(nadia: User, willem: User) -> None:
    partner = PartnerFactory()
    mine = UserFactory(roles=[Role.FINANCE], email=partner.user.email.replace("@", "+desk@"))

    with pytest.raises(OwnOpening):
        approve(handed_in(row(a_won_deal(partner=partner)), by=mine), by=willem)
    with pytest.raises(OwnOpening):
        approve(handed_in(row(a_won_deal(partner=partner)), by=nadia), by=mine)


def test_only_finance_hands_in_and_only_finance_or_a_director_approves(nadia: User, willem: User) -> None:
    sales = UserFactory(roles=[Role.SALES_LEAD])

    with pytest.raises(NotAllowed):
        handed_in(row(a_won_deal()), by=willem)
    with pytest.raises(NotAllowed):
        approve(handed_in(row(a_won_deal()), by=nadia), by=sales)


def test_without_a_word_nothing_is_entered(nadia: User, willem: User) -> None:
    with pytest.raises(OpeningNotVouchedFor):
        approve(handed_in(row(a_won_deal()), by=nadia), by=willem, vouched=False)


def test_who_approves_chooses_no_columns(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)
    other = UserFactory(roles=[Role.FINANCE])

    with pytest.raises(MapperHandsItIn):
        openings.map_openings(record=record, mapping=record.mapping, by=other, at=AT)


def test_what_is_entered_is_what_was_shown(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    record = handed_in(row(deal), by=nadia)
    shown = openings.shown_by(openings.plan_of(record, at=AT))
    happens(an_invoice(deal), "payment", "1000")  # the preview would warn of it now

    with pytest.raises(OpeningsChanged):
        approve(record, by=willem, shown=shown)


def test_a_file_is_approved_once(nadia: User, willem: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)
    approve(record, by=willem)

    with pytest.raises(OpeningsMoveInOnce):
        openings.approve_openings(record=record, shown="", vouched=True, by=willem, at=AT)
    with pytest.raises(OpeningsMoveInOnce):
        openings.discard_openings(record=record, by=nadia, at=AT)
    record.refresh_from_db()
    assert bytes(record.content) == b""  # what it said is in the openings; it may name people
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        OpeningImport.objects.filter(pk=record.pk).update(report=[])


def test_a_deal_that_earned_here_gets_no_opening(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    happens(an_invoice(deal), "payment", "1000")
    accrual.accrue(at=AT)

    assert outcomes(handed_in(row(deal), by=nadia)) == ["conflict"]
    with pytest.raises(IntegrityError, match="earned here already"), transaction.atomic():
        an_opening(deal, as_of=AS_OF)


def test_previews_that_nobody_approved_are_forgotten(nadia: User) -> None:
    record = handed_in(row(a_won_deal()), by=nadia)

    assert openings.forget_previews(at=AT + timedelta(days=31)) == 1
    assert not OpeningImport.objects.filter(pk=record.pk).exists()

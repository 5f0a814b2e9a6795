"""The preview: who is left out, why, and on which day that changes."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from commissions import accrual, payouts
from commissions.candidates import Candidate, candidates
from commissions.errors import NothingToPay
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, bank_details, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.integration.commissions.test_pages import signed_in
from tests.integration.commissions.test_payouts import AT, ON, D, earns

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


@pytest.fixture(autouse=True)
def minimums(settings) -> None:
    settings.PAYOUT_MINIMUMS = {"EUR": D(25), "JPY": D(4000)}


@pytest.fixture
def partner() -> Partner:
    return PartnerFactory()


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


def the_candidate(*, at: datetime = AT, currency: str = "EUR") -> Candidate:
    (found,) = candidates(currency, at=at)
    return found


@pytest.mark.parametrize(("paid", "is_paid"), [("249.90", False), ("250", True), ("250.10", True)])
def test_a_balance_below_the_minimum_carries_forward(
    paid: str, is_paid: bool, partner: Partner, nadia: User
) -> None:
    earns(partner, paid)

    assert the_candidate().is_paid is is_paid
    if is_paid:
        payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    else:
        with pytest.raises(NothingToPay):
            payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)


def test_it_says_since_when_it_is_paid_anyway(partner: Partner, nadia: User) -> None:
    earns(partner, "100")  # payable 30 days after it was paid 40 days ago: since 13 March

    (reason,) = the_candidate().reasons
    assert reason.text.startswith("Below the minimum of €25.00: carried forward")
    assert reason.text.endswith("and paid by 13 Mar 2028 at the latest.")
    assert reason.changes_on == date(2028, 3, 13)

    a_year_on = datetime(2028, 3, 13, 9, tzinfo=AT.tzinfo)
    assert not the_candidate(at=a_year_on - timedelta(days=1)).is_paid
    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=a_year_on)
    assert run.payouts.get().total == D(10)


def test_what_is_held_may_lift_it_over_the_minimum_sooner(partner: Partner) -> None:
    earns(partner, "100")
    earns(partner, "200", days_ago=10)

    (reason,) = the_candidate().reasons
    lifted = ON + timedelta(days=20)
    assert reason.text.endswith("With what is held, it is paid from 12 Apr 2027.")
    assert reason.changes_on == lifted
    assert the_candidate(at=AT + timedelta(days=20)).is_paid


def test_who_has_left_is_paid_the_last_cent(partner: Partner) -> None:
    earns(partner, "100")
    assert not the_candidate().is_paid

    ended(partner, at=AT - timedelta(days=1))
    assert the_candidate().is_paid


def test_a_negative_balance_says_by_what_it_turns(partner: Partner, nadia: User) -> None:
    confirmed_tax(partner)
    invoice = an_invoice(a_won_deal(partner=partner), "1000")
    happens(invoice, "payment", "1000", on=ON - timedelta(days=40))
    accrual.accrue(at=AT)
    payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)
    happens(invoice, "credit", "600", on=ON)
    accrual.accrue(at=AT)
    earns(partner, "900", days_ago=10)

    (reason,) = the_candidate().reasons
    assert (reason.code, reason.changes_on) == ("negative", ON + timedelta(days=20))
    assert "it is paid from 12 Apr 2027" in reason.text


def test_every_currency_has_its_own_minimum(partner: Partner) -> None:
    earns(partner, "1000", currency="USD")  # 100 dollars, and no minimum
    earns(partner, "1000", currency="JPY")  # 100 yen

    assert the_candidate(currency="USD").is_paid
    assert the_candidate(currency="JPY").reasons[0].code == "small"


def test_all_that_is_missing_is_said_at_once(partner: Partner) -> None:
    earns(partner, "1000", taxed=False)
    bank_details(partner, at=AT)

    assert [reason.code for reason in the_candidate().reasons] == ["tax", "frozen"]


def test_the_page_explains_every_exclusion(partner: Partner, nadia: User) -> None:
    earns(partner, "100")
    earns(PartnerFactory(), "1000", taxed=False)
    clock.install(lambda: AT)
    try:
        page = signed_in(nadia).get(reverse("commissions:payouts")).content.decode()
    finally:
        clock.install(clock.wall)

    for words in (
        "€25.00 at least", "Below the minimum of €25.00", "The tax status isn’t confirmed",
        "The partner hasn’t said where the money goes.", "There is nothing to prepare",
    ):  # fmt: skip
        assert words in page

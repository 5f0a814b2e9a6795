"""More was paid before this system than was earned: it is owed back, once, through the ledger (ADR 22)."""

from decimal import Decimal

import pytest
from django.core import mail

from commissions import accrual, explain, openings, payouts
from commissions.candidates import candidates
from commissions.errors_openings import OwnOpening
from commissions.invariants import INVARIANTS
from commissions.models import Commission
from commissions.reconciliation import Tally, differences
from referrals.models import Deal
from ssp.core.invariants import broken
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_openings import AT, approve, entered, handed_in, row
from tests.integration.referrals.conftest import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
D = Decimal


@pytest.fixture
def nadia() -> User:
    return UserFactory(roles=[Role.FINANCE])


@pytest.fixture
def willem() -> User:
    return UserFactory(roles=[Role.DIRECTOR])


OVERPAID = {"earned": "100.00", "paid": "220.00"}


def test_what_was_paid_too_much_is_owed_back_at_once_and_netted(nadia: User, willem: User) -> None:
    partner = PartnerFactory()
    deal, other = a_won_deal(partner=partner), a_won_deal(partner=partner)
    confirmed_tax(partner)
    opening = entered(deal, nadia, willem, **OVERPAID)
    entry = Commission.objects.get()
    assert (entry.amount, entry.due, entry.payable_on) == (D(-120), D(-120), opening.as_of)
    happens(an_invoice(other, "5000"), "payment", "5000")
    accrual.accrue(at=AT)

    run = payouts.prepare_payout_run(currency="EUR", by=nadia, at=AT)

    assert run.payouts.get().entries_total == D(500) - D(120)
    assert broken(INVARIANTS) == []
    assert list(differences(Tally())) == []


def test_what_is_owed_back_alone_is_carried_forward(nadia: User, willem: User) -> None:
    deal = a_won_deal()
    confirmed_tax(deal.use_case.partner)
    entered(deal, nadia, willem, **OVERPAID)

    (candidate,) = candidates("EUR", at=AT)

    assert (candidate.total, [reason.code for reason in candidate.reasons]) == (D(-120), ["negative"])


@pytest.mark.parametrize("cells", [OVERPAID, {}], ids=["owed back", "open"])
def test_taken_back_an_opening_holds_up_no_other_money_on_any_day(
    cells: dict[str, str], nadia: User, willem: User
) -> None:
    opening = entered(a_won_deal(), nadia, willem, **cells)

    openings.undo_opening(opening=opening, by=nadia, at=AT)

    there, back = Commission.objects.order_by("pk")
    assert there.amount + back.amount == 0
    assert there.payable_on == back.payable_on
    assert broken(INVARIANTS) == []
    assert list(differences(Tally())) == []


def test_its_page_says_which_of_the_two_it_is(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem, **OVERPAID)
    openings.undo_opening(opening=opening, by=nadia, at=AT)

    there, back = (explain.explain(entry, on=AT.date()) for entry in Commission.objects.order_by("pk"))

    assert (there.rule, back.rule) == ("Opening balance", "Opening balance, taken back")


def test_the_partner_is_told_once_of_all_that_moved_in_by_a_file(nadia: User, willem: User) -> None:
    partner = PartnerFactory()
    open_one, overpaid, other = a_won_deal(partner=partner), a_won_deal(partner=partner), a_won_deal()
    record = handed_in(row(open_one), row(overpaid, **OVERPAID), row(other), by=nadia)
    approve(record, by=willem)

    deliver_all()
    deliver_all()

    (letter,) = [each for each in mail.outbox if each.to == [partner.user.email]]
    assert letter.subject == "What your 2 deals earned before is entered"
    for words in ("€2,400.00 earned, €1,200.00 paid", "€1,200.00 is still open", "€120.00 too much"):
        assert words in letter.body


def test_nobody_is_told_of_what_was_taken_back_meanwhile(nadia: User, willem: User) -> None:
    opening = entered(a_won_deal(), nadia, willem)
    openings.undo_opening(opening=opening, by=nadia, at=AT)

    deliver_all()

    assert mail.outbox == []


def test_who_recruited_the_partner_neither_hands_in_nor_approves(nadia: User, willem: User) -> None:
    recruiter = UserFactory(roles=[Role.FINANCE, Role.PARTNER])
    deal = a_won_deal(partner=PartnerFactory(recruiter=PartnerFactory(user=recruiter)))

    for hands_in, approves in ((recruiter, willem), (nadia, recruiter)):
        with pytest.raises(OwnOpening):
            entered_by(deal, hands_in, approves)


def entered_by(deal: Deal, hands_in: User, approves: User) -> None:
    approve(handed_in(row(deal), by=hands_in), by=approves)

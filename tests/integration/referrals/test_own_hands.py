"""Nobody at SeMI decides about their own introduction, with one account or with two (C1, C14)."""

from datetime import timedelta

import pytest

from partners.models import Partner
from referrals.errors import AlreadyRegistered, NotYourUseCase, OwnReferral
from referrals.models import DealStage, Referral, UseCaseOutcome
from referrals.rules import Answer
from referrals.services.claims import accept_name, withdraw_referral
from referrals.services.confirmations import answer_confirmation, contest_answer, settle_contest
from referrals.services.deals import update_deal, win_deal
from referrals.services.introductions import book_introduction, log_held_introduction
from referrals.services.registration import register_referral
from ssp.core.models import AuditEntry, RoleGrant, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    asked,
    confirmed_warm,
    held,
    person,
    registered,
    sales_lead,
    seller,
    use_case,
    warm,
)
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
SOON = MONDAY + timedelta(days=3)


@pytest.fixture
def ines() -> Partner:
    """A partner whom SeMI hired since: she leads sales, too."""
    partner = active_partner()
    for role in (Role.SALES, Role.SALES_LEAD):
        RoleGrant.objects.create(user=partner.user, role=role, granted_at=MONDAY)
    return partner


def a_second_account(partner: Partner) -> User:
    name, _, domain = partner.user.email.partition("@")
    return UserFactory(email=f"{name}+desk@{domain}", roles=[Role.SALES, Role.SALES_LEAD])


@pytest.mark.clause("C1")
def test_a_partner_does_not_host_their_own_introduction(ines: Partner) -> None:
    referral = registered(ines)

    for host in (ines.user, a_second_account(ines)):
        with pytest.raises(OwnReferral):
            book_introduction(
                referral=referral,
                host=host,
                starts_at=SOON,
                ends_at=SOON + timedelta(hours=1),
                medium="video",
                place="",
                use_cases=referral.use_cases.all(),
                by=seller(),
                at=MONDAY,
            )
        with pytest.raises(OwnReferral):
            held(referral, host=host)


@pytest.mark.clause("C1")
def test_a_partner_does_not_log_their_own_introduction(ines: Partner) -> None:
    with pytest.raises(OwnReferral):
        log_held_introduction(
            referral=registered(ines),
            host=seller(),
            starts_at=SOON,
            ends_at=SOON + timedelta(hours=1),
            medium="video",
            place="",
            use_cases=[],
            by=ines.user,
            at=SOON + timedelta(hours=1),
        )


@pytest.mark.clause("C14")
def test_a_partner_who_leads_sales_does_not_answer_for_the_host(ines: Partner) -> None:
    introduction = held(registered(ines))

    with pytest.raises(OwnReferral):
        answer_confirmation(
            confirmation=asked(introduction), answer=warm(introduction), by=ines.user, at=introduction.ends_at
        )


@pytest.mark.clause("C14")
def test_a_partner_who_leads_sales_does_not_settle_their_own_contest(ines: Partner) -> None:
    introduction = held(registered(ines))
    question, at = asked(introduction), introduction.ends_at
    cold = Answer(kind="not_warm", reason="Nothing was discussed.")
    answer_confirmation(confirmation=question, answer=cold, by=introduction.host, at=at)
    contest_answer(confirmation=question, reason="It was.", by=ines.user, at=at)

    with pytest.raises(OwnReferral):
        settle_contest(confirmation=question, answer=warm(introduction), reason="Yes.", by=ines.user, at=at)


@pytest.mark.clause("C10")
def test_a_partner_does_not_check_the_name_they_registered(ines: Partner) -> None:
    first = registered(last_name="Doe", company_name="Acme", email="jane@acme.example")
    second = register_referral(
        partner=ines,
        person=person(last_name="Doe", company_name="Acme", email="j.doe@acme.example"),
        by=ines.user,
        at=MONDAY,
    )
    assert (first.status, second.status) == ("registered", "checking")

    with pytest.raises(OwnReferral):
        accept_name(referral=second, by=ines.user, at=MONDAY)


@pytest.mark.clause("C2")
def test_a_partner_does_not_win_their_own_deal_nor_choose_its_invoices(ines: Partner) -> None:
    deal = confirmed_warm(registered(ines)).deal

    for by in (ines.user, a_second_account(ines)):
        with pytest.raises(OwnReferral):
            win_deal(deal=deal, signed_on=SOON.date(), by=by, at=SOON)
        with pytest.raises(OwnReferral):
            update_deal(
                deal=deal,
                expected_net=None,
                expected_on=None,
                currency="EUR",
                customer_reference="BIG-1",
                reseller_name="",
                by=by,
                at=SOON,
            )


# --- what a second press or a late answer may not do -----------------------------------
@pytest.mark.clause("C12")
def test_a_second_press_of_ones_own_registration_is_told_so_and_is_no_refusal() -> None:
    partner, jane = active_partner(), person()
    register_referral(partner=partner, person=jane, by=partner.user, at=MONDAY)

    with pytest.raises(AlreadyRegistered):
        register_referral(partner=partner, person=jane, by=partner.user, at=MONDAY)

    assert not AuditEntry.objects.filter(action="referral.refused").exists()
    assert Referral.objects.count() == 1


@pytest.mark.clause("C12")
def test_a_claim_that_was_given_up_opens_no_window() -> None:
    referral = registered()
    introduction = held(referral)
    question = asked(introduction)
    withdraw_referral(referral=referral, by=referral.partner.user, at=introduction.ends_at)

    answer_confirmation(
        confirmation=question, answer=warm(introduction), by=introduction.host, at=introduction.ends_at
    )

    case = referral.use_cases.get()
    assert (case.window_starts_on, hasattr(case, "deal")) == (None, False)


@pytest.mark.clause("C19")
def test_a_use_case_closed_as_reseller_is_not_opened_by_another_meeting() -> None:
    referral = registered()
    first, second = held(referral), held(referral, starts_at=MONDAY + timedelta(days=4))
    at = second.ends_at
    answer_confirmation(
        confirmation=asked(first, at=at), answer=Answer(kind="reseller"), by=first.host, at=at
    )

    with pytest.raises(NotYourUseCase):
        answer_confirmation(confirmation=asked(second, at=at), answer=warm(second), by=second.host, at=at)


@pytest.mark.clause("C19")
def test_a_deal_already_won_stays_open_to_pay_when_a_later_meeting_leads_to_a_reseller() -> None:
    case = confirmed_warm()
    referral = case.referral
    win_deal(deal=case.deal, signed_on=SOON.date(), by=seller(), at=SOON)
    other = use_case(case.partner, at=SOON, referral=referral, title="Another need")
    later = held(referral, starts_at=SOON + timedelta(days=1))
    answer_confirmation(
        confirmation=asked(later), answer=Answer(kind="reseller"), by=later.host, at=later.ends_at
    )

    case.refresh_from_db()
    other.refresh_from_db()
    assert (case.outcome, case.deal.stage) == (UseCaseOutcome.OPEN, DealStage.WON)
    assert other.outcome == UseCaseOutcome.RESELLER


@pytest.mark.clause("C14")
def test_another_sales_lead_answers_and_settles() -> None:
    introduction = held(registered())

    row = answer_confirmation(
        confirmation=asked(introduction), answer=warm(introduction), by=sales_lead(), at=introduction.ends_at
    )

    assert row.decides

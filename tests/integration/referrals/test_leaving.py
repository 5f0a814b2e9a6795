"""What becomes of introductions when their partner leaves (C12, *Ending*)."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners.models import Ending, Partner
from partners.services.endings import (
    confirm_end_for_cause,
    end_partnerships,
    give_notice,
    propose_end_for_cause,
)
from referrals.errors import PartnershipNotStarted
from referrals.models import IntroductionStatus, Referral, ReferralStatus, UseCase
from referrals.rules import Answer, Colleague, Running, claim_last_on_after_notice
from referrals.services.confirmations import answer_confirmation, contest_answer, settle_contest
from referrals.services.introductions import book_introduction
from referrals.services.leaving import end_claims_of_left_partners
from referrals.services.outcomes import add_internal_referral
from referrals.services.registration import register_referral
from ssp.core.models import OutboxMessage
from ssp.core.periods import start_of_day
from tests.factories.partners import DirectorFactory, signed_contract
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

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]
LAST_ON = date(2026, 12, 4)
OVER = start_of_day(date(2026, 12, 5))
BEFORE = OVER - timedelta(seconds=1)


def leaves(partner: Partner, *, last_on: date = LAST_ON) -> Ending:
    return give_notice(partner=partner, last_on=last_on, by=partner.user, at=MONDAY)


def ends_for_cause(partner: Partner, *, at: datetime) -> Ending:
    ending = propose_end_for_cause(partner=partner, reason="Why.", by=DirectorFactory(), at=at)
    return confirm_end_for_cause(ending=ending, by=DirectorFactory(), at=at)


def look(at: datetime) -> int:
    end_partnerships(at=at)
    return end_claims_of_left_partners(at=at)


def booked(referral: Referral, *, starts_at: datetime):
    return book_introduction(
        referral=referral,
        host=seller(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        medium="video",
        place="https://meet.example/2",
        use_cases=list(referral.use_cases.all()),
        by=seller(),
        at=MONDAY,
    )


# --- by notice ----------------------------------------------------------------------
def test_a_claim_without_a_window_ends_with_the_partnerships_last_day() -> None:
    referral = registered()
    ending = leaves(referral.partner)
    assert look(BEFORE) == 0

    assert look(OVER + timedelta(days=3)) == 1

    referral = Referral.objects.get(pk=referral.pk)
    assert (referral.claim_ended_at, referral.ended_with) == (BEFORE, ending)
    assert referral.status == ReferralStatus.LAPSED


def test_a_claim_with_a_window_ends_with_that_window() -> None:
    open_one = confirmed_warm()
    leaves(open_one.partner)
    closes = start_of_day(open_one.window_ends_on + timedelta(days=1))

    assert [look(OVER), look(closes - timedelta(seconds=1)), look(closes)] == [0, 0, 1]

    referral = open_one.referral
    referral = Referral.objects.get(pk=referral.pk)
    assert referral.claim_ended_at == closes - timedelta(seconds=1)
    assert referral.status == ReferralStatus.WARM


def test_the_last_window_counts() -> None:
    first = confirmed_warm()
    second = use_case(first.partner, at=MONDAY + timedelta(days=3), referral=first.referral, title="Chat")
    later = held(first.referral, starts_at=MONDAY + timedelta(days=7))
    answer_confirmation(
        confirmation=asked(later),
        answer=Answer(kind="warm", medium="video", use_case_ids=(second.pk,)),
        by=later.host,
        at=later.ends_at,
    )
    leaves(first.partner)
    second.refresh_from_db()

    assert look(start_of_day(first.window_ends_on + timedelta(days=1))) == 0
    assert look(start_of_day(second.window_ends_on + timedelta(days=1))) == 1


def test_a_meeting_held_before_the_end_still_opens_its_window_afterwards() -> None:
    meeting = held(registered())
    leaves(meeting.referral.partner)
    question = asked(meeting)
    assert look(OVER) == 0

    answer_confirmation(confirmation=question, answer=warm(meeting), by=meeting.host, at=OVER)

    assert meeting.use_cases.get().window_starts_on == meeting.held_on
    assert look(OVER + timedelta(days=20)) == 0


def test_an_answer_against_the_partner_ends_the_claim_when_it_can_no_longer_be_contested() -> None:
    meeting = held(registered())
    leaves(meeting.referral.partner)
    question = asked(meeting)
    no = Answer(kind="not_warm", reason="No use case was discussed.")

    answer_confirmation(confirmation=question, answer=no, by=meeting.host, at=OVER)  # Sat 5 Dec

    assert look(start_of_day(date(2026, 12, 18))) == 0  # the 10th working day
    assert look(start_of_day(date(2026, 12, 19))) == 1


def test_a_contested_answer_keeps_the_claim_until_it_is_settled() -> None:
    meeting = held(registered())
    partner = meeting.referral.partner
    leaves(partner)
    question = asked(meeting)
    answer_confirmation(
        confirmation=question, answer=Answer(kind="not_warm", reason="Nothing."), by=meeting.host, at=BEFORE
    )
    contest_answer(confirmation=question, reason="We did.", by=partner.user, at=OVER)
    much_later = OVER + timedelta(days=60)
    assert look(much_later) == 0

    settle_contest(
        confirmation=question, answer=warm(meeting), reason="They did.", by=sales_lead(), at=much_later
    )

    assert meeting.use_cases.get().window_starts_on == meeting.held_on


def test_a_meeting_after_the_end_opens_no_window() -> None:
    running = confirmed_warm()
    second = use_case(running.partner, at=MONDAY + timedelta(days=3), referral=running.referral, title="Chat")
    leaves(running.partner)
    late = held(running.referral, starts_at=OVER + timedelta(days=2))

    answer_confirmation(
        confirmation=asked(late),
        answer=Answer(kind="warm", medium="video", use_case_ids=(second.pk, running.pk)),
        by=late.host,
        at=late.ends_at,
    )

    second.refresh_from_db()
    assert second.window_starts_on is None


def test_the_database_opens_no_window_after_the_end() -> None:
    running = confirmed_warm()
    late = held(running.referral, starts_at=MONDAY + timedelta(days=9))
    leaves(running.partner, last_on=MONDAY.date() + timedelta(days=8))
    second = UseCase.objects.create(
        partner=running.partner, referral=running.referral, title="Chat", problem="-", defined_at=MONDAY
    )
    late.discussions.create(use_case=second, discussed=True)
    late.hold()
    late.save()

    with pytest.raises(IntegrityError, match="window_while_a_partner"), transaction.atomic():
        UseCase.objects.filter(pk=second.pk).update(
            window_starts_on=late.held_on,
            window_ends_on=date(2027, 6, 2),
            model="recurring",
            model_locked_at=OVER,
        )


def test_a_colleague_may_still_help_with_a_window_that_runs() -> None:
    running = confirmed_warm()
    leaves(running.partner)
    look(OVER)

    colleague = add_internal_referral(
        passed_on_by=running.referral,
        colleague=Colleague("Dirk", "Aalbers", f"dirk@{running.referral.company.domain}"),
        by=seller(),
        at=OVER,
    )

    assert colleague is not None
    assert look(start_of_day(running.window_ends_on + timedelta(days=1))) == 2


def test_a_booked_meeting_of_a_claim_that_ends_is_cancelled_in_everybodys_calendar() -> None:
    referral = registered()
    after = booked(referral, starts_at=OVER + timedelta(days=2))
    leaves(referral.partner)

    look(OVER)

    after.refresh_from_db()
    assert after.status == IntroductionStatus.CANCELLED
    assert OutboxMessage.objects.filter(kind="referrals.cancellation").count() == 1


def test_who_registers_the_person_meets_the_ended_claim_first() -> None:
    referral = registered(email="mila@ostrava.example", company_name="Ostrava")
    leaves(referral.partner)
    other = active_partner("Pieter Vos")

    theirs = register_referral(
        partner=other,
        person=person(email="mila@ostrava.example", company_name="Ostrava"),
        by=other.user,
        at=OVER,
    )

    referral = Referral.objects.get(pk=referral.pk)
    assert theirs.is_live
    assert referral.claim_ended_at == BEFORE


def test_ended_twice_is_ended_once() -> None:
    leaves(registered().partner)

    assert [look(OVER), look(OVER)] == [1, 0]


@pytest.mark.parametrize(
    ("running", "last_on"),
    [
        (Running(), LAST_ON),
        (Running(windows=(date(2026, 12, 1),)), LAST_ON),
        (Running(windows=(date(2027, 5, 25), date(2027, 6, 1))), date(2027, 6, 1)),
        (Running(contest_until=date(2026, 12, 18)), date(2026, 12, 18)),
        (Running(windows=(date(2027, 6, 1),), awaits_answer=True), None),
    ],
)
def test_by_notice_a_claim_ends_with_the_last_of_what_runs(running: Running, last_on: date | None) -> None:
    assert claim_last_on_after_notice(LAST_ON, running) == last_on


# --- for cause ----------------------------------------------------------------------
def test_every_claim_ends_at_once_when_its_partner_leaves_for_cause() -> None:
    partner = active_partner()
    waiting, running = registered(partner), confirmed_warm(registered(partner)).referral
    at = MONDAY + timedelta(days=3)
    ends_for_cause(partner, at=at)

    look(at)

    for referral in (waiting, running):
        assert Referral.objects.get(pk=referral.pk).claim_ended_at == at


def test_an_answer_after_the_end_for_cause_opens_nothing() -> None:
    meeting = held(registered())
    question = asked(meeting)
    at = meeting.ends_at + timedelta(hours=1)
    ends_for_cause(meeting.referral.partner, at=at)
    look(at)

    answer_confirmation(confirmation=question, answer=warm(meeting), by=meeting.host, at=at)

    assert meeting.use_cases.get().window_starts_on is None


def test_what_an_end_for_cause_took_is_not_given_back_by_a_new_contract() -> None:
    referral = registered()
    partner, at = referral.partner, MONDAY + timedelta(days=3)
    ending = ends_for_cause(partner, at=at)
    contract = signed_contract(partner, at=at + timedelta(days=1))
    Ending.objects.filter(pk=ending.pk).update(rejoined_at=contract.signed_at, rejoined_with=contract.pk)
    Partner.objects.filter(pk=partner.pk).update(ended_at=None, end_kind="", rejoined_at=contract.signed_at)

    assert end_claims_of_left_partners(at=at + timedelta(days=2)) == 1

    assert Referral.objects.get(pk=referral.pk).claim_ended_at == at


# --- nothing begins -----------------------------------------------------------------
def test_nobody_registers_after_the_end() -> None:
    partner = active_partner()
    leaves(partner)

    with pytest.raises(PartnershipNotStarted):
        register_referral(partner=partner, person=person(), by=partner.user, at=OVER)


def test_the_database_takes_no_claim_of_a_partner_who_left() -> None:
    root = registered()
    leaves(root.partner)

    with pytest.raises(IntegrityError, match="referral_while_a_partner"), transaction.atomic():
        Referral.objects.create(
            partner=root.partner,
            company=root.company,
            identity="x" * 64,
            registered_at=OVER,
            registered_on=OVER.date(),
            registered_by=root.partner.user,
        )

"""C12: times proposed, taken, answered with others; and what a wait for SeMI adds to the claim."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners.models import Partner
from referrals import proposals as told
from referrals import rules
from referrals.errors import (
    HostIsBusy,
    MeetingAfterClaim,
    MeetingInThePast,
    NoTimeProposed,
    NotWaitingForThis,
    OwnReferral,
    ReferralNotOpen,
    SameTimeTwice,
    TimeNotProposed,
)
from referrals.models import Introduction, Proposal, ProposalAnswer, ProposedTime, Referral
from referrals.services.claims import end_overdue_claims, object_to_contact, withdraw_referral
from referrals.services.introductions import book_introduction, log_held_introduction
from referrals.services.proposals import (
    accept_time,
    follow_up,
    propose_other_times,
    propose_times,
    take_times_back,
)
from referrals.services.registration import register_referral
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, RoleGrant, User
from ssp.core.periods import local_date
from ssp.core.roles import Role
from tests.factories.referrals import active_partner, person, registered, seller
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]
LASTS = timedelta(minutes=45)


@pytest.fixture
def mila(ines: Partner) -> Referral:
    return registered(ines)


@pytest.fixture
def ines() -> Partner:
    return active_partner()


def on_day(n: int) -> datetime:
    """The claim's day `n`, at the hour at which it was registered: day 60 is the last one."""
    return MONDAY + timedelta(days=n)


def hours(*starts: datetime) -> list[tuple[datetime, datetime]]:
    return [(each, each + LASTS) for each in starts]


def proposed(
    referral: Referral,
    *starts: datetime,
    at: datetime = MONDAY,
    host: User | None = None,
    place: str = "https://meet.example/1",
) -> Proposal:
    return propose_times(
        referral=referral,
        times=hours(*(starts or (at + timedelta(hours=1),))),
        host=host,
        medium="video",
        place=place,
        use_cases=referral.use_cases.all(),
        by=referral.partner.user,
        at=at,
    )


def others(proposal: Proposal, *starts: datetime, at: datetime, host: User | None = None) -> Proposal:
    host = host or seller()
    return propose_other_times(
        proposal=proposal,
        times=hours(*starts),
        host=host,
        medium="video",
        place="https://meet.example/2",
        by=host,
        at=at,
    )


def taken(proposal: Proposal, *, at: datetime, by: User | None = None, n: int = 0) -> Introduction:
    return accept_time(proposal=proposal, time=proposal.times.all()[n], by=by or seller(), at=at)


def last_on(referral: Referral) -> date | None:
    return Referral.objects.get(pk=referral.pk).claim_last_on


# --- proposing and taking ------------------------------------------------------------
def test_proposed_times_book_nothing_until_somebody_of_sales_takes_one(mila: Referral) -> None:
    proposal = proposed(mila, on_day(2), on_day(3), on_day(4))
    assert not Introduction.objects.exists()
    tom = seller()

    meeting = accept_time(proposal=proposal, time=proposal.times.all()[1], by=tom, at=on_day(1))

    assert (meeting.starts_at, meeting.host, meeting.proposal) == (on_day(3), tom, proposal)
    assert list(meeting.use_cases.all()) == list(mila.use_cases.all())
    invited = OutboxMessage.objects.filter(kind="referrals.invitation")
    assert {message.payload["to"] for message in invited} == {"person", "host", "partner"}


def test_the_host_who_was_asked_for_hosts_unless_another_is_chosen(mila: Referral) -> None:
    asked, other, tom = seller("Asked"), seller("Other"), seller()

    first = proposed(mila, on_day(2), host=asked)
    assert taken(first, at=MONDAY, by=tom).host == asked
    second = proposed(mila, on_day(3), host=asked)
    meeting = accept_time(proposal=second, time=second.times.get(), host=other, by=tom, at=MONDAY)
    assert meeting.host == other


def test_a_place_left_open_is_filled_by_who_takes_the_time(mila: Referral) -> None:
    proposal = proposed(mila, on_day(2), place="")

    meeting = accept_time(
        proposal=proposal, time=proposal.times.get(), place="https://meet.example/9", by=seller(), at=MONDAY
    )

    assert meeting.place == "https://meet.example/9"


def test_at_most_three_different_times(mila: Referral) -> None:
    with pytest.raises(NoTimeProposed):
        proposed(mila, *[on_day(n) for n in range(2, 6)])
    with pytest.raises(SameTimeTwice):
        proposed(mila, on_day(2), on_day(2))


def test_a_time_lies_ahead_and_within_the_claim(mila: Referral) -> None:
    with pytest.raises(MeetingInThePast):
        proposed(mila, MONDAY)
    with pytest.raises(MeetingAfterClaim):
        proposed(mila, on_day(2), on_day(61))
    assert proposed(mila, on_day(60))


def test_a_partner_neither_takes_their_own_time_nor_hosts_it(ines: Partner, mila: Referral) -> None:
    proposal = proposed(mila, on_day(2))
    with pytest.raises(NotAllowed):
        taken(proposal, at=MONDAY, by=ines.user)
    RoleGrant.objects.create(user=ines.user, role=Role.SALES, granted_at=MONDAY)
    hired = User.objects.get(pk=ines.user_id)
    with pytest.raises(OwnReferral):
        taken(proposal, at=MONDAY, by=hired)
    with pytest.raises(OwnReferral):
        proposed(mila, on_day(3), host=hired)


def test_somebody_elses_time_is_not_taken(mila: Referral) -> None:
    mine, theirs = proposed(mila, on_day(2)), proposed(registered(), on_day(3))
    with pytest.raises(TimeNotProposed):
        accept_time(proposal=mine, time=theirs.times.get(), by=seller(), at=MONDAY)


def test_a_busy_host_does_not_take_the_time_and_the_wait_goes_on(mila: Referral) -> None:
    tom = seller()
    taken(proposed(registered(), on_day(2)), at=MONDAY, by=tom)
    proposal = proposed(mila, on_day(2))

    with pytest.raises(HostIsBusy):
        taken(proposal, at=on_day(1), by=tom)

    assert Proposal.objects.get(pk=proposal.pk).is_open


def test_the_partner_takes_one_of_semis_other_times(ines: Partner, mila: Referral) -> None:
    tom = seller()
    answer = others(proposed(mila, on_day(2)), on_day(4), on_day(5), at=on_day(1), host=tom)
    with pytest.raises(NotAllowed):
        taken(answer, at=on_day(1), by=tom)

    meeting = taken(answer, at=on_day(2), by=ines.user)

    assert (meeting.host, meeting.starts_at) == (tom, on_day(4))


def test_other_times_may_be_answered_with_others_again(mila: Referral) -> None:
    answer = others(proposed(mila, on_day(2)), on_day(4), at=on_day(1))
    again = proposed(mila, on_day(5), at=on_day(2))

    answer.refresh_from_db()
    assert answer.answer == ProposalAnswer.OTHER_TIMES
    assert again.waiting_since == on_day(2)


def test_only_one_answer_counts(mila: Referral) -> None:
    proposal = proposed(mila, on_day(2), on_day(3))
    taken(proposal, at=MONDAY)
    with pytest.raises(NotWaitingForThis):
        taken(proposal, at=MONDAY, n=1)
    with pytest.raises(NotWaitingForThis):
        others(proposal, on_day(4), at=MONDAY)
    assert Introduction.objects.count() == 1


def test_a_meeting_that_sales_books_or_logs_answers_what_was_proposed(mila: Referral) -> None:
    tom, proposal = seller(), proposed(mila, on_day(2))
    at_noon = {"medium": "video", "place": "x", "use_cases": [], "by": tom, "host": tom, "referral": mila}
    book_introduction(starts_at=on_day(3), ends_at=on_day(3) + LASTS, at=on_day(1), **at_noon)
    again = proposed(mila, on_day(5), at=on_day(2))
    log_held_introduction(starts_at=on_day(2), ends_at=on_day(2) + LASTS, at=on_day(3), **at_noon)

    answers = Proposal.objects.filter(pk__in=[proposal.pk, again.pk]).values_list("answer", flat=True)
    assert set(answers) == {ProposalAnswer.BOOKED}


# --- the claim while it waits -----------------------------------------------------------
@pytest.mark.parametrize("day", [59, 60])
def test_a_claim_does_not_lapse_while_semi_leaves_times_unanswered(mila: Referral, day: int) -> None:
    proposed(mila, at=on_day(day))

    assert end_overdue_claims(at=on_day(90)) == 0
    assert Referral.objects.get(pk=mila.pk).is_live


def test_on_day_61_there_is_nothing_left_to_propose_for(mila: Referral) -> None:
    with pytest.raises(ReferralNotOpen):
        proposed(mila, on_day(62), at=on_day(61))

    mila = Referral.objects.get(pk=mila.pk)
    assert (mila.status, mila.claim_ended_at is not None) == ("lapsed", True)
    assert local_date(mila.claim_ended_at) == local_date(on_day(60))  # type: ignore[arg-type]
    assert not Proposal.objects.exists()


def test_the_person_stays_taken_while_semi_leaves_times_unanswered(mila: Referral) -> None:
    proposed(mila, at=on_day(60))
    other = active_partner("Other")

    with pytest.raises(Exception, match="We can’t take"):
        register_referral(partner=other, person=person(email=mila.email), by=other.user, at=on_day(70))


def test_the_wait_and_five_working_days_are_added(mila: Referral) -> None:
    proposal = proposed(mila, at=on_day(60))

    answer = others(proposal, on_day(66), at=on_day(64))

    expected = rules.claim_last_on_after_wait(
        local_date(on_day(60)), proposed_on=local_date(on_day(60)), answered_on=local_date(on_day(64))
    )
    assert last_on(mila) == expected > local_date(on_day(66))
    proposal.refresh_from_db()
    assert (proposal.claim_last_on, answer.is_open) == (expected, True)


def test_other_times_stop_no_clock(mila: Referral) -> None:
    others(proposed(mila, at=on_day(60)), on_day(66), at=on_day(64))
    last = last_on(mila)
    assert last is not None

    assert end_overdue_claims(at=on_day(60 + (last - local_date(on_day(60))).days)) == 0
    assert end_overdue_claims(at=on_day(61 + (last - local_date(on_day(60))).days)) == 1
    assert Proposal.objects.latest("pk").answer == ProposalAnswer.ENDED


def test_times_answered_on_the_same_day_add_nothing(mila: Referral) -> None:
    taken(proposed(mila, on_day(5), at=on_day(3)), at=on_day(3) + timedelta(hours=4))

    assert last_on(mila) == local_date(on_day(60))


def test_two_waits_in_a_row_are_added_one_after_the_other(mila: Referral) -> None:
    first = local_date(on_day(60))
    others(proposed(mila, at=on_day(10)), on_day(20), at=on_day(12))
    after_one = rules.claim_last_on_after_wait(
        first, proposed_on=local_date(on_day(10)), answered_on=local_date(on_day(12))
    )
    assert last_on(mila) == after_one

    taken(proposed(mila, on_day(30), at=on_day(20)), at=on_day(23))

    assert last_on(mila) == rules.claim_last_on_after_wait(
        after_one, proposed_on=local_date(on_day(20)), answered_on=local_date(on_day(23))
    )


def test_times_replaced_by_their_partner_go_on_waiting_since_the_first(mila: Referral) -> None:
    first = proposed(mila, at=on_day(50))
    second = proposed(mila, on_day(60), at=on_day(55))
    first.refresh_from_db()
    assert (first.answer, second.waiting_since) == (ProposalAnswer.REPLACED, on_day(50))

    taken(second, at=on_day(56))

    assert last_on(mila) == rules.claim_last_on_after_wait(
        local_date(on_day(60)), proposed_on=local_date(on_day(50)), answered_on=local_date(on_day(56))
    )


def test_times_taken_back_add_the_wait_alone(mila: Referral) -> None:
    proposal = proposed(mila, at=on_day(58))

    take_times_back(proposal=proposal, by=mila.partner.user, at=on_day(65))

    assert last_on(mila) == local_date(on_day(67))


def test_a_claim_that_ends_takes_its_proposal_along(mila: Referral) -> None:
    proposal, other = proposed(mila, on_day(2)), registered()
    withdraw_referral(referral=mila, by=mila.partner.user, at=MONDAY)
    objected = proposed(other, on_day(2))
    object_to_contact(referral=other, at=MONDAY)

    for each in (proposal, objected):
        each.refresh_from_db()
        assert each.answer == ProposalAnswer.ENDED
        with pytest.raises(ReferralNotOpen):
            taken(each, at=MONDAY)


# --- reminders ----------------------------------------------------------------------------
def test_reminders_after_one_and_two_working_days_and_the_leads_on_the_third(mila: Referral) -> None:
    friday = on_day(4)
    proposal = proposed(mila, on_day(20), at=friday)

    def owed(day: int) -> list[str]:
        OutboxMessage.objects.all().delete()
        for _ in range(2):
            follow_up(at=on_day(day))
        return list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))

    assert [owed(day) for day in (4, 6)] == [[], []]  # Sunday is no working day
    assert owed(7) == ["referrals.times_reminder"]
    assert owed(8) == ["referrals.times_reminder"]
    assert owed(9) == ["referrals.times_escalation"]
    assert owed(12) == []
    proposal.refresh_from_db()
    assert (proposal.reminders_sent, proposal.escalated_at) == (2, on_day(9))


def test_what_was_answered_is_not_reminded_of(mila: Referral) -> None:
    taken(proposed(mila, on_day(20)), at=MONDAY)
    OutboxMessage.objects.all().delete()

    follow_up(at=on_day(10))

    assert not OutboxMessage.objects.exists()


# --- what pages ask -----------------------------------------------------------------------
def test_how_busy_counts_each_hosts_meetings_by_week_and_says_no_more(mila: Referral) -> None:
    tom, other = seller("Tom"), seller("Zoe")
    taken(proposed(registered(), on_day(1)), at=MONDAY, by=tom)
    taken(proposed(registered(), on_day(8)), at=MONDAY, by=tom)
    taken(proposed(registered(), on_day(9)), at=MONDAY, by=tom)

    busy = {row.host: row.counts for row in told.how_busy(mila, on=local_date(MONDAY))}

    assert busy == {tom: [1, 2, 0, 0], other: [0, 0, 0, 0]}


def test_what_waits_for_semi_stands_in_the_order_of_the_wait(mila: Referral) -> None:
    late = proposed(registered(), on_day(9), at=on_day(1))
    first = proposed(mila, on_day(9))
    others(proposed(registered(), on_day(9)), on_day(10), at=MONDAY)

    assert list(told.proposals_waiting()) == [first, late]


# --- what the database holds ----------------------------------------------------------------
def test_the_database_lets_no_claim_lapse_while_semi_is_asked(mila: Referral) -> None:
    proposed(mila, at=on_day(60))
    with pytest.raises(IntegrityError, match="has not answered"), transaction.atomic():
        Referral.objects.filter(pk=mila.pk).update(status="lapsed", claim_ended_at=on_day(70))


def test_the_database_takes_no_proposal_for_a_claim_that_is_over(mila: Referral) -> None:
    proposal = proposed(mila, on_day(2))
    withdraw_referral(referral=mila, by=mila.partner.user, at=MONDAY)
    fields = {
        "referral": mila,
        "by_partner": True,
        "proposed_by": mila.partner.user,
        "proposed_at": MONDAY,
        "waiting_since": MONDAY,
        "medium": "video",
    }
    with pytest.raises(IntegrityError, match="claim is over"), transaction.atomic():
        Proposal.objects.create(**fields)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(answered_at=None, answer="")


def test_the_database_takes_no_fourth_time(mila: Referral) -> None:
    proposal = proposed(mila, on_day(2))
    for slot, name in ((4, "at_most_three"), (1, "slot_taken_once")):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ProposedTime.objects.create(
                proposal=proposal, slot=slot, starts_at=on_day(9), ends_at=on_day(9) + LASTS
            )


def test_the_database_books_one_meeting_from_a_proposal(mila: Referral) -> None:
    meeting = taken(proposed(mila, on_day(2)), at=MONDAY)
    with pytest.raises(IntegrityError, match="proposal_id"), transaction.atomic():
        Introduction.objects.create(
            referral=mila,
            host=meeting.host,
            starts_at=on_day(3),
            ends_at=on_day(3) + LASTS,
            medium="video",
            calendar_uid="other",
            proposed_by=meeting.host,
            proposed_at=MONDAY,
            proposal=meeting.proposal,
        )

"""C14 and what follows from an answer: C2 to C5, C12, C19."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners.models import CommissionModel
from referrals import rules
from referrals.errors import (
    AlreadyAnswered,
    ConfirmationExpired,
    ContestTooLate,
    DefinedAfterMeeting,
    MediumDoesNotCount,
    ModelLocked,
    NoUseCaseDiscussed,
    ReasonMissing,
)
from referrals.models import Confirmation, Deal, Introduction, Referral, ReferralStatus, UseCase
from referrals.rules import Answer, Colleague
from referrals.services.confirmations import (
    answer_confirmation,
    ask_for_confirmations,
    contest_answer,
    follow_up,
    settle_contest,
)
from referrals.services.deadlines import remind_of_deadlines
from referrals.services.deals import win_deal
from referrals.services.use_cases import elect_model
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage
from ssp.core.periods import AMSTERDAM, add_working_days, start_of_day
from tests.factories.referrals import (
    active_partner,
    asked,
    confirmed_warm,
    held,
    registered,
    sales_lead,
    seller,
    use_case,
    warm,
)
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def amsterdam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM).astimezone(UTC)  # type: ignore[misc]


def say(row: Confirmation, answer: Answer, *, at: datetime | None = None) -> Confirmation:
    introduction = row.introduction
    by = introduction.host if row.asked == "host" else introduction.referral.partner.user
    return answer_confirmation(confirmation=row, answer=answer, by=by, at=at or introduction.ends_at)


NOT_WARM = Answer(kind="not_warm", reason="Only small talk")


# --- asking ---------------------------------------------------------------------------
@pytest.mark.clause("C14")
def test_host_and_partner_are_asked_once_the_end_has_passed() -> None:
    introduction = held(registered())
    assert ask_for_confirmations(at=introduction.ends_at - timedelta(seconds=1)) == 0
    assert ask_for_confirmations(at=introduction.ends_at) == 1
    assert ask_for_confirmations(at=introduction.ends_at) == 0

    assert {c.asked for c in introduction.confirmations.all()} == {"host", "partner"}
    assert OutboxMessage.objects.filter(kind="referrals.confirmation_mail").count() == 2


@pytest.mark.clause("C14")
def test_reminders_come_after_two_and_five_working_days_and_escalation_on_the_sixth() -> None:
    row = asked(held(registered()))  # the meeting is on Wed 25 Nov 2026
    met = row.introduction.held_on

    def after(days: int) -> tuple[int, bool]:
        follow_up(at=start_of_day(add_working_days(met, days)) + timedelta(hours=9))
        row.refresh_from_db()
        return row.reminders_sent, row.escalated_at is not None

    assert [after(n) for n in (1, 2, 4, 5, 6)] == [(0, False), (1, False), (1, False), (2, False), (2, True)]
    assert OutboxMessage.objects.filter(kind="referrals.escalation").count() == 1


@pytest.mark.clause("C14")
def test_the_partners_own_answer_stands_after_fifteen_working_days_of_silence() -> None:
    introduction = held(registered())
    asked(introduction)
    mine = introduction.confirmations.get(asked="partner")
    say(mine, warm(introduction))
    day15 = start_of_day(add_working_days(introduction.held_on, 15)) + timedelta(hours=12)
    follow_up(at=day15)
    assert UseCase.objects.get().window_starts_on is None
    follow_up(at=day15 + timedelta(days=1))
    assert UseCase.objects.get().window_starts_on == introduction.held_on


@pytest.mark.clause("C14")
def test_a_partner_who_answers_after_the_hosts_time_decides_at_once() -> None:
    introduction = held(registered())
    asked(introduction)
    late = start_of_day(rules.partner_decides_on(introduction.held_on))
    say(introduction.confirmations.get(asked="partner"), warm(introduction), at=late)
    assert UseCase.objects.get().window_starts_on == introduction.held_on


@pytest.mark.clause("C14")
def test_silence_on_both_sides_denies_nobody() -> None:
    introduction = held(registered())
    asked(introduction)
    follow_up(at=introduction.ends_at + timedelta(days=90))
    introduction.refresh_from_db()
    assert introduction.status == Introduction.Status.BOOKED
    assert introduction.referral.is_live


# --- answering ------------------------------------------------------------------------
@pytest.mark.clause("C2", "C4")
def test_a_warm_answer_opens_the_window_on_the_meetings_day() -> None:
    case = confirmed_warm()
    assert case.window_starts_on == date(2026, 11, 25)
    assert case.window_ends_on == date(2027, 5, 25)
    assert case.deal.stage == "discovery"
    assert case.referral is not None
    assert case.referral.status == ReferralStatus.WARM
    assert case.referral.vested_at is not None
    assert case.referral.claim_last_on is None


@pytest.mark.clause("C2")
@pytest.mark.parametrize(
    ("starts_at", "first", "last"),
    [
        (amsterdam(2026, 8, 31, 15), date(2026, 8, 31), date(2027, 2, 28)),
        (amsterdam(2027, 8, 31, 15), date(2027, 8, 31), date(2028, 2, 29)),
        (amsterdam(2026, 11, 20, 23, 50), date(2026, 11, 20), date(2027, 5, 20)),
        (amsterdam(2026, 11, 21, 0, 10), date(2026, 11, 21), date(2027, 5, 21)),
        (amsterdam(2027, 3, 28, 1, 30), date(2027, 3, 28), date(2027, 9, 28)),
    ],
    ids=["31 August", "leap year", "before midnight", "after midnight", "clock change"],
)
def test_the_window_starts_on_the_amsterdam_date(starts_at: datetime, first: date, last: date) -> None:
    case = confirmed_warm(starts_at=starts_at)
    assert (case.window_starts_on, case.window_ends_on) == (first, last)


@pytest.mark.clause("C14")
def test_one_answer_counts() -> None:
    introduction = held(registered())
    row = asked(introduction)
    say(row, warm(introduction))
    with pytest.raises(AlreadyAnswered):
        say(row, NOT_WARM)


@pytest.mark.clause("C14")
def test_the_hosts_link_expires_and_a_sales_lead_still_may() -> None:
    introduction = held(registered())
    row = asked(introduction)
    late = introduction.ends_at + timedelta(days=40)
    with pytest.raises(ConfirmationExpired):
        say(row, warm(introduction), at=late)
    answer_confirmation(confirmation=row, answer=warm(introduction), by=sales_lead(), at=late)
    assert UseCase.objects.get().window_starts_on is not None


@pytest.mark.clause("C14")
def test_another_seller_does_not_answer_for_the_host() -> None:
    introduction = held(registered())
    with pytest.raises(NotAllowed):
        answer_confirmation(
            confirmation=asked(introduction),
            answer=warm(introduction),
            by=seller("Priya Nair"),
            at=introduction.ends_at,
        )


@pytest.mark.clause("C4")
def test_warm_needs_a_use_case_and_a_medium_that_counts() -> None:
    introduction = held(registered())
    row = asked(introduction)
    with pytest.raises(NoUseCaseDiscussed):
        say(row, Answer(kind="warm", medium="video"))
    with pytest.raises(MediumDoesNotCount):
        say(row, Answer(kind="warm", medium="other", use_case_ids=warm(introduction).use_case_ids))


@pytest.mark.clause("C1")
def test_a_use_case_defined_after_the_meeting_began_does_not_count() -> None:
    introduction = held(registered())
    late = use_case(introduction.referral.partner, at=introduction.starts_at, referral=introduction.referral)
    with pytest.raises(DefinedAfterMeeting):
        say(asked(introduction), Answer(kind="warm", medium="video", use_case_ids=(late.pk,)))


@pytest.mark.clause("C12")
def test_a_not_warm_answer_gives_sixty_days_from_that_meeting() -> None:
    introduction = held(registered())
    with pytest.raises(ReasonMissing):
        say(asked(introduction), Answer(kind="not_warm"))
    say(introduction.confirmations.get(asked="host"), NOT_WARM)
    referral = Referral.objects.get()
    assert referral.status == ReferralStatus.NOT_WARM
    assert referral.claim_last_on == introduction.held_on + timedelta(days=60)


@pytest.mark.clause("C4")
def test_a_later_meeting_makes_it_warm_and_starts_the_window() -> None:
    referral = registered()
    first = held(referral)
    say(asked(first), NOT_WARM)
    second = held(referral, host=first.host, starts_at=first.starts_at + timedelta(days=20))
    say(asked(second), warm(second))
    assert UseCase.objects.get().window_starts_on == second.held_on


@pytest.mark.clause("C2")
def test_a_second_meeting_continues_the_window_and_never_restarts_it() -> None:
    case = confirmed_warm()
    assert case.referral is not None
    again = held(case.referral, starts_at=MONDAY + timedelta(days=40))
    say(asked(again), warm(again))
    case.refresh_from_db()
    assert case.window_starts_on == date(2026, 11, 25)


@pytest.mark.clause("C19")
def test_a_reseller_answer_closes_the_use_cases_without_a_won_deal() -> None:
    case = confirmed_warm()
    assert case.referral is not None
    won = case.deal
    win_deal(deal=won, signed_on=date(2026, 11, 25), by=seller(), at=MONDAY + timedelta(days=3))
    use_case(case.partner, referral=case.referral, title="Second")
    again = held(case.referral, starts_at=MONDAY + timedelta(days=30))
    say(asked(again), Answer(kind="reseller"))

    outcomes = dict(UseCase.objects.values_list("title", "outcome"))
    assert outcomes == {"Search": "", "Second": "reseller"}
    assert OutboxMessage.objects.filter(kind="referrals.use_case_changed").count() == 1


@pytest.mark.clause("C14")
def test_a_meeting_that_did_not_take_place_leaves_the_claim_as_it_was() -> None:
    introduction = held(registered())
    say(asked(introduction), Answer(kind="did_not_take_place"))
    introduction.refresh_from_db()
    assert introduction.status == Introduction.Status.NOT_HELD
    assert introduction.referral.status == ReferralStatus.REGISTERED


# --- the model (C5) -------------------------------------------------------------------
@pytest.mark.clause("C5")
def test_without_a_choice_the_contracts_model_applies_and_locks() -> None:
    case = confirmed_warm(registered(active_partner(default_model="first_invoice")))
    assert case.model == "first_invoice"
    with pytest.raises(ModelLocked):
        elect_model(use_case=case, model=CommissionModel.RECURRING, by=case.partner.user, at=MONDAY)


@pytest.mark.clause("C5")
def test_the_partners_choice_is_what_locks() -> None:
    referral = registered()
    case = referral.use_cases.get()
    elect_model(use_case=case, model=CommissionModel.FIRST_INVOICE, by=referral.partner.user, at=MONDAY)
    assert confirmed_warm(referral).model == "first_invoice"


# --- contesting -----------------------------------------------------------------------
@pytest.mark.clause("C14")
@pytest.mark.parametrize(("days", "allowed"), [(10, True), (11, False)])
def test_a_partner_contests_within_ten_working_days(days: int, allowed: bool) -> None:
    introduction = held(registered())
    row = say(asked(introduction), NOT_WARM)
    at = start_of_day(add_working_days(introduction.held_on, days)) + timedelta(hours=23)
    partner = introduction.referral.partner.user
    if allowed:
        assert contest_answer(confirmation=row, reason="We did", by=partner, at=at).contested_at == at
    else:
        with pytest.raises(ContestTooLate):
            contest_answer(confirmation=row, reason="We did", by=partner, at=at)


@pytest.mark.clause("C14")
def test_a_sales_lead_puts_another_answer_in_its_place() -> None:
    introduction = held(registered())
    row = say(asked(introduction), Answer(kind="reseller"))
    contest_answer(
        confirmation=row, reason="They buy", by=introduction.referral.partner.user, at=introduction.ends_at
    )
    settle_contest(
        confirmation=row,
        answer=warm(introduction),
        reason="Both were right",
        by=sales_lead(),
        at=introduction.ends_at,
    )
    case = UseCase.objects.get()
    assert (case.outcome, case.window_starts_on) == ("", introduction.held_on)


# --- colleagues (C3) ------------------------------------------------------------------
@pytest.mark.clause("C3")
def test_colleagues_named_in_an_answer_become_internal_referrals_of_the_root() -> None:
    introduction = held(registered())
    dirk = Colleague("Dirk", "Aalbers", "dirk@ostrava.example")
    row = asked(introduction)
    say(row, Answer(**{**warm(introduction).__dict__, "colleagues": (dirk,)}))
    internal = Referral.objects.get(root=introduction.referral)
    assert internal.company == introduction.referral.company
    assert internal.partner == introduction.referral.partner
    row.refresh_from_db()
    assert row.colleagues == []


@pytest.mark.clause("C3")
def test_a_fourth_colleague_is_not_counted() -> None:
    introduction = held(registered())
    many = tuple(Colleague("Person", f"N{n}", f"p{n}@ostrava.example") for n in range(4))
    say(asked(introduction), Answer(kind="not_warm", reason="Later", colleagues=many))
    assert Referral.objects.filter(root=introduction.referral).count() == 3


@pytest.mark.clause("C3")
@pytest.mark.parametrize("slot", [0, 4])
def test_the_database_takes_no_place_but_one_of_three(slot: int) -> None:
    introduction = held(registered())
    dirk = Colleague("Dirk", "Aalbers", "dirk@ostrava.example")
    say(asked(introduction), Answer(kind="not_warm", reason="Later", colleagues=(dirk,)))
    places = Referral.objects.filter(root=introduction.referral)
    with pytest.raises(IntegrityError, match="referral_internal_slot_within_cap"), transaction.atomic():
        places.update(internal_slot=slot)


@pytest.mark.clause("C3")
def test_a_colleague_of_another_partner_takes_no_place() -> None:
    registered(email="dirk@ostrava.example")
    introduction = held(registered())
    dirk = Colleague("Dirk", "Aalbers", "dirk@ostrava.example")
    say(asked(introduction), Answer(kind="not_warm", reason="Later", colleagues=(dirk,)))
    assert not Referral.objects.filter(root__isnull=False).exists()


@pytest.mark.clause("C2", "C3")
def test_a_meeting_with_an_internal_referral_opens_the_roots_window() -> None:
    introduction = held(registered())
    dirk = Colleague("Dirk", "Aalbers", "dirk@ostrava.example")
    say(asked(introduction), Answer(kind="not_warm", reason="Later", colleagues=(dirk,)))
    internal = Referral.objects.get(root__isnull=False)
    meeting = held(internal, host=introduction.host, starts_at=introduction.starts_at + timedelta(days=9))
    say(asked(meeting), warm(meeting))
    case = UseCase.objects.get()
    assert case.referral == introduction.referral
    assert case.window_starts_on == meeting.held_on


# --- deals (C2) -----------------------------------------------------------------------
@pytest.mark.clause("C2")
@pytest.mark.parametrize(("signed_on", "in_time"), [(date(2027, 5, 25), True), (date(2027, 5, 26), False)])
def test_what_counts_is_the_day_the_customer_signed(signed_on: date, in_time: bool) -> None:
    case = confirmed_warm()
    deal = win_deal(deal=case.deal, signed_on=signed_on, by=seller(), at=amsterdam(2027, 6, 2, 10))
    assert deal.stage == "won"
    assert deal.is_within_window() is in_time
    assert OutboxMessage.objects.get(kind="referrals.deal_won").payload["deal_id"] == deal.pk


@pytest.mark.clause("C2")
def test_each_mark_reminds_partner_and_seller_once() -> None:
    case = confirmed_warm()
    assert case.window_ends_on is not None
    for left in (61, 60, 59, 30, 14, 3, 3, 2, 0):
        remind_of_deadlines(at=start_of_day(case.window_ends_on - timedelta(days=left)) + timedelta(hours=9))
    remind_of_deadlines(at=start_of_day(case.window_ends_on + timedelta(days=1)))
    days = OutboxMessage.objects.filter(kind="referrals.window_reminder").values_list(
        "payload__days", flat=True
    )
    assert sorted(days) == [3, 3, 14, 14, 30, 30, 60, 60]


# --- what the database refuses ---------------------------------------------------------
@pytest.mark.clause("C4")
def test_the_database_refuses_a_window_without_a_held_meeting() -> None:
    case = registered().use_cases.get()
    case.window_starts_on, case.window_ends_on = date(2026, 11, 25), date(2027, 5, 25)
    case.model, case.model_locked_at = "recurring", MONDAY
    with pytest.raises(IntegrityError, match="no held meeting"), transaction.atomic():
        case.save()


@pytest.mark.clause("C2")
def test_the_database_refuses_a_window_of_another_length() -> None:
    case = confirmed_warm()
    with pytest.raises(IntegrityError, match="six months"), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(window_ends_on=date(2027, 5, 26))


@pytest.mark.clause("C1")
@pytest.mark.clause("C8")
def test_the_database_keeps_the_moment_of_definition() -> None:
    case = registered().use_cases.get()
    with pytest.raises(Exception, match=r"defined_at|read-only|Cannot"), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(defined_at=MONDAY - timedelta(days=9))


@pytest.mark.clause("C4")
def test_a_meeting_that_opened_a_window_stays_held() -> None:
    confirmed_warm()
    with pytest.raises(IntegrityError, match="rests on this meeting"), transaction.atomic():
        Introduction.objects.update(medium="other")


@pytest.mark.clause("C9")
def test_the_database_refuses_a_deal_without_a_window_and_a_second_one() -> None:
    case = registered().use_cases.get()
    with pytest.raises(IntegrityError, match="with a window"), transaction.atomic():
        Deal.objects.create(use_case=case, created_at=MONDAY)
    warm_case = confirmed_warm()
    with pytest.raises(IntegrityError), transaction.atomic():
        Deal.objects.create(use_case=warm_case, created_at=MONDAY)


@pytest.mark.clause("C3")
def test_the_database_refuses_an_internal_referral_at_another_company() -> None:
    root, other = registered(), registered()
    with pytest.raises(IntegrityError, match="same company"), transaction.atomic():
        Referral.objects.filter(pk=other.pk).update(root=root, internal_slot=1)

"""The last minute before and the first one after: days, months and working days easily got wrong.

Everything goes through services and database. The arithmetic alone is in tests/unit/referrals/test_rules.py,
an extension before and after the lapse in test_window_extension.py.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from commissions.accrual import accrue_deal
from commissions.models import Commission
from referrals.errors import ConfirmationExpired, ContestTooLate, SignedInTheFuture
from referrals.models import Deal, ReferralStatus
from referrals.rules import Answer
from referrals.services.claims import accept_unanswered_names, end_overdue_claims, escalate_unanswered_names
from referrals.services.confirmations import answer_confirmation, contest_answer, follow_up
from referrals.services.contacts import import_known_contacts
from referrals.services.deals import win_deal
from ssp.core.models import OutboxMessage
from ssp.core.periods import AMSTERDAM, start_of_day
from tests.factories.commissions import an_invoice, happens
from tests.factories.referrals import asked, confirmed_warm, held, registered, seller, warm

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def at(year: int, month: int, day: int, hour: int = 10, minute: int = 0, *, fold: int = 0) -> datetime:
    """A wall-clock time in Amsterdam, as an instant."""
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


def last_minute(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1)) - MINUTE


# --- the window (C2) ---------------------------------------------------------------------
@pytest.mark.clause("C2")
@pytest.mark.parametrize(
    ("met_at", "first", "last"),
    [
        pytest.param(
            at(2026, 8, 31), date(2026, 8, 31), date(2027, 2, 28), id="31 August has no 31 February"
        ),
        pytest.param(
            at(2027, 8, 30), date(2027, 8, 30), date(2028, 2, 29), id="30 August before a leap year"
        ),
        pytest.param(at(2028, 2, 29), date(2028, 2, 29), date(2028, 8, 29), id="met on 29 February"),
        pytest.param(at(2027, 2, 28), date(2027, 2, 28), date(2027, 8, 28), id="a last day stays the 28th"),
        pytest.param(at(2027, 3, 28, 2, 30), date(2027, 3, 28), date(2027, 9, 28), id="an hour that isn't"),
        pytest.param(
            at(2026, 10, 25, 2, 30), date(2026, 10, 25), date(2027, 4, 25), id="an hour, first time"
        ),
        pytest.param(at(2026, 10, 25, 2, 30, fold=1), date(2026, 10, 25), date(2027, 4, 25), id="and again"),
        pytest.param(
            datetime(2026, 12, 1, 22, 59, tzinfo=UTC),
            date(2026, 12, 1),
            date(2027, 6, 1),
            id="23:59 in winter",
        ),
        pytest.param(
            datetime(2026, 12, 1, 23, 30, tzinfo=UTC),
            date(2026, 12, 2),
            date(2027, 6, 2),
            id="the next day here",
        ),
        pytest.param(
            datetime(2026, 7, 1, 22, 0, tzinfo=UTC),
            date(2026, 7, 2),
            date(2027, 1, 2),
            id="midnight in summer",
        ),
    ],
)
def test_a_window_starts_on_the_day_they_met_here(met_at: datetime, first: date, last: date) -> None:
    case = confirmed_warm(starts_at=met_at)

    case.refresh_from_db()
    assert (case.window_starts_on, case.window_ends_on) == (first, last)


def won(signed_on: date, *, recorded_at: datetime) -> Deal:
    """A deal whose window's last day is 28 February 2027, with an invoice that the customer paid."""
    case = confirmed_warm(starts_at=at(2026, 8, 31))
    deal = win_deal(deal=case.deal, signed_on=signed_on, by=seller(), at=recorded_at)
    happens(an_invoice(deal, "1000", on=date(2027, 3, 20)), "payment", "1000")
    accrue_deal(deal.pk, at=at(2027, 4, 1))
    return deal


@pytest.mark.clause("C2")
@pytest.mark.parametrize("days_later", [0, 7, 400])
def test_signed_on_the_last_day_pays_whenever_it_is_typed_in(days_later: int) -> None:
    recorded_at = last_minute(date(2027, 2, 28)) + timedelta(days=days_later)
    deal = won(date(2027, 2, 28), recorded_at=recorded_at)

    assert Commission.objects.filter(use_case=deal.use_case).count() == 1


@pytest.mark.clause("C2")
def test_signed_a_day_later_is_won_and_pays_nothing() -> None:
    deal = won(date(2027, 3, 1), recorded_at=at(2027, 3, 1))

    assert deal.stage == "won"
    assert not Commission.objects.exists()


@pytest.mark.clause("C2")
def test_signed_before_they_met_pays_nothing() -> None:
    won(date(2026, 8, 30), recorded_at=at(2026, 9, 7))
    assert not Commission.objects.exists()


@pytest.mark.clause("C2")
def test_tomorrow_begins_at_midnight_in_amsterdam() -> None:
    case = confirmed_warm(starts_at=at(2026, 8, 31))
    tomorrow, midnight = date(2027, 2, 28), datetime(2027, 2, 27, 23, 0, tzinfo=UTC)

    with pytest.raises(SignedInTheFuture):
        win_deal(deal=case.deal, signed_on=tomorrow, by=seller(), at=midnight - MINUTE)
    assert win_deal(deal=case.deal, signed_on=tomorrow, by=seller(), at=midnight).is_within_window()


# --- the claim (C12) -----------------------------------------------------------------------
@pytest.mark.clause("C12")
@pytest.mark.parametrize(
    ("registered_at", "last_on"),
    [
        pytest.param(at(2026, 11, 23, 23, 59), date(2027, 1, 22), id="registered in a day's last minute"),
        pytest.param(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), date(2027, 1, 23), id="the next day here"),
        pytest.param(at(2028, 1, 1), date(2028, 3, 1), id="29 February is one of the sixty"),
        pytest.param(at(2027, 1, 27), date(2027, 3, 28), id="the last day has 23 hours"),
        pytest.param(at(2026, 8, 26), date(2026, 10, 25), id="the last day has 25 hours"),
    ],
)
def test_day_sixty_counts_and_day_sixty_one_does_not(registered_at: datetime, last_on: date) -> None:
    referral = registered(at=registered_at)
    assert referral.claim_last_on == last_on

    assert end_overdue_claims(at=last_minute(last_on)) == 0
    assert end_overdue_claims(at=last_minute(last_on) + MINUTE) == 1


@pytest.mark.clause("C12")
@pytest.mark.parametrize(
    ("met_at", "is_kept"),
    [
        pytest.param(at(2027, 1, 22, 23, 59), True, id="met in the last minute of day 60"),
        pytest.param(at(2027, 1, 23, 0, 0), False, id="met in the first minute of day 61"),
    ],
)
def test_a_meeting_on_day_sixty_keeps_the_claim(met_at: datetime, is_kept: bool) -> None:
    referral = registered(at=at(2026, 11, 23))
    held(referral, starts_at=met_at)

    end_overdue_claims(at=at(2027, 2, 1))

    referral.refresh_from_db()
    assert referral.is_live is is_kept


# --- working days: the name (C10) and the question (C14) -------------------------------------
@pytest.mark.clause("C10")
@pytest.mark.parametrize(
    ("registered_on", "answer_by", "last_day"),
    [
        pytest.param(date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 30), id="Monday"),
        pytest.param(date(2026, 11, 26), date(2026, 11, 30), date(2026, 12, 3), id="Thursday"),
        pytest.param(date(2026, 11, 28), date(2026, 12, 1), date(2026, 12, 4), id="Saturday"),
        pytest.param(
            date(2026, 10, 23), date(2026, 10, 27), date(2026, 10, 30), id="before the clocks change"
        ),
    ],
)
def test_a_name_has_two_and_five_whole_working_days(
    registered_on: date, answer_by: date, last_day: date
) -> None:
    known = b"email,first_name,last_name,company\njane.doe@acme.example,Jane,Doe,Acme\n"
    import_known_contacts(content=known, file_name="crm.csv", by=None, at=start_of_day(registered_on))
    referral = registered(
        at=last_minute(registered_on),
        first_name="Jane",
        last_name="Doe",
        email="jdoe@acme.example",
        company_name="Acme",
    )
    assert referral.status == ReferralStatus.CHECKING

    assert escalate_unanswered_names(at=last_minute(answer_by)) == 0
    assert escalate_unanswered_names(at=last_minute(answer_by) + MINUTE) == 1
    assert accept_unanswered_names(at=last_minute(last_day)) == 0
    assert accept_unanswered_names(at=last_minute(last_day) + MINUTE) == 1


def reminders() -> int:
    return OutboxMessage.objects.filter(
        kind="referrals.confirmation_mail", payload__reminder__gt=0, key__contains="mail"
    ).count()


@pytest.mark.clause("C14")
@pytest.mark.parametrize(
    ("asked_on", "first", "second", "sixth"),
    [
        pytest.param(
            date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 1), id="Monday"
        ),
        pytest.param(
            date(2026, 11, 27), date(2026, 12, 1), date(2026, 12, 4), date(2026, 12, 7), id="Friday"
        ),
        pytest.param(
            date(2026, 11, 29), date(2026, 12, 1), date(2026, 12, 4), date(2026, 12, 7), id="Sunday"
        ),
    ],
)
def test_silence_is_reminded_and_escalated_as_the_day_begins(
    asked_on: date, first: date, second: date, sixth: date
) -> None:
    starts_at = start_of_day(asked_on) + timedelta(hours=22)
    asked(held(registered(at=starts_at - timedelta(days=3)), starts_at=starts_at))
    escalated = OutboxMessage.objects.filter(kind="referrals.escalation")

    seen = []
    for day in (first, second, sixth):
        for moment in (start_of_day(day) - MINUTE, start_of_day(day)):
            follow_up(at=moment)
            seen.append((reminders(), escalated.count()))

    assert seen == [(0, 0), (2, 0), (2, 0), (4, 0), (4, 0), (4, 1)]


@pytest.mark.clause("C14")
@pytest.mark.parametrize(
    ("met_on", "last_day"),
    [
        pytest.param(date(2026, 11, 23), date(2026, 12, 14), id="Monday"),
        pytest.param(date(2026, 11, 27), date(2026, 12, 18), id="Friday"),
        pytest.param(date(2026, 11, 28), date(2026, 12, 18), id="Saturday"),
    ],
)
def test_the_host_has_fifteen_whole_working_days_and_then_the_partner_stands(
    met_on: date, last_day: date
) -> None:
    starts_at = start_of_day(met_on) + timedelta(hours=10)
    meeting = held(registered(at=starts_at - timedelta(days=3)), starts_at=starts_at)
    question, own = asked(meeting), asked(meeting, who="partner")
    partner = meeting.referral.partner.user
    answer_confirmation(confirmation=own, answer=warm(meeting), by=partner, at=starts_at + timedelta(days=1))

    follow_up(at=last_minute(last_day))
    own.refresh_from_db()
    assert not own.decides
    over = last_minute(last_day) + MINUTE
    with pytest.raises(ConfirmationExpired):
        answer_confirmation(confirmation=question, answer=warm(meeting), by=meeting.host, at=over)
    follow_up(at=over)

    own.refresh_from_db()
    assert own.decides
    assert meeting.use_cases.get().window_starts_on == met_on  # the day they met, not the day it was decided


@pytest.mark.clause("C14")
@pytest.mark.parametrize(
    ("answered_on", "last_day"),
    [
        pytest.param(date(2026, 11, 27), date(2026, 12, 11), id="Friday"),
        pytest.param(date(2026, 11, 28), date(2026, 12, 11), id="Saturday"),
    ],
)
def test_an_answer_may_be_contested_to_the_end_of_the_tenth_working_day(
    answered_on: date, last_day: date
) -> None:
    starts_at = start_of_day(answered_on) + timedelta(hours=10)
    meeting = held(registered(at=starts_at - timedelta(days=3)), starts_at=starts_at)
    reseller = Answer(kind="reseller")
    question = asked(meeting)
    answer_confirmation(confirmation=question, answer=reseller, by=meeting.host, at=meeting.ends_at)
    partner = meeting.referral.partner.user

    with pytest.raises(ContestTooLate):
        contest_answer(confirmation=question, reason="No", by=partner, at=last_minute(last_day) + MINUTE)
    assert contest_answer(
        confirmation=question, reason="No", by=partner, at=last_minute(last_day)
    ).contested_at

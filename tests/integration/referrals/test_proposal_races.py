"""Two who answer proposed times at once, and a claim that ends meanwhile (C12): one meeting, or none."""

from datetime import timedelta

import pytest
from django.db import connection

from referrals.errors import NotWaitingForThis, ReferralNotOpen
from referrals.models import Introduction, IntroductionStatus, Proposal, Referral
from referrals.services import proposals
from referrals.services.appeals import accept_appeal, appeal_refusal
from referrals.services.claims import end_overdue_claims, withdraw_referral
from referrals.services.proposals import accept_time, propose_times
from referrals.services.registration import register_referral
from ssp.core import outbox
from tests.factories.referrals import active_partner, person, registered, sales_lead, seller
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C12")]
LASTS = timedelta(minutes=45)


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is about the database: nobody nudges a worker."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


def proposed(referral: Referral, *days: int, at=MONDAY) -> Proposal:
    starts = [MONDAY + timedelta(days=day, hours=1) for day in days]
    return propose_times(
        referral=referral,
        times=[(each, each + LASTS) for each in starts],
        host=None,
        medium="video",
        place="https://meet.example/1",
        use_cases=[],
        by=referral.partner.user,
        at=at,
    )


def two_sellers_at_once(referral: Referral) -> list[object]:
    proposal = proposed(referral, 2, 3)
    first, second = proposal.times.all()
    tom, zoe = seller("Tom"), seller("Zoe")
    return at_once(
        lambda: accept_time(proposal=proposal, time=first, by=tom, at=MONDAY),
        lambda: accept_time(proposal=proposal, time=second, by=zoe, at=MONDAY),
    )


def test_two_sellers_who_take_different_times_at_once_book_one_meeting() -> None:
    results = two_sellers_at_once(registered())

    assert sorted(type(each).__name__ for each in results) == ["Introduction", "NotWaitingForThis"]
    assert Introduction.objects.count() == 1


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each believes the proposal they read, and nobody waits for the other."""
    monkeypatch.setattr(
        proposals, "_locked", lambda row: (Referral.objects.get(pk=row.referral_id), Proposal(**_fields(row)))
    )
    monkeypatch.setattr(proposals, "close_proposal", lambda *args, **kwargs: None)


def _fields(row: Proposal) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in Proposal._meta.concrete_fields}


@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_the_database_books_one_meeting() -> None:
    results = two_sellers_at_once(registered())

    assert sum(isinstance(each, NotWaitingForThis) for each in results) == 1
    assert Introduction.objects.count() == 1


@pytest.fixture
def no_guard() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE referrals_introduction DROP CONSTRAINT referrals_introduction_proposal_id_key"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE referrals_referral CASCADE")
        cursor.execute(
            "ALTER TABLE referrals_introduction ADD CONSTRAINT referrals_introduction_proposal_id_key "
            "UNIQUE (proposal_id)"
        )


@pytest.mark.usefixtures("no_lock", "no_guard")
def test_without_both_two_meetings_would_be_booked() -> None:
    two_sellers_at_once(registered())
    assert Introduction.objects.count() == 2


def test_a_time_taken_while_its_partner_withdraws_leaves_no_meeting_behind() -> None:
    referral = registered()
    proposal = proposed(referral, 2)
    tom, by, (time,) = seller(), referral.partner.user, proposal.times.all()

    took, _gone = at_once(
        lambda: accept_time(proposal=proposal, time=time, by=tom, at=MONDAY),
        lambda: withdraw_referral(referral=referral, by=by, at=MONDAY),
    )

    assert isinstance(took, Introduction | ReferralNotOpen)
    assert not Referral.objects.get(pk=referral.pk).is_live
    assert not Introduction.objects.filter(status=IntroductionStatus.BOOKED).exists()
    assert not Proposal.objects.open().exists()


def test_times_proposed_at_the_end_of_day_60_and_the_nightly_job_agree() -> None:
    """Whoever comes first: the claim has lapsed without a proposal, or it lives and waits."""
    referral = registered()
    last = MONDAY + timedelta(days=60)

    result, _count = at_once(
        lambda: proposed(referral, 60, at=last), lambda: end_overdue_claims(at=last + timedelta(days=1))
    )

    is_live = Referral.objects.get(pk=referral.pk).is_live
    assert is_live is isinstance(result, Proposal)
    assert Proposal.objects.open().exists() is is_live


def test_an_accepted_appeal_and_a_registration_at_once_give_the_person_to_one() -> None:
    jane = person(email="jane@acme.example")
    owner, ines, late = active_partner("Owner"), active_partner("Ines"), active_partner("Late")
    held = register_referral(partner=owner, person=jane, by=owner.user, at=MONDAY)
    with pytest.raises(Exception, match="We can’t take") as caught:
        register_referral(partner=ines, person=jane, by=ines.user, at=MONDAY)
    refusal = ines.refusals.get(pk=caught.value.refusal_id)
    appeal = appeal_refusal(refusal=refusal, text="Mine.", person=jane, by=ines.user, at=MONDAY)
    withdraw_referral(referral=held, by=owner.user, at=MONDAY)
    lead = sales_lead()

    results = at_once(
        lambda: accept_appeal(appeal=appeal, reason="Free.", by=lead, at=MONDAY),
        lambda: register_referral(partner=late, person=jane, by=late.user, at=MONDAY),
    )

    assert sum(isinstance(each, Referral) for each in results) == 1
    assert Referral.objects.live().count() == 1

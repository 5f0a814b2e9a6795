"""Colleagues whom a person passes us on to: who is counted, and that nobody keeps an answer back (C3)."""

from datetime import timedelta

import pytest

from referrals.models import Confirmation, Introduction, Referral
from referrals.rules import Answer, Colleague
from referrals.services.claims import object_to_contact, withdraw_referral
from referrals.services.confirmations import answer_confirmation
from referrals.services.leaving import end_claims_of_left_partners
from ssp.core.models import AuditEntry, OutboxMessage
from tests.factories.referrals import asked, held, registered
from tests.integration.referrals.test_leaving import ends_for_cause
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C3")]
DIRK = "dirk@ostrava.example"


def names(introduction: Introduction, email: str = DIRK) -> Confirmation:
    """The host says that it wasn't warm yet, and that the person passed us on to Dirk."""
    dirk = Colleague("Dirk", "Aalbers", email)
    return answer_confirmation(
        confirmation=asked(introduction),
        answer=Answer(kind="not_warm", reason="Later", colleagues=(dirk,)),
        by=introduction.host,
        at=introduction.ends_at,
    )


def not_counted(root: Referral) -> bool:
    """No claim, no notice to the colleague, and the partner reads a number alone."""
    assert not Referral.objects.filter(root__isnull=False).exists()
    return (
        AuditEntry.objects.filter(action="referral.colleague_not_counted", target_id=root.pk).exists()
        and not OutboxMessage.objects.filter(
            kind="referrals.privacy_notice", payload__referral_id__gt=root.pk
        ).exists()
    )


def test_nobody_is_counted_through_an_introduction_that_was_given_up() -> None:
    introduction = held(registered())
    root = introduction.referral
    withdraw_referral(referral=root, by=root.partner.user, at=introduction.ends_at)

    assert names(introduction).decides
    assert not_counted(root)


def test_nobody_is_counted_through_somebody_who_objected() -> None:
    introduction = held(registered())
    object_to_contact(referral=introduction.referral, at=introduction.ends_at)

    assert names(introduction).decides
    assert not_counted(introduction.referral)


def test_the_answer_about_a_meeting_is_kept_after_its_partner_left_for_cause() -> None:
    introduction = held(registered())
    root = introduction.referral
    ends_for_cause(root.partner, at=introduction.ends_at)

    assert names(introduction).decides
    assert not_counted(root)


def test_the_answer_is_kept_once_the_claim_has_ended_with_the_partnership() -> None:
    introduction = held(registered())
    root = introduction.referral
    ends_for_cause(root.partner, at=introduction.ends_at)
    end_claims_of_left_partners(at=introduction.ends_at)

    assert names(introduction).decides
    assert not_counted(root)


@pytest.mark.parametrize("who", ["info@ostrava.example", "the partner", "somebody@semi.technology"])
def test_nobody_is_counted_who_could_not_be_registered(who: str, settings) -> None:
    settings.OWN_DOMAINS = ["semi.technology"]
    introduction = held(registered())
    root = introduction.referral

    names(introduction, root.partner.user.email if who == "the partner" else who)

    assert not_counted(root)


@pytest.mark.clause("C12")
def test_a_colleague_whose_former_claim_is_over_is_counted() -> None:
    """Whoever meets an overdue claim first ends it: a colleague who was named meets it, too."""
    former = registered(email=DIRK)
    introduction = held(registered(at=MONDAY + timedelta(days=61)))

    names(introduction)

    former.refresh_from_db()
    assert not former.is_live
    assert Referral.objects.get(root=introduction.referral).email == DIRK

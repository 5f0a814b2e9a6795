"""What the end of partnerships may never leave behind, asked of a life with every kind of end in it."""

from datetime import timedelta

import pgtrigger
import pytest
from django.db import connection

from partners import invariants as of_partners
from partners.models import Partner
from partners.services.endings import give_notice, take_notice_back
from partners.services.starting import start_partnership
from referrals import invariants as of_referrals
from referrals.models import Referral
from referrals.services.leaving import end_claims_of_left_partners
from tests.factories.partners import ended, signed_contract
from tests.factories.referrals import active_partner, confirmed_warm, held, registered
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]
AT = MONDAY + timedelta(days=20)
ALL = of_partners.INVARIANTS + of_referrals.INVARIANTS


@pytest.fixture
def every_kind_of_end() -> Partner:
    stays = active_partner("Ada Stays")
    take_notice_back(
        ending=give_notice(partner=stays, last_on=AT.date(), by=stays.user, at=MONDAY),
        by=stays.user,
        at=MONDAY,
    )
    for kind in ("notice", "cause"):
        partner = active_partner(f"{kind} Leaves")
        registered(partner), confirmed_warm(registered(partner)), held(registered(partner))
        ended(partner, at=MONDAY + timedelta(days=10), kind=kind)
    end_claims_of_left_partners(at=AT)
    back = signed_contract(partner, at=AT)
    start_partnership(back, started_at=AT, at=AT)
    registered(Partner.objects.get(pk=partner.pk), at=AT + timedelta(days=1))
    return partner


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.mark.parametrize(("number", "words", "sql"), ALL)
def test_an_invariant_holds(number: int, words: str, sql: str, every_kind_of_end: Partner) -> None:
    assert rows(sql) == [], f"{number}: {words}"


def test_the_invariants_see_what_the_guards_prevent(every_kind_of_end: Partner) -> None:
    with pgtrigger.ignore("partners.Partner:partner_ends_by_an_ending"):
        Partner.objects.filter(display_name="Ada Stays").update(ended_at=AT, end_kind="cause")
    warm = Referral.objects.filter(partner=every_kind_of_end, status="warm")
    warm.update(claim_ended_at=None, ended_with=None)
    broken = [words for _number, words, sql in ALL if rows(sql)]

    assert "The partner's row says what the standing ending says." in broken
    assert "No live claim of a partner who left for cause." in broken

"""C10-C12: who may be registered, and that nobody learns whom SeMI knows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from referrals.errors import (
    AgreementNotAttested,
    NotAPerson,
    NotEligible,
    OwnAddress,
    OwnCompany,
    PartnershipNotStarted,
    TooManyRefusals,
)
from referrals.models import KnownContact, Referral, ReferralStatus
from referrals.services import claims
from referrals.services.claims import (
    accept_name,
    accept_unanswered_names,
    confirm_registration,
    decline_name,
    end_overdue_claims,
    escalate_unanswered_names,
    find_by_objection_token,
    object_to_contact,
    withdraw_referral,
)
from referrals.services.contacts import import_known_contacts
from referrals.services.registration import register_referral
from ssp.core.links import token_of
from ssp.core.models import AuditEntry, OutboxMessage
from ssp.core.periods import AMSTERDAM, local_date
from tests.factories.partners import ended
from tests.factories.referrals import active_partner, asked, held, person, registered, seller, use_case
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def know(email: str, first: str = "Jane", last: str = "Doe", company: str = "Acme BV") -> None:
    content = f"email,first_name,last_name,company\n{email},{first},{last},{company}\n".encode()
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)


def refusal_of(**fields: str) -> NotEligible:
    partner = active_partner()
    with pytest.raises(NotEligible) as caught:
        register_referral(partner=partner, person=person(**fields), by=partner.user, at=MONDAY)
    return caught.value


@pytest.mark.clause("C10")
def test_an_unknown_person_is_registered_with_the_evidence_of_that_day() -> None:
    partner = active_partner()
    referral = register_referral(partner=partner, person=person(), by=partner.user, at=MONDAY)

    assert referral.status == ReferralStatus.REGISTERED
    assert referral.evidence["known_contact"] is False
    assert referral.evidence["similar_contacts"] == []


@pytest.mark.clause("C10")
def test_a_contact_imported_later_never_kills_an_accepted_referral() -> None:
    referral = registered()
    know(referral.email)

    referral.refresh_from_db()
    assert referral.is_live
    assert referral.evidence["known_contact"] is False


@pytest.mark.clause("C10")
@pytest.mark.parametrize("typed", ["jane@acme.example", "JANE@acme.example", "jane+crm@acme.example"])
def test_a_known_contact_is_refused_whatever_the_spelling(typed: str) -> None:
    know("jane@acme.example")
    assert refusal_of(email=typed)


@pytest.mark.clause("C10")
def test_an_unknown_colleague_of_a_known_contact_is_accepted() -> None:
    know("jane@acme.example")
    partner = active_partner()
    colleague = person(email="john@acme.example", company_name="Acme BV", last_name="Roe")
    assert register_referral(partner=partner, person=colleague, by=partner.user, at=MONDAY).is_live


@pytest.mark.clause("C12")
def test_known_owned_and_barred_get_the_same_words() -> None:
    know("known@acme.example")
    owned = registered(email="owned@acme.example")
    gone = registered(email="gone@acme.example", last_name="Other")
    object_to_contact(referral=gone, at=MONDAY)

    words = {str(refusal_of(email=f"{name}@acme.example")) for name in ("known", "owned", "gone")}
    assert len(words) == 1
    assert owned.is_live


@pytest.mark.clause("C12")
def test_a_refusal_leaves_no_row_and_names_nobody() -> None:
    know("known@acme.example")
    refusal_of(email="known@acme.example")

    assert not Referral.objects.exists()
    entry = AuditEntry.objects.get(action="referral.refused")
    assert entry.data == {}


@pytest.mark.clause("C12")
def test_nobody_asks_whom_semi_knows_one_address_after_the_other() -> None:
    know("known@acme.example")
    partner = active_partner()
    for _ in range(10):
        with pytest.raises(NotEligible):
            register_referral(
                partner=partner, person=person(email="known@acme.example"), by=partner.user, at=MONDAY
            )

    with pytest.raises(TooManyRefusals):
        register_referral(partner=partner, person=person(), by=partner.user, at=MONDAY)
    tomorrow = MONDAY + timedelta(days=1)
    assert register_referral(partner=partner, person=person(), by=partner.user, at=tomorrow)


@pytest.mark.clause("C11")
@pytest.mark.parametrize(
    "email", ["info@acme.example", "Sales@acme.example", "sales.nl@acme.example", "no-reply@a.example"]
)
def test_a_shared_address_is_no_person(email: str) -> None:
    partner = active_partner()
    with pytest.raises(NotAPerson, match="shared address"):
        register_referral(partner=partner, person=person(email=email), by=partner.user, at=MONDAY)


@pytest.mark.clause("C11")
def test_the_partner_must_have_asked_the_person() -> None:
    partner = active_partner()
    with pytest.raises(AgreementNotAttested):
        register_referral(partner=partner, person=person(agreed=False), by=partner.user, at=MONDAY)


@pytest.mark.clause("C11")
def test_nobody_introduces_themself_or_somebody_of_semi() -> None:
    partner = active_partner()
    with pytest.raises(OwnAddress):
        register_referral(
            partner=partner, person=person(email=partner.user.email), by=partner.user, at=MONDAY
        )
    with pytest.raises(OwnCompany):
        register_referral(partner=partner, person=person(email="x@semi.example"), by=partner.user, at=MONDAY)


@pytest.mark.clause("C6")
def test_only_an_active_partner_registers() -> None:
    partner = active_partner()
    ended(partner, at=MONDAY)
    with pytest.raises(PartnershipNotStarted):
        register_referral(partner=partner, person=person(), by=partner.user, at=MONDAY)


@pytest.mark.clause("C11")
def test_the_person_is_told_when_the_registration_is_accepted() -> None:
    referral = registered()
    message = OutboxMessage.objects.get(kind="referrals.privacy_notice")
    assert message.payload["referral_id"] == referral.pk
    assert referral.email not in str(message.payload)


# --- a similar name (C10) -------------------------------------------------------------
@pytest.fixture
def similar() -> Referral:
    know("jane.doe@acme.example", "Jane", "Doe")
    partner = active_partner()
    twin = person(first_name="Jané", last_name="DOE", email="jdoe@acme.example", company_name="Acme")
    return register_referral(partner=partner, person=twin, by=partner.user, at=MONDAY)


@pytest.mark.clause("C10")
def test_a_similar_name_waits_for_a_human_and_holds_the_claim(similar: Referral) -> None:
    assert similar.status == ReferralStatus.CHECKING
    assert similar.is_live
    assert not OutboxMessage.objects.filter(kind="referrals.privacy_notice").exists()


@pytest.mark.clause("C10")
def test_an_accepted_name_goes_on_as_if_nothing_had_been(similar: Referral) -> None:
    accept_name(referral=similar, by=seller(), at=MONDAY)
    similar.refresh_from_db()
    assert similar.status == ReferralStatus.REGISTERED
    assert OutboxMessage.objects.filter(kind="referrals.privacy_notice").count() == 1


@pytest.mark.clause("C10")
def test_a_later_no_ends_the_claim_and_tells_nobody_why(similar: Referral) -> None:
    decline_name(referral=similar, by=seller(), at=MONDAY)
    similar.refresh_from_db()
    assert similar.status == ReferralStatus.DECLINED
    assert not similar.is_live
    assert OutboxMessage.objects.filter(kind="referrals.not_eligible").count() == 1


@pytest.mark.clause("C10")
@pytest.mark.parametrize(("days", "accepted"), [(7, 0), (8, 1)])
def test_an_unanswered_name_is_accepted_after_five_working_days(
    similar: Referral, days: int, accepted: int
) -> None:
    assert accept_unanswered_names(at=MONDAY + timedelta(days=days)) == accepted


@pytest.mark.clause("C10")
def test_an_answer_in_the_same_moment_keeps_no_other_name_waiting(
    similar: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seller answers the first name between the job's look and its write."""
    other = registered(email="jd@acme.example", first_name="Jane", last_name="Doe", company_name="Acme BV")
    assert other.status == ReferralStatus.CHECKING
    tom = seller()
    real = claims.rules.name_accepted_on

    def seller_is_faster(registered_on: date) -> date:
        if Referral.objects.get(pk=similar.pk).status == ReferralStatus.CHECKING:
            accept_name(referral=similar, by=tom, at=MONDAY)
        return real(registered_on)

    monkeypatch.setattr(claims.rules, "name_accepted_on", seller_is_faster)

    assert accept_unanswered_names(at=MONDAY + timedelta(days=8)) == 1
    other.refresh_from_db()
    assert other.status == ReferralStatus.REGISTERED


@pytest.mark.clause("C10")
@pytest.mark.parametrize(("days", "escalated"), [(2, 0), (3, 1)])
def test_a_name_escalates_after_two_working_days(similar: Referral, days: int, escalated: int) -> None:
    assert escalate_unanswered_names(at=MONDAY + timedelta(days=days)) == escalated
    escalate_unanswered_names(at=MONDAY + timedelta(days=days, hours=1))
    assert OutboxMessage.objects.filter(kind="referrals.name_overdue").count() == escalated


# --- on behalf of a partner -------------------------------------------------------------
@pytest.mark.clause("C11")
def test_a_seller_registers_for_a_partner_who_confirms_before_the_person_is_told() -> None:
    partner, tom = active_partner(), seller()
    referral = register_referral(partner=partner, person=person(agreed=False), by=tom, at=MONDAY)
    assert referral.awaits_partner
    assert not OutboxMessage.objects.filter(kind="referrals.privacy_notice").exists()

    with pytest.raises(AgreementNotAttested):
        confirm_registration(referral=referral, agreed=False, by=partner.user, at=MONDAY)
    confirm_registration(referral=referral, agreed=True, by=partner.user, at=MONDAY)
    assert OutboxMessage.objects.filter(kind="referrals.privacy_notice").count() == 1


# --- the claim (C12) --------------------------------------------------------------------
def amsterdam(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.clause("C12")
@pytest.mark.parametrize(
    ("at", "ended"),
    [(amsterdam(2027, 1, 22, 23, 59), 0), (amsterdam(2027, 1, 23, 0, 0), 1)],
    ids=["day 60 counts", "the midnight after"],
)
def test_a_claim_without_a_meeting_lapses_after_day_sixty(at: datetime, ended: int) -> None:
    referral = registered(at=MONDAY)
    assert end_overdue_claims(at=at) == ended
    referral.refresh_from_db()
    assert referral.is_live is not bool(ended)


@pytest.mark.clause("C12")
def test_a_lapsed_claim_is_dated_its_last_day_however_late_it_is_found() -> None:
    referral = registered(at=MONDAY)
    end_overdue_claims(at=amsterdam(2027, 5, 1))
    referral.refresh_from_db()
    assert referral.status == ReferralStatus.LAPSED
    assert referral.claim_ended_at is not None
    assert local_date(referral.claim_ended_at).isoformat() == "2027-01-22"


@pytest.mark.clause("C12")
def test_the_next_registration_ends_an_overdue_claim_before_the_nightly_job_does() -> None:
    old = registered(at=MONDAY, email="mila@ostrava.example")
    later = amsterdam(2027, 2, 1)
    new = registered(at=later, email="mila@ostrava.example")
    old.refresh_from_db()
    assert not old.is_live
    assert new.is_live


@pytest.mark.clause("C12")
def test_a_held_meeting_that_awaits_its_answer_keeps_the_claim() -> None:
    referral = registered(at=MONDAY)
    introduction = held(referral, starts_at=amsterdam(2027, 1, 22, 15))
    asked(introduction)
    assert end_overdue_claims(at=amsterdam(2027, 2, 10)) == 0
    referral.refresh_from_db()
    assert referral.is_live


@pytest.mark.clause("C12")
def test_a_withdrawn_person_is_free_for_others() -> None:
    referral = registered(email="mila@ostrava.example")
    withdraw_referral(referral=referral, by=referral.partner.user, at=MONDAY)
    assert registered(email="mila@ostrava.example").is_live


# --- objecting --------------------------------------------------------------------------
@pytest.mark.clause("C11")
def test_an_objection_empties_the_person_and_bars_them() -> None:
    referral = registered(email="mila@ostrava.example", title="Lead", relation="Old friends")
    found = find_by_objection_token(token_of("objection", referral.objection_salt))
    assert found == referral

    object_to_contact(referral=referral, at=MONDAY)
    referral.refresh_from_db()
    assert [referral.first_name, referral.last_name, referral.email, referral.title, referral.relation] == [
        ""
    ] * 5
    assert not referral.is_live
    assert str(refusal_of(email="mila@ostrava.example"))


@pytest.mark.clause("C11")
def test_a_second_press_on_the_objection_changes_nothing() -> None:
    referral = registered()
    object_to_contact(referral=referral, at=MONDAY)
    object_to_contact(referral=referral, at=MONDAY + timedelta(days=1))
    assert Referral.objects.get(pk=referral.pk).objected_at == MONDAY


@pytest.mark.clause("C18")
def test_two_partners_work_with_one_company_each_with_their_own_people() -> None:
    one = registered(email="a@ostrava.example")
    other = registered(email="b@ostrava.example", last_name="Else")
    assert one.company == other.company
    assert one.partner != other.partner


@pytest.mark.clause("C11")
def test_people_at_a_free_mail_provider_share_no_company_by_it() -> None:
    one = registered(email="a.b@gmail.com", company_name="Ostrava Rail")
    other = registered(email="c@gmail.com", company_name="Danubia")
    assert one.company != other.company
    assert one.company.domain == ""


def test_the_database_holds_no_second_contact_of_one_identity() -> None:
    know("jane@acme.example")
    know("JANE+2@acme.example")
    assert KnownContact.objects.count() == 1
    assert use_case(active_partner()).referral is None


@pytest.mark.clause("C12")
def test_ones_own_overdue_claim_tells_nobody_that_the_person_is_known_by_now() -> None:
    """Before the nightly job it's as after it: the claim is over, and the answer is the neutral one."""
    partner = active_partner()
    old = registered(partner, email="mila@ostrava.example")
    content = b"email,first_name,last_name,company\nmila@ostrava.example,Mila,Novak,Ostrava\n"
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY + timedelta(days=9))

    with pytest.raises(NotEligible):
        registered(partner, email="mila@ostrava.example", at=amsterdam(2027, 2, 1))

    old.refresh_from_db()
    assert old.status == ReferralStatus.LAPSED

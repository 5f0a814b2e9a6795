"""C12: one appeal against each refusal, ending in acceptance or in the same neutral answer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from partners.models import Partner
from referrals import rules
from referrals.errors import (
    NotEligible,
    OwnReferral,
)
from referrals.errors_disputed import (
    AppealAboutSomebodyElse,
    AppealDecided,
    AppealNeedsText,
    AppealTooLate,
    DecidedItFirst,
    DecisionNeedsReason,
    NothingToAppeal,
    PersonBelongsToSomebody,
    PersonObjected,
)
from referrals.models import Appeal, Referral, Refusal
from referrals.models.disputes import PERSONAL
from referrals.rules import Person
from referrals.services.appeals import (
    accept_appeal,
    appeal_refusal,
    escalate_undecided,
    forget_refusals,
    refuse_appeal,
    tell_answers,
)
from referrals.services.claims import decline_name, object_to_contact, withdraw_referral
from referrals.services.contacts import import_known_contacts
from referrals.services.registration import register_referral
from ssp.core.errors import NotAllowed
from ssp.core.models import OutboxMessage, RoleGrant, User
from ssp.core.periods import local_date
from ssp.core.roles import Role
from tests.factories.referrals import active_partner, person, registered, sales_lead, seller, use_case
from tests.integration.referrals.conftest import SetClock, deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]
JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example", "company_name": "Acme"}


def jane() -> Person:
    return person(**JANE)


def know_jane() -> None:
    content = b"email,first_name,last_name,company\njane@acme.example,Jane,Doe,Acme\n"
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)


def own_jane() -> Referral:
    return registered(**JANE)


def refused(partner: Partner) -> Refusal:
    with pytest.raises(NotEligible) as caught:
        register_referral(partner=partner, person=jane(), by=partner.user, at=MONDAY)
    return Refusal.objects.get(pk=caught.value.refusal_id)


def declined(partner: Partner, by: User) -> Refusal:
    """A similar name, which somebody of sales took for the same person."""
    registered(email="jane@acme.example", first_name="Jane", last_name="Doe", company_name="Acme")
    second = register_referral(
        partner=partner,
        person=person(email="j.doe@acme.example", first_name="Jane", last_name="Doe", company_name="Acme"),
        by=partner.user,
        at=MONDAY,
    )
    decline_name(referral=second, by=by, at=MONDAY)
    return Refusal.objects.get(referral=second)


def appealed(refusal: Refusal) -> Appeal:
    by = refusal.partner.user
    who = None if refusal.referral_id else jane()
    return appeal_refusal(refusal=refusal, text="She left them.", person=who, by=by, at=MONDAY)


# --- appealing ------------------------------------------------------------------------
def test_a_refusal_is_appealed_against_once(ines: Partner) -> None:
    know_jane()
    refusal = refused(ines)
    appealed(refusal)
    with pytest.raises(NothingToAppeal):
        appealed(refusal)


def test_the_tenth_working_day_is_the_last(ines: Partner) -> None:
    know_jane()
    refusal = refused(ines)
    late = MONDAY + timedelta(days=15)
    words = {"refusal": refusal, "text": "Why.", "person": jane(), "by": ines.user}

    with pytest.raises(AppealTooLate):
        appeal_refusal(**words, at=late)
    assert appeal_refusal(**words, at=late - timedelta(days=1))


def test_an_appeal_says_why_and_is_about_who_was_refused(ines: Partner) -> None:
    know_jane()
    refusal = refused(ines)
    with pytest.raises(AppealNeedsText):
        appeal_refusal(refusal=refusal, text=" ", person=jane(), by=ines.user, at=MONDAY)
    with pytest.raises(AppealAboutSomebodyElse):
        appeal_refusal(refusal=refusal, text="Why.", person=person(), by=ines.user, at=MONDAY)
    stranger = active_partner("Stranger")
    with pytest.raises(NotAllowed):
        appeal_refusal(refusal=refusal, text="Why.", person=jane(), by=stranger.user, at=MONDAY)


def test_a_refusal_keeps_no_personal_field_and_is_forgotten(ines: Partner) -> None:
    know_jane()
    refusal = refused(ines)
    kept = {field.name for field in Refusal._meta.fields}
    assert kept == {"id", "partner", "identity", "refused_at", "referral", "refused_by"}

    assert forget_refusals(at=MONDAY + timedelta(days=14)) == 0
    assert forget_refusals(at=MONDAY + timedelta(days=15)) == 1
    assert not Refusal.objects.filter(pk=refusal.pk).exists()


# --- accepting ------------------------------------------------------------------------
def test_an_accepted_appeal_registers_the_person_from_that_day(ines: Partner) -> None:
    know_jane()
    appeal, later = appealed(refused(ines)), MONDAY + timedelta(days=3)

    referral = accept_appeal(appeal=appeal, reason="An old record.", by=sales_lead(), at=later)

    assert (referral.partner, referral.email, referral.is_live) == (ines, "jane@acme.example", True)
    assert referral.registered_on == local_date(later)
    assert referral.claim_last_on == rules.claim_last_on(local_date(later))
    assert referral.told_at == later
    assert referral.evidence["known_contact"] is True  # frozen as it was: that is what was decided about


def test_a_declined_name_becomes_a_claim_with_its_use_cases(ines: Partner) -> None:
    refusal = declined(ines, seller())
    need = use_case(ines)
    need.referral = refusal.referral
    need.save()

    referral = accept_appeal(appeal=appealed(refusal), reason="Two people.", by=sales_lead(), at=MONDAY)

    need.refresh_from_db()
    assert (referral.email, need.referral) == ("j.doe@acme.example", referral)
    assert refusal.referral is not None
    assert not Referral.objects.get(pk=refusal.referral.pk).is_live


def test_whom_another_partner_owns_by_then_is_not_given_away(ines: Partner) -> None:
    owner = own_jane()
    appeal, lead = appealed(refused(ines)), sales_lead()
    with pytest.raises(PersonBelongsToSomebody):
        accept_appeal(appeal=appeal, reason="Why not.", by=lead, at=MONDAY)
    assert Appeal.objects.get(pk=appeal.pk).is_open

    withdraw_referral(referral=owner, by=owner.partner.user, at=MONDAY)
    assert accept_appeal(appeal=appeal, reason="Free again.", by=lead, at=MONDAY).partner == ines


def test_a_claim_whose_day_is_over_does_not_stand_in_the_way(ines: Partner) -> None:
    own_jane()
    appeal = appealed(refused(ines))

    accept_appeal(appeal=appeal, reason="Lapsed.", by=sales_lead(), at=MONDAY + timedelta(days=61))

    assert Referral.objects.live().get().partner == ines


def test_who_objected_is_never_registered_again(ines: Partner) -> None:
    object_to_contact(referral=own_jane(), at=MONDAY)
    appeal = appealed(refused(ines))
    with pytest.raises(PersonObjected):
        accept_appeal(appeal=appeal, reason="Why not.", by=sales_lead(), at=MONDAY)


def test_an_objection_empties_an_appeal_that_waits(ines: Partner) -> None:
    owner = own_jane()
    appeal = appealed(refused(ines))

    object_to_contact(referral=owner, at=MONDAY)

    appeal.refresh_from_db()
    assert {getattr(appeal, name) for name in PERSONAL} == {""}


# --- refusing --------------------------------------------------------------------------
def test_a_decision_takes_what_names_the_person_with_it(ines: Partner) -> None:
    know_jane()
    appeal = refuse_appeal(appeal=appealed(refused(ines)), reason="Known.", by=sales_lead(), at=MONDAY)

    appeal.refresh_from_db()
    assert {getattr(appeal, name) for name in PERSONAL} == {""}
    assert (appeal.accepted, appeal.reason) == (False, "Known.")


def known_cause(partner: Partner) -> Refusal:
    know_jane()
    return refused(partner)


def owned_cause(partner: Partner) -> Refusal:
    own_jane()
    return refused(partner)


def barred_cause(partner: Partner) -> Refusal:
    object_to_contact(referral=own_jane(), at=MONDAY)
    return refused(partner)


def declined_cause(partner: Partner) -> Refusal:
    return declined(partner, seller())


CAUSES = [known_cause, owned_cause, barred_cause, declined_cause]


def test_the_neutral_answer_is_the_same_bytes_for_every_cause(inbox: Inbox, set_clock: SetClock) -> None:
    lead, seen = sales_lead(), set()
    for cause in CAUSES:
        sid = transaction.savepoint()
        partner = active_partner()
        User.objects.filter(pk=partner.user_id).update(email="ines@partner.example")
        partner.user.refresh_from_db()
        refuse_appeal(appeal=appealed(cause(partner)), reason=cause.__name__, by=lead, at=MONDAY)
        answered = MONDAY + timedelta(days=7)
        set_clock(answered)
        assert tell_answers(at=answered) == 1
        OutboxMessage.objects.exclude(kind="referrals.appeal_answered").delete()
        inbox.messages.clear()
        deliver_all()
        (mail,) = inbox.to("ines@partner.example")
        body = mail.get_body(("plain",))
        html = mail.get_body(("html",))
        assert body is not None
        assert html is not None
        seen.add((str(mail["Subject"]), body.get_content(), html.get_content()))
        transaction.savepoint_rollback(sid)
    assert len(seen) == 1


@pytest.mark.parametrize("decided_after", [0, 2, 7])
def test_the_neutral_answer_comes_on_one_day_however_early_it_was_decided(
    ines: Partner, decided_after: int
) -> None:
    know_jane()
    refuse_appeal(
        appeal=appealed(refused(ines)),
        reason="Known.",
        by=sales_lead(),
        at=MONDAY + timedelta(days=decided_after),
    )

    assert tell_answers(at=MONDAY + timedelta(days=6)) == 0
    assert [tell_answers(at=MONDAY + timedelta(days=7)) for _ in range(2)] == [1, 0]


def test_an_undecided_appeal_is_asked_about_once_more(ines: Partner) -> None:
    know_jane()
    appealed(refused(ines))
    day = MONDAY + timedelta(days=7)
    assert escalate_undecided(at=day - timedelta(days=1)) == 0
    assert [escalate_undecided(at=day) for _ in range(2)] == [1, 0]


# --- who decides -------------------------------------------------------------------------
DECISIONS: list[Callable[..., object]] = [accept_appeal, refuse_appeal]


@pytest.mark.parametrize("decide", DECISIONS)
def test_only_sales_leads_decide_with_a_reason_and_once(ines: Partner, decide: Callable[..., object]) -> None:
    know_jane()
    appeal, lead = appealed(refused(ines)), sales_lead()
    with pytest.raises(NotAllowed):
        decide(appeal=appeal, reason="Why.", by=seller(), at=MONDAY)
    with pytest.raises(DecisionNeedsReason):
        decide(appeal=appeal, reason=" ", by=lead, at=MONDAY)

    decide(appeal=appeal, reason="Why.", by=lead, at=MONDAY)

    for again in DECISIONS:
        with pytest.raises(AppealDecided):
            again(appeal=appeal, reason="Why.", by=lead, at=MONDAY)


@pytest.mark.parametrize("decide", DECISIONS)
def test_a_partner_who_leads_sales_does_not_decide_their_own_appeal(
    ines: Partner, decide: Callable[..., object]
) -> None:
    know_jane()
    appeal = appealed(refused(ines))
    RoleGrant.objects.create(user=ines.user, role=Role.SALES_LEAD, granted_at=MONDAY)
    with pytest.raises(OwnReferral):
        decide(appeal=appeal, reason="Mine.", by=User.objects.get(pk=ines.user_id), at=MONDAY)


def test_who_refused_decides_only_where_nobody_else_can(ines: Partner) -> None:
    lead = sales_lead()
    appeal = appealed(declined(ines, lead))
    other = sales_lead("Other")
    with pytest.raises(DecidedItFirst):
        refuse_appeal(appeal=appeal, reason="Still.", by=lead, at=MONDAY)

    RoleGrant.objects.filter(user=other).update(ended_at=MONDAY)

    assert refuse_appeal(appeal=appeal, reason="Still.", by=lead, at=MONDAY)


# --- what the database holds ----------------------------------------------------------------
def decision(by: User) -> dict[str, object]:
    return {"decided_at": MONDAY, "decided_by": by, "accepted": False, "reason": "Why."}


def test_the_database_lets_only_another_sales_lead_decide(ines: Partner) -> None:
    know_jane()
    appeal = appealed(refused(ines))
    empty = dict.fromkeys(PERSONAL, "")
    rows = Appeal.objects.filter(pk=appeal.pk)
    with pytest.raises(IntegrityError, match="only a sales lead"), transaction.atomic():
        rows.update(**decision(seller()), **empty)
    RoleGrant.objects.create(user=ines.user, role=Role.SALES_LEAD, granted_at=MONDAY)
    with pytest.raises(IntegrityError, match="their own"), transaction.atomic():
        rows.update(**decision(ines.user), **empty)
    with pytest.raises(IntegrityError, match="decided_is_empty"), transaction.atomic():
        rows.update(**decision(sales_lead()))


def test_the_database_keeps_a_decision(ines: Partner) -> None:
    know_jane()
    refuse_appeal(appeal=appealed(refused(ines)), reason="Known.", by=sales_lead(), at=MONDAY)
    for change in ({"reason": "Other."}, {"accepted": None}):
        with pytest.raises(IntegrityError, match="decided once"), transaction.atomic():
            Appeal.objects.update(**change)
    with pytest.raises(IntegrityError, match="decided once"), transaction.atomic():
        Appeal.objects.all().delete()

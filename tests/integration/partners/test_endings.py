"""A partnership ends by notice or for cause, and somebody comes back (*Ending*, C6, C20)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners.consequences import by_notice, consequences_of, seal_of
from partners.errors import (
    AlreadyEnding,
    AlreadyPartner,
    AlreadyProposed,
    ConfirmedByProposer,
    ConsequencesChanged,
    EarnsFromPartner,
    EndingNeedsReason,
    LastDayPassed,
    LastDayTooFar,
    NotDirector,
    NothingToConfirm,
    NoticeNotOpen,
    NotYourNotice,
    OwnPartnership,
    PartnershipOver,
)
from partners.models import Application, Ending, Partner, ProgramTerms
from partners.services import endings
from partners.services.applications import save_application, submit_application
from partners.services.endings import (
    confirm_end_for_cause,
    drop_proposal,
    end_partnerships,
    give_notice,
    propose_end_for_cause,
    take_notice_back,
)
from partners.services.starting import start_partnership
from ssp.core.models import OutboxMessage, User
from ssp.core.periods import start_of_day
from tests.factories.core import UserFactory
from tests.factories.partners import (
    DirectorFactory,
    PartnerFactory,
    RecruitInvitationFactory,
    ended,
    sign,
    signed_contract,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6")]
TODAY = MONDAY.date()
LAST_ON = date(2026, 12, 31)
OVER = start_of_day(date(2027, 1, 1))
WHY = "They passed on people who had said no."


def noticed(partner: Partner, *, last_on: date = LAST_ON) -> Ending:
    return give_notice(partner=partner, last_on=last_on, by=partner.user, at=MONDAY)


def proposed(partner: Partner) -> Ending:
    return propose_end_for_cause(partner=partner, reason=WHY, by=DirectorFactory(), at=MONDAY)


def kinds() -> set[str]:
    return set(OutboxMessage.objects.values_list("kind", flat=True))


# --- notice -------------------------------------------------------------------------
def test_a_notice_ends_the_partnership_with_the_end_of_its_last_day_in_amsterdam() -> None:
    partner = PartnerFactory()

    noticed(partner)

    partner.refresh_from_db()
    assert partner.is_active(at=OVER - timedelta(microseconds=1))
    assert not partner.is_active(at=OVER)


def test_a_notice_may_name_today() -> None:
    partner = PartnerFactory()

    assert noticed(partner, last_on=TODAY).ends_at == start_of_day(TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("last_on", "refusal"),
    [
        (TODAY - timedelta(days=1), LastDayPassed),
        (date(2027, 11, 24), LastDayTooFar),
        (date.max, LastDayTooFar),
    ],
)
def test_a_notice_names_a_day_from_today_within_a_year(last_on: date, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        noticed(PartnerFactory(), last_on=last_on)


def test_a_director_gives_notice_for_semi_with_a_reason() -> None:
    partner, director = PartnerFactory(), DirectorFactory()
    with pytest.raises(EndingNeedsReason):
        give_notice(partner=partner, last_on=LAST_ON, reason=" ", by=director, at=MONDAY)

    ending = give_notice(partner=partner, last_on=LAST_ON, reason="We stop here.", by=director, at=MONDAY)

    assert (ending.side, ending.reason) == ("semi", "We stop here.")


def test_who_has_an_interest_ends_nothing() -> None:
    recruiter = PartnerFactory(user=DirectorFactory())
    partner = PartnerFactory(user=DirectorFactory(), recruiter=recruiter, bonus_slot=1)
    for who, refusal in (
        (UserFactory(is_superuser=True), NotDirector),
        (recruiter.user, EarnsFromPartner),
    ):
        with pytest.raises(refusal):
            give_notice(partner=partner, last_on=LAST_ON, reason=WHY, by=who, at=MONDAY)
        with pytest.raises(refusal):
            propose_end_for_cause(partner=partner, reason=WHY, by=who, at=MONDAY)
    with pytest.raises(OwnPartnership):
        propose_end_for_cause(partner=partner, reason=WHY, by=partner.user, at=MONDAY)


def test_one_notice_at_a_time() -> None:
    partner = PartnerFactory()
    noticed(partner)

    with pytest.raises(AlreadyEnding):
        give_notice(partner=partner, last_on=TODAY, reason=WHY, by=DirectorFactory(), at=MONDAY)


def test_a_notice_is_taken_back_by_its_own_side_until_its_last_day_is_over() -> None:
    partner = PartnerFactory()
    ending = noticed(partner)
    with pytest.raises(NotYourNotice):
        take_notice_back(ending=ending, by=DirectorFactory(), at=MONDAY)
    with pytest.raises(NoticeNotOpen):
        take_notice_back(ending=ending, by=partner.user, at=OVER)

    take_notice_back(ending=ending, by=partner.user, at=OVER - timedelta(seconds=1))

    partner.refresh_from_db()
    assert partner.is_active(at=OVER)
    assert (partner.ended_at, partner.end_kind) == (None, "")


def test_a_notice_of_semi_is_not_taken_back_by_the_partner() -> None:
    partner = PartnerFactory()
    ending = give_notice(partner=partner, last_on=LAST_ON, reason=WHY, by=DirectorFactory(), at=MONDAY)

    with pytest.raises(NotYourNotice):
        take_notice_back(ending=ending, by=partner.user, at=MONDAY)


def test_nothing_is_ended_that_was_not_read() -> None:
    partner = PartnerFactory()
    read = seal_of(consequences_of(by_notice(partner, last_on=LAST_ON, at=MONDAY)))
    PartnerFactory(recruiter=partner, bonus_slot=1)

    with pytest.raises(ConsequencesChanged):
        give_notice(partner=partner, last_on=LAST_ON, seal=read, by=partner.user, at=MONDAY)


# --- for cause ----------------------------------------------------------------------
def test_two_directors_end_a_partnership_for_cause_at_once() -> None:
    partner = PartnerFactory()
    ending = proposed(partner)
    partner.refresh_from_db()
    assert partner.is_active(at=MONDAY)

    confirm_end_for_cause(ending=ending, by=DirectorFactory(), at=MONDAY)

    partner.refresh_from_db()
    assert (partner.ended_at, partner.end_kind) == (MONDAY, "cause")
    assert not partner.is_active(at=MONDAY)


def test_one_director_alone_ends_nothing_for_cause() -> None:
    partner = PartnerFactory()
    ending = proposed(partner)

    with pytest.raises(ConfirmedByProposer):
        confirm_end_for_cause(ending=ending, by=ending.given_by, at=MONDAY)

    partner.refresh_from_db()
    assert partner.is_active(at=MONDAY)


def test_for_cause_needs_a_reason_and_is_proposed_once() -> None:
    partner = PartnerFactory()
    with pytest.raises(EndingNeedsReason):
        propose_end_for_cause(partner=partner, reason="", by=DirectorFactory(), at=MONDAY)
    proposed(partner)
    with pytest.raises(AlreadyProposed):
        proposed(partner)


def test_a_dropped_proposal_is_not_confirmed_and_another_may_follow() -> None:
    partner = PartnerFactory()
    ending = drop_proposal(ending=proposed(partner), by=DirectorFactory(), at=MONDAY)

    with pytest.raises(NothingToConfirm):
        confirm_end_for_cause(ending=ending, by=DirectorFactory(), at=MONDAY)
    assert proposed(partner).is_proposed


def test_an_end_for_cause_overtakes_a_notice() -> None:
    partner = PartnerFactory()
    notice, ending = noticed(partner), proposed(partner)

    confirm_end_for_cause(ending=ending, by=DirectorFactory(), at=MONDAY)

    notice.refresh_from_db()
    assert notice.replaced_by == ending
    with pytest.raises(NoticeNotOpen):
        take_notice_back(ending=notice, by=partner.user, at=MONDAY)


def test_what_is_over_is_not_ended_again() -> None:
    partner = PartnerFactory()
    ending = proposed(partner)
    noticed(partner, last_on=TODAY)

    with pytest.raises(PartnershipOver):
        confirm_end_for_cause(ending=ending, by=DirectorFactory(), at=MONDAY + timedelta(days=1))
    with pytest.raises(PartnershipOver):
        give_notice(partner=partner, last_on=LAST_ON, by=partner.user, at=MONDAY + timedelta(days=1))


# --- the moment itself --------------------------------------------------------------
def test_the_news_goes_out_once_when_the_last_day_is_over() -> None:
    partner = PartnerFactory()
    RecruitInvitationFactory(recruiter=partner)
    noticed(partner)
    assert end_partnerships(at=OVER - timedelta(seconds=1)) == 0

    assert [end_partnerships(at=OVER), end_partnerships(at=OVER + timedelta(days=90))] == [1, 0]

    assert {"partners.ended", "partners.partnership_ended", "partners.withdraw_channels"} <= kinds()
    assert partner.invitations.get().revoked_at == OVER


def test_an_end_that_can_not_be_told_holds_up_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    ill, _well = noticed(PartnerFactory()), noticed(PartnerFactory())
    carry_out = endings._carry_out

    def or_fail(partner: Partner, ending: Ending, **rest: object) -> None:
        if ending.pk == ill.pk:
            raise RuntimeError("the database had enough")
        carry_out(partner, ending, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(endings, "_carry_out", or_fail)
        assert end_partnerships(at=OVER) == 1
    assert list(Ending.objects.due(at=OVER)) == [ill]

    assert end_partnerships(at=OVER) == 1


def test_no_news_of_a_notice_that_was_taken_back() -> None:
    partner = PartnerFactory()
    take_notice_back(ending=noticed(partner), by=partner.user, at=MONDAY)

    assert end_partnerships(at=OVER) == 0


# --- the database -------------------------------------------------------------------
def refused(change) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    return str(caught.value)


def test_the_database_ends_and_revives_nobody_without_an_ending() -> None:
    partner = PartnerFactory()
    row = Partner.objects.filter(pk=partner.pk)
    assert "partner_ends_by_an_ending" in refused(lambda: row.update(ended_at=MONDAY, end_kind="cause"))
    ended(partner, at=MONDAY)
    assert "partner_ends_by_an_ending" in refused(lambda: row.update(ended_at=None, end_kind=""))


def test_the_database_wants_two_directors_without_an_interest() -> None:
    director = DirectorFactory()
    recruiter = PartnerFactory(user=DirectorFactory())
    partner = PartnerFactory(recruiter=recruiter, bonus_slot=1)

    def ending(**fields: object) -> None:
        Ending.objects.create(
            **{
                "partner": partner,
                "contract": partner.contracts.get(),
                "kind": "cause",
                "side": "semi",
                "reason": WHY,
                "given_by": director,
                "given_at": MONDAY,
                "confirmed_by": DirectorFactory(),
                "last_on": TODAY,
                "ends_at": MONDAY,
                **fields,
            }
        )

    assert "ending_for_cause_by_two" in refused(lambda: ending(confirmed_by=director))
    assert "ending_for_cause_is_confirmed" in refused(lambda: ending(confirmed_by=None))
    assert "ending_without_interest" in refused(lambda: ending(confirmed_by=recruiter.user))
    assert "ending_by_a_director" in refused(lambda: ending(given_by=UserFactory(is_superuser=True)))
    assert "ending_by_the_partner" in refused(
        lambda: ending(kind="notice", side="partner", confirmed_by=None)
    )


def test_the_database_keeps_what_was_decided() -> None:
    ending = noticed(PartnerFactory())
    row = Ending.objects.filter(pk=ending.pk)

    assert "ending_is_kept" in refused(lambda: row.update(reason="another"))
    assert "ending_is_kept" in refused(lambda: row.update(last_on=TODAY))
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        row.delete()


# --- coming back --------------------------------------------------------------------
ANSWERS = {
    "display_name": "Ines Marchetti",
    "legal_name": "Marchetti Advisory",
    "country": "NL",
    "knows_field": "Search.",
    "can_open": "Retail.",
}


def applies(user: User, terms: ProgramTerms, **options: object):
    application = save_application(
        applicant=user, answers=ANSWERS, invitation=options.get("invitation"), at=OVER
    )
    return submit_application(application=application, terms=terms, by=user, at=OVER)


def comes_back(partner: Partner, *, at=OVER + timedelta(days=9)) -> Partner:
    contract = signed_contract(partner, at=at)
    start_partnership(contract, started_at=at, at=at)
    return Partner.objects.get(pk=partner.pk)


@pytest.fixture
def leaver(verified_partner: Partner) -> Partner:
    noticed(verified_partner)
    end_partnerships(at=OVER)
    return Partner.objects.get(pk=verified_partner.pk)


@pytest.fixture
def verified_partner() -> Partner:
    partner = PartnerFactory(recruiter=PartnerFactory(), bonus_slot=2)
    Application.objects.bulk_create(
        [
            Application(
                applicant=partner.user,
                partner=partner,
                terms=partner.contracts.get().terms,
                status="accepted",
                created_at=MONDAY,
                submitted_at=MONDAY,
                decided_at=MONDAY,
                **ANSWERS,
            )
        ]
    )
    return partner


def test_who_left_applies_anew_as_the_same_person(leaver: Partner, terms: ProgramTerms) -> None:
    invitation = RecruitInvitationFactory(email=leaver.user.email)

    contract = applies(leaver.user, terms, invitation=invitation)

    invitation.refresh_from_db()
    assert contract.partner == leaver
    assert contract.partner.recruiter == leaver.recruiter
    assert invitation.used_at is None


def test_what_a_returning_partner_says_of_themself_holds_from_the_new_signature(
    leaver: Partner, terms: ProgramTerms
) -> None:
    before = Partner.objects.get(pk=leaver.pk).legal_name

    contract = applies(leaver.user, terms)
    assert (Partner.objects.get(pk=leaver.pk).legal_name, contract.legal_name) == (
        before,
        ANSWERS["legal_name"],
    )
    sign(contract, at=OVER)
    start_partnership(contract, started_at=OVER, at=OVER)

    assert Partner.objects.get(pk=leaver.pk).legal_name == ANSWERS["legal_name"]


def test_who_has_not_left_yet_does_not_apply_anew(verified_partner: Partner, terms: ProgramTerms) -> None:
    noticed(verified_partner)
    Application.objects.all().update(status="rejected", rejection_reason="Not now.")

    application = save_application(
        applicant=verified_partner.user, answers=ANSWERS, invitation=None, at=MONDAY
    )
    with pytest.raises(AlreadyPartner):
        submit_application(application=application, terms=terms, by=verified_partner.user, at=MONDAY)


def test_a_new_signature_begins_the_next_partnership_and_keeps_the_first(leaver: Partner) -> None:
    back = comes_back(leaver)

    assert back.is_active(at=back.rejoined_at)
    assert (back.started_at, back.bonus_slot, back.recruiter) == (
        leaver.started_at,
        leaver.bonus_slot,
        leaver.recruiter,
    )


def test_the_time_between_two_partnerships_stays_a_time_without_one(leaver: Partner) -> None:
    back = comes_back(leaver)

    between = OVER + timedelta(days=3)
    assert not back.is_active(at=between)
    assert back not in Partner.objects.active(at=between)
    assert back in Partner.objects.active(at=MONDAY + timedelta(days=1))
    assert back in Partner.objects.active(at=OVER + timedelta(days=9))


def test_who_came_back_may_leave_again(leaver: Partner) -> None:
    back = comes_back(leaver)

    again = give_notice(partner=back, last_on=date(2027, 3, 31), by=back.user, at=OVER + timedelta(days=10))

    assert again.contract == back.contracts.latest("signed_at")
    assert Ending.objects.standing().get() == again


def test_the_database_wants_a_new_contract_for_the_way_back() -> None:
    partner = PartnerFactory()
    ending = ended(partner, at=OVER)

    told = refused(
        lambda: Ending.objects.filter(pk=ending.pk).update(
            rejoined_at=OVER + timedelta(days=1), rejoined_with=partner.contracts.get()
        )
    )

    assert "ending_rejoined_with_a_new_contract" in told

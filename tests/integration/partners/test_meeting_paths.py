"""Where paths meet: applying, moving in from paper, ending and coming back (C5, C6, C16, C20, C22)."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from partners import invariants, same_person
from partners.errors import MovingInNow, PreviewChanged, TermsRewriteHistory
from partners.models import (
    Application,
    Contract,
    ContractReview,
    Envelope,
    Partner,
    Profile,
    ProfileAddress,
    ProgramTerms,
    SignReason,
)
from partners.services import admitting, applications, moving_in
from partners.services.applications import reject_application, submit_application
from partners.services.contracts import review_contract
from partners.services.envelopes import Papers, apply_envelope_state
from partners.services.moving_in import commit_move_in, plan_of, shown_by, take_back
from partners.services.paper import Correction, correct_paper
from partners.services.profiles import open_profile
from partners.services.starting import start_partnership
from partners.services.terms import enter_terms
from ssp.core.identity import identity_of
from ssp.core.models import OutboxMessage, User
from ssp.core.periods import start_of_day
from ssp.docusign.client import EnvelopeState
from tests.factories.core import UserFactory
from tests.factories.moving import a_pdf, a_row, attest_twice, moved_in, uploaded
from tests.factories.partners import (
    ApplicationFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
    ended,
    signed_contract,
)
from tests.integration.partners.conftest import approve_twice
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()
LEFT = MONDAY - timedelta(days=30)
BEFORE = MONDAY - timedelta(days=300)
PAPERS = Papers(signed=b"%PDF-1.7 signed", certificate=b"%PDF-1.7 certificate")


def applies(user: User, **fields: Any) -> Contract:
    application = ApplicationFactory(applicant=user, **fields)
    return submit_application(application=application, terms=ProgramTermsFactory(), by=user, at=MONDAY)


@pytest.fixture
def leaver(terms: ProgramTerms) -> Partner:
    partner = PartnerFactory(
        user__full_name="Ines Marchetti", legal_name="Marchetti Advisory", started_at=BEFORE, tax_number="12"
    )
    open_profile(partner=partner, at=BEFORE)
    ended(partner, at=LEFT)
    return partner


# --- terms and papers -------------------------------------------------------------------
def terms_of(effective_on: date) -> ProgramTerms:
    return ProgramTermsFactory.build(effective_on=effective_on, tier=ProgramTerms.objects.first().tier)


@pytest.fixture
def a_paper_of_june_moved_in(terms: ProgramTerms) -> ProgramTerms:
    """Terms of January and of September, and a paper of June that moved in today; nobody applied."""
    later = ProgramTermsFactory(effective_on=date(2026, 9, 1))
    assert moved_in(a_row(signed_on="2026-06-12")).rows.get().contract.terms == terms
    return later


@pytest.mark.clause("C5")
@pytest.mark.parametrize("effective_on", [TODAY, date(2026, 10, 1)])
def test_a_paper_that_moves_in_keeps_no_terms_out(
    a_paper_of_june_moved_in: ProgramTerms, effective_on: date
) -> None:
    terms = enter_terms(terms=terms_of(effective_on), by=DirectorFactory(), at=MONDAY)

    assert ProgramTerms.objects.in_force(on=TODAY) == terms


@pytest.mark.clause("C5")
def test_terms_that_nobody_used_are_corrected_after_a_paper_moved_in(
    a_paper_of_june_moved_in: ProgramTerms,
) -> None:
    a_paper_of_june_moved_in.recurring_percent = 9

    enter_terms(terms=a_paper_of_june_moved_in, by=DirectorFactory(), at=MONDAY)

    assert ProgramTerms.objects.get(effective_on=date(2026, 9, 1)).recurring_percent == 9


@pytest.mark.clause("C5")
def test_no_terms_slip_in_between_a_paper_and_the_terms_of_its_day(
    a_paper_of_june_moved_in: ProgramTerms,
) -> None:
    with pytest.raises(TermsRewriteHistory):
        enter_terms(terms=terms_of(date(2026, 6, 12)), by=DirectorFactory(), at=MONDAY)


@pytest.mark.clause("C5")
def test_the_database_too_reckons_a_paper_from_its_own_day(a_paper_of_june_moved_in: ProgramTerms) -> None:
    with pytest.raises(Exception, match="terms_do_not_rewrite_history"):
        terms_of(date(2026, 6, 12)).save()


# --- who applies, and who moves in ------------------------------------------------------
@pytest.mark.clause("C22")
def test_who_moves_in_is_a_sign_for_an_application_under_review(terms: ProgramTerms) -> None:
    contract = applies(UserFactory(full_name="Somebody Else"), tax_number="NL 001", legal_name="Else")

    moved_in(a_row(tax_number="NL001"))

    (sign,) = same_person.signs_of(contract)
    assert (sign.account.email, sign.reason) == ("ada@paper.example", SignReason.TAX_NUMBER)


@pytest.mark.clause("C22")
def test_who_moves_in_with_nothing_alike_is_no_sign(terms: ProgramTerms) -> None:
    contract = applies(UserFactory(full_name="Somebody Else"), tax_number="NL 002", legal_name="Else")

    moved_in(a_row(tax_number="NL001"))

    assert same_person.signs_of(contract) == []


@pytest.fixture
def moved_in_partner(terms: ProgramTerms) -> Partner:
    contract = moved_in(a_row()).rows.get().contract
    attest_twice(contract)
    EmailAddress.objects.create(user=contract.partner.user, email="ada@paper.example", verified=True)
    return Partner.objects.get(pk=contract.partner_id)


@pytest.mark.clause("C6")
@pytest.mark.usefixtures("at_monday")
@pytest.mark.parametrize("page", ["partners:apply", "partners:application"])
@pytest.mark.parametrize("before", ["nothing", "a draft", "a no"])
def test_who_moved_in_is_led_to_their_partnership_instead_of_an_application(
    sign_in: Callable[[User], Client], moved_in_partner: Partner, page: str, before: str
) -> None:
    if before != "nothing":
        application = ApplicationFactory(applicant=moved_in_partner.user)
        if before == "a no":
            Application.objects.filter(pk=application.pk).update(
                status="rejected",
                rejection_reason="Not now.",
                partner=moved_in_partner,
                terms=ProgramTerms.objects.get(),
                submitted_at=MONDAY,
                decided_at=MONDAY,
            )

    answer = sign_in(moved_in_partner.user).get(reverse(page))

    assert answer.headers["Location"] == reverse("partners:partnership")


@pytest.mark.clause("C6")
@pytest.mark.usefixtures("at_monday")
def test_a_partner_reads_the_paper_of_the_version_that_was_attested(
    sign_in: Callable[[User], Client], terms: ProgramTerms
) -> None:
    contract = moved_in(a_row()).rows.get().contract
    correction = Correction(numbers={}, signed_on=date(2024, 3, 12), slot=None, pdf=a_pdf("A better scan"))
    correct_paper(contract=contract, correction=correction, version=1, by=DirectorFactory(), at=MONDAY)
    contract.refresh_from_db()
    attest_twice(contract)
    contract.refresh_from_db()

    papers = sign_in(contract.partner.user).get(reverse("partners:partnership")).context["papers"]

    assert [paper.version for paper in papers] == [2]


@pytest.mark.clause("C6")
def test_taking_a_file_back_opens_no_account_that_was_closed_before(terms: ProgramTerms) -> None:
    UserFactory(email="ada@paper.example", is_active=False)
    move_in = moved_in(a_row(), a_row("Ben Vos"))

    take_back(move_in=move_in, by=None, at=MONDAY)

    assert list(User.objects.filter(is_active=False).values_list("email", flat=True)) == ["ada@paper.example"]


# --- coming back ------------------------------------------------------------------------
@pytest.mark.clause("C22")
def test_who_comes_back_is_no_sign_of_themself(leaver: Partner) -> None:
    contract = applies(leaver.user, legal_name=leaver.legal_name, tax_number="12")

    assert same_person.signs_of(contract) == []


@pytest.mark.clause("C22")
def test_who_comes_back_is_compared_with_everybody_else(leaver: Partner) -> None:
    PartnerFactory(tax_number="12")

    contract = applies(leaver.user, tax_number="12")

    assert [sign.reason for sign in same_person.signs_of(contract)] == [SignReason.TAX_NUMBER]


@pytest.mark.clause("C22")
def test_who_comes_back_is_known_by_the_address_they_came_back_with(leaver: Partner) -> None:
    user = leaver.user
    EmailAddress.objects.filter(user=user).update(email="ines@new.example")
    user.email = "ines@new.example"
    user.save(update_fields=["email"])

    applies(user)

    assert Application.objects.get(applicant=user).identity == identity_of("ines@new.example")


@pytest.mark.clause("C16")
def test_who_comes_back_under_another_name_is_found_by_it(leaver: Partner) -> None:
    contract = applies(leaver.user, display_name="Ines Marchetti-Roos")
    approve_twice(contract)

    completes(contract)

    profile = Profile.objects.get(partner=leaver)
    assert "roos" in profile.public_words.lower()
    assert ProfileAddress.objects.get(profile=profile, is_current=True).slug == "ines-marchetti-roos"


def completes(contract: Contract, *, moment: Any = MONDAY, at: Any = MONDAY) -> None:
    envelope = Envelope.objects.get(contract=contract)
    apply_envelope_state(
        envelope=envelope, state=EnvelopeState.COMPLETED, moment=moment, papers=PAPERS, at=at
    )


@pytest.mark.clause("C6")
def test_a_contract_made_and_signed_at_the_very_end_follows_it(terms: ProgramTerms) -> None:
    partner = PartnerFactory(started_at=BEFORE)
    ended(partner, at=MONDAY)
    contract = applies(partner.user)
    approve_twice(contract)

    completes(contract)

    partner.refresh_from_db()
    assert partner.is_active(at=MONDAY)
    assert (partner.rejoined_at, partner.started_at) == (MONDAY, BEFORE)
    assert OutboxMessage.objects.filter(kind="partners.ended").count() == 1


@pytest.mark.clause("C6")
def test_a_start_that_is_told_twice_happens_once(leaver: Partner) -> None:
    contract = signed_contract(leaver, at=MONDAY)

    start_partnership(contract, started_at=MONDAY, at=MONDAY)
    before = OutboxMessage.objects.count()
    start_partnership(contract, started_at=MONDAY, at=MONDAY + timedelta(minutes=1))

    assert OutboxMessage.objects.count() == before


@pytest.mark.clause("C20")
@pytest.mark.parametrize(("back", "slot"), [(False, None), (True, 1)])
def test_a_recruiter_ended_for_cause_before_the_signature_takes_no_slot_unless_back(
    terms: ProgramTerms, back: bool, slot: int | None
) -> None:
    recruiter = PartnerFactory(started_at=BEFORE)
    contract = applies(UserFactory())
    Partner.objects.filter(pk=contract.partner_id).update(recruiter=recruiter)
    approve_twice(contract)
    ended(recruiter, at=LEFT, kind="cause")
    if back:
        start_partnership(signed_contract(recruiter, at=MONDAY), started_at=MONDAY, at=MONDAY)

    completes(contract)

    assert Partner.objects.get(pk=contract.partner_id).bonus_slot == slot


@pytest.mark.clause("C6")
def test_a_paper_of_somebody_who_left_moves_nobody_in(leaver: Partner) -> None:
    move_in = uploaded(a_row("Ines Marchetti", email=leaver.user.email))

    assert plan_of(move_in, at=MONDAY).drafts == []


# --- at the same moment -------------------------------------------------------------------
def apply_while_moving_in(monkeypatch: pytest.MonkeyPatch) -> tuple[bool, list[BaseException]]:
    """Let somebody hand their application in while a file with their paper is applied.

    Returns whether both were past their last look at the other, and what was raised.
    """
    applicant = UserFactory(email="ada@paper.example", full_name="Ada Bakker")
    application, terms = ApplicationFactory(applicant=applicant), ProgramTermsFactory()
    move_in = uploaded(a_row())
    shown = shown_by(plan_of(move_in, at=MONDAY))
    barrier = threading.Barrier(2)
    met: list[bool] = []

    def meeting(real: Callable[..., Any]) -> Callable[..., Any]:
        def meet(*args: Any, **options: Any) -> Any:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=0.5)
                met.append(True)
            return real(*args, **options)

        return meet

    monkeypatch.setattr(applications, "already_a_partner", meeting(applications.already_a_partner))
    monkeypatch.setattr(moving_in, "admit", meeting(moving_in.admit))
    raised = at_once(
        lambda: submit_application(application=application, terms=terms, by=applicant, at=MONDAY),
        lambda: commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY),
    )
    return bool(met), raised


@pytest.mark.clause("C6")
@pytest.mark.django_db(transaction=True)
def test_applying_and_moving_in_at_once_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    met, (raised,) = apply_while_moving_in(monkeypatch)

    assert not met
    assert isinstance(raised, MovingInNow | PreviewChanged)
    assert Contract.objects.open().count() == Partner.objects.count() == 1


@pytest.mark.clause("C6")
@pytest.mark.django_db(transaction=True)
def test_without_turns_neither_sees_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admitting, "ENTERING", "nobody waits for this")

    met, _raised = apply_while_moving_in(monkeypatch)

    assert met


# --- what is asked at any moment ----------------------------------------------------------
@pytest.mark.clause("C20")
def test_a_paper_of_the_day_on_which_its_recruiter_signed_breaks_nothing(terms: ProgramTerms) -> None:
    recruiter = PartnerFactory(started_at=MONDAY)
    row = a_row(signed_on=TODAY.isoformat(), recruiter=recruiter.user.email)

    attest_twice(moved_in(row).rows.get().contract)

    assert Partner.objects.get(recruiter=recruiter).started_at == start_of_day(TODAY)
    assert invariants.broken() == []


@pytest.mark.clause("C6")
def test_who_decided_before_may_recruit_after_the_no(terms: ProgramTerms) -> None:
    recruiter, other = PartnerFactory(user=DirectorFactory()), DirectorFactory()
    applicant = UserFactory()
    contract = applies(applicant)
    word = {
        "contract": contract,
        "decision": ContractReview.Decision.APPROVED,
        "reason": "",
        "version": 1,
        "at": MONDAY,
    }
    review_contract(director=recruiter.user, **word)
    application = Application.objects.get()
    reject_application(application=application, reason="Not now.", by=other, at=MONDAY)

    applies(applicant, invitation=RecruitInvitationFactory(recruiter=recruiter, email=applicant.email))

    assert Partner.objects.get(user=applicant).recruiter == recruiter
    assert invariants.broken() == []

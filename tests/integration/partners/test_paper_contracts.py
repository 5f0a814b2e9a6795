"""Contracts signed on paper: two directors attest them beside the PDF; nothing is ever sent (C6)."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pgtrigger
import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from partners import invariants, queries
from partners.errors import (
    ConflictOfInterest,
    LinkNotValid,
    MovingInNow,
    NotDirector,
    NothingChanged,
    NotTakenBack,
    NumbersFixed,
    NumbersOfAPaper,
    OwnContract,
    PaperMissing,
    SignedBeforeRecruiter,
    SignedInTheFuture,
    SlotTaken,
    SlotWithoutRecruiter,
)
from partners.models import (
    Contract,
    ContractDocument,
    ContractReview,
    ContractStatus,
    Envelope,
    MoveInRow,
    Partner,
    ProgramTerms,
)
from partners.services.applications import submit_application
from partners.services.contracts import change_numbers, resubmit_contract, review_contract
from partners.services.joining import join
from partners.services.moving_in import plan_of
from partners.services.paper import Correction, correct_paper, take_contract_back
from ssp.core.links import token_of
from ssp.core.models import AuditEntry, OutboxMessage
from ssp.core.papers import PaperRefused
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.moving import a_pdf, a_row, attest, attest_twice, moved_in, uploaded
from tests.factories.partners import (
    ApplicationFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
)
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("terms")]


@pytest.fixture
def contract(terms: ProgramTerms) -> Contract:
    """A paper contract in review, of Ada Bakker."""
    found = moved_in(a_row()).rows.get().contract
    assert found is not None
    return found


def correction(contract: Contract, **changes: object) -> Correction:
    return Correction(
        **{
            "numbers": contract.numbers,
            "signed_on": contract.paper_signed_on,
            "slot": contract.paper_slot,
            **changes,
        }  # type: ignore[arg-type]
    )


def correct(contract: Contract, **changes: object) -> Contract:
    return correct_paper(
        contract=contract,
        correction=correction(contract, **changes),
        version=contract.version,
        by=DirectorFactory(),
        at=MONDAY,
    )


def reject(contract: Contract) -> None:
    review_contract(
        contract=contract,
        director=DirectorFactory(),
        decision=ContractReview.Decision.REJECTED,
        reason="The bonus is 12%.",
        version=contract.version,
        at=MONDAY,
    )
    contract.refresh_from_db()


# --- attested ---------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_the_first_attestation_starts_nothing(contract: Contract) -> None:
    attest(contract)

    contract.refresh_from_db()
    assert (contract.status, Partner.objects.get().started_at) == (ContractStatus.IN_REVIEW, None)


@pytest.mark.clause("C6")
def test_the_second_starts_the_partnership_from_the_papers_day_without_docusign(contract: Contract) -> None:
    attest_twice(contract)

    midnight = datetime(2024, 3, 11, 23, 0, tzinfo=UTC)  # 12 March, 00:00 in Amsterdam
    partner = Partner.objects.get()
    assert (contract.status, contract.signed_at, partner.started_at) == ("signed", midnight, midnight)
    assert partner.user.has_role(Role.PARTNER)
    assert not Envelope.objects.exists()
    assert not OutboxMessage.objects.filter(kind="partners.send_envelope").exists()
    assert queries.contract_in_force(partner, date(2024, 3, 12)) == contract
    assert invariants.broken() == []


@pytest.mark.clause("C6")
def test_one_director_is_not_two(contract: Contract) -> None:
    director = DirectorFactory()
    attest(contract, director)
    with pytest.raises(IntegrityError), transaction.atomic():
        contract.signed_at = datetime(2024, 3, 11, 23, 0, tzinfo=UTC)
        contract.attest()
        contract.save()

    assert Partner.objects.get().started_at is None


@pytest.mark.clause("C6")
def test_who_may_not_review_a_contract_may_not_attest_a_paper(contract: Contract) -> None:
    with pytest.raises(NotDirector):
        attest(contract, UserFactory(is_superuser=True, roles=[Role.ADMINISTRATOR]))
    own = moved_in(a_row("Ben Vos", email=(ben := DirectorFactory()).email)).rows.get().contract
    with pytest.raises(OwnContract):
        attest(own, ben)


@pytest.mark.clause("C6")
def test_a_director_who_recruited_the_partner_does_not_attest() -> None:
    recruiter = PartnerFactory(user=DirectorFactory(), started_at=datetime(2024, 1, 1, tzinfo=UTC))
    recruit = moved_in(a_row(recruiter=recruiter.user.email)).rows.get().contract

    with pytest.raises(ConflictOfInterest):
        attest(recruit, recruiter.user)


@pytest.mark.clause("C6")
def test_a_rejection_returns_it_to_draft_and_the_paper_goes_along(contract: Contract) -> None:
    attest(contract)
    reject(contract)
    resubmit_contract(contract=contract, version=2, by=DirectorFactory(), at=MONDAY)
    contract.refresh_from_db()
    attest_twice(contract)

    assert contract.status == ContractStatus.SIGNED
    assert list(contract.documents.order_by("version").values_list("version", flat=True)) == [1, 2]
    assert contract.documents.values("sha256").distinct().count() == 1


# --- corrected --------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_a_correction_is_a_new_version_and_clears_attestations(contract: Contract) -> None:
    attest(contract)
    correct(contract, numbers={**contract.numbers, "bonus_percent": Decimal(11)}, signed_on=date(2024, 4, 1))
    contract.refresh_from_db()
    attest(contract)
    contract.refresh_from_db()

    assert (contract.version, contract.status, contract.bonus_percent) == (2, "in_review", Decimal(11))
    attest(contract)
    contract.refresh_from_db()
    assert contract.signed_at == datetime(2024, 3, 31, 22, 0, tzinfo=UTC)


@pytest.mark.clause("C6")
def test_a_better_scan_is_a_new_version_too(contract: Contract) -> None:
    correct(contract, pdf=a_pdf("better"))
    first, second = contract.documents.order_by("version")

    assert (second.version, first.sha256 != second.sha256) == (2, True)


@pytest.mark.clause("C6")
def test_what_can_not_be_on_the_paper_is_refused(contract: Contract) -> None:
    with pytest.raises(NothingChanged):
        correct(contract)
    with pytest.raises(SignedInTheFuture):
        correct(contract, signed_on=date(2026, 11, 24))
    with pytest.raises(SlotWithoutRecruiter):
        correct(contract, slot=1)
    with pytest.raises(PaperRefused):
        correct(contract, pdf=b"%PDF-1.7 broken")


@pytest.mark.clause("C20")
def test_a_corrected_day_stays_between_recruiter_and_recruits() -> None:
    move_in = moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example", signed_on="2024-05-01"))
    ada = move_in.rows.get(number=2).contract
    with pytest.raises(SignedBeforeRecruiter):
        correct(ada, signed_on=date(2024, 5, 2))
    attest_twice(ada)
    ben = move_in.rows.get(number=3).contract

    with pytest.raises(SignedBeforeRecruiter):
        correct(ben, signed_on=date(2024, 3, 11))


@pytest.mark.clause("C20")
def test_a_recruit_of_a_corrected_recruiter_is_compared_with_the_corrected_day() -> None:
    ada = moved_in(a_row()).rows.get().contract
    correct(ada, signed_on=date(2024, 6, 1))
    early = uploaded(a_row("Ben Vos", recruiter="ada@paper.example", signed_on="2024-05-01"))

    assert "signed on 1 Jun 2024, after this recruit" in plan_of(early, at=MONDAY).rows[0].message


@pytest.mark.clause("C20")
def test_nobody_is_attested_from_a_day_before_their_recruiter() -> None:
    recruiter = PartnerFactory(started_at=datetime(2024, 1, 1, tzinfo=UTC))
    paper = moved_in(a_row(recruiter=recruiter.user.email)).rows.get().contract
    with pgtrigger.ignore("partners.Partner:partner_start_is_kept"):
        Partner.objects.filter(pk=recruiter.pk).update(started_at=MONDAY)
    attest(paper)

    with pytest.raises(SignedBeforeRecruiter):
        attest(paper)


@pytest.mark.clause("C6")
def test_numbers_of_a_paper_change_beside_it_alone(contract: Contract) -> None:
    with pytest.raises(NumbersOfAPaper):
        change_numbers(
            contract=contract,
            numbers={"bonus_percent": Decimal(1)},
            version=1,
            by=DirectorFactory(),
            at=MONDAY,
        )


@pytest.mark.clause("C6")
def test_a_signed_paper_is_neither_corrected_nor_taken_back(contract: Contract) -> None:
    attest_twice(contract)

    with pytest.raises(NumbersFixed):
        correct(contract, signed_on=date(2024, 3, 1))
    with pytest.raises(NotTakenBack):
        take_contract_back(contract=contract, reason="x", version=1, by=DirectorFactory(), at=MONDAY)


@pytest.mark.clause("C6")
def test_one_contract_is_taken_back_with_the_recruits_that_wait_for_it() -> None:
    move_in = moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"), a_row("Cem Can"))
    ada = move_in.rows.get(number=2).contract
    attest(move_in.rows.get(number=4).contract)
    take_contract_back(contract=ada, reason="Never signed.", version=1, by=DirectorFactory(), at=MONDAY)

    ada.refresh_from_db()
    assert ada.status == ContractStatus.CLOSED
    assert list(MoveInRow.objects.live().values_list("number", flat=True)) == [4]


# --- slots ------------------------------------------------------------------------
@pytest.mark.clause("C21")
def test_a_recruit_takes_the_slot_of_the_paper_whoever_is_attested_first() -> None:
    move_in = moved_in(
        a_row(),
        a_row("Ben Vos", recruiter="ada@paper.example", signed_on="2024-05-01"),
        a_row("Cem Can", recruiter="ada@paper.example", signed_on="2024-04-01"),
    )
    for number in (2, 3, 4):
        attest_twice(move_in.rows.get(number=number).contract)

    assert {p.display_name: p.bonus_slot for p in Partner.objects.exclude(recruiter=None)} == {
        "Ben Vos": 2,
        "Cem Can": 1,
    }
    assert invariants.broken() == []


@pytest.mark.clause("C21")
def test_a_slot_that_was_taken_meanwhile_is_corrected_and_attested_anew() -> None:
    recruiter = PartnerFactory(started_at=datetime(2024, 1, 1, tzinfo=UTC))
    paper = moved_in(a_row(recruiter=recruiter.user.email)).rows.get().contract
    PartnerFactory(recruiter=recruiter, bonus_slot=1)  # signed with DocuSign meanwhile
    attest(paper)
    with pytest.raises(SlotTaken):
        attest(paper)
    paper.refresh_from_db()
    assert (paper.status, paper.reviews.count()) == (ContractStatus.IN_REVIEW, 1)

    correct(paper, slot=2)
    paper.refresh_from_db()
    attest_twice(paper)

    assert Partner.objects.get(user__email="ada@paper.example").bonus_slot == 2


# --- the partner gets in ------------------------------------------------------------
@pytest.mark.clause("C6")
def test_who_moved_in_gets_a_link_chooses_a_password_and_is_in(
    contract: Contract, inbox, client: Client, at_monday: datetime
) -> None:
    attest_twice(contract)
    deliver_kind("partners.partnership_started")
    mail = inbox.messages[-1]
    row = MoveInRow.objects.get()
    link = reverse("partners:welcome", args=[token_of("welcome", row.token_salt)])
    text = mail.get_body(("plain",)).get_content()
    assert ("12 Mar 2024" in text, link in text, "12%" in text) == (True, True, True)

    assert client.get(link).status_code == 200
    answer = client.post(link, {"password": "long-enough-words"})

    user = contract.partner.user
    user.refresh_from_db()
    assert (answer.status_code, user.check_password("long-enough-words")) == (302, True)
    assert EmailAddress.objects.filter(user=user, verified=True).exists()
    assert client.get(link).status_code == 410
    assert client.login(email=user.email, password="long-enough-words")
    assert client.get(reverse("portal:home")).status_code == 200


@pytest.mark.clause("C6")
def test_a_link_is_used_once_and_for_thirty_days(contract: Contract) -> None:
    attest_twice(contract)
    token = token_of("welcome", MoveInRow.objects.get().token_salt)
    with pytest.raises(LinkNotValid):
        join(token=token, password="long-enough-words", at=datetime(2026, 12, 24, tzinfo=UTC))
    join(token=token, password="long-enough-words", at=MONDAY)

    with pytest.raises(LinkNotValid):
        join(token=token, password="another-long-word", at=MONDAY)


@pytest.mark.clause("C6")
def test_directors_are_told_how_many_papers_wait(inbox, at_monday: datetime) -> None:
    director = DirectorFactory()
    move_in = moved_in(a_row(), a_row("Ben Vos"))
    attest(move_in.rows.get(number=2).contract, director)
    deliver_kind("partners.move_in_waits")

    assert "1 signed paper waits" in inbox.messages[-1]["Subject"]


@pytest.mark.clause("C6")
def test_who_moves_in_does_not_apply_meanwhile(terms: ProgramTerms) -> None:
    user = UserFactory(email="ada@paper.example")
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True})
    moved_in(a_row())
    application = ApplicationFactory(applicant=user)

    with pytest.raises(MovingInNow):
        submit_application(application=application, terms=terms, by=user, at=MONDAY)


@pytest.mark.clause("C6")
def test_the_audit_names_nobody(contract: Contract) -> None:
    attest_twice(contract)

    said = " ".join(str(entry.data) for entry in AuditEntry.objects.all())
    assert ("Ada" in said, "paper.example" in said) == (False, False)


# --- what the database refuses --------------------------------------------------------
def refused(contract: Contract, **changes: object) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(**changes)
    return str(caught.value)


@pytest.mark.clause("C6")
def test_the_database_never_sends_a_paper(contract: Contract) -> None:
    attest(contract)
    attest_directly(contract)

    for status in ("sending", "sent"):
        assert "contract_paper_is_never_sent" in refused(contract, status=status)
    with (
        pgtrigger.ignore("partners.Envelope:envelope_of_an_approved_version"),
        pytest.raises(IntegrityError, match="envelope_never_of_a_paper"),
        transaction.atomic(),
    ):
        Envelope.objects.create(
            contract=contract, contract_version=1, transaction_id=uuid.uuid4(), queued_at=MONDAY
        )


def attest_directly(contract: Contract) -> None:
    ContractReview.objects.create(
        contract=contract,
        version=contract.version,
        director=DirectorFactory(),
        decision="approved",
        decided_at=MONDAY,
    )


MIDNIGHT = datetime(2024, 3, 11, 23, 0, tzinfo=UTC)


@pytest.mark.clause("C6")
def test_the_database_signs_no_paper_without_two_attestations(contract: Contract) -> None:
    attest(contract)

    assert "contract_needs_two_approvals" in refused(contract, status="signed", signed_at=MIDNIGHT)


@pytest.mark.clause("C6")
def test_the_database_signs_no_paper_on_another_day(contract: Contract) -> None:
    attest(contract)
    attest_directly(contract)

    assert "contract_paper_signed_on_its_day" in refused(contract, status="signed", signed_at=MONDAY)


@pytest.mark.clause("C6")
def test_the_database_signs_and_reviews_no_paper_without_its_pdf(contract: Contract) -> None:
    with pgtrigger.ignore("partners.ContractDocument:document_append_only"):
        ContractDocument.objects.all().delete()
    with pytest.raises(PaperMissing):
        attest(contract)
    with pgtrigger.ignore("partners.ContractReview:review_beside_the_paper"):
        attest_directly(contract)
        attest_directly(contract)

    assert "contract_paper_needs_its_pdf" in refused(contract, status="signed", signed_at=MIDNIGHT)


@pytest.mark.clause("C6")
def test_the_database_signs_nothing_else_without_docusign() -> None:
    applied = ContractFactory()
    attest_directly(applied)
    attest_directly(applied)

    assert "contract_signed_by_docusign" in refused(applied, status="signed", signed_at=MIDNIGHT)


@pytest.mark.clause("C6")
def test_the_database_keeps_day_slot_and_origin_of_a_version(contract: Contract) -> None:
    assert "contract_numbers_have_a_version" in refused(contract, paper_signed_on=date(2024, 1, 1))
    assert "contract_paper_has_its_day" in refused(contract, paper_signed_on=None, version=2)
    assert "contract_paper_slot_within_cap" in refused(contract, paper_slot=4, version=2)
    assert "contract_origin_is_kept" in refused(
        contract, origin="application", paper_signed_on=None, version=2
    )


@pytest.mark.clause("C6")
def test_the_database_keeps_what_a_row_said(contract: Contract) -> None:
    with pytest.raises(IntegrityError, match="move_in_row_is_kept"), transaction.atomic():
        MoveInRow.objects.update(facts={})


@pytest.mark.clause("C6", "C21", "C22")
def test_each_invariant_sees_what_breaks_it() -> None:
    with connection.cursor() as cursor:  # constraints away, then triggers: nothing but the queries is left
        cursor.execute(
            "ALTER TABLE partners_partner DROP CONSTRAINT partner_bonus_slot_within_cap, "
            "DROP CONSTRAINT partners_partner_identity_key"
        )
    with pgtrigger.ignore():
        one = PartnerFactory(started_at=datetime(2024, 1, 1, tzinfo=UTC))
        two = PartnerFactory(recruiter=one, bonus_slot=4)
        Partner.objects.filter(pk=one.pk).update(recruiter=two)
        Partner.objects.create(
            user=UserFactory(), identity=one.identity, created_at=MONDAY, started_at=MONDAY, country="NL"
        )
        paper = moved_in(a_row()).rows.get().contract
        Contract.objects.filter(pk=paper.pk).update(status="signed", signed_at=MONDAY)
        ContractReview.objects.create(
            contract=paper, version=1, director=paper.partner.user, decision="approved", decided_at=MONDAY
        )
        Envelope.objects.create(
            contract=paper, contract_version=1, transaction_id=uuid.uuid4(), queued_at=MONDAY
        )
        broken = [line.split(":")[0] for line in invariants.broken()]

    assert broken == [str(number) for number, _words, _sql in invariants.PARTNERSHIP]

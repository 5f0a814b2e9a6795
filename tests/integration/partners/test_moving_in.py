"""A file of partners with paper contracts: previewed, applied as a whole, the same twice, taken back."""

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress

from partners.errors import (
    AlreadyMovedIn,
    NothingNew,
    PreviewChanged,
    RowsRefused,
)
from partners.models import Contract, ContractStatus, MoveInRow, Partner, Tier
from partners.moving_plan import Plan
from partners.services import moving_in
from partners.services.moving_in import (
    add_papers,
    commit_move_in,
    plan_of,
    shown_by,
    upload_move_in,
)
from ssp.core.intake import CONFLICT, KNOWN, NEW, REFUSED
from ssp.core.models import OutboxMessage, User
from tests.factories.core import UserFactory
from tests.factories.moving import (
    a_file,
    a_pdf,
    a_row,
    attest_twice,
    moved_in,
    uploaded,
)
from tests.factories.partners import (
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("terms")]


def judged(*rows: dict[str, str]) -> Plan:
    return plan_of(uploaded(*rows), at=MONDAY)


def outcome(*rows: dict[str, str]) -> tuple[str, str]:
    """Return what becomes of the last row, and what it says about it."""
    row = judged(*rows).rows[-1]
    return row.outcome, row.message


# --- a preview ------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_a_preview_writes_nothing_but_itself() -> None:
    plan = judged(a_row())

    assert (plan.count(NEW), plan.is_fine) == (1, True)
    assert (Partner.objects.count(), Contract.objects.count(), User.objects.count()) == (0, 0, 0)


@pytest.mark.clause("C5")
def test_a_row_is_read_as_it_is_written() -> None:
    facts = judged(a_row(country="be", tax_number="BE 0123.456-789", cap="12 invoices")).drafts[0].facts

    assert (facts.country, facts.tax_number, facts.cap_unit, facts.cap_count) == (
        "BE",
        "BE0123456789",
        "invoices",
        12,
    )
    assert (facts.recurring_percent, facts.first_invoice_percent, facts.bonus_percent) == (
        "12.00",
        "30.00",
        "10.50",
    )


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"email": "no address"}, "no e-mail address"),
        ({"name": ""}, "Name is missing"),
        ({"country": "Ruritania"}, "no country we know"),
        ({"signed_on": ""}, "Signed on is missing"),
        ({"signed_on": "03/04/2024"}, "two ways"),
        ({"signed_on": "2027-01-01"}, "in the future"),
        ({"signed_on": "1824-03-12"}, "too long ago"),
        ({"recurring": "101"}, "between 0 and 100"),
        ({"recurring": "-1"}, "between 0 and 100"),
        ({"recurring": "0.12"}, "Write the sign: 0.12%"),
        ({"recurring": "12.345"}, "two ways"),
        ({"bonus": ""}, "Bonus percentage is missing"),
        ({"bonus_basis": "turnover"}, "none of"),
        ({"cap": "3"}, "no cap"),
        ({"default_model": "both"}, "none of"),
        ({"listing_consent": "perhaps"}, "neither yes nor no"),
        ({"slot": "first"}, "no recruit slot"),
        ({"slot": "1"}, "needs the recruiter"),
        ({"tier": "Gold"}, "no tier “Gold”"),
        ({"recruiter": "ada@paper.example"}, "recruits themself"),
        ({"recruiter": "ada+me@paper.example"}, "recruits themself"),
        ({"recruiter": "nobody@paper.example"}, "is no partner and not in this file"),
        ({"name": "=HYPERLINK(1)"}, "formula"),
    ],
)
@pytest.mark.clause("C6")
def test_a_row_that_can_not_be_used_says_why(cells: dict[str, str], says: str) -> None:
    result, message = outcome(a_row(**cells))

    assert (result, says in message) == (REFUSED, True), message


@pytest.mark.clause("C22")
def test_one_person_in_two_rows_is_refused_in_both() -> None:
    plan = judged(a_row(), a_row("Ada Again", email="Ada+2@paper.example", pdf="other.pdf"))

    assert [row.outcome for row in plan.rows] == [REFUSED, REFUSED]


@pytest.mark.clause("C6")
def test_two_rows_do_not_share_a_paper() -> None:
    plan = judged(a_row(), a_row("Ben Vos", pdf="ada.pdf"))

    assert [row.outcome for row in plan.rows] == [REFUSED, REFUSED]


@pytest.mark.clause("C6")
def test_a_paper_that_is_missing_is_asked_for_and_one_too_many_is_named() -> None:
    move_in, _problems = upload_move_in(
        content=a_file(a_row()),
        file_name="x.csv",
        papers=[("someone.pdf", a_pdf())],
        by=None,
        at=MONDAY,
    )
    before = plan_of(move_in, at=MONDAY)
    add_papers(move_in=move_in, papers=[("folder/Ada.PDF", a_pdf("a"))], by=None, at=MONDAY)
    after = plan_of(move_in, at=MONDAY)

    assert "ada.pdf isn't among the files" in before.rows[0].message
    assert (after.is_fine, after.unused) == (True, ["someone.pdf"])


@pytest.mark.clause("C22")
def test_rows_that_recruit_each_other_are_refused_each() -> None:
    plan = judged(
        a_row("Ada A", recruiter="cem@paper.example"),
        a_row("Ben B", recruiter="ada@paper.example"),
        a_row("Cem C", recruiter="ben@paper.example"),
    )

    assert [("circle" in row.message, row.outcome) for row in plan.rows] == [(True, REFUSED)] * 3


@pytest.mark.clause("C20")
def test_a_recruiter_signed_before_the_recruit() -> None:
    late = a_row("Ben Vos", recruiter="ada@paper.example", signed_on="2024-03-11")

    assert "signed on 12 Mar 2024, after this recruit" in outcome(a_row(), late)[1]


@pytest.mark.clause("C20")
def test_a_recruiter_whose_row_is_refused_takes_the_recruits_along() -> None:
    plan = judged(
        a_row(country="Nowhere"),
        a_row("Ben Vos", recruiter="ada@paper.example"),
    )

    assert [row.outcome for row in plan.rows] == [REFUSED, REFUSED]


@pytest.mark.clause("C22")
def test_a_recruit_with_the_recruiters_tax_number_is_the_recruiter() -> None:
    rows = [
        a_row(tax_number="NL1"),
        a_row("Ben Vos", recruiter="ada@paper.example"),
        a_row("Cem C", tax_number="nl-1", recruiter="ben@paper.example"),
    ]

    assert "tax number is that of the recruiter" in outcome(*rows)[1]


@pytest.mark.clause("C21")
def test_slots_go_by_the_day_of_signature_and_a_fourth_recruit_gets_none() -> None:
    recruits = [
        a_row(f"{name} R", recruiter="ada@paper.example", signed_on=f"2024-0{month}-01")
        for name, month in (("Dora", 9), ("Ben", 5), ("Cem", 7), ("Eva", 8))
    ]
    plan = judged(a_row(), *recruits)

    assert {draft.facts.full_name: draft.slot for draft in plan.drafts[1:]} == {
        "Ben R": 1,
        "Cem R": 2,
        "Eva R": 3,
        "Dora R": None,
    }
    assert "brings no bonus" in plan.rows[1].warnings[-1]


@pytest.mark.clause("C21")
def test_a_slot_that_a_partner_has_is_not_given_again() -> None:
    recruiter = PartnerFactory(started_at=MONDAY - timedelta(days=1200))
    PartnerFactory(recruiter=recruiter, bonus_slot=1)

    taken = outcome(a_row(recruiter=recruiter.user.email, slot="1"))
    free = judged(a_row(recruiter=recruiter.user.email)).drafts[0].slot

    assert "Slot 1 of this recruiter is taken" in taken[1]
    assert free == 2


@pytest.mark.clause("C5")
def test_a_paper_is_compared_with_the_terms_of_its_day_or_the_first_there_are() -> None:
    old = ProgramTermsFactory(effective_on=date(2024, 1, 1))
    plan = judged(a_row(), a_row("Ben Vos", signed_on="2023-05-01"))

    assert [draft.terms for draft in plan.drafts] == [old, old]


@pytest.mark.clause("C5")
def test_a_tier_without_terms_waits_for_a_director() -> None:
    Tier.objects.create(name="Gold")

    assert "has no terms" in outcome(a_row(tier="gold"))[1]


def test_a_name_like_a_partners_is_pointed_out() -> None:
    PartnerFactory(display_name="Ádá Bakker", legal_name="Something Else")
    plan = judged(a_row("Ada Bakker"))

    assert (plan.is_fine, "name like this" in plan.rows[0].warnings[0]) == (True, True)


def test_what_the_paper_does_not_say_is_taken_from_the_programme_and_said() -> None:
    row = judged(a_row(cap="", bonus_basis="", default_model="")).rows[0]

    assert len(row.warnings) == 3


@pytest.mark.clause("C6")
def test_who_has_an_application_in_review_does_not_move_in() -> None:
    contract = ContractFactory()

    assert "Decide that first" in outcome(a_row(email=contract.partner.user.email))[1]


# --- applied ----------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_applied_each_row_is_an_attestation_to_do() -> None:
    row = moved_in(a_row()).rows.get()
    contract = row.contract

    assert contract is not None
    assert (contract.status, contract.origin, contract.signed_at) == ("in_review", "paper", None)
    assert (contract.paper_signed_on, contract.partner.started_at) == (date(2024, 3, 12), None)
    paper = contract.documents.get(kind="signed")
    assert (paper.version, paper.sha256) == (1, row.paper.sha256)
    user = contract.partner.user
    assert (user.is_active, user.has_usable_password(), user.full_name) == (False, False, "Ada Bakker")


@pytest.mark.clause("C6")
def test_directors_get_one_mail_about_a_file_not_one_for_each_contract() -> None:
    DirectorFactory.create_batch(2)
    moved_in(a_row(), a_row("Ben Vos"), a_row("Cem Can"))

    assert OutboxMessage.objects.filter(kind="partners.move_in_waits").count() == 2
    assert not OutboxMessage.objects.filter(kind="partners.contract_waits").exists()


@pytest.mark.clause("C6")
def test_one_refused_row_keeps_the_whole_file_out() -> None:
    move_in = uploaded(a_row(), a_row("Ben Vos", country="Nowhere"))
    shown = shown_by(plan_of(move_in, at=MONDAY))

    with pytest.raises(RowsRefused):
        commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY)

    assert Partner.objects.count() == 0


@pytest.mark.clause("C6")
def test_what_is_applied_is_what_was_shown() -> None:
    move_in = uploaded(a_row())
    shown = shown_by(plan_of(move_in, at=MONDAY))
    ProgramTermsFactory(effective_on=date(2024, 1, 1))  # another version to compare with

    with pytest.raises(PreviewChanged):
        commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY)


@pytest.mark.clause("C6")
def test_a_crash_in_the_middle_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    move_in = uploaded(a_row(), a_row("Ben Vos"))
    shown = shown_by(plan_of(move_in, at=MONDAY))
    monkeypatch.setattr(moving_in, "ask_directors_of", lambda *a, **k: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY)

    move_in.refresh_from_db()
    assert (Partner.objects.count(), MoveInRow.objects.count(), move_in.committed_at) == (0, 0, None)


@pytest.mark.clause("C6")
def test_a_file_is_applied_once() -> None:
    move_in = moved_in(a_row())

    with pytest.raises(AlreadyMovedIn):
        commit_move_in(move_in=move_in, shown="", by=None, at=MONDAY)


@pytest.mark.clause("C22")
def test_the_same_file_again_is_all_there_already() -> None:
    moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    again = uploaded(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    plan = plan_of(again, at=MONDAY)

    assert [row.outcome for row in plan.rows] == [KNOWN, KNOWN]
    with pytest.raises(NothingNew):
        commit_move_in(move_in=again, shown=shown_by(plan), by=None, at=MONDAY)


@pytest.mark.clause("C22")
def test_the_same_file_after_everybody_started_is_all_there_too() -> None:
    row = moved_in(a_row()).rows.get()
    attest_twice(row.contract)

    assert outcome(a_row())[0] == KNOWN


@pytest.mark.parametrize(
    "cells", [{"recurring": "13"}, {"legal_name": "Another"}, {"signed_on": "2024-03-13"}]
)
@pytest.mark.clause("C22")
def test_a_row_that_changed_is_a_conflict_and_overwrites_nothing(cells: dict[str, str]) -> None:
    moved_in(a_row())

    assert outcome(a_row(**cells))[0] == CONFLICT


@pytest.mark.clause("C22")
def test_another_paper_for_the_same_row_is_a_conflict() -> None:
    moved_in(a_row())
    move_in, _problems = upload_move_in(
        content=a_file(a_row()), file_name="x.csv", papers=[("ada.pdf", a_pdf("new"))], by=None, at=MONDAY
    )

    assert plan_of(move_in, at=MONDAY).rows[0].outcome == CONFLICT


@pytest.mark.clause("C22")
def test_a_partner_who_signed_here_is_known_or_differs() -> None:
    partner = PartnerFactory(display_name="Ada Bakker", legal_name="Bakker Search")
    own = a_row(
        email=partner.user.email,
        legal_name="Bakker Search",
        signed_on="2026-11-23",
        recurring="10",
        first_invoice="25",
        bonus="10",
    )

    assert outcome(own)[0] == KNOWN
    assert outcome({**own, "recurring": "11"}) == (
        CONFLICT,
        "Another recurring percent is recorded; it isn't overwritten.",
    )


@pytest.mark.clause("C20")
def test_recruits_wait_until_their_recruiter_is_a_partner() -> None:
    move_in = moved_in(
        a_row("Cem Can", recruiter="ben@paper.example"),
        a_row("Ben Vos", recruiter="ada@paper.example"),
        a_row("Ada Bakker"),
    )
    with_contract = [row.contract_id is not None for row in move_in.rows.order_by("number")]
    attest_twice(move_in.rows.get(number=4).contract)
    then = [row.contract_id is not None for row in move_in.rows.order_by("number")]

    assert (with_contract, then) == ([False, False, True], [False, True, True])
    ben = move_in.rows.get(number=3).contract
    assert ben is not None
    assert ben.partner.recruiter == move_in.rows.get(number=4).contract.partner


@pytest.mark.clause("C22")
def test_a_waiting_row_that_can_not_go_on_says_why_and_holds_up_nobody() -> None:
    move_in = moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    PartnerFactory(user__email="ben@paper.example")  # came through the website meanwhile
    contract = move_in.rows.get(number=2).contract
    attest_twice(contract)

    assert contract.status == ContractStatus.SIGNED
    assert "became a partner meanwhile" in move_in.rows.get(number=3).problem


@pytest.mark.clause("C22")
def test_an_account_that_nobody_proved_opens_nothing_any_more() -> None:
    squatter = UserFactory(email="ada@paper.example", password="of-somebody-else-1")
    EmailAddress.objects.filter(user=squatter).update(verified=False)
    moved_in(a_row())

    squatter.refresh_from_db()
    assert (squatter.is_active, squatter.has_usable_password()) == (False, False)


@pytest.mark.clause("C22")
def test_a_proven_account_becomes_the_partners_as_it_is() -> None:
    user = UserFactory(email="ada@paper.example")
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True})
    row = moved_in(a_row()).rows.get()

    user.refresh_from_db()
    assert row.contract is not None
    assert (row.contract.partner.user, user.is_active) == (user, True)


def test_an_account_that_an_administrator_closed_stays_closed_when_its_paper_is_attested() -> None:
    user = UserFactory(email="ada@paper.example", is_active=False)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True})

    attest_twice(moved_in(a_row()).rows.get().contract)

    user.refresh_from_db()
    assert not user.is_active

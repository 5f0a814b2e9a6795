"""Which column is which, and what is undone: previews discarded, files taken back, doors closed (C6)."""

import pytest

from partners.errors import AttestedAlready, MayNotMoveIn, OthersWait
from partners.intake import Facts
from partners.models import Contract, ContractStatus, MoveIn, MoveInRow
from partners.services.moving_in import discard_move_in, map_columns, plan_of, take_back, upload_move_in
from ssp.core.intake import ColumnsUnclear
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.moving import a_file, a_row, attest, moved_in, papers_of, stored_files, uploaded
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("terms")]


# --- columns --------------------------------------------------------------------
def test_headings_that_people_use_are_recognised() -> None:
    content = (
        a_file(a_row()).replace(b"email,name", b"E-Mail,Full name").replace(b"signed_on", b"Date signed")
    )
    move_in, _problems = upload_move_in(content=content, file_name="x.csv", papers=[], by=None, at=MONDAY)

    assert (move_in.mapping["email"], move_in.mapping["signed_on"]) == ("e_mail", "date_signed")


def test_headings_that_nobody_knows_are_asked_about() -> None:
    content = a_file(a_row()).replace(b"signed_on", b"Ink dried")
    move_in, _problems = upload_move_in(
        content=content, file_name="x.csv", papers=papers_of(a_row()), by=None, at=MONDAY
    )
    with pytest.raises(ColumnsUnclear, match="Signed on"):
        plan_of(move_in, at=MONDAY)

    map_columns(move_in=move_in, mapping={**move_in.mapping, "signed_on": "Ink dried"}, by=None, at=MONDAY)
    move_in.refresh_from_db()

    assert plan_of(move_in, at=MONDAY).is_fine


def test_one_heading_is_not_two_things() -> None:
    move_in = uploaded(a_row())

    with pytest.raises(ColumnsUnclear, match="two things"):
        map_columns(move_in=move_in, mapping={**move_in.mapping, "tier": "name"}, by=None, at=MONDAY)


# --- taken back -------------------------------------------------------------------
@pytest.mark.clause("C6")
def test_a_file_of_which_nobody_decided_anything_is_taken_back_and_may_come_again() -> None:
    move_in = moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    take_back(move_in=move_in, by=None, at=MONDAY)

    contract = Contract.objects.get()
    assert contract.status == ContractStatus.CLOSED
    assert not MoveInRow.objects.live().exists()
    again = moved_in(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    assert again.rows.get(number=2).contract.partner == contract.partner


@pytest.mark.clause("C6")
def test_a_file_is_not_taken_back_once_a_director_decided() -> None:
    move_in = moved_in(a_row(), a_row("Ben Vos"))
    attest(move_in.rows.get(number=2).contract)

    with pytest.raises(AttestedAlready):
        take_back(move_in=move_in, by=None, at=MONDAY)


@pytest.mark.clause("C20")
def test_a_file_whose_partner_others_wait_for_is_not_taken_back() -> None:
    first = moved_in(a_row())
    moved_in(a_row("Ben Vos", recruiter="ada@paper.example"))

    with pytest.raises(OthersWait):
        take_back(move_in=first, by=None, at=MONDAY)


def test_a_preview_that_nobody_wants_goes_with_its_papers(
    django_capture_on_commit_callbacks,
) -> None:
    move_in = uploaded(a_row())
    kept = stored_files()
    with django_capture_on_commit_callbacks(execute=True):
        discard_move_in(move_in=move_in, by=None, at=MONDAY)

    assert (len(kept), stored_files(), MoveIn.objects.count()) == (1, [], 0)


@pytest.mark.parametrize("role", [Role.PARTNER, Role.SALES, Role.SALES_LEAD, Role.FINANCE])
@pytest.mark.clause("C6")
def test_only_directors_and_administrators_move_partners_in(role: Role) -> None:
    with pytest.raises(MayNotMoveIn):
        uploaded(a_row(), by=UserFactory(roles=[role], is_superuser=True))


@pytest.mark.clause("C6")
def test_facts_survive_being_kept() -> None:
    row = moved_in(a_row()).rows.get()

    assert Facts(**row.facts).as_json == row.facts

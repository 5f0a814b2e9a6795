"""Whatever a spreadsheet says: no invariant breaks, and no row moves in by half."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners import invariants
from partners.models import Contract, ContractStatus, MoveInRow, Partner
from partners.services.moving_in import commit_move_in, plan_of, shown_by, upload_move_in
from ssp.core.models import User
from tests.factories.moving import a_file, a_pdf, a_row, attest
from tests.factories.partners import DirectorFactory, ProgramTermsFactory
from tests.moments import MONDAY

NAMES = ("Ada A", "Ben B", "Cem C", "Dora D", "Eva E", "Finn F")
ADDRESSES = tuple(f"{name.split()[0].lower()}@paper.example" for name in NAMES)
PDF = a_pdf("one")
PDFS = {address: a_pdf(address) for address in ADDRESSES}
sometimes = st.sampled_from(("", "", "", *ADDRESSES, "ada+x@paper.example", "nobody@paper.example"))


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6)):
        day = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 6)))
        found.append(
            a_row(
                name,
                signed_on=draw(st.sampled_from((day.isoformat(), day.isoformat(), "2031-01-01", "soon"))),
                recruiter=draw(sometimes),
                slot=draw(st.sampled_from(("", "", "", "1", "3", "none", "9"))),
                recurring=draw(st.sampled_from(("10", "12.5%", "10", "101", "x"))),
                tax_number=draw(st.sampled_from(("", "", "NL1"))),
                country=draw(st.sampled_from(("NL", "Netherlands", "Nowhere"))),
            )
        )
    return found


@st.composite
def mostly_right_rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Everybody once, signed in the order of their names, recruited by somebody before them or by nobody."""
    found = []
    for number, name in enumerate(NAMES):
        recruiter = draw(st.sampled_from(("", *ADDRESSES[:number])))
        day = date(2024, 1, 1) + timedelta(days=number)
        found.append(a_row(name, signed_on=day.isoformat(), recruiter=recruiter))
    return draw(st.permutations(found))


class _Undo(Exception):
    pass


def live_through(said: list[dict[str, str]]) -> None:
    """Hand a file in, apply it if it may be, attest everything, as far as it goes; look after each step."""
    papers = [(row["pdf"], PDFS[row["email"]]) for row in said]
    move_in, _problems = upload_move_in(
        content=a_file(*said), file_name="x.csv", papers=papers, by=None, at=MONDAY
    )
    plan = plan_of(move_in, at=MONDAY)
    assert User.objects.filter(email__in=ADDRESSES).count() == 0
    if not (plan.is_fine and plan.has_news):
        return
    commit_move_in(move_in=move_in, shown=shown_by(plan), by=None, at=MONDAY)
    whole_rows()
    directors = DirectorFactory.create_batch(2)
    while waiting := Contract.objects.filter(status=ContractStatus.IN_REVIEW).order_by("-pk").first():
        for director in directors:
            attest(waiting, director)
        assert invariants.broken() == []
        whole_rows()
    assert not MoveInRow.objects.waiting().exists()
    assert Partner.objects.filter(started_at=None).count() == 0
    slots = {draft.facts.email: draft.slot for draft in plan.drafts}
    assert {p.user.email: p.bonus_slot for p in Partner.objects.select_related("user")} == slots


def whole_rows() -> None:
    """Each row that has a contract has all of it; each that waits has nothing."""
    for row in MoveInRow.objects.select_related("contract__partner__user"):
        account = User.objects.filter(email=row.facts["email"]).exists()
        assert account == (row.contract is not None)
        if row.contract is not None:
            assert row.contract.documents.filter(version=row.contract.version, kind="signed").exists()


def in_an_undone_world(said: list[dict[str, str]]) -> None:
    with pytest.raises(_Undo), transaction.atomic():
        ProgramTermsFactory()
        live_through(said)
        raise _Undo


patient = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.django_db
@pytest.mark.clause("C6", "C21", "C22")
@patient
@given(said=rows())
def test_no_spreadsheet_breaks_an_invariant(said: list[dict[str, str]]) -> None:
    in_an_undone_world(said)


@pytest.mark.django_db
@pytest.mark.clause("C20", "C21")
@settings(patient, max_examples=3)
@given(said=mostly_right_rows())
def test_whoever_recruited_whom_everybody_gets_in_with_the_slots_of_the_preview(
    said: list[dict[str, str]],
) -> None:
    in_an_undone_world(said)

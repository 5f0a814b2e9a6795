"""Two at the same moment, while partners move in. Each race has a twin without its guard, and that fails."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from partners import invariants, queries
from partners.models import Contract, ContractReview, ContractStatus, MoveIn, Partner
from partners.services import contracts, moving_in, paper
from partners.services.contracts import review_contract
from partners.services.moving_in import commit_move_in, plan_of, shown_by
from ssp.core.models import OutboxMessage, User
from tests.factories.moving import a_row, attest, moved_in, uploaded
from tests.factories.partners import DirectorFactory, PartnerFactory, ProgramTermsFactory
from tests.integration.partners.test_races import at_once, meeting
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def terms_there() -> None:
    ProgramTermsFactory()


def pressing(contract: Contract, director: User) -> Callable[[], object]:
    return lambda: review_contract(
        contract=contract,
        director=director,
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=contract.version,
        at=MONDAY,
    )


def committing(move_in: MoveIn, shown: str) -> Callable[[], object]:
    return lambda: commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY)


@pytest.mark.clause("C6")
def test_two_directors_attesting_at_once_start_one_partnership(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = moved_in(a_row()).rows.get().contract
    first, second = DirectorFactory.create_batch(2)

    with meeting(monkeypatch, queries, "approvals", queries.approvals):
        raised = at_once(pressing(contract, first), pressing(contract, second))

    contract.refresh_from_db()
    assert (raised, contract.status) == ([], ContractStatus.SIGNED)
    assert OutboxMessage.objects.filter(kind="partners.partnership_started").count() == 1


@pytest.fixture
def two_for_the_last_slot() -> list[Contract]:
    """Two papers that both claim slot 3 of one recruiter, each with one attestation."""
    recruiter = PartnerFactory(started_at=datetime(2024, 1, 1, tzinfo=UTC))
    found = []
    for name in ("Ada Bakker", "Ben Vos"):
        row = moved_in(a_row(name, recruiter=recruiter.user.email)).rows.get()
        Contract.objects.filter(pk=row.contract.pk).update(paper_slot=3, version=2)
        contract = Contract.objects.get(pk=row.contract.pk)
        document = contract.documents.get()
        document.pk, document.version = None, 2
        document.save(force_insert=True)
        attest(contract)
        found.append(contract)
    return found


@pytest.mark.clause("C21")
def test_two_papers_for_the_same_last_slot_give_it_once(two_for_the_last_slot: list[Contract]) -> None:
    directors = DirectorFactory.create_batch(2)
    raised = at_once(*[pressing(c, d) for c, d in zip(two_for_the_last_slot, directors, strict=True)])

    assert [type(problem).__name__ for problem in raised] == ["SlotTaken"]
    assert list(Partner.objects.exclude(bonus_slot=None).values_list("bonus_slot", flat=True)) == [3]
    assert sorted(Contract.objects.filter(origin="paper").values_list("status", flat=True)) == [
        "in_review",
        "signed",
    ]
    assert invariants.broken() == []


@pytest.mark.clause("C21")
def test_without_taking_turns_the_constraint_still_gives_the_slot_once(
    monkeypatch: pytest.MonkeyPatch, two_for_the_last_slot: list[Contract]
) -> None:
    monkeypatch.setattr(contracts, "take_turns", lambda: None)
    directors = DirectorFactory.create_batch(2)
    with meeting(monkeypatch, paper, "start_of_day", paper.start_of_day):
        raised = at_once(*[pressing(c, d) for c, d in zip(two_for_the_last_slot, directors, strict=True)])

    assert [type(problem).__name__ for problem in raised] == ["SlotTaken"]
    assert Partner.objects.filter(bonus_slot=3).count() == 1


@pytest.mark.clause("C6")
def test_a_file_committed_twice_at_once_moves_everybody_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    move_in = uploaded(a_row(), a_row("Ben Vos", recruiter="ada@paper.example"))
    shown = shown_by(plan_of(move_in, at=MONDAY))
    with meeting(monkeypatch, moving_in, "shown_by", shown_by):
        raised = at_once(committing(move_in, shown), committing(move_in, shown))

    assert [type(problem).__name__ for problem in raised] == ["AlreadyMovedIn"]
    assert (Partner.objects.count(), move_in.rows.count()) == (1, 2)


@pytest.fixture
def recruit_file() -> tuple[Contract, MoveIn, str]:
    """A recruiter with one attestation, and a file with their recruit, previewed."""
    recruiter = moved_in(a_row()).rows.get().contract
    attest(recruiter)
    move_in = uploaded(a_row("Ben Vos", recruiter="ada@paper.example"))
    return recruiter, move_in, shown_by(plan_of(move_in, at=MONDAY))


@pytest.mark.clause("C20")
def test_a_recruit_who_moves_in_while_the_recruiter_is_attested_never_waits_for_ever(
    recruit_file: tuple[Contract, MoveIn, str],
) -> None:
    recruiter, move_in, shown = recruit_file
    raised = at_once(pressing(recruiter, DirectorFactory()), committing(move_in, shown))

    # Attested first, the recruit's preview shows something else: look again.
    names = [type(problem).__name__ for problem in raised]
    assert names in ([], ["PreviewChanged"])
    assert [row.contract is not None for row in move_in.rows.all()] == ([] if names else [True])


@pytest.mark.clause("C20")
def test_without_taking_turns_such_a_recruit_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch, recruit_file: tuple[Contract, MoveIn, str]
) -> None:
    recruiter, move_in, shown = recruit_file
    monkeypatch.setattr(contracts, "take_turns", lambda: None)
    monkeypatch.setattr(moving_in, "take_turns", lambda: None)
    director = DirectorFactory()
    real = moving_in.fingerprint

    def attested_meanwhile(seen: object) -> str:
        mark = real(seen)
        at_once(pressing(recruiter, director))  # commits between the plan and the rows
        return mark

    monkeypatch.setattr(moving_in, "fingerprint", attested_meanwhile)
    commit_move_in(move_in=move_in, shown=shown, by=None, at=MONDAY)

    recruiter.refresh_from_db()
    assert recruiter.status == ContractStatus.SIGNED
    assert [row.contract for row in move_in.rows.all()] == [None]

"""Moving partners in: a file and its PDFs are kept, previewed, applied as a whole, or taken back (C6)."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from partners.errors import (
    AlreadyMovedIn,
    AttestedAlready,
    MayNotMoveIn,
    NothingNew,
    NotTakenBack,
    OthersWait,
    PreviewChanged,
    RowsRefused,
)
from partners.intake import COLUMNS, MAX_ROWS
from partners.models import Contract, ContractReview, MoveIn, MoveInPaper, MoveInRow
from partners.moving_plan import Draft, Plan, plan_move_in
from partners.services.admitting import admit, admit_waiting, ask_directors_of, take_turns
from partners.services.paper import close_papers
from ssp.core import audit
from ssp.core.batches import fingerprint
from ssp.core.errors import constraint_as
from ssp.core.intake import NEW, check_mapping, recognise
from ssp.core.models import User
from ssp.core.papers import Paper, read_papers
from ssp.core.periods import local_date
from ssp.core.roles import Role
from ssp.core.tabular import Table, fold, read_table


def check_may_move_in(user: User | None) -> None:
    """Refuse whoever is neither director nor administrator; None is the operator at the command line.

    :raises MayNotMoveIn:
    """
    if user is not None and not user.has_any_role(Role.DIRECTOR, Role.ADMINISTRATOR):
        raise MayNotMoveIn


@transaction.atomic
def upload_move_in(
    *, content: bytes, file_name: str, papers: Iterable[tuple[str, bytes]], by: User | None, at: datetime
) -> tuple[MoveIn, list[str]]:
    """Keep a file and its PDFs for the preview; nobody moves in yet.

    Returns the batch, and what is wrong with files that weren't kept.

    :raises MayNotMoveIn, UnreadableTable: C6.
    """
    check_may_move_in(by)
    table = read_table(content, max_rows=MAX_ROWS)
    move_in = MoveIn.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        mapping=recognise(table.headers, COLUMNS),
        uploaded_by=by,
        uploaded_at=at,
    )
    problems = _keep(move_in, papers)
    audit.record("move_in.uploaded", move_in, by=by, at=at, rows=len(table.rows))
    return move_in, problems


@transaction.atomic
def add_papers(
    *, move_in: MoveIn, papers: Iterable[tuple[str, bytes]], by: User | None, at: datetime
) -> list[str]:
    """Keep further PDFs of a preview; one of the same name takes the place of the one before.

    :raises MayNotMoveIn:  :raises AlreadyMovedIn: the papers of what was applied stay as they are.
    """
    check_may_move_in(by)
    move_in = MoveIn.objects.select_for_update().get(pk=move_in.pk)
    if move_in.committed_at is not None:
        raise AlreadyMovedIn
    problems = _keep(move_in, papers)
    audit.record("move_in.papers_added", move_in, by=by, at=at)
    return problems


def _keep(move_in: MoveIn, files: Iterable[tuple[str, bytes]]) -> list[str]:
    papers, problems = read_papers(files)
    there = {paper.name.casefold(): paper for paper in move_in.papers.all()}
    kept = []
    for paper in papers:
        old = there.get(paper.name.casefold())
        if old is not None and old.sha256 == paper.sha256:
            continue
        if old is not None:
            _forget(old)
            old.delete()
        kept.append(_stored(move_in, paper))
    MoveInPaper.objects.bulk_create(kept)
    return problems


def _stored(move_in: MoveIn, paper: Paper) -> MoveInPaper:
    kept = MoveInPaper(move_in=move_in, name=paper.name, sha256=paper.sha256, pages=paper.pages)
    kept.file.save(f"{paper.sha256[:16]}.pdf", ContentFile(paper.content), save=False)
    return kept


def _forget(paper: MoveInPaper) -> None:
    """Delete the file of a preview's paper, once it is certain that nothing points at it any more."""
    storage, name = paper.file.storage, str(paper.file.name)
    transaction.on_commit(lambda: storage.delete(name))


@transaction.atomic
def map_columns(*, move_in: MoveIn, mapping: Mapping[str, str], by: User | None, at: datetime) -> None:
    """Say which column of a preview is which.

    :raises MayNotMoveIn, AlreadyMovedIn:  :raises ColumnsUnclear: something needed is left open.
    """
    check_may_move_in(by)
    move_in = MoveIn.objects.select_for_update().get(pk=move_in.pk)
    if move_in.committed_at is not None:
        raise AlreadyMovedIn
    known = {column.name for column in COLUMNS}
    chosen = {name: fold(heading) for name, heading in mapping.items() if name in known and heading}
    check_mapping(chosen, table_of(move_in).headers, COLUMNS)
    move_in.mapping = chosen
    move_in.save(update_fields=["mapping"])
    audit.record("move_in.mapped", move_in, by=by, at=at)


def table_of(move_in: MoveIn) -> Table:
    """Return the rows of a batch's file."""
    return read_table(bytes(move_in.content), max_rows=MAX_ROWS)


def plan_of(move_in: MoveIn, *, at: datetime) -> Plan:
    """Judge every row of a batch as things stand now; saves nothing.

    :raises ColumnsUnclear: somebody must say which column is which.
    """
    papers = {paper.name.casefold(): paper.sha256 for paper in move_in.papers.all()}
    return plan_move_in(table_of(move_in), move_in.mapping, papers, on=local_date(at))


def shown_by(plan: Plan) -> str:
    """Return the mark of what a preview shows; `commit_move_in` wants the same."""
    return fingerprint(plan.shown)


@transaction.atomic
def commit_move_in(*, move_in: MoveIn, shown: str, by: User | None, at: datetime) -> Plan:
    """Apply exactly what was previewed: every new row becomes an attestation to do, or none does.

    :param shown: the mark of the preview (`shown_by`).
    :raises MayNotMoveIn, AlreadyMovedIn, RowsRefused, NothingNew:
    :raises PreviewChanged: the database, the papers or the mapping changed since.
    """
    check_may_move_in(by)
    take_turns()
    move_in = MoveIn.objects.select_for_update().get(pk=move_in.pk)
    if move_in.committed_at is not None:
        raise AlreadyMovedIn
    plan = plan_of(move_in, at=at)
    if shown_by(plan) != shown:
        raise PreviewChanged
    if not plan.is_fine:
        raise RowsRefused
    if not plan.has_news:
        raise NothingNew
    with (
        constraint_as("partners_partner_identity", PreviewChanged),
        constraint_as("partners_partner_user_id", PreviewChanged),
        constraint_as("user_one_per_email", PreviewChanged),
        constraint_as("contract_one_open_per_partner", PreviewChanged),
        transaction.atomic(),
    ):
        _admit_all(move_in, plan.drafts, at=at)
    move_in.committed_by, move_in.committed_at, move_in.report = by, at, plan.report
    move_in.save(update_fields=["committed_by", "committed_at", "report"])
    audit.record("move_in.committed", move_in, by=by, at=at, new=plan.count(NEW))
    ask_directors_of(move_in.pk, at=at)
    return plan


def _admit_all(move_in: MoveIn, drafts: list[Draft], *, at: datetime) -> None:
    """Save a row for each draft: with its contract, or to wait until its recruiter is a partner."""
    papers = {paper.name.casefold(): paper for paper in move_in.papers.all()}
    rows = {
        draft.number: MoveInRow(
            move_in=move_in,
            number=draft.number,
            facts=draft.facts.as_json,
            identity=draft.facts.identity,
            slot=draft.slot,
            paper=papers[draft.facts.pdf.casefold()],
            recruiter=draft.recruiter,
            recruiter_row=draft.recruiter_row,
        )
        for draft in drafts
    }
    now = [draft for draft in drafts if draft.recruiter_row is None and draft.recruiter_draft is None]
    admit([rows[each.number] for each in now], [each.terms for each in now if each.terms], at=at)
    saved: set[int] = set()
    while len(saved) < len(drafts):  # recruiters before their recruits, who point at them
        level = [
            draft
            for draft in drafts
            if draft.number not in saved
            and (draft.recruiter_draft is None or draft.recruiter_draft.number in saved)
        ]
        for draft in level:
            if draft.recruiter_draft is not None:
                rows[draft.number].recruiter_row = rows[draft.recruiter_draft.number]
        MoveInRow.objects.bulk_create([rows[draft.number] for draft in level])
        saved |= {draft.number for draft in level}


@transaction.atomic
def try_waiting_again(*, move_in: MoveIn, by: User | None, at: datetime) -> int:
    """Try rows again that got no contract although their recruiter is a partner; return how many got one.

    :raises MayNotMoveIn:
    """
    check_may_move_in(by)
    take_turns()
    rows = MoveInRow.objects.waiting().filter(move_in=move_in).order_by("pk")
    return admit_waiting(rows.select_related("paper", "recruiter", "recruiter_row__contract__partner"), at=at)


def can_take_back(move_in: MoveIn) -> bool:
    """Tell whether a file was applied and no director decided anything about it."""
    decided = ContractReview.objects.filter(contract__move_in_row__move_in=move_in)
    return move_in.state == "committed" and not decided.exists()


@transaction.atomic
def take_back(*, move_in: MoveIn, by: User | None, at: datetime) -> None:
    """Undo a file of which nobody decided anything: contracts closed, waiting rows dropped (C6).

    :raises MayNotMoveIn, NotTakenBack:  :raises AttestedAlready: a director decided about one.
    :raises OthersWait: rows of another file wait for one of these.
    """
    check_may_move_in(by)
    take_turns()
    move_in = MoveIn.objects.select_for_update().get(pk=move_in.pk)
    if move_in.committed_at is None or move_in.taken_back_at is not None:
        raise NotTakenBack
    contracts = Contract.objects.filter(move_in_row__move_in=move_in, move_in_row__taken_back_at=None)
    locked = list(contracts.select_for_update(of=("self",)).order_by("pk"))
    if ContractReview.objects.filter(contract__move_in_row__move_in=move_in).exists():
        raise AttestedAlready
    if MoveInRow.objects.live().filter(recruiter_row__move_in=move_in).exclude(move_in=move_in).exists():
        raise OthersWait
    close_papers(locked, by=by, at=at)
    MoveInRow.objects.live().filter(move_in=move_in).update(taken_back_at=at)
    move_in.taken_back_by, move_in.taken_back_at = by, at
    move_in.save(update_fields=["taken_back_by", "taken_back_at"])
    audit.record("move_in.taken_back", move_in, by=by, at=at)


@transaction.atomic
def discard_move_in(*, move_in: MoveIn, by: User | None, at: datetime) -> None:
    """Delete a preview with its papers: it concerns people, and nobody needs it.

    :raises MayNotMoveIn:  :raises AlreadyMovedIn: what was applied is kept.
    """
    check_may_move_in(by)
    move_in = MoveIn.objects.select_for_update().get(pk=move_in.pk)
    if move_in.committed_at is not None:
        raise AlreadyMovedIn
    audit.record("move_in.discarded", move_in, by=by, at=at)
    for paper in move_in.papers.all():
        _forget(paper)
    move_in.delete()

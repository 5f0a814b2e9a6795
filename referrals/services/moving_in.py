"""Running referrals move in: a file is kept, previewed, attested by a sales lead, and applied as a whole.

The windows rest on introductions that the lead attests: each comes as a held meeting on its day. Nobody is
asked about it (C14), and no invitation goes out. Who was never told of their data is told now (C11).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from referrals import rules
from referrals.errors import NotEligible, PartnershipNotStarted
from referrals.errors_moving import (
    MoveInChanged,
    MoveInGone,
    MovesInByALead,
    MovesInOnce,
    NotAttested,
    NothingToMoveIn,
    RowsInTheWay,
)
from referrals.models import (
    Deal,
    DealStage,
    Discussion,
    Introduction,
    IntroductionStatus,
    Referral,
    ReferralMoveIn,
    ReferralMoveInRow,
    UseCase,
)
from referrals.permissions import check_not_own
from referrals.rules import Person
from referrals.running_plan import Draft, Plan, plan_running
from referrals.running_rows import COLUMNS, Facts
from referrals.services.registration import claim, company_of
from ssp.core import audit, outbox
from ssp.core.batches import fingerprint
from ssp.core.errors import constraint_as
from ssp.core.intake import NEW, check_mapping, recognise
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.core.tabular import Table, fold, read_table

MAX_ROWS = 500  # some dozen statements each, in one transaction of one request
KEPT = timedelta(days=7)  # how long a preview that nobody applies is kept
TURN = "referrals.moving_in"


def check_may_move_in(user: User) -> None:
    """:raises MovesInByALead: anybody but a sales lead."""
    if not user.has_role(Role.SALES_LEAD):
        raise MovesInByALead


# --- before ------------------------------------------------------------------------
@transaction.atomic
def upload_running(*, content: bytes, file_name: str, by: User, at: datetime) -> ReferralMoveIn:
    """Keep a file for its preview; nothing moves in yet.

    :raises MovesInByALead:  :raises UnreadableTable: the file can't be used, in words.
    """
    check_may_move_in(by)
    table = read_table(content, max_rows=MAX_ROWS)
    record = ReferralMoveIn.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        mapping=recognise(table.headers, COLUMNS),
        uploaded_by=by,
        uploaded_at=at,
    )
    audit.record("referral_move_in.uploaded", record, by=by, at=at, rows=len(table.rows))
    return record


@transaction.atomic
def map_running(*, record: ReferralMoveIn, mapping: Mapping[str, str], by: User, at: datetime) -> None:
    """Say which column of a preview is which.

    :raises MovesInByALead, MoveInGone, MovesInOnce:  :raises ColumnsUnclear: something needed is left open.
    """
    check_may_move_in(by)
    row = _locked_preview(record)
    known = {column.name for column in COLUMNS}
    chosen = {name: fold(heading) for name, heading in mapping.items() if name in known and heading}
    check_mapping(chosen, table_of(row).headers, COLUMNS)
    row.mapping = chosen
    row.save(update_fields=["mapping"])
    audit.record("referral_move_in.mapped", row, by=by, at=at)


@transaction.atomic
def discard_running(*, record: ReferralMoveIn, by: User, at: datetime) -> None:
    """Delete a preview: it concerns people, and nobody needs it.

    :raises MovesInByALead, MoveInGone:  :raises MovesInOnce: what moved in stays listed.
    """
    check_may_move_in(by)
    row = _locked_preview(record)
    audit.record("referral_move_in.discarded", row, by=by, at=at)
    row.delete()


@transaction.atomic
def forget_previews(*, at: datetime) -> int:
    """Delete previews that nobody applied for a week; returns how many."""
    old = ReferralMoveIn.objects.filter(committed_at=None, uploaded_at__lt=at - KEPT)
    rows = list(old.select_for_update(skip_locked=True))
    for row in rows:
        audit.record("referral_move_in.forgotten", row, by=None, at=at)
        row.delete()
    return len(rows)


def table_of(record: ReferralMoveIn) -> Table:
    """Return the rows of a preview's file."""
    return read_table(bytes(record.content), max_rows=MAX_ROWS)


def plan_of(record: ReferralMoveIn, *, at: datetime) -> Plan:
    """Judge every row of a preview as things stand now; saves nothing.

    :raises ColumnsUnclear: somebody must say which column is which.
    """
    return plan_running(table_of(record), record.mapping, at=at)


def shown_by(plan: Plan) -> str:
    """Return the mark of what a preview shows; `commit_running` wants the same."""
    return fingerprint(plan.shown)


# --- the moving in -------------------------------------------------------------------
@transaction.atomic
def commit_running(*, record: ReferralMoveIn, shown: str, attested: bool, by: User, at: datetime) -> Plan:
    """Apply exactly what was previewed: every new row becomes a use case, or none does.

    :param shown: the mark of the preview (`shown_by`).  :param attested: the lead vouches for the rows.
    :raises MovesInByALead, NotAttested, MoveInGone, MovesInOnce, RowsInTheWay, NothingToMoveIn:
    :raises OwnReferral: a lead who is one of these partners.
    :raises MoveInChanged: the database or the mapping changed since.
    """
    check_may_move_in(by)
    if not attested:
        raise NotAttested
    one_after_another(TURN)
    row = _locked_preview(record)
    plan = plan_of(row, at=at)
    if shown_by(plan) != shown:
        raise MoveInChanged
    if not plan.is_fine:
        raise RowsInTheWay
    if not plan.new:
        raise NothingToMoveIn
    for partner in {draft.partner.pk: draft.partner for draft in plan.new if draft.partner}.values():
        check_not_own(by, partner)
    with (
        constraint_as("deal_customer_reference_once", MoveInChanged),
        constraint_as("referral_move_in_row_once", MovesInOnce),
        transaction.atomic(),
    ):
        _move_all(row, plan.new, by=by, at=at)
    row.committed_by, row.committed_at, row.content = by, at, b""
    row.report = [{"number": each.number, "outcome": each.outcome} for each in plan.rows]
    row.save(update_fields=["committed_by", "committed_at", "content", "report"])
    audit.record("referral_move_in.committed", row, by=by, at=at, new=plan.count(NEW))
    return plan


def _move_all(record: ReferralMoveIn, drafts: list[Draft], *, by: User, at: datetime) -> None:
    people: dict[str, Referral] = {}
    meetings: dict[tuple[int, str, str, int], Introduction] = {}
    for draft in drafts:
        referral = people.get(draft.facts.identity) or draft.referral
        if referral is None:
            referral = _register(record, draft, by=by, at=at)
        people[draft.facts.identity] = referral
        case = _define(draft, referral, by=by, at=at)
        ReferralMoveInRow.objects.create(move_in=record, number=draft.judged.number, use_case=case)
        if draft.facts.introduced_on is not None:
            _open_window(draft, referral, case, _meeting(draft, referral, meetings, by=by, at=at), at=at)
            _deal(draft.facts, case, by=by, at=at)
    for referral in people.values():
        _tell_person(referral, at=at)
    for partner_id in sorted({referral.partner_id for referral in people.values()}):
        outbox.enqueue(
            "referrals.moved_in",
            key=f"referral-move-in:{record.pk}:partner:{partner_id}",
            payload={"move_in_id": record.pk, "partner_id": partner_id},
            at=at,
        )


def _register(record: ReferralMoveIn, draft: Draft, *, by: User, at: datetime) -> Referral:
    """Claim the person as of their day. What SeMI knows today is no evidence of that day, and isn't kept."""
    facts, partner = draft.facts, draft.partner
    assert partner is not None  # the plan refused the row otherwise
    person = Person(
        first_name=facts.first_name,
        last_name=facts.last_name,
        email=facts.email,
        company_name=facts.company,
        title=facts.title,
        relation=facts.relation,
        agreed=True,
    )
    told_at = facts.moment("told", facts.told_on) if facts.told_on else None
    try:
        referral = claim(
            partner=partner,
            company=company_of(person),
            person=person,
            identity=facts.identity,
            evidence={"checked_at": at.isoformat(), "moved_in": record.pk, "attested_by": by.pk},
            accepted_at=facts.moment("registered", facts.registered_on),
            partner_confirmed_at=facts.moment("registered", facts.registered_on),
            agreement_attested=True,
            told_at=told_at,
            seller=draft.host,
            by=by,
            at=facts.moment("registered", facts.registered_on),
        )
    except (NotEligible, PartnershipNotStarted) as changed:
        raise MoveInChanged from changed
    audit.record("referral.moved_in", referral, by=by, at=at, partner=partner.pk, move_in=record.pk)
    return referral


def _define(draft: Draft, referral: Referral, *, by: User, at: datetime) -> UseCase:
    facts = draft.facts
    case = UseCase.objects.create(
        partner_id=referral.partner_id,
        referral=referral,
        title=facts.use_case,
        problem=facts.problem,
        data=facts.data,
        who_feels_it=facts.who_feels_it,
        expected_value=facts.expected_value,
        model=facts.model,
        defined_at=facts.moment("defined", facts.defined_on),
    )
    audit.record("use_case.moved_in", case, by=by, at=at, referral=referral.pk)
    return case


def _meeting(
    draft: Draft,
    referral: Referral,
    meetings: dict[tuple[int, str, str, int], Introduction],
    *,
    by: User,
    at: datetime,
) -> Introduction:
    """Bring the held introduction, one for all use cases that were discussed on that day with that host."""
    facts, host = draft.facts, draft.host
    assert facts.introduced_on is not None
    assert host is not None
    key = (referral.pk, facts.introduced_on.isoformat(), facts.medium, host.pk)
    if key not in meetings:
        meetings[key] = Introduction.objects.create(
            referral=referral,
            host=host,
            starts_at=facts.moment("met", facts.introduced_on),
            ends_at=facts.moment("left", facts.introduced_on),
            medium=facts.medium,
            status=IntroductionStatus.HELD,
            calendar_uid=f"{uuid4()}@semi-sales-partnership",
            proposed_by=by,
            proposed_at=at,
        )
        audit.record("introduction.moved_in", meetings[key], by=by, at=at, referral=referral.pk)
    return meetings[key]


def _open_window(
    draft: Draft, referral: Referral, case: UseCase, meeting: Introduction, *, at: datetime
) -> None:
    Discussion.objects.create(introduction=meeting, use_case=case, discussed=True)
    case.window_starts_on = meeting.held_on
    case.window_ends_on = rules.window_ends_on(meeting.held_on)
    case.model = case.model or (draft.contract.default_model if draft.contract else "")
    case.model_locked_at = at
    case.save()
    if referral.vested_at is None:
        referral.become_warm(at=meeting.ends_at)
        referral.save()


def _deal(facts: Facts, case: UseCase, *, by: User, at: datetime) -> None:
    won, lost = facts.stage == DealStage.WON, facts.stage == DealStage.LOST
    deal = Deal.objects.create(
        use_case=case,
        stage=facts.stage or DealStage.DISCOVERY,
        currency=facts.currency,
        expected_net=facts.value,
        expected_on=facts.expected_on,
        reseller_name=facts.reseller,
        customer_reference=facts.customer_reference,
        signed_on=facts.signed_on,
        recorded_at=at if won else None,
        lost_reason=facts.lost_reason if lost else "",
        created_at=at,
    )
    if won:
        assert facts.signed_on is not None
        audit.record(
            "deal.won",
            deal,
            by=by,
            at=at,
            signed_on=facts.signed_on.isoformat(),
            in_time=deal.is_within_window(),
        )
        # Invoices that came before find it. Nobody is written to: the partner has one mail about the file.
        outbox.enqueue("referrals.deal_won", key=f"deal:{deal.pk}:won", payload={"deal_id": deal.pk}, at=at)
    elif lost:
        audit.record("deal.lost", deal, by=by, at=at, use_case=case.pk)


def _tell_person(referral: Referral, *, at: datetime) -> None:
    """Tell who was never told: who met us is told what we keep, others that a partner introduces them."""
    if referral.told_at is not None:
        return
    referral.told_at = at
    referral.save(update_fields=["told_at"])
    outbox.enqueue(
        "referrals.moved_in_notice" if referral.vested_at else "referrals.privacy_notice",
        key=f"referral:{referral.pk}:privacy-notice",
        payload={"referral_id": referral.pk},
        at=at,
    )


def _locked_preview(record: ReferralMoveIn) -> ReferralMoveIn:
    row = ReferralMoveIn.objects.select_for_update().filter(pk=record.pk).first()
    if row is None:
        raise MoveInGone
    if row.committed_at is not None:
        raise MovesInOnce
    return row

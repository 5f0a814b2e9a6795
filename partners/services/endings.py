"""The end of a partnership: by notice, of either side, or for cause, by two directors (*Ending*).

Whoever ends a partnership holds its row, as whoever registers somebody does: one of them is first, and the
other sees what they did.
"""

from datetime import date, datetime

import structlog
from django.db import transaction

from partners.consequences import (
    Leaving,
    by_notice,
    consequences_of,
    end_of,
    evidence_of,
    for_cause,
    seal_of,
)
from partners.errors import (
    AlreadyEnding,
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
    PartnershipOver,
)
from partners.models import Contract, Ending, EndingSide, Partner
from partners.permissions import check_may_end
from partners.queries import contract_in_force
from partners.rules import latest_last_day
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.models import User
from ssp.core.periods import local_date

Kind = Partner.EndKind

log = structlog.get_logger(__name__)


def lock_partner(partner: Partner) -> Partner:
    """Return the partner's present row, locked: what begins, ends and is registered takes turns."""
    return (
        Partner.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "recruiter__user")
        .get(pk=partner.pk)
    )


def _tell(kind: str, ending: Ending, *, at: datetime) -> None:
    outbox.enqueue(
        f"partners.{kind}", key=f"ending:{ending.pk}:{kind}", payload={"ending_id": ending.pk}, at=at
    )


def _evidence(leaving: Leaving, seal: str | None) -> dict[str, object]:
    """Return what becomes of everything, if it is still what was read.

    :raises ConsequencesChanged: it isn't.
    """
    consequences = consequences_of(leaving)
    if seal is not None and seal != seal_of(consequences):
        raise ConsequencesChanged
    return evidence_of(consequences)


# --- notice -----------------------------------------------------------------------
@transaction.atomic
def give_notice(
    *, partner: Partner, last_on: date, reason: str = "", seal: str | None = None, by: User, at: datetime
) -> Ending:
    """Give notice: the partnership runs to the end of that day in Amsterdam.

    The partner gives theirs; everybody else gives SeMI's, as a director without an interest, with a reason.
    The programme asks for no minimum, so a notice may name today; a year ahead is where typing errors end.

    :param seal: of the consequences that were read (`consequences.seal_of`).
    :raises PartnershipOver, AlreadyEnding: nothing to end.  :raises LastDayPassed, LastDayTooFar: which day.
    :raises NotDirector, OwnPartnership, EarnsFromPartner, EndingNeedsReason: SeMI's side.
    :raises ConsequencesChanged: what was read is no longer so.
    """
    partner = lock_partner(partner)
    side = EndingSide.PARTNER if by.pk == partner.user_id else EndingSide.SEMI
    if side == EndingSide.SEMI:
        check_may_end(by, partner)
        if not reason.strip():
            raise EndingNeedsReason
    if not partner.is_active(at=at):
        raise PartnershipOver
    if partner.endings.standing().exists():
        raise AlreadyEnding
    today = local_date(at)
    if last_on < today:
        raise LastDayPassed
    if last_on > latest_last_day(today):
        raise LastDayTooFar
    leaving = by_notice(partner, last_on=last_on, at=at, theirs=side == EndingSide.PARTNER)
    with (
        constraint_as("ending_one_standing_per_partner", AlreadyEnding),
        constraint_as("ending_by_a_director", NotDirector),
        constraint_as("ending_without_interest", EarnsFromPartner),
        transaction.atomic(),
    ):
        ending = Ending.objects.create(
            partner=partner,
            contract=contract_in_force(partner, today),
            kind=Kind.NOTICE,
            side=side,
            reason=reason.strip(),
            given_by=by,
            given_at=at,
            last_on=last_on,
            ends_at=end_of(last_on),
            evidence=_evidence(leaving, seal),
        )
    _end(partner, ending)
    audit.record("partner.notice_given", partner, by=by, at=at, ending=ending.pk, last_on=last_on.isoformat())
    _tell("notice_given", ending, at=at)
    return ending


def _end(partner: Partner, ending: Ending) -> None:
    partner.ended_at, partner.end_kind = ending.ends_at, ending.kind
    partner.save(update_fields=["ended_at", "end_kind"])


@transaction.atomic
def take_notice_back(*, ending: Ending, by: User, at: datetime) -> Ending:
    """Take a notice back before its last day is over, by the side that gave it: the partnership goes on.

    :raises NoticeNotOpen: its day is over, or it was taken back or overtaken.  :raises NotYourNotice,
    NotDirector, OwnPartnership, EarnsFromPartner: who may not.
    """
    partner, ending = _locked(ending)
    if by.pk == partner.user_id:
        if ending.side != EndingSide.PARTNER:
            raise NotYourNotice
    else:
        check_may_end(by, partner)
        if ending.side != EndingSide.SEMI:
            raise NotYourNotice
    open_ = ending.is_standing and ending.kind == Kind.NOTICE and not ending.has_happened(at=at)
    if not open_:
        raise NoticeNotOpen
    ending.withdrawn_at, ending.withdrawn_by = at, by
    ending.save(update_fields=["withdrawn_at", "withdrawn_by"])
    partner.ended_at, partner.end_kind = None, ""
    partner.save(update_fields=["ended_at", "end_kind"])
    audit.record("partner.notice_taken_back", partner, by=by, at=at, ending=ending.pk)
    _tell("notice_taken_back", ending, at=at)
    return ending


def _locked(ending: Ending) -> tuple[Partner, Ending]:
    partner = lock_partner(ending.partner)
    return partner, Ending.objects.select_for_update(of=("self",)).get(pk=ending.pk)


# --- for cause --------------------------------------------------------------------
@transaction.atomic
def propose_end_for_cause(*, partner: Partner, reason: str, by: User, at: datetime) -> Ending:
    """Propose, as a director, to end a partnership for cause: nothing ends before a second one confirms it.

    :raises NotDirector, OwnPartnership, EarnsFromPartner, EndingNeedsReason: who, and why.
    :raises PartnershipOver, AlreadyProposed: nothing to propose.
    """
    partner = lock_partner(partner)
    check_may_end(by, partner)
    if not reason.strip():
        raise EndingNeedsReason
    if not partner.is_active(at=at):
        raise PartnershipOver
    with (
        constraint_as("ending_one_proposed_per_partner", AlreadyProposed),
        constraint_as("ending_by_a_director", NotDirector),
        constraint_as("ending_without_interest", EarnsFromPartner),
        transaction.atomic(),
    ):
        ending = Ending.objects.create(
            partner=partner,
            contract=contract_in_force(partner, local_date(at)),
            kind=Kind.CAUSE,
            side=EndingSide.SEMI,
            reason=reason.strip(),
            given_by=by,
            given_at=at,
        )
    audit.record("partner.cause_proposed", partner, by=by, at=at, ending=ending.pk)
    _tell("cause_proposed", ending, at=at)
    return ending


@transaction.atomic
def confirm_end_for_cause(*, ending: Ending, seal: str | None = None, by: User, at: datetime) -> Ending:
    """End a partnership for cause, at this moment, as the second director. A notice that runs is overtaken.

    :raises NothingToConfirm: confirmed or dropped.  :raises ConfirmedByProposer, NotDirector, OwnPartnership,
    EarnsFromPartner: who may not.  :raises PartnershipOver: its notice's day was over before.
    :raises ConsequencesChanged: what was read is no longer so.
    """
    partner, ending = _locked(ending)
    check_may_end(by, partner)
    if not ending.is_proposed:
        raise NothingToConfirm
    if by.pk == ending.given_by_id:
        raise ConfirmedByProposer
    if not partner.is_active(at=at):
        raise PartnershipOver
    ending.evidence = _evidence(for_cause(partner, at=at), seal)
    for notice in partner.endings.standing():
        notice.replaced_by = ending
        notice.save(update_fields=["replaced_by"])
        audit.record("partner.notice_overtaken", partner, by=by, at=at, ending=notice.pk)
    ending.confirmed_by, ending.ends_at, ending.last_on = by, at, local_date(at)
    with (
        constraint_as("ending_for_cause_by_two", ConfirmedByProposer),
        constraint_as("ending_by_a_director", NotDirector),
        constraint_as("ending_without_interest", EarnsFromPartner),
        transaction.atomic(),
    ):
        ending.save(update_fields=["evidence", "confirmed_by", "ends_at", "last_on"])
    _end(partner, ending)
    audit.record("partner.ended_for_cause", partner, by=by, at=at, ending=ending.pk)
    _carry_out(partner, ending, at=at)
    return ending


@transaction.atomic
def drop_proposal(*, ending: Ending, by: User, at: datetime) -> Ending:
    """Drop a proposal to end a partnership for cause, as any director without an interest: it goes on.

    :raises NothingToConfirm: confirmed or dropped.  :raises NotDirector, OwnPartnership, EarnsFromPartner:
    """
    partner, ending = _locked(ending)
    check_may_end(by, partner)
    if not ending.is_proposed:
        raise NothingToConfirm
    ending.withdrawn_at, ending.withdrawn_by = at, by
    ending.save(update_fields=["withdrawn_at", "withdrawn_by"])
    audit.record("partner.cause_dropped", partner, by=by, at=at, ending=ending.pk)
    return ending


# --- the moment itself ------------------------------------------------------------
def end_partnerships(*, at: datetime) -> int:
    """Tell everybody about each partnership whose moment has come; return how many.

    Nothing waits for it to be refused: what asks whether somebody is a partner goes by the time.
    """
    told = 0
    for ending in Ending.objects.due(at=at).select_related("partner").order_by("ends_at", "pk")[:200]:
        try:
            told += _carry_out_due(ending, at=at)
        except Exception:  # the next tick tries it again; meanwhile it holds up nobody else's
            log.exception("endings.failed", ending_id=ending.pk)
    return told


@transaction.atomic
def _carry_out_due(ending: Ending, *, at: datetime) -> bool:
    partner, ending = _locked(ending)
    if not Ending.objects.due(at=at).filter(pk=ending.pk).exists():
        return False
    _carry_out(partner, ending, at=at)
    return True


def _carry_out(partner: Partner, ending: Ending, *, at: datetime) -> None:
    """Owe the world the news, once: the mails, the channels, and what rests on the partnership elsewhere."""
    ending.carried_out_at = at
    ending.save(update_fields=["carried_out_at"])
    for proposal in partner.endings.proposed():  # overtaken by the notice's own day
        proposal.withdrawn_at = at
        proposal.save(update_fields=["withdrawn_at"])
    partner.invitations.filter(used_at__isnull=True, revoked_at__isnull=True).update(revoked_at=at)
    audit.record("partner.ended", partner, by=None, at=at, ending=ending.pk, kind=ending.kind)
    _tell("ended", ending, at=at)
    for kind in ("partnership_ended", "withdraw_channels"):
        outbox.enqueue(
            f"partners.{kind}",
            key=f"ending:{ending.pk}:{kind}",
            payload={"partner_id": partner.pk, "ending_id": ending.pk},
            at=at,
        )


# --- coming back ------------------------------------------------------------------
def rejoin(partner: Partner, contract: Contract, *, started_at: datetime, at: datetime) -> bool:
    """Begin a locked, ended partner's next partnership with a contract that was just signed (C6).

    The first start, the recruiter and the slot stay as they were; the ending stays as history. Returns False
    while there is no ending that this contract could follow.
    """
    ending = partner.endings.standing().filter(ends_at__lte=contract.created_at).first()
    if ending is None or ending.ends_at is None:
        return False
    if ending.carried_out_at is None:
        _carry_out(partner, ending, at=at)
    ending.rejoined_at = max(started_at, ending.ends_at)
    ending.rejoined_with = contract
    ending.save(update_fields=["rejoined_at", "rejoined_with"])
    partner.ended_at, partner.end_kind, partner.rejoined_at = None, "", ending.rejoined_at
    partner.save(update_fields=["ended_at", "end_kind", "rejoined_at"])
    audit.record("partner.rejoined", partner, by=None, at=at, contract=contract.pk, ending=ending.pk)
    return True

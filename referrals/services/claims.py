"""What becomes of a claim: checked, told, withdrawn, ended, objected to (C10-C12)."""

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import transaction

from referrals import rules
from referrals.errors import (
    AgreementNotAttested,
    NothingToCheck,
    ReferralNotOpen,
)
from referrals.models import (
    Appeal,
    Introduction,
    IntroductionStatus,
    ProposalAnswer,
    Referral,
    ReferralStatus,
    Refusal,
)
from referrals.models.disputes import PERSONAL
from referrals.permissions import check_not_own, check_sells
from referrals.services.forgetting import empty_person
from referrals.services.introductions import cancel_booked, close_proposals
from referrals.services.probing import notice_giving_up
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed
from ssp.core.links import hash_token
from ssp.core.models import User
from ssp.core.periods import local_date, start_of_day


def tell_person(referral: Referral, *, at: datetime) -> None:
    """Owe the person the privacy notice (C11): accepted, and nobody's word is missing."""
    if referral.told_at or referral.status == ReferralStatus.CHECKING or referral.awaits_partner:
        return
    again = f":{at.isoformat()}" if referral.vested_at else ""  # introduced anew after they were forgotten
    referral.told_at = at
    referral.save(update_fields=["told_at"])
    outbox.enqueue(
        "referrals.privacy_notice",
        key=f"referral:{referral.pk}:privacy-notice{again}",
        payload={"referral_id": referral.pk},
        at=at,
    )


def _locked(referral: Referral) -> Referral:
    return (
        Referral.objects.select_for_update(of=("self",)).select_related("partner__user").get(pk=referral.pk)
    )


@transaction.atomic
def accept_name(*, referral: Referral, by: User | None, at: datetime) -> Referral:
    """Answer a similar name with "somebody else" (C10). `by` is None when 5 working days went by.

    :raises NothingToCheck: it was answered.
    """
    if by is not None:
        check_sells(by)
    row = _locked(referral)
    if by is not None:
        check_not_own(by, row.partner)
    if row.status != ReferralStatus.CHECKING:
        raise NothingToCheck
    row.accept(at=at)
    row.save()
    audit.record("referral.name_accepted", row, by=by, at=at)
    tell_person(row, at=at)
    outbox.enqueue(
        "referrals.accepted", key=f"referral:{row.pk}:accepted", payload={"referral_id": row.pk}, at=at
    )
    return row


@transaction.atomic
def decline_name(*, referral: Referral, by: User, at: datetime) -> Referral:
    """Answer a similar name with "the same person": the partner gets the neutral refusal (C10, C12).

    :raises NothingToCheck: it was answered.
    """
    check_sells(by)
    row = _locked(referral)
    check_not_own(by, row.partner)
    if row.status != ReferralStatus.CHECKING:
        raise NothingToCheck
    row.decline(at=at)
    row.save()
    Refusal.objects.create(
        partner=row.partner, identity=row.identity, refused_at=at, referral=row, refused_by=by
    )
    audit.record("referral.name_declined", row, by=by, at=at)
    outbox.enqueue(
        "referrals.not_eligible",
        key=f"referral:{row.pk}:not-eligible",
        payload={"referral_id": row.pk},
        at=at,
    )
    return row


@transaction.atomic
def confirm_registration(*, referral: Referral, agreed: bool, by: User, at: datetime) -> Referral:
    """Take over, as the partner, what a seller registered on their behalf (C11): now the person is told.

    :raises AgreementNotAttested: the partner must have asked the person.
    """
    row = _locked(referral)
    if by.pk != row.partner.user_id:
        raise NotAllowed
    if not row.awaits_partner:
        return row
    if not agreed:
        raise AgreementNotAttested
    row.partner_confirmed_at = at
    row.agreement_attested = True
    row.save(update_fields=["partner_confirmed_at", "agreement_attested"])
    audit.record("referral.partner_confirmed", row, by=by, at=at)
    tell_person(row, at=at)
    return row


@transaction.atomic
def withdraw_referral(*, referral: Referral, by: User, at: datetime) -> Referral:
    """Give a claim up (C12); a booked meeting is cancelled.

    :raises ReferralNotOpen: it is vested or over.
    """
    row = _locked(referral)
    if not row.is_live or row.vested_at or row.status == ReferralStatus.RESELLER:
        raise ReferralNotOpen
    if row.status == ReferralStatus.CHECKING:
        notice_giving_up(row, at=at)
    row.withdraw(at=at)
    row.save()
    audit.record("referral.withdrawn", row, by=by, at=at)
    cancel_booked(referral=row, by=by, at=at)
    return row


def last_moment(day: date) -> datetime:
    """Return the last second of a day in Amsterdam: what ended on a day is dated so."""
    return start_of_day(day + timedelta(days=1)) - timedelta(seconds=1)


def _is_still_overdue(row: Referral, *, at: datetime) -> bool:
    """Ask again under the lock: a meeting or proposed times may have come while we waited for it."""
    return Referral.objects.overdue(on=local_date(at)).filter(pk=row.pk).exists()


@transaction.atomic
def end_overdue_claim(*, referral: Referral, at: datetime) -> bool:
    """End a claim whose last day is over, dated that day; False when somebody was faster (C12)."""
    overdue = Referral.objects.overdue(on=local_date(at)).filter(pk=referral.pk)
    row = overdue.select_for_update(of=("self",)).first()
    if row is None or row.claim_last_on is None or not _is_still_overdue(row, at=at):
        return False
    row.lapse(at=last_moment(row.claim_last_on))
    row.save()
    audit.record("referral.lapsed", row, by=None, at=at, last_on=row.claim_last_on.isoformat())
    cancel_booked(referral=row, by=None, at=at)
    outbox.enqueue(
        "referrals.lapsed", key=f"referral:{row.pk}:lapsed", payload={"referral_id": row.pk}, at=at
    )
    return True


def end_overdue_claims(*, at: datetime) -> int:
    """End every claim whose last day is over; returns how many ended."""
    due = Referral.objects.overdue(on=local_date(at)).order_by("claim_last_on")[:500]
    return sum(end_overdue_claim(referral=referral, at=at) for referral in due)


def accept_unanswered_names(*, at: datetime) -> int:
    """Accept similar names that nobody answered within 5 working days (C10)."""
    accepted = 0
    for referral in Referral.objects.to_check().order_by("registered_at")[:500]:
        if rules.name_accepted_on(referral.registered_on) <= local_date(at):
            with suppress(NothingToCheck):  # somebody was faster; the others are still due
                accept_name(referral=referral, by=None, at=at)
                accepted += 1
    return accepted


def escalate_unanswered_names(*, at: datetime) -> int:
    """Tell the sales leads about names that wait longer than 2 working days (C10), once each."""
    late = [
        referral
        for referral in Referral.objects.to_check().order_by("registered_at")[:500]
        if rules.name_answer_by(referral.registered_on) < local_date(at)
    ]
    for referral in late:
        outbox.enqueue(
            "referrals.name_overdue",
            key=f"referral:{referral.pk}:name-overdue",
            payload={"referral_id": referral.pk},
            at=at,
        )
    return len(late)


def find_by_objection_token(token: str) -> Referral | None:
    """Return the referral of an objection link, or None for an unknown one."""
    return (
        Referral.objects.filter(objection_hash=hash_token(token)).select_related("partner", "company").first()
    )


@transaction.atomic
def object_to_contact(*, referral: Referral, at: datetime) -> Referral:
    """End contact at once, as the person wishes: their fields are emptied, they can't be registered again.

    Whoever else registered them, before or since, forgets them too. A vested referral stays its partner's,
    and a won deal keeps paying; a second press changes nothing.
    """
    row = _locked(referral)
    if row.objected_at:
        return row
    others = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("partner__user")
        .filter(identity=row.identity, objected_at__isnull=True)
        .exclude(pk=row.pk)
        .order_by("pk")
    )
    for one in (row, *others):
        _forget(one, at=at)
    for appeal in Appeal.objects.open().select_for_update().filter(refusal__identity=row.identity):
        for name in PERSONAL:
            setattr(appeal, name, "")
        appeal.save(update_fields=PERSONAL)
    return row


def _forget(row: Referral, *, at: datetime) -> None:
    close_proposals(row, ProposalAnswer.ENDED, by=None, at=at)
    for meeting in Introduction.objects.select_for_update().filter(
        referral=row, status=IntroductionStatus.BOOKED, starts_at__gt=at
    ):
        meeting.cancel()
        meeting.calendar_sequence += 1
        meeting.save()
        outbox.enqueue(
            "referrals.cancellation",
            key=f"introduction:{meeting.pk}:cancelled:objected",
            payload={"introduction_id": meeting.pk, "tell_person": 0},
            at=at,
        )
    if row.is_live and row.vested_at is None and row.status != ReferralStatus.RESELLER:
        row.withdraw(at=at)
    row.objected_at = at
    empty_person(row, at=at)
    audit.record("referral.objected", row, by=None, at=at)
    outbox.enqueue(
        "referrals.objected", key=f"referral:{row.pk}:objected", payload={"referral_id": row.pk}, at=at
    )

"""Introduction meetings: booked, moved, cancelled, or logged when already held (C1, C4)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from referrals.errors import (
    HostIsBusy,
    MediumDoesNotCount,
    MeetingBeforeRegistration,
    MeetingInThePast,
    MeetingNotBooked,
    MeetingNotOverYet,
    NotAHost,
    NotYetAccepted,
    ReferralNotOpen,
)
from referrals.models import (
    Discussion,
    Introduction,
    IntroductionStatus,
    Medium,
    Referral,
    ReferralStatus,
    UseCase,
)
from referrals.permissions import can_host, check_not_own, check_sells
from referrals.services.use_cases import attach_use_cases
from ssp.core import audit, outbox
from ssp.core.models import User
from ssp.core.periods import local_date

TO_ALL = ("person", "host", "partner")


def _open_referral(referral: Referral, *, at: datetime) -> Referral:
    row = Referral.objects.select_for_update(of=("self",)).select_related("partner__user").get(pk=referral.pk)
    if not row.is_live or row.anonymised_at:
        raise ReferralNotOpen
    if row.status == ReferralStatus.CHECKING or row.awaits_partner:
        raise NotYetAccepted
    return row


def _check_may_plan(referral: Referral, by: User) -> None:
    if by.pk != referral.partner.user_id:
        check_sells(by)


def _check_host(
    host: User,
    referral: Referral,
    *,
    starts_at: datetime,
    ends_at: datetime,
    moving: Introduction | None = None,
) -> None:
    """Lock the host's row, so that two bookings of one hour can't both see it free."""
    if not can_host(User.objects.select_for_update(no_key=True).get(pk=host.pk)):
        raise NotAHost
    check_not_own(host, referral.partner)
    taken = Introduction.objects.filter(
        host=host, status=IntroductionStatus.BOOKED, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if moving:
        taken = taken.exclude(pk=moving.pk)
    if taken.exists():
        raise HostIsBusy


def invite(introduction: Introduction, *, at: datetime) -> None:
    for recipient in TO_ALL:
        outbox.enqueue(
            "referrals.invitation",
            key=f"introduction:{introduction.pk}:invitation:{introduction.calendar_sequence}:{recipient}",
            payload={
                "introduction_id": introduction.pk,
                "sequence": introduction.calendar_sequence,
                "to": recipient,
            },
            at=at,
        )


def _create(
    referral: Referral,
    *,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Introduction:
    introduction = Introduction.objects.create(
        referral=referral,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place.strip(),
        calendar_uid=f"{uuid4()}@semi-sales-partnership",
        proposed_by=by,
        proposed_at=at,
    )
    attached = attach_use_cases(referral=referral, use_cases=use_cases, by=by, at=at)
    Discussion.objects.bulk_create(
        [Discussion(introduction=introduction, use_case=use_case) for use_case in attached]
    )
    root = referral.the_root
    if root.seller_id is None:
        Referral.objects.filter(pk=root.pk, seller__isnull=True).update(seller=host)
    if referral.seller_id is None:
        Referral.objects.filter(pk=referral.pk, seller__isnull=True).update(seller=host)
    return introduction


@transaction.atomic
def propose_introduction(
    *,
    referral: Referral,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Introduction:
    """Book a meeting with a host and invite the three of them (C1, C4).

    :raises ReferralNotOpen, NotYetAccepted: nothing can be planned.  :raises NotAHost, HostIsBusy,
    MeetingInThePast, MediumDoesNotCount: choose again.
    """
    row = _open_referral(referral, at=at)
    _check_may_plan(row, by)
    if medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    if starts_at <= at:
        raise MeetingInThePast
    _check_host(host, row, starts_at=starts_at, ends_at=ends_at)
    introduction = _create(
        row,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place,
        use_cases=use_cases,
        by=by,
        at=at,
    )
    audit.record("introduction.booked", introduction, by=by, at=at, referral=row.pk, host=host.pk)
    invite(introduction, at=at)
    return introduction


@transaction.atomic
def log_held_introduction(
    *,
    referral: Referral,
    host: User,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    use_cases: Iterable[UseCase],
    by: User,
    at: datetime,
) -> Introduction:
    """Record a meeting that took place without being booked here; the question of C14 follows as ever.

    :raises MeetingNotOverYet, MeetingBeforeRegistration: it can't be logged.
    """
    check_sells(by)
    row = _open_referral(referral, at=at)
    if not can_host(host):
        raise NotAHost
    for somebody in (by, host):
        check_not_own(somebody, row.partner)
    if ends_at > at:
        raise MeetingNotOverYet
    if local_date(starts_at) < row.registered_on:
        raise MeetingBeforeRegistration
    introduction = _create(
        row,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        medium=medium,
        place=place,
        use_cases=use_cases,
        by=by,
        at=at,
    )
    audit.record("introduction.logged", introduction, by=by, at=at, referral=row.pk, host=host.pk)
    return introduction


def _booked(introduction: Introduction, *, at: datetime) -> Introduction:
    row = (
        Introduction.objects.select_for_update(of=("self",))
        .select_related("referral__partner")
        .get(pk=introduction.pk)
    )
    if not row.is_booked or row.starts_at <= at:
        raise MeetingNotBooked
    return row


@transaction.atomic
def reschedule_introduction(
    *,
    introduction: Introduction,
    starts_at: datetime,
    ends_at: datetime,
    medium: str,
    place: str,
    by: User,
    at: datetime,
) -> Introduction:
    """Move a booked meeting; the same calendar entry moves with it (sequence + 1).

    :raises MeetingNotBooked: it began or was cancelled.
    """
    row = _booked(introduction, at=at)
    _check_may_plan(row.referral, by)
    if medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    if starts_at <= at:
        raise MeetingInThePast
    _check_host(row.host, row.referral, starts_at=starts_at, ends_at=ends_at, moving=row)
    row.starts_at, row.ends_at, row.medium, row.place = starts_at, ends_at, medium, place.strip()
    row.calendar_sequence += 1
    row.save()
    audit.record("introduction.moved", row, by=by, at=at, referral=row.referral_id)
    invite(row, at=at)
    return row


def _cancel(row: Introduction, *, by: User | None, at: datetime) -> None:
    row.cancel()
    row.calendar_sequence += 1
    row.save()
    audit.record("introduction.cancelled", row, by=by, at=at, referral=row.referral_id)
    outbox.enqueue(
        "referrals.cancellation",
        key=f"introduction:{row.pk}:cancelled",
        payload={"introduction_id": row.pk, "tell_person": 1},
        at=at,
    )


@transaction.atomic
def cancel_introduction(*, introduction: Introduction, by: User, at: datetime) -> Introduction:
    """Cancel a booked meeting and take it out of everybody's calendar.

    :raises MeetingNotBooked: it began or was cancelled.
    """
    row = _booked(introduction, at=at)
    _check_may_plan(row.referral, by)
    _cancel(row, by=by, at=at)
    return row


def cancel_booked(*, referral: Referral, by: User | None, at: datetime) -> None:
    """Cancel what is still to come for a claim that ended."""
    for row in Introduction.objects.select_for_update().filter(
        referral=referral, status=IntroductionStatus.BOOKED, starts_at__gt=at
    ):
        _cancel(row, by=by, at=at)

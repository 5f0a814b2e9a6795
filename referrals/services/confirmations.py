"""After each meeting: what type of referral was it (C14), and what follows (C2-C5, C12, C19)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from referrals import rules
from referrals.errors import (
    AlreadyAnswered,
    ConfirmationExpired,
    ContestTooLate,
    DefinedAfterMeeting,
    MediumDoesNotCount,
    NothingToContest,
    NothingToSettle,
    NotYourUseCase,
    NoUseCaseDiscussed,
    ReasonMissing,
)
from referrals.models import (
    Confirmation,
    ConfirmationAnswer,
    Introduction,
    IntroductionStatus,
    Medium,
    UseCase,
)
from referrals.permissions import check_leads_sales, check_not_own
from referrals.rules import Answer, Colleague
from referrals.services.outcomes import apply_answer
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed
from ssp.core.links import hash_token, new_token
from ssp.core.models import User
from ssp.core.periods import local_date, start_of_day

HOST, PARTNER = Confirmation.Asked.HOST, Confirmation.Asked.PARTNER
PARTNER_LINK_LASTS = timedelta(days=180)  # silence never denies a partner: neither does an old link


def _mail(confirmation: Confirmation, reminder: int, *, at: datetime) -> None:
    outbox.enqueue(
        "referrals.confirmation_mail",
        key=f"confirmation:{confirmation.pk}:mail:{reminder}",
        payload={"confirmation_id": confirmation.pk, "reminder": reminder},
        at=at,
    )


# --- asking ---------------------------------------------------------------------
def ask_for_confirmations(*, at: datetime) -> int:
    """Ask host and partner about every meeting whose end has passed, exactly once (C14)."""
    due = Introduction.objects.filter(
        status=IntroductionStatus.BOOKED, asked_at__isnull=True, ends_at__lte=at
    ).order_by("ends_at")
    return sum(_ask(pk, at=at) for pk in due.values_list("pk", flat=True)[:200])


@transaction.atomic
def _ask(pk: int, *, at: datetime) -> bool:
    introduction = (
        Introduction.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, status=IntroductionStatus.BOOKED, asked_at__isnull=True, ends_at__lte=at)
        .first()
    )
    if introduction is None:
        return False
    introduction.asked_at = at
    introduction.save(update_fields=["asked_at"])
    host_expires = start_of_day(rules.partner_decides_on(local_date(at)))
    for asked, expires_at in ((HOST, host_expires), (PARTNER, at + PARTNER_LINK_LASTS)):
        salt, token_hash = new_token("confirmation")
        confirmation = Confirmation.objects.create(
            introduction=introduction,
            asked=asked,
            token_salt=salt,
            token_hash=token_hash,
            asked_at=at,
            expires_at=expires_at,
        )
        _mail(confirmation, 0, at=at)
    audit.record("confirmation.asked", introduction, by=None, at=at)
    return True


def ask_again(confirmation: Confirmation, *, at: datetime) -> None:
    """Ask somebody else in the first one's place: the old link opens nothing any more."""
    confirmation.token_salt, confirmation.token_hash = new_token("confirmation")
    confirmation.save(update_fields=["token_salt", "token_hash"])
    outbox.enqueue(
        "referrals.confirmation_mail",
        key=f"confirmation:{confirmation.pk}:mail:again:{at.isoformat()}",
        payload={"confirmation_id": confirmation.pk, "reminder": 0},
        at=at,
    )


def follow_up(*, at: datetime) -> None:
    """Remind after 2 and 5 working days, escalate on the 6th, let the partner's word stand after 15 (C14)."""
    today = local_date(at)
    undecided = (
        Confirmation.objects.filter(introduction__status=IntroductionStatus.BOOKED)
        .exclude(introduction__confirmations__decides=True)
        .exclude(
            Q(asked=PARTNER) | Q(escalated_at__isnull=False),
            answered_at__isnull=True,
            reminders_sent__gte=len(rules.REMIND_AFTER),
        )  # everything was done: they wait for people, and must not crowd others out
        .order_by("asked_at")[:500]
    )
    for confirmation in undecided:
        asked_on = local_date(confirmation.asked_at)
        if confirmation.answered_at is None:
            due = sum(day <= today for day in rules.reminder_days(asked_on))
            if due > confirmation.reminders_sent:
                _remind(confirmation, due, at=at)
            if (
                confirmation.asked == HOST
                and not confirmation.escalated_at
                and rules.escalated_on(asked_on) <= today
            ):
                _escalate(confirmation, at=at)
        elif confirmation.asked == PARTNER and rules.partner_decides_on(asked_on) <= today:
            _let_partner_decide(confirmation, at=at)


@transaction.atomic
def _remind(confirmation: Confirmation, due: int, *, at: datetime) -> None:
    taken = Confirmation.objects.filter(
        pk=confirmation.pk, reminders_sent__lt=due, answered_at__isnull=True
    ).update(reminders_sent=due)
    if taken:
        _mail(confirmation, due, at=at)


@transaction.atomic
def remind_again(*, confirmation: Confirmation, by: User, at: datetime) -> None:
    """Send the host the question once more, by hand from the desk; at most once a day."""
    day = local_date(at).isoformat()
    outbox.enqueue(
        "referrals.confirmation_mail",
        key=f"confirmation:{confirmation.pk}:mail:by-hand:{day}",
        payload={"confirmation_id": confirmation.pk, "reminder": 1},
        at=at,
    )
    audit.record("confirmation.reminded", confirmation.introduction, by=by, at=at)


@transaction.atomic
def _escalate(confirmation: Confirmation, *, at: datetime) -> None:
    taken = Confirmation.objects.filter(
        pk=confirmation.pk, escalated_at__isnull=True, answered_at__isnull=True
    ).update(escalated_at=at)
    if taken:
        outbox.enqueue(
            "referrals.escalation",
            key=f"confirmation:{confirmation.pk}:escalated",
            payload={"confirmation_id": confirmation.pk},
            at=at,
        )
        audit.record("confirmation.escalated", confirmation.introduction, by=None, at=at)


# --- answering ------------------------------------------------------------------
def find_by_token(token: str) -> Confirmation | None:
    """Return the question behind a link, or None for an unknown one."""
    return (
        Confirmation.objects.filter(token_hash=hash_token(token))
        .select_related("introduction__referral__partner__user", "introduction__referral__company")
        .select_related("introduction__host", "introduction__referral__root")
        .first()
    )


def _open_or_closed_by(introduction: Introduction) -> Q:
    """A contested reseller answer about this meeting closed them: a sales lead may still choose them."""
    if introduction.confirmations.filter(decides=True, answer=ConfirmationAnswer.RESELLER).exists():
        return Q(outcome="") | Q(outcome="reseller", discussions__introduction=introduction)
    return Q(outcome="")


def use_cases_defined_before(introduction: Introduction) -> list[UseCase]:
    """Return the partner's open use cases about this person that were defined before the meeting began
    (C1).
    """
    root = introduction.referral.the_root
    return list(
        UseCase.objects.filter(
            _open_or_closed_by(introduction),
            partner_id=root.partner_id,
            referral=root,
            defined_at__lt=introduction.starts_at,
        )
        .distinct()
        .order_by("defined_at", "pk")
    )


def _check(introduction: Introduction, answer: Answer) -> None:
    if answer.kind not in ConfirmationAnswer.values:
        raise AlreadyAnswered
    if answer.kind == ConfirmationAnswer.NOT_WARM and not answer.reason.strip():
        raise ReasonMissing
    if answer.kind != ConfirmationAnswer.WARM:
        return
    if answer.medium not in (Medium.VIDEO, Medium.IN_PERSON):
        raise MediumDoesNotCount
    if not answer.use_case_ids:
        raise NoUseCaseDiscussed
    root = introduction.referral.the_root
    chosen = UseCase.objects.filter(
        _open_or_closed_by(introduction), pk__in=answer.use_case_ids, referral=root
    )
    chosen = chosen.distinct()
    if len(chosen) != len(set(answer.use_case_ids)):
        raise NotYourUseCase
    if any(use_case.defined_at >= introduction.starts_at for use_case in chosen):
        raise DefinedAfterMeeting


def _write(confirmation: Confirmation, answer: Answer, *, by: User, at: datetime) -> None:
    confirmation.answer = answer.kind
    confirmation.answered_at = at
    confirmation.answered_by = by
    confirmation.medium = answer.medium
    confirmation.reason = answer.reason.strip()
    confirmation.use_case_ids = list(answer.use_case_ids)
    confirmation.colleagues = [
        [c.first_name, c.last_name, c.email, c.title] for c in answer.colleagues if c.email
    ]
    confirmation.save()


def read(confirmation: Confirmation) -> Answer:
    """Return what a stored answer says."""
    return Answer(
        kind=confirmation.answer,
        medium=confirmation.medium,
        use_case_ids=tuple(confirmation.use_case_ids),
        reason=confirmation.reason,
        colleagues=tuple(Colleague(*names) for names in confirmation.colleagues),
    )


def _locked(confirmation: Confirmation) -> tuple[Introduction, Confirmation]:
    """Lock the meeting first: its two questions are answered one after the other."""
    introduction = (
        Introduction.objects.select_for_update(of=("self",))
        .select_related("referral__partner__user", "referral__root", "host")
        .get(pk=confirmation.introduction_id)
    )
    return introduction, Confirmation.objects.select_for_update().get(pk=confirmation.pk)


@transaction.atomic
def answer_confirmation(
    *, confirmation: Confirmation, answer: Answer, by: User, at: datetime
) -> Confirmation:
    """Answer the question of C14. The host's answer decides; the partner's counts when the host stays silent.

    A sales lead may answer for a silent host, at any time.

    :raises AlreadyAnswered, ConfirmationExpired: one answer, in time.  :raises NoUseCaseDiscussed,
    DefinedAfterMeeting, MediumDoesNotCount, ReasonMissing: the answer isn't whole.
    """
    introduction, row = _locked(confirmation)
    expected = introduction.host_id if row.asked == HOST else introduction.referral.partner.user_id
    instead = by.pk != expected
    if instead:
        if row.asked != HOST:
            raise NotAllowed
        check_leads_sales(by)
    if row.asked == HOST:
        check_not_own(by, introduction.referral.partner)
    if row.answered_at or introduction.confirmations.filter(decides=True).exists():
        raise AlreadyAnswered
    if row.expires_at <= at and not instead:
        raise ConfirmationExpired
    _check(introduction, answer)
    _write(row, answer, by=by, at=at)
    audit.record(
        "confirmation.answered",
        introduction,
        by=by,
        at=at,
        asked=row.asked,
        answer=answer.kind,
        instead=instead,
    )
    late = rules.partner_decides_on(local_date(row.asked_at)) <= local_date(at)
    if row.asked == HOST or late:
        _decide(introduction, row, by=by, at=at)
    return row


def _decide(introduction: Introduction, row: Confirmation, *, by: User | None, at: datetime) -> None:
    answer = read(row)
    apply_answer(introduction, answer, by=by or row.answered_by or introduction.host, at=at)
    row.decides, row.colleagues = True, []
    row.save(update_fields=["decides", "colleagues"])
    introduction.confirmations.update(colleagues=[])
    outbox.enqueue(
        "referrals.decided",
        key=f"confirmation:{row.pk}:decided",
        payload={"confirmation_id": row.pk},
        at=at,
    )


@transaction.atomic
def _let_partner_decide(confirmation: Confirmation, *, at: datetime) -> None:
    introduction, row = _locked(confirmation)
    if introduction.confirmations.filter(decides=True).exists():
        return
    _decide(introduction, row, by=None, at=at)
    audit.record("confirmation.partner_stands", introduction, by=None, at=at)


# --- contesting and settling ------------------------------------------------------
@transaction.atomic
def contest_answer(*, confirmation: Confirmation, reason: str, by: User, at: datetime) -> Confirmation:
    """Contest the host's answer as the partner, within 10 working days (C14).

    :raises NothingToContest, ContestTooLate: no answer of the host's, or too late.
    """
    introduction, row = _locked(confirmation)
    if by.pk != introduction.referral.partner.user_id:
        raise NotAllowed
    if row.asked != HOST or not row.decides or row.answered_at is None or row.contested_at:
        raise NothingToContest
    if rules.contest_until(local_date(row.answered_at)) < local_date(at):
        raise ContestTooLate
    if not reason.strip():
        raise ReasonMissing
    row.contested_at, row.contest_reason = at, reason.strip()
    row.save(update_fields=["contested_at", "contest_reason"])
    audit.record("confirmation.contested", introduction, by=by, at=at)
    outbox.enqueue(
        "referrals.contested",
        key=f"confirmation:{row.pk}:contested",
        payload={"confirmation_id": row.pk},
        at=at,
    )
    return row


@transaction.atomic
def settle_contest(
    *, confirmation: Confirmation, answer: Answer | None, reason: str, by: User, at: datetime
) -> Confirmation:
    """Settle a contested answer as a sales lead: keep it (`answer` None) or put another in its place (C14).

    :raises NothingToSettle: not contested, or settled.  :raises ReasonMissing: the partner reads it.
    """
    check_leads_sales(by)
    introduction, row = _locked(confirmation)
    check_not_own(by, introduction.referral.partner)
    if row.contested_at is None or row.settled_at is not None:
        raise NothingToSettle
    if not reason.strip():
        raise ReasonMissing
    if answer is not None:
        before = read(row)
        _check(introduction, answer)
        _write(row, answer, by=by, at=at)
        apply_answer(introduction, answer, by=by, at=at, instead_of=before)
        row.colleagues = []
    row.settled_at, row.settled_by, row.settlement = at, by, reason.strip()
    row.save()
    audit.record("confirmation.settled", introduction, by=by, at=at, changed=answer is not None)
    outbox.enqueue(
        "referrals.settled",
        key=f"confirmation:{row.pk}:settled",
        payload={"confirmation_id": row.pk},
        at=at,
    )
    return row

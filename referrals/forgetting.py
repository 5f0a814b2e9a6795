"""Which introductions came to nothing, and since when nothing has happened about them (*People's data*).

An introduction is a person and the colleagues they passed us on to: they share their windows (C3), so they
are kept together and forgotten together.
"""

from datetime import date, datetime, timedelta

from django.db.models import (
    DateField,
    Exists,
    F,
    Func,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, Greatest, TruncDate

from referrals import rules
from referrals.models import (
    Confirmation,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Referral,
    ReferralQuerySet,
    ReferralStatus,
    UseCase,
    UseCaseComment,
)
from ssp.core.models import AuditEntry
from ssp.core.periods import AMSTERDAM, add_months, local_date

HELD = [ReferralStatus.CHECKING, ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM]
DEAL_WORKED = ["deal.moved", "deal.updated", "deal.lost"]  # a deal's own row doesn't say when


class KeptUntil(Func):
    """The day on which it is 12 calendar months ago: `rules.forgotten_on` for the database."""

    template = f"((%(expressions)s + interval '{rules.KEPT_MONTHS} months')::date)"
    output_field = DateField()


def came_to_nothing(*, on: date) -> ReferralQuerySet:
    """Return people to forget on that day: nothing runs, nothing was won, and the 12 months are over.

    Never while a claim of theirs is held or checked, a window is open, a meeting is booked or waits for its
    answer, or an answer is contested. A won deal is something for good.
    """
    early = add_months(on, -rules.KEPT_MONTHS) + timedelta(days=1)  # 29 February; later, nobody is due
    return (
        with_last_activity(Referral.objects.filter(anonymised_at__isnull=True, registered_on__lte=early))
        .filter(~Exists(_family().filter(claim_ended_at__isnull=True, status__in=HELD)))
        .filter(~Exists(_cases().filter(deal__stage=DealStage.WON)))
        .filter(~Exists(_meetings().filter(status=IntroductionStatus.BOOKED)))
        .filter(~Exists(_answers().filter(contested_at__isnull=False, settled_at__isnull=True)))
        .annotate(kept_until=KeptUntil("last_activity_on"))
        .filter(kept_until__lte=on)
    )


def with_last_activity(referrals: ReferralQuerySet) -> ReferralQuerySet:
    """Add the Amsterdam date of the last thing that happened: `last_activity_on`.

    What counts: a registration, what a check or the partner said of it, a claim's end; a meeting booked or
    held, its answer, a contest and its ruling; a use case defined, commented on or closed; the last day of a
    window that nobody closed; a deal opened, worked on, lost or recorded. Handing work over, looking and
    exporting don't count.
    """
    return referrals.annotate(
        family=Coalesce("root_id", "pk"),
        last_moment=Greatest(
            _latest(_family(), "registered_at"),
            _latest(_family(), "accepted_at"),
            _latest(_family(), "partner_confirmed_at"),
            _latest(_family(), "claim_ended_at"),
            _latest(_meetings(), "proposed_at"),
            _latest(_meetings().exclude(status=IntroductionStatus.CANCELLED), "ends_at"),
            _latest(_answers(), "answered_at"),
            _latest(_answers(), "contested_at"),
            _latest(_answers(), "settled_at"),
            _latest(_cases(), "defined_at"),
            _latest(_cases(), "closed_at"),
            _latest(UseCaseComment.objects.filter(use_case__referral=OuterRef("family")), "written_at"),
            _latest(_deals(), "created_at"),
            _latest(_deals(), "recorded_at"),
            _latest(
                AuditEntry.objects.filter(
                    target_type="referrals.deal", target_id__in=_deals_of_family(), action__in=DEAL_WORKED
                ),
                "at",
            ),
        ),
        last_activity_on=Greatest(
            TruncDate("last_moment", tzinfo=AMSTERDAM), _latest(_open_cases(), "window_ends_on")
        ),
    )


def last_activity_on(referral: Referral) -> date:
    """Return the day of the last thing that happened about a person and their colleagues."""
    found: date = with_last_activity(Referral.objects.filter(pk=referral.pk)).get().last_activity_on  # type: ignore[attr-defined]
    return found


def is_final(introduction: Introduction, *, at: datetime) -> bool:
    """Tell whether nobody may contest or settle what was answered about a meeting any more (C14)."""
    decided = introduction.confirmations.filter(decides=True).first()
    if decided is None or decided.answered_at is None:
        return False
    if decided.contested_at is not None:
        return decided.settled_at is not None
    return rules.contest_until(local_date(decided.answered_at)) < local_date(at)


def _family() -> QuerySet[Referral]:
    return Referral.objects.filter(Q(pk=OuterRef("family")) | Q(root=OuterRef("family")))


def _of_family(path: str) -> Q:
    return Q(**{path: OuterRef("family")}) | Q(**{f"{path}__root": OuterRef("family")})


def _meetings() -> QuerySet[Introduction]:
    return Introduction.objects.filter(_of_family("referral"))


def _answers() -> QuerySet[Confirmation]:
    return Confirmation.objects.filter(_of_family("introduction__referral"))


def _cases() -> QuerySet[UseCase]:
    return UseCase.objects.filter(referral=OuterRef("family"))


def _open_cases() -> QuerySet[UseCase]:
    return _cases().filter(outcome="").exclude(deal__stage=DealStage.LOST)


def _deals() -> QuerySet[Deal]:
    return Deal.objects.filter(use_case__referral=OuterRef("family"))


def _deals_of_family() -> Subquery:
    return Subquery(Deal.objects.filter(use_case__referral=OuterRef(OuterRef("family"))).values("pk"))


def _latest[Row: Model](rows: QuerySet[Row], moment: str) -> Subquery:
    return Subquery(rows.order_by(F(moment).desc(nulls_last=True)).values(moment)[:1])

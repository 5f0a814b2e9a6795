"""Introduction meetings, what was discussed there, and what the two who were there answer (C4, C14)."""

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin, transition

from referrals import guards
from referrals.models.people import Referral
from referrals.models.proposals import Medium, Proposal
from referrals.models.use_cases import UseCase
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.states import StatusField

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class IntroductionStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    HELD = "held", _("Held")
    NOT_HELD = "not_held", _("Did not take place")
    CANCELLED = "cancelled", _("Cancelled")


class Introduction(FSMModelMixin, models.Model):
    """A meeting of a referred person with a SeMI host."""

    Status = IntroductionStatus

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="introductions")
    host = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hosted_introductions")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    medium = models.CharField(max_length=10, choices=Medium)
    place = models.CharField(_("video link or address"), max_length=500, blank=True)
    status = StatusField(choices=IntroductionStatus, default=IntroductionStatus.BOOKED, protected=True)
    use_cases = models.ManyToManyField(UseCase, through="Discussion", related_name="introductions")
    calendar_uid = models.CharField(max_length=80, unique=True)
    calendar_sequence = models.PositiveSmallIntegerField(default=0)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)  # C14: when the confirmation mails were owed
    proposal = models.OneToOneField(  # of which it took a time: one meeting for each
        Proposal, on_delete=models.PROTECT, null=True, blank=True, related_name="introduction"
    )

    if TYPE_CHECKING:
        discussions: RelatedManager["Discussion"]
        confirmations: RelatedManager["Confirmation"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="introduction_ends_after_start"
            )
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                condition=Q(status="booked", asked_at__isnull=True),
                name="introduction_to_ask_about",
            ),
            models.Index(fields=["starts_at"], name="introduction_by_start"),  # the calendar
        ]
        triggers = [guards.HELD_MEETING_STAYS_HELD]

    @property
    def held_on(self) -> date:
        """The meeting's calendar date in Amsterdam: the day a window starts (C2)."""
        return local_date(self.starts_at)

    @property
    def is_booked(self) -> bool:
        return self.status == IntroductionStatus.BOOKED

    @transition(
        status,
        source=[IntroductionStatus.BOOKED, IntroductionStatus.HELD, IntroductionStatus.NOT_HELD],
        target=IntroductionStatus.HELD,
    )
    def hold(self) -> None:
        """It took place."""

    @transition(status, source=IntroductionStatus.BOOKED, target=IntroductionStatus.NOT_HELD)
    def miss(self) -> None:
        """It didn't take place."""

    @transition(status, source=IntroductionStatus.BOOKED, target=IntroductionStatus.CANCELLED)
    def cancel(self) -> None:
        """It won't take place."""


class Discussion(models.Model):
    """A use case that a meeting was to be about, and whether it was."""

    introduction = models.ForeignKey(Introduction, on_delete=models.PROTECT, related_name="discussions")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="discussions")
    discussed = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["introduction", "use_case"], name="discussion_once_per_meeting")
        ]


class ConfirmationAnswer(models.TextChoices):
    WARM = "warm", _("Warm")
    NOT_WARM = "not_warm", _("Not warm")
    RESELLER = "reseller", _("Reseller")
    DID_NOT_TAKE_PLACE = "did_not_take_place", _("Did not take place")


class Confirmation(models.Model):
    """The question of C14 to one of the two who know: the host, whose answer decides, or the partner."""

    class Asked(models.TextChoices):
        HOST = "host", _("Host")
        PARTNER = "partner", _("Partner")

    introduction = models.ForeignKey(Introduction, on_delete=models.PROTECT, related_name="confirmations")
    asked = models.CharField(max_length=10, choices=Asked)
    token_salt = models.CharField(max_length=32, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=20, choices=ConfirmationAnswer, blank=True)
    medium = models.CharField(max_length=10, choices=Medium, blank=True)
    reason = models.TextField(blank=True)
    use_case_ids = models.JSONField(default=list)  # what the answer says was discussed
    colleagues = models.JSONField(default=list)  # personal; emptied as soon as an answer decides
    decides = models.BooleanField(default=False)  # this answer is the one that counts
    contested_at = models.DateTimeField(null=True, blank=True)
    contest_reason = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settlement = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["introduction", "asked"], name="confirmation_one_question_each"),
            models.UniqueConstraint(
                fields=["introduction"], condition=Q(decides=True), name="confirmation_one_answer_decides"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="confirmation_answer_has_moment",
            ),
        ]

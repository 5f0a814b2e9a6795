"""Times proposed for an introduction meeting, and what became of them (C12)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from referrals import proposal_guards
from referrals.models.people import Referral
from referrals.models.use_cases import UseCase
from ssp.core.models import User
from ssp.core.periods import local_date

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Medium(models.TextChoices):
    VIDEO = "video", _("Video conference")
    IN_PERSON = "in_person", _("In person")
    OTHER = "other", _("Phone, chat or e-mail")


class ProposalAnswer(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    OTHER_TIMES = "other_times", _("Answered with other times")
    BOOKED = "booked", _("A meeting was booked otherwise")
    REPLACED = "replaced", _("Replaced")
    TAKEN_BACK = "taken_back", _("Taken back")
    ENDED = "ended", _("The claim ended")


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> Self:
        return self.filter(answered_at__isnull=True)

    def with_semi(self) -> Self:
        """Unanswered, and SeMI has to: while one of them is, the claim doesn't lapse (C12)."""
        return self.open().filter(by_partner=True)

    def with_partner(self) -> Self:
        """Other times of SeMI's, of which the partner hasn't taken one."""
        return self.open().filter(by_partner=False)


class Proposal(models.Model):
    """Up to three times for a meeting, from the partner, or from SeMI in answer to the partner's."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="proposals")
    by_partner = models.BooleanField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    waiting_since = models.DateTimeField()  # C12: when the first of those was proposed that it replaces
    host = models.ForeignKey(  # nobody: whoever is free
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    medium = models.CharField(max_length=10, choices=Medium)
    place = models.CharField(max_length=500, blank=True)
    use_cases = models.ManyToManyField(UseCase, related_name="+")
    in_answer_to = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="other_times"
    )
    answer = models.CharField(max_length=20, choices=ProposalAnswer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    claim_last_on = models.DateField(null=True, blank=True)  # C12: the claim's last day after the wait
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)

    objects = ProposalQuerySet.as_manager()

    if TYPE_CHECKING:
        times: RelatedManager["ProposedTime"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral"],
                condition=Q(answered_at__isnull=True),
                name="proposal_one_open_per_person",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="proposal_answer_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(medium__in=["video", "in_person"]), name="proposal_medium_counts"
            ),
            models.CheckConstraint(
                condition=Q(by_partner=True) | Q(host__isnull=False), name="proposal_of_semi_has_host"
            ),
            models.CheckConstraint(
                condition=Q(waiting_since__lte=F("proposed_at")), name="proposal_waits_since_proposed"
            ),
        ]
        indexes = [
            models.Index(
                fields=["proposed_at"], condition=Q(answered_at__isnull=True), name="proposal_unanswered"
            )
        ]
        triggers = [proposal_guards.FOR_A_LIVE_CLAIM, proposal_guards.ANSWERED_IS_KEPT]

    def __str__(self) -> str:
        return str(_("Proposal %s") % self.pk)

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def waiting_since_on(self) -> date:
        """The calendar date in Amsterdam from which a wait counts (C12)."""
        return local_date(self.waiting_since)

    def close(self, answer: ProposalAnswer, *, by: User | None, at: datetime) -> None:
        self.answer, self.answered_by, self.answered_at = answer, by, at


class ProposedTime(models.Model):
    """One of up to three."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="times")
    slot = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "slot"], name="proposed_time_slot_taken_once"),
            models.UniqueConstraint(fields=["proposal", "starts_at"], name="proposed_time_once"),
            models.CheckConstraint(condition=Q(slot__range=(1, 3)), name="proposed_time_at_most_three"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="proposed_time_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

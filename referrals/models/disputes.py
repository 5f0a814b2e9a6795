"""What partners and staff may contest about whose introduction somebody is (C12)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from referrals import proposal_guards, rules
from referrals.models.people import Referral
from ssp.core.models import User
from ssp.core.periods import local_date


class Refusal(models.Model):
    """One neutral answer, so that its partner may appeal once: a keyed hash, and no personal field.

    Forgotten when the time to appeal is over and nobody did. What is looked through for patterns of probing
    is the `RefusalTrace`: another purpose, kept for another time.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="refusals")
    identity = models.CharField(max_length=64, db_index=True)
    refused_at = models.DateTimeField()
    referral = models.OneToOneField(  # C10: a similar name, declined by hand
        Referral, on_delete=models.PROTECT, null=True, blank=True, related_name="refusal"
    )
    refused_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return str(_("Refusal %s") % self.pk)

    @property
    def appeal_until(self) -> date:
        """The last day, inclusive, to appeal."""
        return rules.appeal_until(local_date(self.refused_at))


PERSONAL = ["first_name", "last_name", "email", "company_name", "title", "relation", "text"]


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> Self:
        return self.filter(decided_at__isnull=True)


class Appeal(models.Model):
    """A partner's word against one refusal. What names the person goes with the decision."""

    refusal = models.OneToOneField(Refusal, on_delete=models.PROTECT, related_name="appeal")
    appealed_at = models.DateTimeField()

    # Personal fields: emptied by the decision
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    relation = models.TextField(blank=True)
    text = models.TextField(blank=True)

    escalated_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    accepted = models.BooleanField(null=True, blank=True)
    reason = models.TextField(blank=True)  # for staff's eyes
    told_at = models.DateTimeField(null=True, blank=True)  # when the partner was owed the answer
    referral = models.OneToOneField(  # the claim that an acceptance began
        Referral, on_delete=models.PROTECT, null=True, blank=True, related_name="appeal"
    )

    objects = AppealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, accepted__isnull=True, decided_by__isnull=True)
                | (
                    Q(decided_at__isnull=False, accepted__isnull=False, decided_by__isnull=False)
                    & Q(reason__regex=r"\S")
                ),
                name="appeal_decision_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | Q(**dict.fromkeys(PERSONAL, "")),
                name="appeal_decided_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(accepted=True, referral__isnull=False)
                | (Q(referral__isnull=True) & (Q(accepted__isnull=True) | Q(accepted=False))),
                name="appeal_accepted_has_claim",
            ),
        ]
        triggers = [proposal_guards.APPEAL_BY_A_SALES_LEAD, proposal_guards.APPEAL_IS_KEPT]

    def __str__(self) -> str:
        return str(_("Appeal %s") % self.pk)

    @property
    def is_open(self) -> bool:
        return self.decided_at is None

    @property
    def person_name(self) -> str:
        referral = self.refusal.referral
        named = f"{self.first_name} {self.last_name}".strip()
        return named or (referral.person_name if referral else "") or str(_("Removed person"))

    @property
    def answered_on(self) -> date:
        """The day by which the partner hears."""
        return rules.appeal_answered_on(local_date(self.appealed_at))


class DisputeRuling(models.TextChoices):
    FIRST = "first", _("The first claim stands")
    SECOND = "second", _("The second claim stands")
    BOTH = "both", _("Both stand, each with their own person")


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> Self:
        return self.filter(ruled_at__isnull=True)


class Dispute(models.Model):
    """Two partners over one person or one company; a sales lead rules once."""

    first = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    question = models.TextField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ruling = models.CharField(max_length=10, choices=DisputeRuling, blank=True)
    reason = models.TextField(blank=True)
    ruled_at = models.DateTimeField(null=True, blank=True)
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(ruled_at__isnull=True), name="dispute_open_once"
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="dispute_in_order"),
            models.CheckConstraint(
                condition=Q(ruled_at__isnull=True, ruled_by__isnull=True, ruling="", reason="")
                | (Q(ruled_at__isnull=False, ruled_by__isnull=False, reason__regex=r"\S") & ~Q(ruling="")),
                name="dispute_ruling_is_whole",
            ),
        ]
        triggers = [
            proposal_guards.DISPUTE_OF_TWO_PARTNERS,
            proposal_guards.DISPUTE_RULED_BY_A_SALES_LEAD,
            proposal_guards.DISPUTE_IS_KEPT,
        ]

    def __str__(self) -> str:
        return str(_("Dispute %s") % self.pk)

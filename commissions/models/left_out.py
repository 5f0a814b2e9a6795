"""Who was kept out of a payout run by hand, and why."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from commissions import guards, guards_left_out
from commissions.models.amounts import AMOUNT
from commissions.models.payouts import Payout, PayoutRun
from partners.models import Partner


class LeftOutQuerySet(models.QuerySet["LeftOut"]):
    def owned_by(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def still_waiting(self) -> Self:
        """Of an approved run, and not paid by a later one since."""
        later = Payout.objects.filter(
            partner=OuterRef("partner"),
            currency=OuterRef("run__currency"),
            run__approved_at__gt=OuterRef("run__approved_at"),
            failed_at__isnull=True,
        )
        return self.filter(run__approved_at__isnull=False).exclude(Exists(later))


class LeftOut(models.Model):
    """A partner whom the preparer kept out of a run: the approver and the partner read the reason."""

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="left_out")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    amount = models.DecimalField(**AMOUNT)  # what would have been paid, without VAT

    objects = LeftOutQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "left out"
        constraints = [
            models.UniqueConstraint(fields=["run", "partner"], name="left_out_once_per_run"),
            models.CheckConstraint(condition=~Q(reason=""), name="left_out_says_why"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="left_out_of_something"),
        ]
        triggers = [
            guards_left_out.LEFT_OUT_OF_AN_OPEN_RUN,
            guards.append_only("left_out_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.partner_id}"

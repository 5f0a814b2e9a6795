"""Deals whose entries couldn't be written: they hold up no other, and people see them."""

from django.db import models

from referrals.models import Deal


class AccrualFailure(models.Model):
    """A deal that the ledger's writer couldn't finish. The row goes when a later run finishes it."""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="accrual_failure")
    reason = models.TextField()  # what the database said: names and figures of the programme, no person's
    first_failed_at = models.DateTimeField()
    last_failed_at = models.DateTimeField()

    class Meta:
        ordering = ["first_failed_at", "pk"]

    def __str__(self) -> str:
        return f"{self.deal_id}"

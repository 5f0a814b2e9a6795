"""Traces of refusals, and what they look like together (C12)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from ssp.core.models import User


class RefusalTrace(models.Model):
    """That a partner was refused: keyed hashes of person and company, kept for 30 days, and no cause.

    Not the `Refusal`, which serves the partner: it lives as long as an appeal may be made or stands, and
    knows no company. This one serves the patterns, and nothing else reads it: it goes after 30 days, whatever
    became of the appeal, and a name that was declined by hand leaves none. In one row the longer of two
    purposes would keep the data of the shorter one.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    identity = models.CharField(max_length=64)
    company = models.CharField(max_length=64)
    refused_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["partner", "refused_at"], name="refusal_trace_of_partner")]


class ProbingPattern(models.TextChoices):
    IN_A_ROW = "in_a_row", _("Many refusals within an hour")
    OF_A_COMPANY = "of_a_company", _("Several people of one company refused within a week")
    SAME_PERSON = "same_person", _("The same person tried again and again")
    GIVEN_UP = "given_up", _("Held introductions given up before anybody was written to")


class ProbingAlert(models.Model):
    """A pattern for sales leads to look at: one a partner, pattern and day."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    pattern = models.CharField(max_length=20, choices=ProbingPattern)
    noticed_on = models.DateField()
    noticed_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    looked_at = models.DateTimeField(null=True, blank=True)
    looked_at_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    finding = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "pattern", "noticed_on"], name="probing_alert_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(looked_at__isnull=True, looked_at_by__isnull=True, finding="")
                | (Q(looked_at__isnull=False, looked_at_by__isnull=False) & ~Q(finding="")),
                name="probing_alert_looked_at_with_finding",
            ),
        ]

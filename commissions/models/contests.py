"""Entries that their partner contests, and the answers (C5, ADR 17)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from commissions import guards, guards_statements
from commissions.models.ledger import Commission
from commissions.models.statements import Statement
from commissions.rules.contests import answer_by
from partners.models import Partner
from ssp.core.models import User
from ssp.core.periods import local_date


class ContestedEntryQuerySet(models.QuerySet["ContestedEntry"]):
    def open(self) -> Self:
        return self.filter(answered_at__isnull=True)

    def of_partner(self, partner: Partner) -> Self:
        return self.filter(commission__partner=partner)

    def with_all(self) -> Self:
        """Everything that a page about them shows."""
        return self.select_related(
            "commission__partner__user",
            "commission__invoice",
            "commission__use_case__referral__company",
            "commission__use_case__partner",
            "statement",
            "contested_by",
            "answered_by",
        )


class ContestedEntry(models.Model):
    """A partner says that an entry is wrong; finance answers, once. The entry stays as it is."""

    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, related_name="contests")
    statement = models.ForeignKey(  # where it was read, if it was
        Statement, on_delete=models.PROTECT, null=True, blank=True, related_name="contests"
    )
    text = models.TextField()
    contested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    contested_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    agreed = models.BooleanField(null=True, blank=True)
    answer = models.TextField(blank=True)
    follows = models.TextField(blank=True)  # agreed: which fact will follow
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ContestedEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "contested entries"
        constraints = [
            models.UniqueConstraint(
                fields=["commission"], condition=Q(answered_at__isnull=True), name="contested_entry_one_open"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="contested_entry_says_why"),
            models.CheckConstraint(
                condition=Q(
                    answered_at__isnull=True,
                    answered_by__isnull=True,
                    agreed__isnull=True,
                    answer="",
                    follows="",
                )
                | Q(answered_at__isnull=False, answered_by__isnull=False, agreed=False, follows="")
                & ~Q(answer="")
                | Q(answered_at__isnull=False, answered_by__isnull=False, agreed=True)
                & ~Q(answer="")
                & ~Q(follows=""),
                name="contested_entry_answer_is_whole",
            ),
        ]
        triggers = [
            guards_statements.CONTESTED_BY_ITS_PARTNER,
            guards_statements.CONTEST_IS_ANSWERED_ONCE,
            guards.never_deleted("contested_entry_never_deleted"),
        ]

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def answer_by(self) -> date:
        """The last day for an answer."""
        return answer_by(local_date(self.contested_at))

"""Two partners' use cases that are the same need of the same company (C18)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from referrals import link_guards
from referrals.models.use_cases import UseCase
from ssp.core.models import User


class UseCaseLinkQuerySet(models.QuerySet["UseCaseLink"]):
    def live(self) -> "UseCaseLinkQuerySet":
        """Not taken back."""
        return self.filter(taken_back_at__isnull=True)

    def about(self, use_case: UseCase) -> "UseCaseLinkQuerySet":
        """Whichever side it is on."""
        return self.filter(Q(paying=use_case) | Q(duplicate=use_case))


class UseCaseLink(models.Model):
    """A sales lead's word that two use cases are one need: whose meeting began first pays, the other doesn't.

    A row is only added; it can be taken back once, and then stays as history.
    """

    paying = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="links_as_paying")
    duplicate = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="links_as_duplicate")
    reason = models.TextField(_("reason"))  # for staff's eyes
    linked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField()
    stage_before = models.CharField(max_length=14, blank=True)  # of the deal it closed
    moved_reference = models.CharField(max_length=80, blank=True)  # by which invoices find the one that pays
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taken_back_reason = models.TextField(blank=True)

    objects = UseCaseLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["duplicate"],
                condition=Q(taken_back_at__isnull=True),
                name="use_case_link_one_per_duplicate",
            ),
            models.CheckConstraint(condition=~Q(paying=F("duplicate")), name="use_case_link_of_two"),
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="use_case_link_has_reason"),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True, taken_back_by__isnull=True, taken_back_reason="")
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False, taken_back_reason__regex=r"\S"),
                name="use_case_link_taken_back_with_reason",
            ),
        ]
        triggers = [
            link_guards.LINK_BY_THE_PROGRAMME,
            link_guards.LINK_IS_KEPT,
            link_guards.LINK_CLOSES_ITS_DUPLICATE,
        ]

    @property
    def is_live(self) -> bool:
        return self.taken_back_at is None

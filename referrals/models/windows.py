"""The one extension that a director may grant a use case's window (C2)."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals import guards, rules
from referrals.models.use_cases import UseCase
from ssp.core.models import User


class WindowExtension(models.Model):
    """Who gave a window more time, how much, when and why. One per use case, only added, never changed."""

    use_case = models.OneToOneField(UseCase, on_delete=models.PROTECT, related_name="extension")
    months = models.PositiveSmallIntegerField(_("months"))
    reason = models.TextField(_("reason"))
    director = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(months__range=(1, rules.EXTENSION_MONTHS)),
                name="window_extension_one_to_three_months",
            ),
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="window_extension_has_reason"),
        ]
        triggers = [guards.EXTENSION_BY_A_DIRECTOR, guards.EXTENSION_IS_KEPT]

    @property
    def original_last_on(self) -> date:
        """The window's last day before it was extended."""
        return self.use_case.original_last_on

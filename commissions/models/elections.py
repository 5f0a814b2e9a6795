"""A director's one change of how a use case pays, after it was locked (C5)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards_elections as guards
from commissions import guards_openings
from partners.models import CommissionModel
from referrals.models import UseCase
from ssp.core.models import User


class ElectionChange(models.Model):
    """From which model to which, by whom and why. One per use case, only added, never changed."""

    use_case = models.OneToOneField(UseCase, on_delete=models.PROTECT, related_name="election_change")
    before = models.CharField(_("model before"), max_length=20, choices=CommissionModel)
    model = models.CharField(_("model"), max_length=20, choices=CommissionModel)
    reason = models.TextField(_("reason"))
    director = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(before=F("model")), name="election_change_changes_it"),
            models.CheckConstraint(
                condition=Q(model__in=CommissionModel.values), name="election_change_to_a_model"
            ),
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="election_change_has_reason"),
        ]
        triggers = [guards.BY_A_DIRECTOR, guards.CHANGE_IS_KEPT, guards_openings.ELECTION_BEFORE_AN_OPENING]

    def __str__(self) -> str:
        return f"{self.get_before_display()} → {self.get_model_display()}"


class ElectedUseCase(UseCase):
    """The use case, seen from here: a locked election changes by an `ElectionChange` alone."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [guards.ELECTION_IS_KEPT]

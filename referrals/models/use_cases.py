"""The needs partners define, with their windows and elections (C2, C5, C8, C9)."""

from datetime import date
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from partners.models import CommissionModel, Partner
from referrals import guards, link_guards, rules
from referrals.models.people import Referral

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from referrals.models.comments import UseCaseComment
    from referrals.models.deals import Deal
    from referrals.models.windows import WindowExtension


class UseCaseOutcome(models.TextChoices):
    OPEN = "", _("Open")
    RESELLER = "reseller", _("Reseller")
    DUPLICATE = "duplicate", _("Duplicate")


class UseCase(models.Model):
    """A need the partner defined (C8). Its window of six months and its model are its own (C2, C5, C9)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="use_cases")
    referral = models.ForeignKey(  # the root person it is about; None while only defined
        Referral, on_delete=models.PROTECT, null=True, blank=True, related_name="use_cases"
    )
    title = models.CharField(_("title"), max_length=200)
    problem = models.TextField(_("the problem"))
    data = models.TextField(_("the data"), blank=True)
    who_feels_it = models.CharField(_("who feels it"), max_length=300, blank=True)
    expected_value = models.CharField(_("the expected value"), max_length=300, blank=True)
    defined_at = models.DateTimeField()

    model = models.CharField(
        max_length=20, choices=CommissionModel, blank=True
    )  # the election; locked with the window
    model_locked_at = models.DateTimeField(null=True, blank=True)

    window_starts_on = models.DateField(null=True, blank=True)
    window_ends_on = models.DateField(null=True, blank=True)  # the last day, inclusive; extensions included
    extended_months = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=12, choices=UseCaseOutcome, default=UseCaseOutcome.OPEN, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Won, lost or closed: nothing is left to do about it. The database keeps it (DECIDED_WITH_ITS_DEAL).
    is_decided = models.BooleanField(default=False, db_default=False, editable=False)
    same_need_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    if TYPE_CHECKING:
        deal: "Deal"
        comments: RelatedManager["UseCaseComment"]
        extension: "WindowExtension"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(window_starts_on__isnull=True, window_ends_on__isnull=True)
                | Q(window_starts_on__isnull=False, window_ends_on__gt=F("window_starts_on")),
                name="use_case_window_has_both_ends",
            ),
            models.CheckConstraint(
                condition=Q(extended_months__lte=3), name="use_case_extension_within_three_months"
            ),
            models.CheckConstraint(
                condition=Q(window_starts_on__isnull=True) | Q(model_locked_at__isnull=False),
                name="use_case_model_locked_with_window",
            ),
            models.CheckConstraint(
                condition=Q(model_locked_at__isnull=True) | ~Q(model=""),
                name="use_case_locked_model_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["window_ends_on"], name="use_case_by_window_end"),
            models.Index(  # the table of introductions, in its own order
                fields=["window_ends_on", "referral", "id"],
                condition=Q(is_decided=False, window_ends_on__isnull=False),
                name="use_case_undecided_by_end",
            ),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="use_case_by_title_part"),
        ]
        triggers = [
            guards.WARM_AFTER_A_MEETING,
            guards.DEFINED_ONCE,
            guards.DEFINITION_IS_KEPT,
            guards.WINDOW_WHILE_A_PARTNER,
            guards.EXTENDED_BY_AN_EXTENSION,
            guards.DECIDED_WITH_ITS_DEAL,
            link_guards.DUPLICATE_BY_A_LINK,
        ]

    @property
    def is_locked(self) -> bool:
        return self.model_locked_at is not None

    @property
    def is_open(self) -> bool:
        return self.outcome == UseCaseOutcome.OPEN

    @property
    def original_last_on(self) -> date:
        """The last day of the six months, whatever was added since; only with a window."""
        assert self.window_starts_on is not None
        return rules.window_ends_on(self.window_starts_on)

    def __str__(self) -> str:  # noqa: DJ012
        return self.title

"""The numbers of the programme, and the dated versions that offer them (C5, C20)."""

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.models import triggers
from ssp.core.models import User
from ssp.core.templatetags.ssp import day

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from partners.models.contracts import Contract
    from partners.models.people import Application

PERCENT: dict[str, Any] = {"max_digits": 5, "decimal_places": 2}


class CommissionModel(models.TextChoices):
    """How a use case pays (C5): never both."""

    RECURRING = "recurring", _("Recurring revenue")
    FIRST_INVOICE = "first_invoice", _("First invoice")


class BonusBasis(models.TextChoices):
    """What the recruiter's bonus is a percentage of (C20)."""

    COMMISSION = "commission", _("the recruit's commission")
    FIRST_INVOICE = "first_invoice", _("the recruit's first invoice")


class CapUnit(models.TextChoices):
    YEARS = "years", _("years")
    INVOICES = "invoices", _("invoices")


class Numbers(models.Model):
    """The numbers of the programme, as terms offer them and a contract fixes them (C5, C20)."""

    recurring_percent = models.DecimalField(_("percentage of recurring revenue"), **PERCENT)
    first_invoice_percent = models.DecimalField(_("percentage of the first invoice"), **PERCENT)
    bonus_percent = models.DecimalField(_("bonus percentage for a recruit's sales"), **PERCENT)
    bonus_basis = models.CharField(
        _("basis of the bonus"), max_length=20, choices=BonusBasis, default=BonusBasis.COMMISSION
    )
    cap_unit = models.CharField(_("unit of the cap"), max_length=10, choices=CapUnit, default=CapUnit.YEARS)
    cap_count = models.PositiveSmallIntegerField(_("length of the cap"), default=3)
    default_model = models.CharField(
        _("model without an election"),
        max_length=20,
        choices=CommissionModel,
        default=CommissionModel.RECURRING,
    )

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "recurring_percent",
        "first_invoice_percent",
        "bonus_percent",
        "bonus_basis",
        "cap_unit",
        "cap_count",
        "default_model",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    recurring_percent__range=(0, 100),
                    first_invoice_percent__range=(0, 100),
                    bonus_percent__range=(0, 100),
                    cap_count__gte=1,
                ),
                name="%(class)s_numbers_in_range",
            )
        ]

    @property
    def numbers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.NUMBERS}


class Tier(models.Model):
    name = models.CharField(max_length=60, unique=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="tier_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProgramTermsQuerySet(models.QuerySet["ProgramTerms"]):
    def in_force(self, *, on: date, tier: Tier | None = None) -> "ProgramTerms | None":
        """The version whose numbers a new contract gets on that day, or None: applications are closed."""
        tiered = self.filter(tier=tier) if tier else self.filter(tier__is_default=True)
        return tiered.filter(effective_on__lte=on).order_by("-effective_on").first()


class ProgramTerms(Numbers):
    """A dated version of the numbers, entered by a director. New terms never touch old contracts (C5)."""

    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="terms")
    effective_on = models.DateField(_("in force from"))
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()

    objects = ProgramTermsQuerySet.as_manager()

    if TYPE_CHECKING:
        contracts: RelatedManager["Contract"]
        applications: RelatedManager["Application"]

    class Meta(Numbers.Meta):
        verbose_name_plural = "program terms"
        constraints = [
            *Numbers.Meta.constraints,
            models.UniqueConstraint(fields=["tier", "effective_on"], name="terms_one_version_per_day"),
        ]
        triggers = [triggers.TERMS_USED_ARE_KEPT, triggers.TERMS_DO_NOT_REWRITE_HISTORY]

    def __str__(self) -> str:
        return gettext("%(tier)s from %(day)s") % {"tier": self.tier, "day": day(self.effective_on)}

    @property
    def is_used(self) -> bool:
        """Whether a contract or a submitted application stands on this version: then it is read-only (C5)."""
        return self.contracts.exists() or self.applications.filter(submitted_at__isnull=False).exists()

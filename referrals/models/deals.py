"""The sale of a use case (C2, C9, C17)."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals import guards, link_guards
from referrals.models.use_cases import UseCase

LOST_TO_RESELLER = "reseller"  # a mark in `lost_reason` (C19), never shown
LOST_TO_SAME_NEED = "same_need"  # another one (C18)

RESELLER_NAMED = "deal.reseller_named"  # what audit calls it (C17)
SAME_NEED = _(  # it names nobody, and no day: each partner's work is theirs alone
    "An introduction meeting about the same need of this company began before the one about this use case. "
    "It pays no commission (C18); what was earned before stays earned."
)


class DealStage(models.TextChoices):
    DISCOVERY = "discovery", _("Discovery")
    PROPOSAL = "proposal", _("Proposal sent")
    NEGOTIATING = "negotiating", _("Negotiating")
    CONTRACT_OUT = "contract_out", _("Contract out")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class DealQuerySet(models.QuerySet["Deal"]):
    def open(self) -> Self:
        return self.exclude(stage__in=[DealStage.WON, DealStage.LOST])


class Deal(models.Model):
    """The sale of one use case (C9)."""

    use_case = models.OneToOneField(UseCase, on_delete=models.PROTECT, related_name="deal")
    stage = models.CharField(max_length=14, choices=DealStage, default=DealStage.DISCOVERY)
    currency = models.CharField(max_length=3, default="EUR")
    expected_net = models.DecimalField(
        _("expected, net"), max_digits=14, decimal_places=3, null=True, blank=True
    )
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    reseller_name = models.CharField(_("reseller"), max_length=200, blank=True)  # C17
    customer_reference = models.CharField(
        _("customer reference"),
        max_length=80,
        blank=True,
        help_text=_("What the invoices carry; it matches them."),
    )
    signed_on = models.DateField(_("signed by the customer on"), null=True, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.CharField(_("why lost"), max_length=300, blank=True)
    created_at = models.DateTimeField()

    objects = DealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage="won", signed_on__isnull=False, recorded_at__isnull=False)
                | (~Q(stage="won") & Q(signed_on__isnull=True)),
                name="deal_won_has_signature_day",
            ),
            models.CheckConstraint(
                condition=~Q(stage="lost") | ~Q(lost_reason=""), name="deal_lost_has_reason"
            ),
            models.UniqueConstraint(
                fields=["customer_reference"],
                condition=~Q(customer_reference=""),
                name="deal_customer_reference_once",
            ),
        ]
        triggers = [
            guards.DEAL_NEEDS_A_WINDOW,
            guards.DEAL_DECIDES_ITS_USE_CASE,
            link_guards.DEAL_NOT_WON_ON_A_DUPLICATE,
        ]

    @property
    def is_open(self) -> bool:
        return self.stage not in (DealStage.WON, DealStage.LOST)

    @property
    def why_lost(self) -> str:
        """The reason as people read it."""
        if self.lost_reason == LOST_TO_RESELLER:
            return str(
                _("The company wants to resell. That is not part of the agreement, so it pays nothing (C19).")
            )
        if self.lost_reason == LOST_TO_SAME_NEED:
            return str(SAME_NEED)
        return self.lost_reason

    def is_within_window(self) -> bool:
        """Tell whether the customer signed from the introduction to the window's last day (C2)."""
        use_case = self.use_case
        if self.signed_on is None or use_case.window_starts_on is None or use_case.window_ends_on is None:
            return False
        return use_case.window_starts_on <= self.signed_on <= use_case.window_ends_on

"""What deals earned before this system, and what of it was paid then: for each deal, by two people's word."""

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards, guards_openings
from commissions.models.amounts import AMOUNT
from partners.models import Contract, Partner
from referrals.models import Deal
from ssp.core.batches import Batch
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from commissions.models.ledger import Commission


class OpeningImport(Batch):
    """One spreadsheet of opening balances: handed in by one person, approved by another, then dropped."""

    if TYPE_CHECKING:
        openings: RelatedManager["Opening"]

    class Meta:
        verbose_name = _("file of opening balances")
        verbose_name_plural = _("files of opening balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True)
                | (
                    Q(committed_by__isnull=False, uploaded_by__isnull=False)
                    & ~Q(committed_by=F("uploaded_by"))
                ),
                name="opening_import_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True, committed_by__isnull=True)
                | Q(committed_at__isnull=False, committed_by__isnull=False),
                name="opening_import_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True) | Q(content=b""), name="opening_import_keeps_no_rows"
            ),
        ]
        triggers = [guards_openings.IMPORT_STAYS_APPROVED]

    @property
    def state(self) -> str:
        """Whether it is a preview that waits for another person, or in."""
        return "committed" if self.committed_at else "preview"


class OpeningQuerySet(models.QuerySet["Opening"]):
    def living(self) -> Self:
        """Those that weren't taken back."""
        return self.filter(undone_at__isnull=True)

    def owned_by(self, partner: Partner) -> Self:
        return self.filter(deal__use_case__partner=partner)


class Opening(models.Model):
    """What the rules go on from, for one deal: everything up to a day was reckoned before this system."""

    opening_import = models.ForeignKey(OpeningImport, on_delete=models.PROTECT, related_name="openings")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="openings")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField()  # the last day that was reckoned before
    cap_starts_on = models.DateField(null=True, blank=True)  # the first recurring service day before
    recurring_before = models.PositiveSmallIntegerField(default=0)  # recurring invoices up to that day
    first_taken = models.BooleanField()  # whether the first invoice was before
    recorded_at = models.DateTimeField()
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = OpeningQuerySet.as_manager()

    if TYPE_CHECKING:
        sums: RelatedManager["OpeningSum"]

    class Meta:
        verbose_name = _("opening balance")
        verbose_name_plural = _("opening balances")
        constraints = [
            models.UniqueConstraint(
                fields=["deal"], condition=Q(undone_at__isnull=True), name="opening_once_per_deal"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="opening_undone_by_somebody",
            ),
        ]
        triggers = [
            guards_openings.OPENING_BY_TWO_PEOPLE,
            guards_openings.OPENING_STAYS,
            guards_openings.OPENING_IN_THE_LEDGER,
            guards.never_deleted("opening_never_deleted"),
        ]

    def __str__(self) -> str:
        return f"{self.deal} {self.as_of:%Y-%m-%d}"


class OpeningSum(models.Model):
    """One currency of an opening: earned before, and of that paid before. What is left is one entry."""

    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="sums")
    currency = models.CharField(max_length=3)
    earned = models.DecimalField(**AMOUNT)
    paid = models.DecimalField(**AMOUNT)  # by hand, before: never paid again, in no sum of this system

    if TYPE_CHECKING:
        entries: RelatedManager["Commission"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opening", "currency"], name="opening_sum_once_per_currency"),
            models.CheckConstraint(condition=Q(paid__gte=0, earned__gte=0), name="opening_sum_not_negative"),
        ]
        triggers = [
            guards.append_only("opening_sum_append_only"),
            guards_openings.SUM_WITH_ITS_OPENING,
            guards_openings.SUM_IN_THE_LEDGER,
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.earned}"

    @property
    def open(self) -> Decimal:
        """Earned and not paid before: what becomes payable here, once; below zero, what is owed back."""
        return self.earned - self.paid

    @property
    def owed_back(self) -> Decimal:
        """What was paid before beyond what was earned; nothing otherwise."""
        return max(-self.open, Decimal(0))

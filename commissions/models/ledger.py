"""The ledger: entries that are inserted and never changed (C5, C20)."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards, guards_openings
from commissions.models.amounts import AMOUNT
from commissions.models.invoices import Fact, Invoice
from commissions.models.openings import OpeningSum
from partners.models import Contract, Partner
from referrals.models import UseCase

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from commissions.models.payouts import PayoutEntry


class CommissionKind(models.TextChoices):
    RECURRING = "recurring", _("Recurring revenue")
    FIRST_INVOICE = "first_invoice", _("First invoice")
    BONUS = "bonus", _("Bonus for a recruit's sale")
    OPENING = "opening", _("Opening balance")


class CommissionQuerySet(models.QuerySet["Commission"]):
    def by_facts(self) -> Self:
        """What the formula wrote; opening balances aside."""
        return self.filter(opening__isnull=True)

    def owned_by(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def held(self, *, on: date) -> Self:
        """Not payable yet on that day."""
        return self.filter(payable_on__gt=on)

    def unpaid(self) -> Self:
        """In no payout, failed and returned ones aside."""
        living = FilteredRelation("payout_entries", condition=Q(payout_entries__released_at__isnull=True))
        return self.alias(place=living).filter(place__isnull=True)

    def payable(self, *, on: date) -> Self:
        """What counts on that day and is in no payout."""
        return self.filter(payable_on__lte=on).unpaid()


class Commission(models.Model):
    """One ledger entry: inserted, never changed. Its state is derived from facts."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="commissions")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="commissions")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="commissions")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, null=True, related_name="commissions")
    # Instead of a fact: a balance from before this system (ADR 22), which two people vouched for.
    opening = models.ForeignKey(OpeningSum, on_delete=models.PROTECT, null=True, related_name="entries")
    kind = models.CharField(max_length=14, choices=CommissionKind)
    source_entry = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="bonuses")
    rate_percent = models.DecimalField(max_digits=5, decimal_places=2)
    eligible_net = models.DecimalField(max_digits=20, decimal_places=6)
    paid_numerator = models.DecimalField(**AMOUNT)  # paid less refunded, gross
    paid_denominator = models.DecimalField(**AMOUNT)  # gross less credited
    due = models.DecimalField(**AMOUNT)  # the formula's value after this fact
    amount = models.DecimalField(**AMOUNT)  # due less what was written before
    currency = models.CharField(max_length=3)
    earned_on = models.DateField()  # the fact's date
    payable_on = models.DateField()
    why = models.JSONField(default=dict)  # the sum, line by line, in figures and ids
    recorded_at = models.DateTimeField()
    # The deal's last fact that was known when this was written: so anybody can work it out again (reconcile).
    known_fact = models.BigIntegerField(null=True, editable=False)

    objects = CommissionQuerySet.as_manager()

    if TYPE_CHECKING:
        payout_entries: RelatedManager["PayoutEntry"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact", "invoice", "kind"], name="commission_once_per_fact"),
            models.CheckConstraint(  # a partner may have been paid more than was earned before this system
                condition=Q(due__gte=0) | Q(kind="opening"), name="commission_due_never_negative"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="commission_never_zero"),
            models.CheckConstraint(
                condition=Q(kind="bonus") | Q(source_entry__isnull=True),
                name="commission_only_bonus_has_source",
            ),
            models.CheckConstraint(
                condition=Q(kind="opening", opening__isnull=False, fact__isnull=True, invoice__isnull=True)
                | (~Q(kind="opening") & Q(opening__isnull=True, fact__isnull=False, invoice__isnull=False)),
                name="commission_by_fact_or_opening",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "currency", "payable_on"], name="commission_by_partner"),
            models.Index(fields=["earned_on"], name="commission_by_day_earned"),
            models.Index(fields=["-earned_on", "-id"], name="commission_newest_first"),
            models.Index(fields=["partner", "-earned_on", "-id"], name="commission_of_partner_newest"),
        ]
        triggers = [
            guards.append_only("ledger_append_only"),
            guards.ENTRY_BY_THE_PROGRAMME,
            guards.NOT_FOR_A_DUPLICATE,
            guards.NOT_BY_A_SILENT_FACT,
            guards_openings.ENTRY_BY_ITS_OPENING,
        ]

    def __str__(self) -> str:
        return f"L-{self.pk:04d}"

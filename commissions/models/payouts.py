"""Payouts, what is in them, and the tax status that their VAT follows (Arithmetic)."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards, guards_left_out, guards_payout
from commissions.models.amounts import AMOUNT
from commissions.models.bank import BankDetails
from commissions.models.ledger import Commission
from commissions.models.tax import TaxTreatment
from partners.models import Partner
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class TaxStatus(models.Model):
    """What VAT a partner's payouts carry, confirmed by finance before the first payout."""

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, related_name="tax_status")
    vat_percent = models.DecimalField(_("VAT in percent"), max_digits=5, decimal_places=2, default=0)
    note = models.CharField(_("note on the statement"), max_length=200, blank=True)
    treatment = models.CharField(max_length=16, choices=TaxTreatment, blank=True, db_default="")
    postal_address = models.TextField(_("address on the statement"), blank=True, db_default="")
    # Told after the application, or empty: then the partner's own holds.
    tax_number = models.CharField(_("VAT or tax number"), max_length=40, blank=True, db_default="")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    # What the partner was at that moment; a trigger writes it. When it changes, finance confirms anew.
    of_country = models.CharField(max_length=2, editable=False, default="", db_default="")
    of_tax_number = models.CharField(max_length=40, editable=False, default="", db_default="")
    of_legal_name = models.CharField(max_length=200, editable=False, default="", db_default="")

    class Meta:
        verbose_name_plural = "tax statuses"
        constraints = [
            models.CheckConstraint(
                condition=Q(vat_percent__range=(0, 100)), name="tax_status_percent_in_range"
            ),
            models.CheckConstraint(
                condition=Q(treatment__in=["", "domestic"]) | Q(vat_percent=0),
                name="tax_status_vat_only_domestic",
            ),
        ]
        triggers = [
            guards.never_deleted("tax_status_never_deleted"),
            guards_payout.TAX_STATUS_OF_THEN,
            guards_payout.TAX_STATUS_BY_ANOTHER,
        ]

    def __str__(self) -> str:
        return str(self.partner)

    def is_of(self, partner: Partner) -> bool:
        """Tell whether the partner still is what finance confirmed the status for."""
        confirmed = (self.of_country, self.of_tax_number, self.of_legal_name)
        return confirmed == (partner.country, partner.tax_number, partner.legal_name)


class PayoutRun(models.Model):
    """Payouts of one currency, prepared by one person and approved by another."""

    currency = models.CharField(max_length=3)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    discarded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    discarded_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        payouts: RelatedManager["Payout"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discarded_at__isnull=True) | Q(approved_at__isnull=True),
                name="payout_run_not_both_approved_and_discarded",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | (
                    Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("prepared_by"))
                ),
                name="payout_run_approved_by_another",
            ),
        ]
        triggers = [
            guards.RUN_STAYS_DECIDED,
            guards_payout.RUN_TO_THE_NEWEST_ACCOUNTS,
            guards_payout.RUN_APPROVED_BY_NOBODY_IT_PAYS,
            guards_payout.RUN_BY_THE_PRESENT_TAX_STATUS,
            guards.never_deleted("payout_run_never_deleted"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.pk}"


class Payout(models.Model):
    """What one partner gets in one run: its entries, and VAT on a line of its own."""

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="payouts")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payouts")
    currency = models.CharField(max_length=3)
    entries_total = models.DecimalField(**AMOUNT)
    vat_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    vat = models.DecimalField(**AMOUNT, default=0)
    vat_note = models.CharField(max_length=200, blank=True)  # the tax status's, as it was that day
    vat_treatment = models.CharField(max_length=16, choices=TaxTreatment, blank=True, db_default="")
    # Where it goes. Empty in payouts from before accounts were kept.
    bank_details = models.ForeignKey(BankDetails, on_delete=models.PROTECT, null=True, related_name="payouts")
    paid_on = models.DateField(null=True, blank=True)
    # Recorded as not arrived: at once, or after `paid_on`, when the bank sent it back on `returned_on`.
    failed_at = models.DateTimeField(null=True, blank=True)
    returned_on = models.DateField(null=True, blank=True, editable=False)
    failure = models.CharField(max_length=300, blank=True)
    statement_year = models.PositiveSmallIntegerField(null=True, blank=True)
    statement_sequence = models.PositiveIntegerField(null=True, blank=True)

    if TYPE_CHECKING:
        entries: RelatedManager["PayoutEntry"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement_year", "statement_sequence"], name="payout_statement_number_once"
            ),
            models.CheckConstraint(
                condition=Q(statement_year__isnull=True, statement_sequence__isnull=True)
                | Q(statement_year__isnull=False, statement_sequence__gte=1),
                name="payout_statement_number_whole",
            ),
            models.CheckConstraint(
                condition=Q(entries_total__gt=0, vat__gte=0), name="payout_pays_something"
            ),
            models.UniqueConstraint(fields=["run", "partner"], name="payout_one_per_partner_and_run"),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(failed_at__isnull=True) | Q(returned_on__isnull=False),
                name="payout_not_both_paid_and_failed",
            ),
            models.CheckConstraint(
                condition=Q(returned_on__isnull=True)
                | Q(paid_on__isnull=False, failed_at__isnull=False, returned_on__gte=F("paid_on")),
                name="payout_returned_after_it_was_paid",
            ),
        ]
        triggers = [
            guards.PAID_AFTER_APPROVAL,
            guards.BY_TAX_STATUS,
            guards.PAYOUT_EQUALS_ENTRIES,
            guards_payout.PAYOUT_TO_A_RESTING_ACCOUNT,
            guards_payout.PAYOUT_KEEPS_ITS_ACCOUNT,
            guards_payout.PAYOUT_BY_PRESENT_TAX_STATUS,
            guards_left_out.PAYOUT_OF_NOBODY_LEFT_OUT,
            guards.never_deleted("payout_never_deleted"),
        ]

    def __str__(self) -> str:
        return self.statement_number or f"{self.currency} {self.pk}"

    @property
    def total(self) -> Decimal:
        """What is transferred: the entries and their VAT."""
        return self.entries_total + self.vat

    @property
    def statement_number(self) -> str:
        """`2026-0058`, or nothing before the approval."""
        if self.statement_sequence is None:
            return ""
        return f"{self.statement_year}-{self.statement_sequence:04d}"


class PayoutEntry(models.Model):
    """An entry's place in a payout; freed only when the payout failed."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="entries")
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, related_name="payout_entries")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commission"], condition=Q(released_at__isnull=True), name="payout_entry_once"
            )
        ]
        triggers = [
            guards.ENTRY_FITS_PAYOUT,
            guards.ENTRIES_EQUAL_PAYOUT,
            guards.never_deleted("payout_entry_never_deleted"),
        ]

"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partners.models import Contract, Partner
from referrals.models import Deal, UseCase
from ssp.core.models import User

AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 3}


class InvoiceImport(models.Model):
    """One file of invoices and payments, and what became of its rows."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField()
    report = models.JSONField(default=dict)


class Invoice(models.Model):
    """An invoice to a customer. Gross includes VAT, net doesn't."""

    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=80)
    customer_name = models.CharField(max_length=300)
    customer_reference = models.CharField(max_length=80, blank=True)
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")
    issued_on = models.DateField()
    currency = models.CharField(max_length=3)
    net = models.DecimalField(**AMOUNT)
    gross = models.DecimalField(**AMOUNT)
    imported_in = models.ForeignKey(
        InvoiceImport, on_delete=models.PROTECT, null=True, related_name="invoices"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="invoice_once_per_source"),
            models.CheckConstraint(
                condition=Q(net__gte=0, gross__gte=F("net")), name="invoice_gross_at_least_net"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class InvoiceLine(models.Model):
    """A line; recurring ones have an inclusive service period."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=300, blank=True)
    net = models.DecimalField(**AMOUNT)
    recurring = models.BooleanField()
    service_from = models.DateField(null=True, blank=True)
    service_to = models.DateField(null=True, blank=True)  # the last day, inclusive

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "number"], name="line_once_per_invoice"),
            models.CheckConstraint(
                condition=Q(recurring=False)
                | Q(service_from__isnull=False, service_to__gte=F("service_from")),
                name="line_recurring_has_period",
            ),
        ]


class Fact(models.Model):
    """Something that happened to an invoice: each writes at most one entry per invoice and kind."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        CREDIT = "credit", _("Credit note")
        INVOICE = "invoice", _("Invoice")
        EXTENSION = "extension", _("Extension")
        MATCH = "match", _("Match to a deal")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=80)
    happened_on = models.DateField()
    gross = models.DecimalField(**AMOUNT, default=0)
    net = models.DecimalField(**AMOUNT, default=0)  # credit notes only
    line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="credits"
    )
    replacement = models.ForeignKey(  # a credit note that names the invoice that takes this one's place
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "reference"], name="fact_once_per_source"),
            models.CheckConstraint(condition=Q(gross__gte=0, net__gte=0), name="fact_amounts_not_negative"),
        ]


class CommissionKind(models.TextChoices):
    RECURRING = "recurring", _("Recurring revenue")
    FIRST_INVOICE = "first_invoice", _("First invoice")
    BONUS = "bonus", _("Bonus for a recruit's sale")


class Commission(models.Model):
    """One ledger entry: inserted, never changed. Its state is derived from facts."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="commissions")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="commissions")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="commissions")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="commissions")
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact", "invoice", "kind"], name="commission_once_per_fact"),
            models.CheckConstraint(condition=~Q(amount=0), name="commission_never_zero"),
            models.CheckConstraint(
                condition=Q(kind="bonus") | Q(source_entry__isnull=True),
                name="commission_only_bonus_has_source",
            ),
        ]
        indexes = [models.Index(fields=["partner", "currency", "payable_on"], name="commission_by_partner")]
        triggers = [
            pgtrigger.Protect(name="ledger_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


class PayoutRun(models.Model):
    """Payouts of one currency, prepared by one person and approved by another."""

    currency = models.CharField(max_length=3)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | (
                    Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("prepared_by"))
                ),
                name="payout_run_approved_by_another",
            )
        ]


class Payout(models.Model):
    """What one partner gets in one run: its entries, and VAT on a line of its own."""

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="payouts")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payouts")
    currency = models.CharField(max_length=3)
    entries_total = models.DecimalField(**AMOUNT)
    vat_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    vat = models.DecimalField(**AMOUNT, default=0)
    paid_on = models.DateField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    statement_number = models.PositiveIntegerField(unique=True, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "partner"], name="payout_one_per_partner_and_run"),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(failed_at__isnull=True),
                name="payout_not_both_paid_and_failed",
            ),
        ]


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

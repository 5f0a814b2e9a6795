"""Invoices and what happens to them, the ledger, payouts and statements (C5, C20-C22, Arithmetic)."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards
from partners.models import Contract, Partner
from referrals.models import Deal, UseCase
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

MANUAL = "file"  # where invoices of an imported file come from
AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 3}


class InvoiceImport(models.Model):
    """One file of invoices and payments, and what became of its rows."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    imported_at = models.DateTimeField(null=True, blank=True)  # nothing was saved before that
    report = models.JSONField(default=list)  # rows, as they were judged when the file was imported

    def __str__(self) -> str:
        return self.file_name


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def without_deal(self) -> Self:
        return self.filter(deal__isnull=True)


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

    objects = InvoiceQuerySet.as_manager()

    if TYPE_CHECKING:
        lines: RelatedManager["InvoiceLine"]
        facts: RelatedManager["Fact"]
        commissions: RelatedManager["Commission"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="invoice_once_per_source"),
            models.CheckConstraint(
                condition=Q(net__gte=0, gross__gte=F("net")), name="invoice_gross_at_least_net"
            ),
        ]
        triggers = [guards.INVOICE_STAYS, guards.never_deleted("invoice_never_deleted")]

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
            models.CheckConstraint(condition=Q(net__gte=0), name="line_net_not_negative"),
        ]
        triggers = [guards.append_only("line_append_only")]


class Fact(models.Model):
    """Something that happened to an invoice: each writes at most one entry per invoice and kind.

    It is inserted while its invoice's row is locked: so a deal's facts become visible in the order of ids.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        CREDIT = "credit", _("Credit note")
        INVOICE = "invoice", _("Invoice")
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
    imported_in = models.ForeignKey(
        InvoiceImport, on_delete=models.PROTECT, null=True, blank=True, related_name="facts"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "reference"], name="fact_once_per_source"),
            models.CheckConstraint(condition=Q(gross__gte=0, net__gte=0), name="fact_amounts_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="credit") | Q(net=0, line__isnull=True, replacement__isnull=True),
                name="fact_only_credits_have_net",
            ),
        ]
        triggers = [guards.append_only("fact_append_only")]


class CommissionKind(models.TextChoices):
    RECURRING = "recurring", _("Recurring revenue")
    FIRST_INVOICE = "first_invoice", _("First invoice")
    BONUS = "bonus", _("Bonus for a recruit's sale")


class CommissionQuerySet(models.QuerySet["Commission"]):
    def owned_by(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def held(self, *, on: date) -> Self:
        """Not payable yet on that day."""
        return self.filter(payable_on__gt=on)

    def unpaid(self) -> Self:
        """In no payout, failed and returned ones aside."""
        return self.exclude(payout_entries__in=PayoutEntry.objects.filter(released_at__isnull=True))

    def payable(self, *, on: date) -> Self:
        """What counts on that day and is in no payout."""
        return self.filter(payable_on__lte=on).unpaid()


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

    objects = CommissionQuerySet.as_manager()

    if TYPE_CHECKING:
        payout_entries: RelatedManager["PayoutEntry"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact", "invoice", "kind"], name="commission_once_per_fact"),
            models.CheckConstraint(condition=Q(due__gte=0), name="commission_due_not_negative"),
            models.CheckConstraint(condition=~Q(amount=0), name="commission_never_zero"),
            models.CheckConstraint(
                condition=Q(kind="bonus") | Q(source_entry__isnull=True),
                name="commission_only_bonus_has_source",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "currency", "payable_on"], name="commission_by_partner"),
            models.Index(fields=["earned_on"], name="commission_by_day_earned"),
        ]
        triggers = [
            guards.append_only("ledger_append_only"),
            guards.ENTRY_BY_THE_PROGRAMME,
            guards.NOT_FOR_A_DUPLICATE,
        ]

    def __str__(self) -> str:
        return f"L-{self.pk:04d}"


class TaxStatus(models.Model):
    """What VAT a partner's payouts carry, confirmed by finance before the first payout."""

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, related_name="tax_status")
    vat_percent = models.DecimalField(_("VAT in percent"), max_digits=5, decimal_places=2, default=0)
    note = models.CharField(_("note on the statement"), max_length=200, blank=True)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "tax statuses"
        constraints = [
            models.CheckConstraint(
                condition=Q(vat_percent__range=(0, 100)), name="tax_status_percent_in_range"
            )
        ]
        triggers = [guards.never_deleted("tax_status_never_deleted")]

    def __str__(self) -> str:
        return str(self.partner)


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
        triggers = [guards.RUN_STAYS_DECIDED, guards.never_deleted("payout_run_never_deleted")]

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
    paid_on = models.DateField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
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
                condition=Q(paid_on__isnull=True) | Q(failed_at__isnull=True),
                name="payout_not_both_paid_and_failed",
            ),
        ]
        triggers = [
            guards.PAID_AFTER_APPROVAL,
            guards.BY_TAX_STATUS,
            guards.PAYOUT_EQUALS_ENTRIES,
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

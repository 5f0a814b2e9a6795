"""Invoices and what happens to them: facts, each of them once."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards, ledger_guards
from commissions.models.amounts import AMOUNT
from referrals.models import Deal
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from commissions.models.ledger import Commission

MANUAL = "file"  # where invoices of an imported file come from


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
        triggers = [
            guards.INVOICE_STAYS,
            guards.never_deleted("invoice_never_deleted"),
            ledger_guards.INVOICE_WAITS_FOR_ITS_DEAL,
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

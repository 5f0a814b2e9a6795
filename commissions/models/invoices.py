"""Invoices and what happens to them: facts, each of them once."""

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import DecimalField, F, Q, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Upper
from django.utils.translation import gettext_lazy as _

from commissions import guards, ledger_guards
from commissions.models.amounts import AMOUNT
from referrals.models import Deal
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from commissions.models.ledger import Commission

MANUAL = "file"  # where invoices of an imported file come from


MONEY: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=20, decimal_places=3)
SILENT = ("write_off", "unmatch")  # facts that change no sum: the ledger never hears of them


class Source(models.TextChoices):
    """Where a number comes from: the same number from two systems is two things."""

    FILE = MANUAL, _("Own file")
    STRIPE = "stripe", _("Stripe")
    EXACT = "exact", _("Exact Online")
    HAND = "hand", _("Entered by hand")
    MOVED_IN = "moved_in", _("Moved in")


class InvoiceImport(models.Model):
    """One file of invoices and payments, from its preview to what became of its rows."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)  # the file as it came
    rows = models.BinaryField(default=b"", db_default=b"", editable=False)  # its rows, until they are in
    source = models.CharField(max_length=40, choices=Source, default=MANUAL, db_default=MANUAL)
    layout = models.CharField(max_length=20, default="own", db_default="own")  # layouts.LAYOUTS
    mapping = models.JSONField(default=dict, db_default={})  # {column of the layout: folded heading}
    options = models.JSONField(default=dict, db_default={})  # what somebody said that the file doesn't
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField(null=True, blank=True)  # a worker is to import it
    imported_at = models.DateTimeField(null=True, blank=True)  # nothing was saved before that
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")  # why it failed
    report = models.JSONField(default=list)  # rows, as they were judged when the file was imported

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(imported_by__isnull=False),
                name="invoice_import_begun_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def state(self) -> str:
        """Whether it is a preview, on its way in, or in."""
        if self.imported_at:
            return "imported"
        return "importing" if self.begun_at else "preview"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def without_deal(self) -> Self:
        """Those that nobody says the deal of, written off and credited ones too.

        They may be the first of a deal, or take a place in its cap: left out, a later one would pay instead.
        """
        return self.filter(deal__isnull=True)

    def never_unmatched(self) -> Self:
        """Those that nobody took from a deal: of the others a person says where they belong."""
        return self.exclude(facts__kind="unmatch")

    def with_open_amount(self) -> Self:
        """Add `paid` (less refunds), `credited`, `written_off` and `open_amount`, gross; never below zero."""
        summed = {
            name: Coalesce(Sum("facts__gross", filter=Q(facts__kind=kind)), Value(0), output_field=MONEY)
            for name, kind in (
                ("received", "payment"),
                ("refunded", "refund"),
                ("credited", "credit"),
                ("written_off", "write_off"),
            )
        }
        return (
            self.annotate(**summed)
            .annotate(paid=Greatest(F("received") - F("refunded"), Value(0), output_field=MONEY))
            .annotate(
                open_amount=Greatest(
                    F("gross") - F("credited") - F("written_off") - F("paid"), Value(0), output_field=MONEY
                )
            )
        )

    def unpaid(self) -> Self:
        """Those that somebody should still ask for: what was written off is asked for no more."""
        return self.with_open_amount().filter(open_amount__gt=0)


class Invoice(models.Model):
    """An invoice to a customer. Gross includes VAT, net doesn't."""

    source = models.CharField(max_length=40, choices=Source)
    reference = models.CharField(max_length=80)
    external_id = models.CharField(  # how its own system calls it besides, as Stripe's payments do
        max_length=80, blank=True, default="", db_default=""
    )
    customer_name = models.CharField(max_length=300)
    customer_reference = models.CharField(max_length=80, blank=True)
    customer_domain = models.CharField(  # of the company's mail or website; nothing at free mail providers
        max_length=200, blank=True, default="", db_default=""
    )
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
            models.CheckConstraint(condition=Q(source__in=Source.values), name="invoice_source_known"),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="invoice_external_id_once_per_source",
            ),
        ]
        indexes = [
            models.Index(fields=["-issued_on", "-id"], name="invoice_newest_first"),
            models.Index(
                fields=["issued_on", "id"], condition=Q(deal__isnull=True), name="invoice_without_deal"
            ),
            models.Index(fields=["customer_name"], name="invoice_by_customer"),
            GinIndex(
                OpClass(Upper("customer_name"), "gin_trgm_ops"),
                OpClass(Upper("reference"), "gin_trgm_ops"),
                name="invoice_by_words",
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
        UNMATCH = "unmatch", _("Match taken back")
        WRITE_OFF = "write_off", _("Write-off")

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
            models.CheckConstraint(
                condition=~Q(kind="write_off") | Q(gross__gt=0), name="fact_write_off_has_amount"
            ),
        ]
        triggers = [guards.append_only("fact_append_only")]
        verbose_name = _("what happened to an invoice")
        verbose_name_plural = _("what happened to invoices")

    def __str__(self) -> str:
        return self.reference

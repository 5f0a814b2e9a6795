"""Statements: numbered documents that are issued once and never change (ADR 16)."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commissions import guards, guards_statements
from commissions.models.amounts import AMOUNT
from commissions.models.ledger import Commission
from commissions.models.payouts import Payout
from partners.models import Partner

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class StatementKind(models.TextChoices):
    PAYOUT = "payout", _("Payout")
    CANCELLATION = "cancellation", _("Cancelled payout")
    MONTH = "month", _("Month")


PREFIXES = {StatementKind.PAYOUT: "", StatementKind.CANCELLATION: "C", StatementKind.MONTH: "M"}
KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


class StatementQuerySet(models.QuerySet["Statement"]):
    def owned_by(self, partner: Partner) -> Self:
        return self.filter(partner=partner)

    def numbered(self, number: str) -> Self:
        """The statement of that number, `M2026-0007`; none when there is no such."""
        prefix = number[:1] if number[:1] in KINDS else ""
        year, _dash, sequence = number.removeprefix(prefix).partition("-")
        return self.filter(kind=KINDS[prefix], year=year, sequence=sequence)

    def newest_first(self) -> Self:
        return self.order_by("-issued_at", "-pk")


class Statement(models.Model):
    """What one partner is told and shown: a payout as a self-billing document, its cancellation, or a month.

    `facts` is everything it prints, both parties among it, as it was on that day.
    """

    kind = models.CharField(max_length=12, choices=StatementKind)
    year = models.PositiveSmallIntegerField()  # of the number: each kind and year has a series of its own
    sequence = models.PositiveIntegerField()
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="statements")
    currency = models.CharField(max_length=3)
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="statements"
    )
    month = models.DateField(null=True, blank=True)  # its first day
    opening = models.DecimalField(**AMOUNT, default=0)  # of a month: the balance before it
    net = models.DecimalField(**AMOUNT)  # the lines together
    vat = models.DecimalField(**AMOUNT, default=0)
    issued_at = models.DateTimeField()
    facts = models.JSONField()

    objects = StatementQuerySet.as_manager()

    if TYPE_CHECKING:
        lines: RelatedManager["StatementLine"]
        file: "StatementFile"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "sequence"], name="statement_number_once"),
            models.UniqueConstraint(fields=["payout", "kind"], name="statement_once_per_payout"),
            models.UniqueConstraint(
                fields=["partner", "currency", "month"],
                condition=Q(kind="month"),
                name="statement_once_per_month",
            ),
            models.CheckConstraint(
                condition=Q(kind="month", month__isnull=False, month__day=1, payout__isnull=True, vat=0)
                | Q(
                    kind__in=["payout", "cancellation"],
                    month__isnull=True,
                    payout__isnull=False,
                    opening=0,
                ),
                name="statement_of_a_month_or_a_payout",
            ),
        ]
        indexes = [models.Index(fields=["partner", "-issued_at"], name="statement_by_partner")]
        triggers = [
            guards.append_only("statement_append_only"),
            guards_statements.NUMBERED_IN_TURN,
            guards_statements.SAYS_WHAT_THE_PAYOUT_SAYS,
            guards_statements.STATEMENT_ADDS_UP,
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """`2026-0058` of a payout, `C2026-0002` of a cancellation, `M2026-0311` of a month."""
        return f"{PREFIXES[StatementKind(self.kind)]}{self.year}-{self.sequence:04d}"

    @property
    def total(self) -> Decimal:
        return self.net + self.vat

    @property
    def closing(self) -> Decimal:
        """Of a month: the balance after it."""
        return self.opening + self.net


class StatementLine(models.Model):
    """What stands in a month's statement: each entry, payout and failed transfer in exactly one."""

    class What(models.TextChoices):
        ENTRY = "entry", _("Entry")
        PAYOUT = "payout", _("Payout")
        FAILED = "failed", _("Failed transfer")

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    what = models.CharField(max_length=8, choices=What)
    commission = models.OneToOneField(
        Commission, on_delete=models.PROTECT, null=True, related_name="statement_line"
    )
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="statement_lines")
    amount = models.DecimalField(**AMOUNT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="statement_line_in_its_place"),
            models.UniqueConstraint(fields=["payout", "what"], name="statement_line_once_per_payout"),
            models.CheckConstraint(
                condition=Q(what="entry", commission__isnull=False, payout__isnull=True)
                | Q(what__in=["payout", "failed"], commission__isnull=True, payout__isnull=False),
                name="statement_line_of_an_entry_or_a_payout",
            ),
        ]
        triggers = [
            guards.append_only("statement_line_append_only"),
            guards_statements.LINE_SAYS_WHAT_IT_IS,
            guards_statements.LINES_ADD_UP,
        ]


class StatementFile(models.Model):
    """The PDF of a statement: its bytes are kept, so that they are the same whatever sets them next year."""

    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="file")
    content = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64)

    class Meta:
        triggers = [guards.append_only("statement_file_append_only")]

    def read(self) -> bytes:
        content: Any = self.content
        return bytes(content)

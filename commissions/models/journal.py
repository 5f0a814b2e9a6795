"""The books: which months were handed to bookkeeping, and what was in them, each thing exactly once."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards_journal
from commissions.guards import append_only
from commissions.models.amounts import AMOUNT
from commissions.models.ledger import Commission
from commissions.models.payouts import Payout
from ssp.core.models import User


class JournalMonth(models.Model):
    """A month of one currency that was closed: its file, as bookkeeping got it and gets it again."""

    currency = models.CharField(max_length=3)
    month = models.DateField()  # its first day
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()
    debit = models.DecimalField(**AMOUNT)
    credit = models.DecimalField(**AMOUNT)
    lines = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "month"], name="journal_month_once"),
            models.CheckConstraint(condition=Q(debit=F("credit")), name="journal_month_balances"),
            models.CheckConstraint(condition=Q(month__day=1), name="journal_month_by_its_first_day"),
        ]
        triggers = [append_only("journal_month_append_only"), guards_journal.MONTHS_IN_TURN]

    def __str__(self) -> str:
        return f"{self.currency} {self.month:%Y-%m}"

    @property
    def file_name(self) -> str:
        return f"journal-{self.currency}-{self.month:%Y-%m}.csv"


class JournalPosting(models.Model):
    """Something that was booked: an entry earned, or what happened to a payout. Never in two months."""

    class What(models.TextChoices):
        EARNED = "earned", _("Commission earned")
        APPROVED = "approved", _("Payout approved")
        PAID = "paid", _("Payout transferred")
        FAILED = "failed", _("Transfer failed")
        RETURNED = "returned", _("Transfer came back")

    journal_month = models.ForeignKey(JournalMonth, on_delete=models.PROTECT, related_name="postings")
    what = models.CharField(max_length=8, choices=What)
    commission = models.ForeignKey(Commission, on_delete=models.PROTECT, null=True, related_name="postings")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="postings")
    happened_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["commission"], name="journal_entry_booked_once"),
            models.UniqueConstraint(fields=["payout", "what"], name="journal_payout_booked_once"),
            models.CheckConstraint(
                condition=Q(what="earned", commission__isnull=False, payout__isnull=True)
                | (~Q(what="earned") & Q(commission__isnull=True, payout__isnull=False)),
                name="journal_posting_of_one_thing",
            ),
        ]
        triggers = [append_only("journal_posting_append_only"), guards_journal.POSTING_FITS_MONTH]

    def __str__(self) -> str:
        return f"{self.what} {self.commission_id or self.payout_id}"

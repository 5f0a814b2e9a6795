"""Partners' bank accounts, encrypted and append-only, and the payment files that were made."""

from datetime import datetime
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions import guards_payout as guards
from commissions.models.amounts import AMOUNT
from commissions.rules import accounts
from partners.models import Partner
from ssp.core.models import User
from ssp.core.sealing import seal, unseal

NUMBER = "commissions.account_number"
FILE = "commissions.payment_file"


class BankDetailsQuerySet(models.QuerySet["BankDetails"]):
    def newest(self) -> Self:
        """The account of each partner as it stands: the last one that was entered."""
        return self.order_by("partner_id", "-pk").distinct("partner_id")

    def of(self, partner: Partner) -> Self:
        """A partner's accounts, the newest first."""
        return self.filter(partner=partner).order_by("-pk")


class BankDetails(models.Model):
    """An account that a partner entered. The newest counts; none is changed or deleted.

    The number is encrypted at rest. What may be shown of it stands beside it.
    """

    class Kind(models.TextChoices):
        IBAN = "iban", _("IBAN")
        OTHER = "other", _("Another account")

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="bank_details")
    kind = models.CharField(max_length=5, choices=Kind)
    holder = models.CharField(max_length=70)
    sealed_number = models.TextField()
    masked = models.CharField(max_length=30)
    bic = models.CharField(max_length=11)
    routing = models.CharField(max_length=15, blank=True)
    country = models.CharField(max_length=2)  # of the bank
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proved_at = models.DateTimeField()  # when the password or second factor was asked for again
    entered_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)  # real time, by which former addresses are kept

    objects = BankDetailsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "bank details"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    proved_at__lte=F("entered_at"), proved_at__gte=F("entered_at") - accounts.PROOF_LASTS
                ),
                name="bank_details_proved_just_before",
            ),
            models.CheckConstraint(
                condition=~Q(sealed_number="") & ~Q(holder="") & ~Q(masked="") & ~Q(bic=""),
                name="bank_details_whole",
            ),
            models.CheckConstraint(  # somebody who writes a number in the clear is stopped
                condition=Q(sealed_number__startswith="gAAAA"), name="bank_details_sealed"
            ),
        ]
        triggers = [
            guards.DETAILS_BY_THE_PARTNER,
            guards.stays_but("bank_details_stay", "sealed_number"),
            pgtrigger.Protect(name="bank_details_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def number(self) -> str:
        """The whole number. Only a file that pays, and the partner's own export, may hold it."""
        return unseal(NUMBER, self.sealed_number)

    @number.setter
    def number(self, number: str) -> None:
        self.sealed_number = seal(NUMBER, number)

    @property
    def is_iban(self) -> bool:
        return self.kind == self.Kind.IBAN

    @property
    def rests_from(self) -> datetime:
        return accounts.rests_from(self.entered_at)

    def rests(self, *, at: datetime) -> bool:
        """Tell whether payouts may go to this account at that moment."""
        return self.rests_from <= at

    def is_by_sepa(self, currency: str) -> bool:
        """Tell whether a payout in `currency` goes to it by a SEPA transfer."""
        return accounts.is_by_sepa(country=self.country, is_iban=self.is_iban, currency=currency)


class FormerAddress(models.Model):
    """An address that an account had until lately: warnings go there too. Forgotten after a week."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    replaced_at = models.DateTimeField()  # real time

    class Meta:
        verbose_name_plural = "former addresses"
        indexes = [models.Index(fields=["user", "replaced_at"], name="former_address_by_user")]


class AddressKeeper(User):
    """The account, watched: whatever changes its address leaves the former one behind."""

    class Meta:
        proxy = True
        triggers = [guards.KEEP_FORMER_ADDRESS]


class PaymentFile(models.Model):
    """The SEPA credit transfers of a run (pain.001): made once, then the same bytes whenever asked for."""

    run = models.OneToOneField("commissions.PayoutRun", on_delete=models.PROTECT, related_name="payment_file")
    message_id = models.CharField(max_length=35, unique=True)
    execute_on = models.DateField()
    payments = models.PositiveIntegerField()
    total = models.DecimalField(**AMOUNT)
    payout_ids = models.JSONField()
    sha256 = models.CharField(max_length=64)
    sealed_content = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(payments__gte=1, total__gt=0), name="payment_file_pays")
        ]
        triggers = [
            guards.FILE_OF_AN_APPROVED_RUN,
            guards.stays_but("payment_file_stays", "sealed_content"),
            pgtrigger.Protect(name="payment_file_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def content(self) -> bytes:
        """The file itself. It holds whole account numbers: it goes to finance, and is in no log."""
        return unseal(FILE, self.sealed_content).encode()

    @content.setter
    def content(self, content: bytes) -> None:
        self.sealed_content = seal(FILE, content.decode())

"""Signs that an applicant may be somebody we know under another account, and who looked at them (C22)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.models import triggers
from partners.models.people import Application


class SignReason(models.TextChoices):
    """What two accounts have in common."""

    ADDRESS = "address", _("the same e-mail address, or a variant of it")
    ADDRESS_BEFORE = "address_before", _("an e-mail address that the other account used before")
    TAX_NUMBER = "tax_number", _("the same tax number")
    LEGAL_NAME = "legal_name", _("the same legal name")
    NAME = "name", _("the same name")


class SamePersonSign(models.Model):
    """One thing that an application has in common with another account. It links nobody: directors judge."""

    Reason = SignReason

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="signs")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=SignReason)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "account", "reason"], name="sign_once_per_account_and_reason"
            )
        ]
        triggers = [triggers.append_only("sign_append_only")]


class SignAcknowledgement(models.Model):
    """A director read a sign and says in writing why the application may go on all the same (C22)."""

    sign = models.ForeignKey(SamePersonSign, on_delete=models.PROTECT, related_name="acknowledgements")
    director = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    acknowledged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sign", "director"], name="acknowledgement_once_per_director"),
            models.CheckConstraint(condition=~Q(reason=""), name="acknowledgement_has_reason"),
        ]
        triggers = [triggers.append_only("acknowledgement_append_only")]

"""How a payout's VAT is treated: finance confirms it, statements print its words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from commissions.rules import tax


class TaxTreatment(models.TextChoices):
    """Nothing stands for a status confirmed before treatments were told apart: then its note says it all."""

    DOMESTIC = tax.DOMESTIC, _("VAT is charged")
    REVERSE_CHARGE = tax.REVERSE_CHARGE, _("Reverse charge, in another EU country")
    SMALL_BUSINESS = tax.SMALL_BUSINESS, _("Exempt as a small business")
    OUTSIDE_EU = tax.OUTSIDE_EU, _("Outside the EU")

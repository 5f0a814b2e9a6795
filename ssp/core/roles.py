"""Who somebody is to the programme."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    PARTNER = "partner", _("Partner")
    SALES = "sales", _("Sales")
    SALES_LEAD = "sales_lead", _("Sales lead")
    DIRECTOR = "director", _("Director")
    FINANCE = "finance", _("Finance")
    ADMINISTRATOR = "administrator", _("Administrator")


STAFF_ROLES = frozenset(Role.values) - {Role.PARTNER.value}
DESK_ROLES = (Role.SALES, Role.SALES_LEAD)

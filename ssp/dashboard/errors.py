"""Why something about the table of introductions can't be done."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class ViewNameTaken(DomainError):
    field = "name"
    message = _("You have a view of this name already. Give this one another name, or delete the other.")


class ViewNeedsName(DomainError):
    field = "name"
    message = _("Give the view a name, so that you find it again.")


class TooManyViews(DomainError):
    field = "name"
    message = _("You have 40 saved views, and there is room for no more. Delete one that you don’t use.")


class TooManyRows(DomainError):
    message = _(
        "That is more than 200,000 rows, so nothing was exported. Filter the table, for instance by the "
        "day of registration, and export one part after the other."
    )


class NothingToExport(DomainError):
    message = _("No introduction matches, so there is nothing to export. Change the filters and try again.")

"""The shapes of what moves in as opening balances: a file, its columns, and the second person's word."""

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.opening_plan import COLUMNS
from ssp.core.forms import DomainFormMixin
from ssp.core.table_forms import TableColumnsForm, TableFileForm, table_field


class OpeningsForm(TableFileForm):
    """A spreadsheet of opening balances."""

    file = table_field(
        label=_("Spreadsheet of opening balances"),
        help_text=_(
            "CSV or XLSX, one row for each deal and currency, at most 500. Nothing is entered before "
            "somebody else has approved it."
        ),
    )


class OpeningColumnsForm(TableColumnsForm):
    columns = COLUMNS


class ApproveOpeningsForm(DomainFormMixin, forms.Form):
    """The second person's word, and the mark of what they saw."""

    vouched = forms.BooleanField(
        label=_(
            "I compared these rows with the books: this was earned, and this was paid, before this system."
        ),
        required=False,
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

"""The shapes of what a sales lead hands in while running referrals move in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.running_rows import COLUMNS
from ssp.core.forms import DomainFormMixin
from ssp.core.table_forms import TableColumnsForm, TableFileForm, table_field


class RunningForm(TableFileForm):
    """A spreadsheet of what runs."""

    file = table_field(
        label=_("Spreadsheet of running referrals"),
        help_text=_(
            "CSV or XLSX, one row for each use case, at most 500. You see each before anything is saved."
        ),
    )


class RunningColumnsForm(TableColumnsForm):
    columns = COLUMNS


class AttestForm(DomainFormMixin, forms.Form):
    """The lead's word, and the mark of what they saw."""

    attested = forms.BooleanField(
        label=_(
            "I attest that these introductions were held as the file says, and that these people agreed "
            "and were unknown to SeMI when they were registered."
        ),
        required=False,
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

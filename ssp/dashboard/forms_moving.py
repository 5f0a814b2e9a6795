"""The shapes of what a sales lead hands in while running referrals move in."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.running_rows import COLUMNS
from ssp.core.forms import DomainFormMixin
from ssp.core.tabular import MAX_BYTES, fold


class RunningForm(DomainFormMixin, forms.Form):
    """A spreadsheet of what runs."""

    file = forms.FileField(
        label=_("Spreadsheet of running referrals"),
        help_text=_(
            "CSV or XLSX, one row for each use case, at most 500. You see each before anything is saved."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    @property
    def content(self) -> bytes:
        """The file, and one byte more than allowed at most: the reader says that it is too large."""
        content: bytes = self.cleaned_data["file"].read(MAX_BYTES + 1)
        return content


class RunningColumnsForm(DomainFormMixin, forms.Form):
    """Which of the file's columns is which of ours."""

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in this file")), *((fold(header), header) for header in headers)]
        for column in COLUMNS:
            self.fields[column.name] = forms.ChoiceField(
                label=str(column.label),
                choices=choices,
                required=column.needed,
                error_messages={"required": _("Choose the column that holds this.")},
            )


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

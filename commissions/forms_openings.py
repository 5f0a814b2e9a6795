"""The shapes of what moves in as opening balances: a file, its columns, and the second person's word."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.opening_plan import COLUMNS
from ssp.core.forms import DomainFormMixin
from ssp.core.tabular import MAX_BYTES, fold


class OpeningsForm(DomainFormMixin, forms.Form):
    """A spreadsheet of opening balances."""

    file = forms.FileField(
        label=_("Spreadsheet of opening balances"),
        help_text=_(
            "CSV or XLSX, one row for each deal and currency, at most 500. Nothing is entered before "
            "somebody else has approved it."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    @property
    def content(self) -> bytes:
        """The file, and one byte more than allowed at most: the reader says that it is too large."""
        content: bytes = self.cleaned_data["file"].read(MAX_BYTES + 1)
        return content


class OpeningColumnsForm(DomainFormMixin, forms.Form):
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


class ApproveOpeningsForm(DomainFormMixin, forms.Form):
    """The second person's word, and the mark of what they saw."""

    vouched = forms.BooleanField(
        label=_(
            "I compared these rows with the books: this was earned, and this was paid, before this system."
        ),
        required=False,
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

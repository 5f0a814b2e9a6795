"""What the forms around somebody else's spreadsheet share: its bytes, and which column is which."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from ssp.core.forms import DomainFormMixin
from ssp.core.intake import Column
from ssp.core.tabular import MAX_BYTES, fold

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

ACCEPTED = ".csv,.txt,.xlsx"
WANTED = _("Choose the column that holds this.")


def table_field(label: "StrOrPromise", help_text: "StrOrPromise") -> forms.FileField:
    """Return the field for a CSV or XLSX file."""
    return forms.FileField(
        label=label, help_text=help_text, widget=forms.FileInput(attrs={"accept": ACCEPTED})
    )


class TableFileForm(DomainFormMixin, forms.Form):
    """A spreadsheet; whoever inherits says of what, as its field `file`."""

    @property
    def content(self) -> bytes:
        """The file, and one byte more than allowed at most: the reader says that it is too large."""
        content: bytes = self.cleaned_data["file"].read(MAX_BYTES + 1)
        return content


def column_field(
    column: Column, headers: Sequence[str], *, wanted: "StrOrPromise" = WANTED
) -> forms.ChoiceField:
    """Return the choice among a file's headings for one of our columns.

    :param wanted: what is said when a column that is needed was left open.
    """
    return forms.ChoiceField(
        label=str(column.label),
        choices=[("", _("Not in this file")), *((fold(header), header) for header in headers)],
        required=column.needed,
        error_messages={"required": wanted},
    )


class TableColumnsForm(DomainFormMixin, forms.Form):
    """Which of the file's columns is which of ours."""

    columns: ClassVar[Sequence[Column]] = ()
    wanted: ClassVar["StrOrPromise"] = WANTED

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in self.columns:
            self.fields[column.name] = column_field(column, headers, wanted=self.wanted)

"""Forms with which partners move in, and with which a paper's numbers are corrected."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from partners.intake import COLUMNS
from partners.models import Contract
from partners.services.paper import Correction
from ssp.core.forms import DomainFormMixin
from ssp.core.papers import MAX_PARCEL, MAX_PDF
from ssp.core.table_forms import TableColumnsForm, TableFileForm, table_field
from ssp.core.widgets import DateInput


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PapersField(forms.FileField):
    """Any number of PDFs and ZIPs."""

    widget = SeveralFiles(attrs={"accept": ".pdf,.zip"})

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label=_("Signed PDFs"),
            help_text=_(
                "Up to 90 PDFs of 10 MB each, or a ZIP with all of them. Named as in the spreadsheet."
            ),
            required=required,
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        if not data:
            return [] if not self.required else super().clean(None, initial)
        return [super(PapersField, self).clean(each, initial) for each in data]


class PapersForm(DomainFormMixin, forms.Form):
    papers = PapersField()

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Yield each file: its name, and one byte more than allowed at most."""
        for file in self.cleaned_data["papers"]:
            yield file.name or "", file.read(MAX_PARCEL + 1)


class MoveInForm(PapersForm, TableFileForm):
    file = table_field(
        label=_("Spreadsheet of partners"),
        help_text=_(
            "CSV or XLSX, one row for each partner, at most 2,000. You see each before anything is saved."
        ),
    )
    papers = PapersField(required=False)
    field_order = ["file", "papers"]


class ColumnsForm(TableColumnsForm):
    columns = COLUMNS

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, headers=headers, **kwargs)
        for column in COLUMNS:
            self.fields[column.name].help_text = _("Needed") if column.needed else ""

    @property
    def mapping(self) -> dict[str, str]:
        return {column.name: self.cleaned_data[column.name] for column in COLUMNS}


class CorrectionForm(DomainFormMixin, forms.ModelForm):
    """What the paper really says; not saved by itself, since a correction is a new version (C6)."""

    paper_slot = forms.TypedChoiceField(
        label=_("Recruit slot"),
        choices=[("", _("None")), (1, "1"), (2, "2"), (3, "3")],
        coerce=int,
        empty_value=None,
        required=False,
    )
    pdf = forms.FileField(
        label=_("A better PDF"),
        help_text=_("Only if the one beside this isn't the right one, or can't be read."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Contract
        fields = ("paper_signed_on", *Contract.NUMBERS)
        widgets = {"paper_signed_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paper_signed_on"].required = True
        self.order_fields(["paper_signed_on", "paper_slot", *Contract.NUMBERS, "pdf", "version"])

    @property
    def correction(self) -> Correction:
        pdf = self.cleaned_data["pdf"]
        return Correction(
            numbers={name: self.cleaned_data[name] for name in Contract.NUMBERS},
            signed_on=self.cleaned_data["paper_signed_on"],
            slot=self.cleaned_data["paper_slot"],
            pdf=pdf.read(MAX_PDF + 1) if pdf else None,
        )


class BackForm(DomainFormMixin, forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For the record: why this contract doesn't move in."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

"""Forms around files of invoices, and around which deal an invoice belongs to: shape only."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.layouts import LAYOUTS, Layout, Option
from commissions.models import Source
from ssp.core.forms import DomainFormMixin
from ssp.core.table_forms import column_field
from ssp.core.widgets import ChoiceList

COLUMN, QUESTION = "column_", "said_"


class LayoutForm(forms.Form):
    """Whose file it is, when the headings didn't say so or said it wrongly."""

    layout = forms.ChoiceField(
        label=_("What kind of file is it?"),
        choices=lambda: [(layout.name, layout.label) for layout in LAYOUTS.values()],
    )


class InvoiceColumnsForm(DomainFormMixin, forms.Form):
    """Which of a file's columns is which of its layout's, and the answers to what it leaves open."""

    source = forms.ChoiceField(
        label=_("Whose numbers are these?"),
        help_text=_(
            "The same number from two systems is two things; the same file under another name would come "
            "in twice."
        ),
        choices=[(source.value, source.label) for source in Source if source != Source.MOVED_IN],
    )

    def __init__(
        self,
        *args: Any,
        headers: Sequence[str],
        layout: Layout,
        questions: Iterable[Option],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        for column in layout.columns:
            self.fields[COLUMN + column.name] = column_field(column, headers)
        for question in questions:
            self.fields[QUESTION + question.name] = forms.ChoiceField(
                label=str(question.label),
                help_text=str(question.hint),
                choices=[(value, str(label)) for value, label in question.choices],
                widget=ChoiceList(),
                required=False,  # whether it must be answered hangs on the columns: the service says
            )

    @property
    def mapping(self) -> dict[str, str]:
        return self._part(COLUMN)

    @property
    def options(self) -> dict[str, str]:
        return self._part(QUESTION)

    def _part(self, prefix: str) -> dict[str, str]:
        return {
            name.removeprefix(prefix): value
            for name, value in self.cleaned_data.items()
            if name.startswith(prefix)
        }

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(COLUMN)]

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(QUESTION)]

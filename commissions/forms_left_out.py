"""Preparing a run: everybody who can be paid, or some of them left out with a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.candidates import Candidate
from ssp.core.forms import DomainFormMixin


class PrepareForm(DomainFormMixin, forms.Form):
    """A tick and a reason for each partner who would be paid; the fields stand in the rows of a table."""

    def __init__(self, data: Any = None, *, currency: str, paid: list[Candidate]) -> None:
        super().__init__(data, prefix=currency)
        self.currency = currency
        self.partners = {each.partner.pk: each.partner for each in paid}
        self.address = {"form": f"prepare-{currency}"}  # they stand outside of the form's own element
        for pk in self.partners:
            self.fields[f"leave_{pk}"] = forms.BooleanField(
                label=gettext_lazy("Leave out of this run"),
                required=False,
                widget=forms.CheckboxInput(attrs=self.address),
            )
            self.fields[f"reason_{pk}"] = forms.CharField(
                label=gettext_lazy("Why?"),
                help_text=gettext_lazy("Whoever approves reads it, and so does the partner."),
                max_length=300,
                required=False,
                widget=forms.TextInput(attrs={**self.address, "class": "input", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for pk, partner in self.partners.items():
            leaves, reason = data.get(f"leave_{pk}"), data.get(f"reason_{pk}")
            if leaves and not reason and f"reason_{pk}" not in self.errors:
                self.add_error(f"reason_{pk}", _("Say why %s isn’t paid this time.") % partner)
            if reason and not leaves:
                self.add_error(f"leave_{pk}", _("Tick it to leave %s out, or clear the reason.") % partner)
        return data

    @property
    def left_out(self) -> dict[int, str]:
        """Return the reason for each partner who is left out."""
        data = self.cleaned_data
        return {pk: data[f"reason_{pk}"] for pk in self.partners if data[f"leave_{pk}"]}

    def of(self, pk: int) -> tuple[forms.BoundField, forms.BoundField]:
        """Return both fields of a partner."""
        return self[f"leave_{pk}"], self[f"reason_{pk}"]

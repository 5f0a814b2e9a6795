"""Forms of the directors' pages, and the numbers as they compare them."""

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from partners.models import Contract, ContractReview, Numbers
from partners.rules import differences
from ssp.core.forms import DomainFormMixin


class ReviewForm(DomainFormMixin, forms.Form):
    """A director's word; `version` is what they read."""

    decision = forms.ChoiceField(choices=ContractReview.Decision.choices, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Needed to reject; goes with the contract back to draft."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    about_signs = forms.CharField(
        label=_("What you found out about the other account"),
        help_text=_("Needed to approve. Say why this is somebody else, or why it may go on all the same."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    signs: Any = SimpleArrayField(forms.IntegerField(), required=False, widget=forms.HiddenInput)


class ReasonForm(DomainFormMixin, forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The applicant reads this."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )


class ChangeNumbersForm(DomainFormMixin, forms.ModelForm):
    """The numbers of a contract; not saved by itself, since a change is a new version (C6)."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Contract
        fields = Contract.NUMBERS

    @property
    def numbers(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in Contract.NUMBERS}


def _field(name: str) -> "Field[Any, Any]":
    field = Contract._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def labelled_numbers(contract: Contract) -> list[dict[str, Any]]:
    """Return each number with its name, the standard's, and whether it differs (C6)."""
    return compared_numbers(contract, contract.terms)


def compared_numbers(numbers: Numbers, standard: Numbers | None) -> list[dict[str, Any]]:
    """Return each number with its name, the standard's if there is one, and whether it differs."""
    different = differences(numbers.numbers, standard.numbers) if standard else {}

    def shown(source: Any, name: str) -> Any:
        display = getattr(source, f"get_{name}_display", None)
        return display() if display else getattr(source, name)

    return [
        {
            "label": capfirst(str(_field(name).verbose_name)),
            "value": shown(numbers, name),
            "standard": shown(standard, name) if standard else None,
            "differs": name in different,
            "is_percent": name.endswith("_percent"),
        }
        for name in Numbers.NUMBERS
    ]

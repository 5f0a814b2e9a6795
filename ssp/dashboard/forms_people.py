"""The shapes of what is typed about people who ask."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ssp.core.forms import DomainFormMixin


class PersonSearchForm(DomainFormMixin, forms.Form):
    """Whose details: found by the address, in whatever spelling."""

    email = forms.EmailField(
        label=_("E-mail address of the person who asks"),
        help_text=_("Make sure first that they are who they say: answer to this very address."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class FindingForm(DomainFormMixin, forms.Form):
    """What was behind a pattern of refusals."""

    finding = forms.CharField(
        label=_("What was behind it"),
        help_text=_("For the next sales lead. The partner never reads this."),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
    )


class PersonRecordForm(PersonSearchForm):
    """And as which file."""

    form = forms.ChoiceField(choices=[("pdf", "PDF"), ("json", "JSON")])

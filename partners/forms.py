"""What people fill in: applications and invitations. Shape only; the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from partners.models import Application
from partners.services.applications import NEEDED
from ssp.core.forms import DomainFormMixin

MISSING = {
    "display_name": _("Enter the name that partners and customers know you by."),
    "legal_name": _("Enter the name that stands on the contract."),
    "country": _("Choose the country you work from."),
    "knows_field": _("Tell us in a sentence or two how you know the field."),
    "can_open": _("Tell us which kinds of people or industries you can open."),
}


class ApplicationForm(DomainFormMixin, forms.ModelForm):
    """An application. As a draft, anything may be missing; sent, everything that isn't optional is there."""

    country = forms.ChoiceField(
        label=_("Country"), required=False, widget=forms.Select(attrs={"autocomplete": "country"})
    )
    accepts_terms = forms.BooleanField(label=_("I accept these numbers for my contract"), required=False)
    terms = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Application
        fields = [
            "display_name",
            "legal_name",
            "country",
            "tax_number",
            "knows_field",
            "can_open",
            "listing_consent",
        ]
        labels = {
            "display_name": _("Name as partners and customers know you"),
            "legal_name": _("Legal name"),
            "tax_number": _("Tax number"),
            "knows_field": _("How do you know the field?"),
            "can_open": _("Whom or which industries can you open?"),
            "listing_consent": _("List me in the public directory"),
        }
        help_texts = {
            "legal_name": _("Your company's, or your own if you have none. It stands on the contract."),
            "tax_number": _("If you have one. We ask again before the first payout."),
            "knows_field": _("Two or three sentences: search, data, the industry you work in."),
            "can_open": _("No names yet: kinds of people and companies."),
            "listing_consent": _("From the start of the partnership; you can take it back at any time."),
        }
        widgets = {
            "display_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "legal_name": forms.TextInput(attrs={"autocomplete": "organization"}),
        }

    def __init__(self, *args: Any, sending: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = [("", _("Choose a country")), *countries]
        self.order_fields([*self.Meta.fields, "accepts_terms", "terms"])
        self.sending = sending
        for name, missing in MISSING.items():
            self.fields[name].error_messages["required"] = missing
        for name in NEEDED:
            # The page says what is optional; a draft may still be incomplete.
            self.fields[name].required = True
            self.fields[name].widget.is_required = False
        if self.is_bound and not sending:
            for name in NEEDED:
                self.fields[name].required = False

    def clean_accepts_terms(self) -> bool:
        accepts = bool(self.cleaned_data["accepts_terms"])
        if self.sending and not accepts:
            raise forms.ValidationError(_("Tick this to accept the numbers; without it we can't take it on."))
        return accepts

    @property
    def answers(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}


class InviteForm(DomainFormMixin, forms.Form):
    """A partner invites a new sales partner."""

    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("The link works for this address alone, once, and for 30 days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

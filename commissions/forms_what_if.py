"""The figures of the calculator: a sale that somebody imagines."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from commissions.rules.what_if import AT_ONCE, MOST_YEARS, Sale
from ssp.core.money import minor_units

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "KWD")
BILLED = [
    (1, _("a whole year")),
    (2, _("half a year")),
    (4, _("a quarter of a year")),
    (12, _("a month")),
    (AT_ONCE, _("all years at once")),
]
A_SALE: dict[str, Any] = {"yearly": 36000, "one_off": 6000, "years": 3, "per_year": 1, "currency": "EUR"}
NOT_AN_AMOUNT = {
    "invalid": _("Enter an amount in figures, such as 36000."),
    "min_value": _("Enter an amount of 0 or more."),
    "max_digits": _("Enter an amount below 100 million."),
    "max_whole_digits": _("Enter an amount below 100 million."),
    "max_decimal_places": _("Enter at most three decimals."),
}


def amount(**more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=0, max_digits=11, decimal_places=3, error_messages=NOT_AN_AMOUNT, **more
    )


class WhatIfForm(forms.Form):
    """Filled in from the address; anything left out is as in the example."""

    yearly = amount(label=_("Recurring revenue a year, net"))
    one_off = amount(
        label=_("One-off on the first invoice, net"), help_text=_("Onboarding, for example."), required=False
    )
    years = forms.TypedChoiceField(
        label=_("Years the customer stays"),
        coerce=int,
        choices=[(years, str(years)) for years in range(1, MOST_YEARS + 1)],
    )
    per_year = forms.TypedChoiceField(label=_("The first invoice is for"), coerce=int, choices=BILLED)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])

    def clean(self) -> dict[str, Any]:
        """An amount has no more decimals than its currency."""
        found: dict[str, Any] = super().clean() or {}
        for name in ("yearly", "one_off"):
            typed = found.get(name)
            digits = minor_units(found.get("currency", "EUR"))
            if typed is not None and typed != round(typed, digits):
                self.add_error(
                    name,
                    ValidationError(
                        _("In %(currency)s an amount has %(digits)s decimals."),
                        params={"currency": found.get("currency", "EUR"), "digits": digits},
                    ),
                )
        return found

    @property
    def sale(self) -> Sale:
        data = self.cleaned_data
        return Sale(
            yearly=data["yearly"],
            one_off=data["one_off"] or Decimal(0),
            years=data["years"],
            per_year=data["per_year"],
            currency=data["currency"],
        )

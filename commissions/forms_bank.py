"""Forms about accounts and transfers: shape only, `rules.accounts` reads and the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from commissions.models import BankDetails, Payout
from commissions.rules.accounts import Account, read_account, read_iban
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.widgets import CheckList, ChoiceList, DateInput

QUIET = {"autocomplete": "off", "spellcheck": "false"}


class BankForm(DomainFormMixin, forms.Form):
    """An account: its IBAN, or what an account without one has."""

    holder = forms.CharField(
        label=_("Account holder"),
        help_text=_("As your bank writes it. It is usually the name on your contract."),
        max_length=70,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Which kind of account"),
        choices=BankDetails.Kind.choices,
        initial=BankDetails.Kind.IBAN,
        widget=ChoiceList(
            hints={
                "iban": _("In Europe and many countries beyond."),
                "other": _("In countries without IBAN, such as the United States, Canada or Australia."),
            }
        ),
    )
    iban = forms.CharField(
        label=_("IBAN"),
        help_text=_("Spaces don’t matter."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    number = forms.CharField(
        label=_("Account number"), max_length=60, required=False, widget=forms.TextInput(attrs=QUIET)
    )
    routing = forms.CharField(
        label=_("Bank code"),
        help_text=_("Routing number, sort code, BSB, IFSC: where your country has one."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    country = forms.ChoiceField(
        label=_("Country of the bank"), choices=lambda: [("", ""), *countries], required=False
    )
    bic = forms.CharField(
        label=_("BIC (SWIFT code)"),
        help_text=_("For an IBAN only where we can’t work it out; for another account always."),
        max_length=15,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )

    account: Account

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind = data.get("kind")
        needed = {"iban": "iban", "other": "number"}.get(str(kind), "")
        if needed and not data.get(needed):
            self.add_error(
                needed, _("Enter the IBAN.") if needed == "iban" else _("Enter the account number.")
            )
        if self.errors:
            return data
        with self.showing(DomainError):
            if kind == BankDetails.Kind.IBAN:
                self.account = read_iban(data["iban"], holder=data["holder"], bic=data["bic"])
            else:
                self.account = read_account(
                    data["number"],
                    holder=data["holder"],
                    country=data["country"],
                    bic=data["bic"],
                    routing=data["routing"],
                )
        return data


class ExceptedChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Payout) -> str:
        return f"{obj.partner}"


class RunPaidForm(DomainFormMixin, forms.Form):
    """All of a run at once, those that are ticked aside."""

    paid_on = forms.DateField(label=_("Day of the transfers"), widget=DateInput())
    excepted = ExceptedChoice(
        label=_("Not these"),
        help_text=_("Tick whom the bank hasn’t paid: they stay open, to be marked one by one."),
        queryset=Payout.objects.none(),
        required=False,
        widget=CheckList(),
    )

    def __init__(self, *args: Any, open_payouts: list[Payout], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["excepted"]
        field.queryset = (  # type: ignore[attr-defined]
            Payout.objects.filter(pk__in=[payout.pk for payout in open_payouts])
            .select_related("partner")
            .order_by("pk")
        )

"""The shapes of what sales types."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from referrals import permissions
from referrals.contact_files import COLUMNS
from referrals.forms import IntroductionForm
from referrals.models import Deal, DealStage
from referrals.windows import Choice
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.money import round_half_even
from ssp.core.table_forms import TableColumnsForm, table_field
from ssp.core.templatetags.ssp import weekday_day
from ssp.core.widgets import ChoiceList, DateInput

CURRENCIES = [(code, code) for code in ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CZK", "JPY")]


class DealForm(DomainFormMixin, forms.Form):
    """What sales expects of a deal, and how invoices find it."""

    expected_net = forms.DecimalField(
        label=_("Expected, net"), max_digits=14, decimal_places=3, min_value=0, required=False
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES)
    expected_on = forms.DateField(label=_("Expected on"), required=False, widget=DateInput())
    customer_reference = forms.CharField(
        label=_("Customer reference"),
        help_text=_("What the customer’s invoices carry; it matches them to this deal."),
        max_length=80,
        required=False,
    )
    reseller_name = forms.CharField(
        label=_("Reseller"),
        help_text=_("If one is involved: the deal still pays (C17)."),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, deal: Deal, **kwargs: Any) -> None:
        names = ("expected_net", "currency", "expected_on", "customer_reference", "reseller_name")
        initial = {name: getattr(deal, name) for name in names}
        if deal.expected_net is not None:  # as people write it: the column has room for three decimals
            initial["expected_net"] = round_half_even(deal.expected_net, deal.currency)
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        expected, currency = cleaned.get("expected_net"), cleaned.get("currency")
        if expected is not None and currency and round_half_even(expected, currency) != expected:
            self.add_error(
                "expected_net",
                _("%(currency)s has fewer decimals. Write the amount as an invoice would.")
                % {"currency": currency},
            )
        return cleaned


class StageForm(DomainFormMixin, forms.Form):
    """Where an open deal stands."""

    stage = forms.ChoiceField(
        label=_("Stage"), choices=[c for c in DealStage.choices if c[0] not in ("won", "lost")]
    )


class WonForm(DomainFormMixin, forms.Form):
    """The day the customer signed (C2)."""

    signed_on = forms.DateField(
        label=_("Signed by the customer on"),
        help_text=_("What counts is this day, not the day you record it."),
        widget=DateInput(),
    )


class ExtendForm(DomainFormMixin, forms.Form):
    """How much longer a window stays open, and why (C2)."""

    months = forms.TypedChoiceField(label=_("Extend the window by"), coerce=int, widget=ChoiceList())
    reason = forms.CharField(
        label=_("Your reason"),
        help_text=_("The partner and the seller read it. It can’t be changed afterwards."),
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, choices: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months: Any = self.fields["months"]
        months.widget.hints = {str(each.months): each.consequence for each in choices}
        months.choices = [(each.months, self._label(each)) for each in choices]

    def _label(self, choice: Choice) -> str:
        said = ngettext("%(n)d month: until %(day)s", "%(n)d months: until %(day)s", choice.months)
        return said % {"n": choice.months, "day": weekday_day(choice.last_on)}


class LostForm(DomainFormMixin, forms.Form):
    """Why nothing came of it."""

    lost_reason = forms.CharField(label=_("Why lost"), help_text=_("The partner reads this."), max_length=300)


class SellerForm(DomainFormMixin, forms.Form):
    """Who is responsible."""

    seller = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Seller"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seller"].queryset = permissions.hosts()  # type: ignore[attr-defined]


class LogMeetingForm(IntroductionForm):
    """A meeting already held."""


class ContactsForm(DomainFormMixin, forms.Form):
    """A CRM's export."""

    file = table_field(
        label=_("File"),
        help_text=_(
            "CSV or XLSX, at most 20 MB and 200,000 rows. "
            "You see what would happen before anything is imported."
        ),
    )


class ContactColumnsForm(TableColumnsForm):
    columns = COLUMNS
    wanted = _("Choose the column that holds the e-mail address.")


class NoteForm(DomainFormMixin, forms.Form):
    """What sales wants to remember."""

    text = forms.CharField(
        label=_("Add a note"),
        help_text=_("What a colleague should know. Partners never see it; it can’t be changed afterwards."),
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Write what you want to note.")},
    )


class SettleForm(DomainFormMixin, forms.Form):
    """A sales lead's word about a contested answer."""

    keep = forms.BooleanField(label=_("Keep the answer as it is"), required=False)
    settlement = forms.CharField(
        label=_("Your reason"),
        help_text=_("The partner reads this."),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )

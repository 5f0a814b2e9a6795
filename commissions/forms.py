"""Forms of the finance pages: shape only, the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.models import TaxStatus, TaxTreatment
from referrals.models import Deal, DealStage
from ssp.core.forms import DomainFormMixin
from ssp.core.table_forms import TableFileForm, table_field
from ssp.core.widgets import ChoiceList, DateInput


class InvoiceFileForm(TableFileForm):
    file = table_field(
        label=_("File with invoices, payments and credit notes"),
        help_text=_(
            "CSV or XLSX, at most 10 MB. Exports of Stripe and Exact Online are recognised. You see every "
            "row before anything is saved."
        ),
    )


class DealChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        reference = f" · {obj.customer_reference}" if obj.customer_reference else ""
        return f"{obj.use_case.referral.company.name} · {obj.use_case.title}{reference} ({obj.currency})"


class MatchForm(DomainFormMixin, forms.Form):
    deal = DealChoice(
        label=_("Deal"),
        queryset=Deal.objects.exclude(stage=DealStage.LOST)
        .select_related("use_case__referral__company")
        .order_by("use_case__referral__company__name", "pk"),
        help_text=_(
            "Commissions are written at once. A match can be taken back as long as none was written for it."
        ),
    )


class PaidForm(DomainFormMixin, forms.Form):
    paid_on = forms.DateField(label=_("Day of the transfer"), widget=DateInput())


class FailedForm(DomainFormMixin, forms.Form):
    reason = forms.CharField(label=_("What the bank said"), max_length=300)


class CameBackForm(FailedForm):
    returned_on = forms.DateField(label=_("Day on which the money was back"), widget=DateInput())
    field_order = ("returned_on", "reason")


class TaxForm(DomainFormMixin, forms.Form):
    """The tax status of one partner, on the page that the payouts link to."""

    treatment = forms.ChoiceField(
        label=_("How VAT is treated"),
        choices=TaxTreatment.choices,
        widget=ChoiceList(
            hints={
                "domestic": _("The partner is where SeMI is, and charges VAT."),
                "reverse_charge": _("SeMI accounts for the VAT: the statement says so, with the article."),
                "small_business": _("The partner’s country exempts it: the statement names the scheme."),
                "outside_eu": _("SeMI accounts for the VAT: the statement says so."),
            }
        ),
        error_messages={"required": _("Choose how VAT is treated: the statement has its words.")},
    )
    vat_percent = forms.DecimalField(
        label=_("VAT in percent"),
        help_text=_("0 for reverse charge, small businesses and partners outside the EU."),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Enter a percentage from 0 to 100, such as 21.")
        ),
    )
    tax_number = forms.CharField(
        label=_("VAT or tax number on the statement"),
        help_text=_("Reverse charge needs the VAT number."),
        max_length=40,
        required=False,
    )
    postal_address = forms.CharField(
        label=_("Address on the statement"),
        help_text=_("Street and town, on lines of their own. The law wants both parties’ addresses."),
        max_length=400,
        widget=forms.Textarea({"rows": 3}),
    )
    note = forms.CharField(
        label=_("Note on the statement"),
        help_text=_(
            "What else the law of the partner’s country wants said, such as the ground of an exemption."
        ),
        max_length=200,
        required=False,
    )


class TaxStatusForm(forms.ModelForm):
    class Meta:
        model = TaxStatus
        fields = ("partner", "treatment", "vat_percent", "tax_number", "postal_address", "note")

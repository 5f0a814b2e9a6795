"""Forms with which finance enters invoices and what happened to them: shape only, the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.models import Fact, Invoice, InvoiceLine, Source
from commissions.recording import NewLine
from ssp.core.forms import DomainFormMixin
from ssp.core.widgets import DateInput

AMOUNT: dict[str, Any] = {"min_value": 0, "max_digits": 14, "decimal_places": 3}
LINES = 8
BY_HAND = (Fact.Kind.PAYMENT, Fact.Kind.CREDIT, Fact.Kind.REFUND, Fact.Kind.WRITE_OFF)


class InvoiceForm(DomainFormMixin, forms.Form):
    source = forms.ChoiceField(
        label=_("Comes from"),
        choices=Source.choices,
        initial=Source.HAND,
        help_text=_(
            "Choose the system that has it too, if its file will come in one day: then the file finds it "
            "already there."
        ),
    )
    reference = forms.CharField(label=_("Invoice number"), max_length=80)
    customer = forms.CharField(label=_("Customer"), max_length=300)
    customer_reference = forms.CharField(
        label=_("Customer reference"),
        max_length=80,
        required=False,
        help_text=_("As on the deal: then the invoice finds it by itself."),
    )
    customer_domain = forms.CharField(
        label=_("Customer’s website"),
        max_length=200,
        required=False,
        help_text=_("Helps to find the deal, for example kestrel.example."),
    )
    issued_on = forms.DateField(label=_("Date"), widget=DateInput())
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3, initial="EUR")
    gross = forms.DecimalField(label=_("Total with VAT"), **AMOUNT)


class LineForm(forms.Form):
    """A line; a row that is left empty is none."""

    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    net = forms.DecimalField(label=_("Amount without VAT"), **AMOUNT)
    recurring = forms.BooleanField(label=_("Recurring"), required=False)
    service_from = forms.DateField(label=_("First service day"), widget=DateInput(), required=False)
    service_to = forms.DateField(label=_("Last service day"), widget=DateInput(), required=False)


class BaseLines(forms.BaseFormSet):  # type: ignore[type-arg]
    @property
    def lines(self) -> list[NewLine]:
        filled = [form.cleaned_data for form in self.forms if form.has_changed()]
        return [
            NewLine(
                net=line["net"],
                recurring=line["recurring"],
                service_from=line["service_from"],
                service_to=line["service_to"],
                description=line["description"],
            )
            for line in filled
        ]


Lines = forms.formset_factory(LineForm, formset=BaseLines, extra=LINES, max_num=LINES, validate_max=True)


class FactForm(DomainFormMixin, forms.Form):
    """What happened to one invoice. What only a credit note has is left empty by the others."""

    kind = forms.ChoiceField(label=_("What happened"), choices=[(kind.value, kind.label) for kind in BY_HAND])
    reference = forms.CharField(
        label=_("Its own number"),
        max_length=80,
        help_text=_("Of the payment, credit note or refund, in the system of the invoice."),
    )
    happened_on = forms.DateField(label=_("Date"), widget=DateInput())
    gross = forms.DecimalField(label=_("Amount with VAT"), **AMOUNT)
    net = forms.DecimalField(
        label=_("Amount without VAT"), required=False, help_text=_("Credit notes only."), **AMOUNT
    )
    line = forms.ModelChoiceField(
        label=_("Line"),
        queryset=InvoiceLine.objects.none(),
        required=False,
        empty_label=_("All lines, by their amounts"),
        help_text=_("Credit notes only: the line it is for."),
    )
    replacement = forms.CharField(
        label=_("Invoice that takes its place"),
        max_length=80,
        required=False,
        help_text=_("Credit notes only: the number of the invoice that replaces this one as the first."),
    )

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invoice = invoice
        lines: Any = self.fields["line"]
        lines.queryset = invoice.lines.order_by("number")
        lines.label_from_instance = lambda line: f"{line.number} · {line.description or line.net}"

    def clean_replacement(self) -> Invoice | None:
        number = self.cleaned_data["replacement"].strip()
        if not number:
            return None
        found = Invoice.objects.filter(source=self.invoice.source, reference=number).first()
        if found is None:
            raise forms.ValidationError(_("There is no such invoice of the same system. Record it first."))
        return found

    def clean(self) -> dict[str, Any]:
        """Ask for the net of a credit note, and for nothing of it elsewhere."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        credit = said.get("kind") == Fact.Kind.CREDIT
        if credit and said.get("net") is None and "net" not in self.errors:
            self.add_error("net", _("Enter the amount without VAT: a credit note has one."))
        if not credit and (said.get("net") or said.get("line") or said.get("replacement")):
            self.add_error("kind", _("Amount without VAT, line and replacement are for credit notes only."))
        return said


class WhichInvoiceForm(forms.Form):
    """The invoice that something happened to."""

    source = forms.ChoiceField(label=_("Comes from"), choices=Source.choices)
    number = forms.CharField(label=_("Invoice number"), max_length=80)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("number") and said.get("source"):
            found = Invoice.objects.filter(source=said["source"], reference=said["number"].strip()).first()
            if found is None:
                self.add_error("number", _("There is no such invoice. Look at its number and its system."))
            said["invoice"] = found
        return said

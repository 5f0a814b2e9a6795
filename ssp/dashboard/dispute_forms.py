"""The shapes of what staff say about appeals and disputes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.models import Dispute, DisputeRuling, Referral
from ssp.core.forms import DomainFormMixin
from ssp.core.templatetags.ssp import day
from ssp.core.widgets import ChoiceList

REASON = _("Staff alone read it. It can’t be changed afterwards.")


class DecisionForm(DomainFormMixin, forms.Form):
    """Acceptance, or the neutral answer."""

    decision = forms.ChoiceField(
        label=_("Your decision"),
        choices=[("accept", _("Accept the appeal")), ("refuse", _("Give the neutral answer"))],
        widget=ChoiceList(
            hints={
                "accept": _("The person is registered for this partner from today, with 60 days to meet."),
                "refuse": _("The same words as for everybody, on the day the partner was promised."),
            }
        ),
        error_messages={"required": _("Choose one of the two.")},
    )
    reason = forms.CharField(
        label=_("Your reason"), help_text=REASON, max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class RulingForm(DomainFormMixin, forms.Form):
    """Whose introduction it is."""

    ruling = forms.ChoiceField(
        label=_("Your ruling"),
        choices=DisputeRuling.choices,
        widget=ChoiceList(),
        error_messages={"required": _("Choose one of the three.")},
    )
    reason = forms.CharField(
        label=_("Your reason"), help_text=REASON, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, dispute: Dispute, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ends = _("The claim of %(name)s ends with the neutral answer, unless it is vested.")
        self.fields["ruling"].widget.hints = {  # type: ignore[attr-defined]
            "first": ends % {"name": dispute.second.partner},
            "second": ends % {"name": dispute.first.partner},
            "both": _("Nothing changes for either of them."),
        }


class _Claim(forms.ModelChoiceField):
    def label_from_instance(self, obj: Referral) -> str:
        return f"{obj.person_name}, {obj.partner}, {day(obj.registered_on)}"


class DisputeForm(DomainFormMixin, forms.Form):
    """Two claims, and what is asked about them."""

    one = _Claim(queryset=Referral.objects.none(), label=_("One claim"))
    other = _Claim(queryset=Referral.objects.none(), label=_("The other claim"))
    question = forms.CharField(
        label=_("What is in dispute?"),
        help_text=_("About the claims. Staff alone read it."),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("one", "other"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]

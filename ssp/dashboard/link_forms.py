"""What a sales lead says about two partners' use cases that are one need (C18)."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core.forms import DomainFormMixin
from ssp.core.widgets import ChoiceList
from ssp.dashboard.needs import Candidate

REASON = gettext_lazy("For whoever asks about it later. The partners don’t read it.")


class LinkForm(DomainFormMixin, forms.Form):
    """Which other use case is the same need, and why."""

    other = forms.TypedChoiceField(label=gettext_lazy("The same need as"), coerce=int, widget=ChoiceList())
    reason = forms.CharField(
        label=gettext_lazy("Your reason"),
        help_text=REASON,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, candidates: list[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other: Any = self.fields["other"]
        possible = [each for each in candidates if each.refusal is None]
        other.widget.hints = {str(each.use_case.pk): each.consequence for each in possible}
        other.choices = [
            (
                each.use_case.pk,
                _("“%(title)s”, by %(partner)s")
                % {"title": each.use_case.title, "partner": each.use_case.partner},
            )
            for each in possible
        ]


class TakeBackForm(DomainFormMixin, forms.Form):
    """Why a link was wrong."""

    reason = forms.CharField(
        label=gettext_lazy("Why it was wrong"),
        help_text=REASON,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )

"""The shapes of what is said about a contested entry."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ssp.core.forms import DomainFormMixin
from ssp.core.widgets import ChoiceList


class ContestForm(DomainFormMixin, forms.Form):
    text = forms.CharField(
        label=_("What is wrong?"),
        help_text=_(
            "Which figure, and what you think it should be. Finance and directors read it; leave out the "
            "names of people."
        ),
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
    )


class AnswerForm(DomainFormMixin, forms.Form):
    decision = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("agreed", _("Agreed: something will follow")), ("refused", _("Not agreed"))],
        widget=ChoiceList(
            hints={
                "agreed": _("The entry stays. What follows is a fact of its own: a credit note, a payment, a "
                            "match to a deal. It writes the entry that puts this one right."),
                "refused": _("The entry stands. The partner reads your reason."),
            }
        ),
        error_messages={"required": _("Choose one of the two.")},
    )  # fmt: skip
    answer = forms.CharField(
        label=_("Your reason"),
        help_text=_("The partner reads it. It can’t be changed afterwards."),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
    )
    follows = forms.CharField(
        label=_("What will follow, and when"),
        help_text=_("Only if you agree. For example “A credit note for invoice SI-2026-0412, this week”."),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or self.cleaned_data
        if facts.get("decision") == "agreed" and not facts.get("follows"):
            self.add_error("follows", _("Say which fact will follow, and when."))
        return facts

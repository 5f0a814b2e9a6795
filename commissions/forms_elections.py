"""Changing an election: the other model, and why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ssp.core.forms import DomainFormMixin


class ChangeElectionForm(DomainFormMixin, forms.Form):
    """Why a use case pays by the other model from now on (C5)."""

    reason = forms.CharField(
        label=_("Your reason"),
        help_text=_("The partner reads it. It can’t be changed afterwards."),
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Say why it is changed: the partner reads it.")},
    )

"""Moving the clock."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ssp.core.widgets import DateTimeInput

STEPS = {
    "hour": (timedelta(hours=1), _("+1 hour")),
    "day": (timedelta(days=1), _("+1 day")),
    "week": (timedelta(days=7), _("+7 days")),
    "month": (timedelta(days=31), _("+31 days")),
}


class MomentForm(forms.Form):
    """A moment to which the application clock moves: forward only."""

    moment = forms.DateTimeField(
        label=_("Move to"),
        help_text=_("Amsterdam time. The clock only moves forward; ./dev reset starts over."),
        widget=DateTimeInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={
            "required": _("Say when: a date and a time."),
            "invalid": _("Write a date and a time, such as 2026-12-09T15:00."),
        },
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    def clean_moment(self) -> datetime:
        moment: datetime = self.cleaned_data["moment"]
        if moment < self.now:
            raise forms.ValidationError(
                _("That is in the application's past. The clock only moves forward; ./dev reset starts over.")
            )
        return moment

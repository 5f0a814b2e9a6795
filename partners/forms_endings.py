"""What people fill in to end a partnership. Shape only; the services decide."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from partners.rules import latest_last_day
from ssp.core.forms import DomainFormMixin
from ssp.core.widgets import DateInput


class LastDayForm(DomainFormMixin, forms.Form):
    """Which day is the last one: asked first, because everything else follows from it."""

    last_on = forms.DateField(
        label=_("Last day"),
        help_text=_("Your partnership runs to the end of this day, Amsterdam time."),
        error_messages={
            "required": _("Choose the last day of your partnership."),
            "invalid": _("Enter a whole date, as 31/12/2026."),
        },
        widget=DateInput(),
    )

    def __init__(self, *args: object, today: date, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.today = today
        self.fields["last_on"].widget.attrs |= {
            "min": today.isoformat(),
            "max": latest_last_day(today).isoformat(),
        }

    def clean_last_on(self) -> date:
        last_on: date = self.cleaned_data["last_on"]
        if last_on < self.today:
            raise forms.ValidationError(
                _("Notice can't end a partnership in the past. Choose today or a later day.")
            )
        if last_on > latest_last_day(self.today):
            raise forms.ValidationError(
                _("Notice is given for a day within the next twelve months. Choose an earlier day.")
            )
        return last_on


class ReadForm(DomainFormMixin, forms.Form):
    """The button under the consequences; `seal` is of what was read."""

    seal = forms.CharField(widget=forms.HiddenInput, required=False)


class EndPartnershipForm(DomainFormMixin, forms.Form):
    """How a director ends a partnership: the day for a notice, and the reason in any case."""

    kind = forms.ChoiceField(
        label=_("How"),
        choices=[("notice", _("By notice")), ("cause", _("For cause"))],
        help_text=_(
            "By notice it runs to the end of a day that you choose; won use cases and open windows run on. "
            "For cause it ends at once, when a second director confirms it, and nothing new is earned."
        ),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the partnership ends.")},
    )
    last_on = forms.DateField(
        label=_("Last day"),
        help_text=_("For a notice: today or a later day, within a year. Amsterdam time."),
        required=False,
        widget=DateInput(),
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The partner reads it, and it is kept with the ending. Write no names of others."),
        error_messages={"required": _("Say why: the partner reads it, and it is kept.")},
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        is_notice = cleaned.get("kind") == Partner.EndKind.NOTICE
        if is_notice and not cleaned.get("last_on") and "last_on" not in self.errors:
            self.add_error("last_on", _("A notice names its last day. Choose one."))
        return cleaned


def first_suggestion(today: date) -> date:
    """Return the day that the form suggests: the last one of this month."""
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)

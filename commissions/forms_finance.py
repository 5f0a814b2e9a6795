"""Forms of finance's figures: a day, and a period."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core.forms import DomainFormMixin
from ssp.core.periods import add_months, add_years
from ssp.core.widgets import DateInput

ONE_DAY = timedelta(days=1)


class AsOfForm(DomainFormMixin, forms.Form):
    """The day at whose end it stood so."""

    on = forms.DateField(label=gettext_lazy("As it stood at the end of"), widget=DateInput())

    def __init__(self, given: QueryDict, *, today: date) -> None:
        self.today = today
        data = given.copy()
        data.setdefault("on", today.isoformat())
        super().__init__(data)

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(_("This day isn’t over yet. Choose today or an earlier one."))
        if on.year < 2000:
            raise forms.ValidationError(_("This is too long ago. Choose a later day."))
        return on

    def days(self) -> list[tuple[str, date]]:
        """Return the days that are one press away."""
        month = self.today.replace(day=1)
        quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        return [
            (_("Today"), self.today),
            (_("End of last month"), month - ONE_DAY),
            (_("End of last quarter"), quarter - ONE_DAY),
            (_("End of last year"), month.replace(month=1) - ONE_DAY),
        ]


class PeriodForm(DomainFormMixin, forms.Form):
    """A first and a last day, both included."""

    since = forms.DateField(label=gettext_lazy("Earned from"), widget=DateInput())
    until = forms.DateField(label=gettext_lazy("Until"), widget=DateInput())

    def __init__(self, given: QueryDict, *, today: date) -> None:
        self.today = today
        year = today.replace(month=1, day=1)
        data = given.copy()
        data.setdefault("since", year.isoformat())
        data.setdefault("until", (add_years(year, 1) - ONE_DAY).isoformat())
        super().__init__(data)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first. Choose a later one."))
        return cleaned

    def periods(self) -> list[tuple[str, date, date]]:
        """Return the periods that are one press away: their name, first and last day."""
        month = self.today.replace(day=1)
        quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        year = month.replace(month=1)
        return [
            (_("This month"), month, add_months(month, 1) - ONE_DAY),
            (_("Last month"), add_months(month, -1), month - ONE_DAY),
            (_("This quarter"), quarter, add_months(quarter, 3) - ONE_DAY),
            (_("This year"), year, add_years(year, 1) - ONE_DAY),
            (_("Last year"), add_years(year, -1), year - ONE_DAY),
        ]

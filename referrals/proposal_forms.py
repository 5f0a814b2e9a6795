"""The shapes of proposed times and of appeals."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals import proposals, queries
from referrals.forms import OFF, MeetingForm, PersonForm
from referrals.models import Medium, Proposal, ProposedTime, Referral, UseCase
from referrals.rules import PROPOSED_TIMES, Person
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.periods import at_local
from ssp.core.widgets import CheckList, DateInput, TimeInput


class TimesForm(MeetingForm):
    """Up to three times in Amsterdam, and where: the first is asked for, the others may stay empty."""

    on_2 = forms.DateField(label=_("Second date"), widget=DateInput(), required=False)
    starts_at_2 = forms.TimeField(label=_("Starts at"), widget=TimeInput(), required=False)
    on_3 = forms.DateField(label=_("Third date"), widget=DateInput(), required=False)
    starts_at_3 = forms.TimeField(label=_("Starts at"), widget=TimeInput(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = _("First date")
        self.fields["starts_at"].help_text = ""
        for n in ("", "_2", "_3"):
            self.fields[f"starts_at{n}"].label = _("Starts at, Amsterdam time")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for n in range(2, PROPOSED_TIMES + 1):
            on, starts = f"on_{n}", f"starts_at_{n}"
            if data.get(on) and not data.get(starts) and starts not in self.errors:
                self.add_error(starts, _("Enter the time as well, or leave both empty."))
            if data.get(starts) and not data.get(on) and on not in self.errors:
                self.add_error(on, _("Enter the date as well, or leave both empty."))
        return data

    @property
    def all_times(self) -> list[tuple[datetime, datetime]]:
        """The instants of each start and end; an hour that a clock change repeats is the earlier one."""
        data = self.cleaned_data
        pairs = [(data["on"], data["starts_at"])]
        pairs += [(data.get(f"on_{n}"), data.get(f"starts_at_{n}")) for n in range(2, PROPOSED_TIMES + 1)]
        return [self._instants(on, starts) for on, starts in pairs if on and starts]

    def _instants(self, on: date, starts: time) -> tuple[datetime, datetime]:
        local = at_local(on, starts)
        begins = datetime.fromtimestamp(local.timestamp(), tz=local.tzinfo)
        lasts = timedelta(minutes=self.cleaned_data["minutes"]).total_seconds()
        return begins, datetime.fromtimestamp(begins.timestamp() + lasts, tz=local.tzinfo)

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each date beside its time."""
        pairs = [("on", "starts_at"), *((f"on_{n}", f"starts_at_{n}") for n in range(2, PROPOSED_TIMES + 1))]
        return [(self[on], self[starts]) for on, starts in pairs]


class ProposalForm(TimesForm):
    """What a partner proposes: times, host or whoever is free, and what it is to be about."""

    host = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Host at SeMI"),
        required=False,
        empty_label=_("Whoever is free"),
    )
    use_cases = forms.ModelMultipleChoiceField(
        queryset=UseCase.objects.none(),
        label=_("Use cases to discuss"),
        widget=CheckList(),
        help_text=_("Only what was defined before the meeting counts."),
    )

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[host.pk for host in proposals.hosts_for(referral)]
        ).order_by("full_name", "pk")
        self.fields["use_cases"].queryset = queries.use_cases_to_discuss(referral)  # type: ignore[attr-defined]
        self.fields["place"].required = False
        self.fields["place"].help_text = _("For a video call you may leave it empty: the host sends a link.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("medium") == Medium.IN_PERSON and not data.get("place", "").strip():
            self.add_error("place", _("Say where you meet."))
        return data


class OtherTimesForm(TimesForm):
    """What SeMI proposes instead."""

    host = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Host"), empty_label=None)

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[host.pk for host in proposals.hosts_for(referral)]
        ).order_by("full_name", "pk")


class ChooseTimeForm(DomainFormMixin, forms.Form):
    """One of the times proposed."""

    time = forms.ModelChoiceField(
        queryset=ProposedTime.objects.none(),
        label=_("Which of these times?"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose one of the times.")},
    )

    def __init__(self, *args: Any, proposal: Proposal, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["time"]
        choices.queryset = proposal.times.filter(starts_at__gt=at)
        choices.label_from_instance = proposals.time_words


class AcceptForm(ChooseTimeForm):
    """A partner's time, with who hosts it and where."""

    host = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Host"), empty_label=None)
    place = forms.CharField(label=_("Video link or address"), max_length=500)

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, proposal=proposal, **kwargs)
        self.fields["host"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[host.pk for host in proposals.hosts_for(proposal.referral)]
        ).order_by("full_name", "pk")


class AppealTextForm(DomainFormMixin, forms.Form):
    """Why a refusal is wrong."""

    text = forms.CharField(
        label=_("Why should we look again?"),
        help_text=_("A sales lead reads it. It is deleted once they have decided."),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
    )


class AppealForm(AppealTextForm, PersonForm):
    """The same, with the person once more: after a refusal nothing about them was kept."""

    email = forms.EmailField(
        label=_("Work e-mail"), help_text=_("The address that was refused."), widget=forms.EmailInput(OFF)
    )
    field_order = ["text", "first_name", "last_name", "email", "company_name", "title", "relation", "agreed"]

    @property
    def person(self) -> Person:
        return Person(**{name: value for name, value in self.cleaned_data.items() if name != "text"})

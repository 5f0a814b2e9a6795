"""The shapes of what people type; whether it may be is the services' word."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.models import CommissionModel, Partner
from referrals import permissions, queries
from referrals.models import ConfirmationAnswer, Introduction, Medium, Referral, UseCase
from referrals.rules import Answer, Colleague, Person
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.periods import at_local
from ssp.core.widgets import CheckList, ChoiceList, DateInput, TimeInput

OFF = {"autocomplete": "off"}
COUNTED_MEDIA = [(Medium.VIDEO.value, Medium.VIDEO.label), (Medium.IN_PERSON.value, Medium.IN_PERSON.label)]


class PersonForm(DomainFormMixin, forms.Form):
    """The person (C11): step one."""

    first_name = forms.CharField(label=_("First name"), max_length=100, widget=forms.TextInput(OFF))
    last_name = forms.CharField(label=_("Last name"), max_length=100, widget=forms.TextInput(OFF))
    email = forms.EmailField(
        label=_("Work e-mail"),
        help_text=_("Their own address. Shared ones such as info@ or sales@ can’t be introduced."),
        widget=forms.EmailInput(OFF),
    )
    company_name = forms.CharField(label=_("Company"), max_length=200, widget=forms.TextInput(OFF))
    title = forms.CharField(label=_("Role"), max_length=200, required=False, widget=forms.TextInput(OFF))
    relation = forms.CharField(
        label=_("How do you know each other?"),
        help_text=_("One or two sentences. The seller reads them before the meeting."),
        widget=forms.Textarea({"rows": 3}),
        max_length=2000,
    )
    agreed = forms.BooleanField(
        label=_("This person agreed to be introduced to SeMI"),
        help_text=_(
            "We write to them once you send this: who passed on their details, why, and how to object."
        ),
        error_messages={"required": _("Ask the person first. Tick the box once they agreed.")},
    )

    @property
    def person(self) -> Person:
        return Person(**self.cleaned_data)


class PersonOnBehalfForm(PersonForm):
    """The same by a seller: the partner attests the agreement when they confirm."""

    agreed = None  # type: ignore[assignment]
    partner = forms.ModelChoiceField(queryset=Partner.objects.none(), label=_("Partner"))
    field_order = ["partner"]

    def __init__(self, *args: Any, partners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = partners  # type: ignore[attr-defined]

    @property
    def person(self) -> Person:
        return Person(**{k: v for k, v in self.cleaned_data.items() if k != "partner"})


class UseCaseForm(DomainFormMixin, forms.Form):
    """A use case as the partner defines it (C8)."""

    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("A few words, as you would say it to them.")
    )
    problem = forms.CharField(label=_("The problem"), widget=forms.Textarea({"rows": 3}), max_length=4000)
    data = forms.CharField(  # type: ignore[assignment]
        label=_("The data"),
        help_text=_("What there is to search or ask: documents, products, tickets, how many."),
        widget=forms.Textarea({"rows": 2}),
        max_length=4000,
    )
    who_feels_it = forms.CharField(label=_("Who feels it"), max_length=300)
    expected_value = forms.CharField(label=_("The expected value"), max_length=300)


class CommentForm(DomainFormMixin, forms.Form):
    """Something about a use case, beside its definition (C8)."""

    text = forms.CharField(
        label=_("Your comment"),
        help_text=_("About the use case, not about people: both sides keep it."),
        widget=forms.Textarea({"rows": 4}),
        max_length=4000,
        error_messages={"required": _("Write what you want to say about the use case.")},
    )


class StepUseCaseForm(UseCaseForm):
    """Step two of registering: choose one that is defined already, or define one."""

    existing = forms.ModelChoiceField(
        queryset=UseCase.objects.none(),
        label=_("A use case you defined already"),
        required=False,
        empty_label=_("A new one, below"),
    )
    field_order = ["existing"]

    def __init__(self, *args: Any, unused: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["existing"].queryset = unused  # type: ignore[attr-defined]
        if not unused:
            del self.fields["existing"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("existing"):
            for name in ("title", "problem", "data", "who_feels_it", "expected_value"):
                self.errors.pop(name, None)
        return data


class MeetingForm(DomainFormMixin, forms.Form):
    """When and where (C4), in Amsterdam time."""

    on = forms.DateField(label=_("Date"), widget=DateInput())
    starts_at = forms.TimeField(label=_("Starts at"), help_text=_("Amsterdam time"), widget=TimeInput())
    minutes = forms.TypedChoiceField(
        label=_("Length"),
        coerce=int,
        initial=45,
        choices=[
            (15, _("15 minutes")),
            (30, _("30 minutes")),
            (45, _("45 minutes")),
            (60, _("1 hour")),
            (90, _("1½ hours")),
        ],
    )
    medium = forms.ChoiceField(
        label=_("How will you meet?"),
        choices=COUNTED_MEDIA,
        initial=Medium.VIDEO,
        widget=forms.RadioSelect,
        help_text=_("A phone call, chat or e-mail doesn’t count as the introduction."),
    )
    place = forms.CharField(label=_("Video link or address"), max_length=500)

    @property
    def times(self) -> tuple[datetime, datetime]:
        """The instants of start and end; the hour that a clock change repeats or skips is the earlier one."""
        starts = at_local(self.cleaned_data["on"], self.cleaned_data["starts_at"])
        starts = datetime.fromtimestamp(starts.timestamp(), tz=starts.tzinfo)
        ends = starts.timestamp() + timedelta(minutes=self.cleaned_data["minutes"]).total_seconds()
        return starts, datetime.fromtimestamp(ends, tz=starts.tzinfo)


class IntroductionForm(MeetingForm):
    """A meeting with its host and what it is to be about."""

    host = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Host at SeMI"), empty_label=_("Choose a host")
    )
    use_cases = forms.ModelMultipleChoiceField(
        queryset=UseCase.objects.none(),
        label=_("Use cases to discuss"),
        widget=CheckList(),
        help_text=_("Only what was defined before the meeting counts."),
    )
    field_order = ["host", "on", "starts_at", "minutes", "medium", "place", "use_cases"]

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].queryset = permissions.hosts()  # type: ignore[attr-defined]
        self.fields["use_cases"].queryset = queries.use_cases_to_discuss(referral)  # type: ignore[attr-defined]
        self.referral = referral


class ColleagueMixin(forms.Form):
    """Up to three colleagues, one a line: "Dirk Aalbers <dirk@halden.example>" (C3)."""

    colleagues = forms.CharField(
        label=_("Were you passed on to colleagues?"),
        help_text=_(
            "One a line, with the address: Dirk Aalbers <dirk@company.example>. At most three count."
        ),
        widget=forms.Textarea({"rows": 2, "autocomplete": "off"}),
        required=False,
        max_length=1000,
    )

    def clean_colleagues(self) -> tuple[Colleague, ...]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["colleagues"].splitlines())):
            name, mark, rest = line.partition("<")
            email = rest.rstrip("> ").strip() if mark else line.split()[-1]
            name = name.strip() if mark else " ".join(line.split()[:-1])
            try:
                validate_email(email)
            except forms.ValidationError as wrong:
                raise forms.ValidationError(
                    _t("“%s” has no e-mail address. Write it like: Dirk Aalbers <dirk@company.example>")
                    % line[:80]
                ) from wrong
            first, _space, last = name.partition(" ")
            if not first:
                raise forms.ValidationError(_t("Write the colleague’s name before the address: %s") % email)
            found.append(Colleague(first_name=first[:100], last_name=last[:100], email=email))
        if len(found) > 3:
            raise forms.ValidationError(_t("At most three colleagues can be named."))
        return tuple(found)


class ConfirmationForm(DomainFormMixin, ColleagueMixin, forms.Form):
    """What type of referral was it (C14)?"""

    answer = forms.ChoiceField(
        label=_("Type of referral"),
        choices=ConfirmationAnswer.choices,
        widget=ChoiceList(),
        error_messages={"required": _("Choose what type of referral it was.")},
    )
    medium = forms.ChoiceField(
        label=_("How did you meet?"),
        choices=COUNTED_MEDIA,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Phone, chat or e-mail only? Then it was not warm yet."),
    )
    use_cases = forms.ModelMultipleChoiceField(
        queryset=UseCase.objects.none(),
        label=_("Which use cases did you discuss?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=_("Why was it not warm?"),
        help_text=_("The partner reads this."),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
    )
    field_order = ["answer", "medium", "use_cases", "reason", "colleagues"]

    def __init__(self, *args: Any, introduction: Introduction, use_cases: Any, **kwargs: Any) -> None:
        initial = {
            "medium": introduction.medium,
            "use_cases": list(introduction.discussions.values_list("use_case", flat=True)),
        }
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["use_cases"].queryset = UseCase.objects.filter(  # type: ignore[attr-defined]
            pk__in=[use_case.pk for use_case in use_cases]
        ).order_by("defined_at", "pk")
        facts = {"person": introduction.referral.first_name, "company": introduction.referral.company.name}
        self.fields["answer"].widget.hints = {  # type: ignore[attr-defined]
            "warm": _("We met by video or in person and discussed at least one use case."),
            "not_warm": _(
                "No use case was discussed, or it was only a call or a chat. A later meeting can "
                "still make it warm."
            ),
            "reseller": _t("%(company)s wants to resell. This closes the introduction and pays nothing.")
            % facts,
            "did_not_take_place": _("A new time can be proposed."),
        }

    @property
    def as_answer(self) -> Answer:
        data = self.cleaned_data
        warm = data["answer"] == ConfirmationAnswer.WARM
        return Answer(
            kind=data["answer"],
            medium=data["medium"] if warm else "",
            use_case_ids=tuple(u.pk for u in data["use_cases"]) if warm else (),
            reason=data["reason"] if data["answer"] == ConfirmationAnswer.NOT_WARM else "",
            colleagues=data["colleagues"],
        )


class ReasonForm(DomainFormMixin, forms.Form):
    """A reason, in a sentence or two."""

    reason = forms.CharField(label=_("Your reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))


class ElectionForm(DomainFormMixin, forms.Form):
    """How a use case pays (C5)."""

    model = forms.ChoiceField(
        label=_("How should this use case pay?"), choices=CommissionModel.choices, widget=ChoiceList()
    )


class AgreementForm(DomainFormMixin, forms.Form):
    """The partner's word about somebody a seller registered for them (C11)."""

    agreed = forms.BooleanField(
        label=_("This person agreed to be introduced to SeMI"),
        help_text=_(
            "We write to them once you confirm: who passed on their details, why, and how to object."
        ),
    )

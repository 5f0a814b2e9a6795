"""The period and the filters of the figures, as they stand in the address of the page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from partners.models import Partner, Tier
from referrals import permissions
from ssp.core.forms import DomainFormMixin
from ssp.core.periods import add_months, add_years
from ssp.core.widgets import DateInput
from ssp.dashboard.figures import BY_DESK, BY_PARTNER, Scope, last_twelve_months

SOURCES = [
    (BY_PARTNER, gettext_lazy("Registered by the partner")),
    (BY_DESK, gettext_lazy("Registered by SeMI")),
]


def _quarter(on: date) -> date:
    return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)


def periods(on: date) -> list[tuple[str, date, date]]:
    """Return the periods that are one press away: their name, first and last day."""
    quarter, year = _quarter(on), on.replace(month=1, day=1)
    day_before = timedelta(days=1)
    return [
        (_("This quarter"), quarter, add_months(quarter, 3) - day_before),
        (_("Last quarter"), add_months(quarter, -3), quarter - day_before),
        (_("Last 12 months"), *last_twelve_months(on)),
        (_("This year"), year, add_years(year, 1) - day_before),
        (_("Last year"), add_years(year, -1), year - day_before),
    ]


@dataclass(frozen=True)
class View:
    """A period as a link that keeps the filters."""

    label: str
    url: str
    current: bool
    count: None = None


class FiguresForm(DomainFormMixin, forms.Form):
    """Which days, and whose people; everything left open is everybody."""

    def __init__(self, given: QueryDict, *, on: date) -> None:
        since, until = last_twelve_months(on)
        data = given.copy()
        data.setdefault("from", since.isoformat())
        data.setdefault("until", until.isoformat())
        super().__init__(data)
        began = Partner.objects.filter(started_at__isnull=False)
        codes = began.order_by("country").values_list("country", flat=True).distinct()
        anybody = _("Everybody")
        self.fields = {
            "from": forms.DateField(label=_("Registered from"), widget=DateInput()),
            "until": forms.DateField(label=_("Until"), widget=DateInput()),
            "partner": _one_of(began.order_by("display_name", "pk"), _("Partner"), anybody),
            "tier": _one_of(Tier.objects.order_by("name"), _("Tier"), _("Any tier")),
            "country": forms.ChoiceField(
                label=_("Partner’s country"),
                choices=[("", _("Any country")), *((code, countries.name(code) or code) for code in codes)],
                required=False,
            ),
            "source": forms.ChoiceField(
                label=_("Source"), choices=[("", _("Any source")), *SOURCES], required=False
            ),
            "seller": _one_of(permissions.hosts(), _("Seller"), anybody),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("from"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first. Choose a later one."))
        return cleaned

    @property
    def scope(self) -> Scope:
        """What the figures are of; only for a valid form."""
        chosen = self.cleaned_data
        return Scope(
            since=chosen["from"],
            until=chosen["until"],
            partner=_pk(chosen["partner"]),
            tier=_pk(chosen["tier"]),
            country=chosen["country"],
            source=chosen["source"],
            seller=_pk(chosen["seller"]),
        )

    @property
    def filters(self) -> dict[str, str]:
        """The filters that say something, as they stand in an address; the period aside."""
        names = ("partner", "tier", "country", "source", "seller")
        return {name: value for name in names if (value := self.data.get(name, ""))}

    @property
    def address(self) -> str:
        """The whole choice as the end of an address."""
        period = {"from": self.data["from"], "until": self.data["until"]}
        return urlencode({**period, **self.filters})

    def views(self, on: date) -> list[View]:
        """Return the periods that are one press away."""
        here = (self.data["from"], self.data["until"])
        found = []
        for label, since, until in periods(on):
            days = (since.isoformat(), until.isoformat())
            period = {"from": days[0], "until": days[1]}
            found.append(View(label, "?" + urlencode({**period, **self.filters}), days == here))
        return found


def _one_of(rows: Any, label: str, nobody: str) -> Any:
    return forms.ModelChoiceField(queryset=rows, label=label, empty_label=nobody, required=False)


def _pk(chosen: Any) -> int | None:
    return chosen.pk if chosen else None

"""What sales knows of one company and of one partner (C18)."""

from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from django.db.models import F, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.models import Partner
from referrals import rules, story
from referrals.models import (
    Company,
    Confirmation,
    Introduction,
    IntroductionStatus,
    KnownContact,
    Referral,
    UseCase,
)
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day
from ssp.dashboard.figures import Scope, Spread, Steps, cohort_of, last_twelve_months

CONTACTS_SHOWN = 50
PEOPLE_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    """A referred person as a line of a company's or a partner's page."""

    referral: Referral
    tone: str
    word: str

    @property
    def use_cases(self) -> list[UseCase]:
        return list(self.referral.the_root.use_cases.all())


def _rows(people: QuerySet[Referral]) -> list[Row]:
    """Return the lines of `people`, at most 200: live claims first, the newest on top."""
    chosen = (
        people.select_related("partner", "company", "seller", "root")
        .prefetch_related("use_cases__deal", "root__use_cases__deal")
        .order_by(F("claim_ended_at").desc(nulls_first=True), "-registered_at", "-pk")[:PEOPLE_SHOWN]
    )
    found = []
    for referral in chosen:
        tone, word = story.status_of(referral, for_desk=True)
        found.append(Row(referral=referral, tone=tone, word=word))
    return found


def people_at(company: Company) -> list[Row]:
    """Return everyone inside a company, whoever introduced them (C18)."""
    return _rows(Referral.objects.filter(company=company))


def people_of(partner: Partner) -> list[Row]:
    """Return everyone a partner introduced, internal referrals included."""
    return _rows(Referral.objects.filter(partner=partner))


def contacts_at(company: Company) -> QuerySet[KnownContact]:
    """Return whom SeMI knew at a company: by its domain, else by its name (C10)."""
    same = Q(company_key=rules.company_key(company.name)) if company.name.strip() else Q()
    if company.domain:
        same |= Q(domain=company.domain)
    return KnownContact.objects.filter(same).order_by("last_name", "first_name", "pk")


@dataclass(frozen=True, kw_only=True)
class Need:
    """A use case at a company, and where it stands."""

    use_case: UseCase
    tone: str
    word: str


def needs_at(company: Company) -> list[Need]:
    """Return the use cases about people of a company, the newest first (C9, C18)."""
    cases = (
        UseCase.objects.filter(referral__company=company)
        .select_related("partner", "referral", "deal", "same_need_as")
        .order_by("-defined_at", "-pk")
    )
    found = []
    for case in cases:
        tone, word = story.deal_status(case)
        found.append(Need(use_case=case, tone=tone, word=word))
    return found


def performance_of(partner: Partner, *, on: date) -> Steps:
    """Return how far the people came whom a partner registered in the last 12 months; internal ones aside."""
    since, until = last_twelve_months(on)
    return cohort_of(Scope(since=since, until=until, partner=partner.pk)).whole


@dataclass(frozen=True, kw_only=True)
class Promptness:
    """A number of days in the middle of several, or how many of how many; nothing to tell reads as a dash."""

    label: str
    value: str
    context: str


def promptness_of(partner: Partner, steps: Steps, *, on: date) -> list[Promptness]:
    """Return how promptly a partner introduces people and answers us, in the last 12 months.

    :param steps: what `performance_of` returned: the same days as in the figures.
    """
    since, _until = last_twelve_months(on)
    return [
        _last_registration(partner, on=on),
        _in_days(_("From acceptance to proposing a time"), _until_proposed(partner, since)),
        _spread(_("From registration to the first meeting"), steps.to_meeting),
        _in_days(_("To the answer after a meeting"), _until_answered(partner, since)),
        _spread(_("From the introduction to the signature"), steps.to_close),
    ]


def _last_registration(partner: Partner, *, on: date) -> Promptness:
    label = _("Since the last registration")
    last = Referral.objects.roots().filter(partner=partner).aggregate(last=Max("registered_on"))["last"]
    if last is None:
        return Promptness(label=label, value="–", context=_("nobody was registered yet"))
    return Promptness(
        label=label, value=_days((on - last).days), context=_("on %(day)s") % {"day": day(last)}
    )


def _until_proposed(partner: Partner, since: date) -> list[int]:
    """Return the days from each person's acceptance to the first time that the partner proposed for them."""
    proposed = (
        Referral.objects.roots()
        .filter(partner=partner, registered_on__gte=since, accepted_at__isnull=False)
        .filter(introductions__proposed_by=partner.user_id)
        .annotate(first=Min("introductions__proposed_at"))
    )
    return [
        (local_date(first) - local_date(accepted)).days
        for accepted, first in proposed.values_list("accepted_at", "first")
        if accepted
    ]


def _until_answered(partner: Partner, since: date) -> list[int]:
    asked = Confirmation.objects.filter(
        asked=Confirmation.Asked.PARTNER, introduction__referral__partner=partner
    )
    return [
        (local_date(answered) - local_date(sent)).days
        for sent, answered in asked.values_list("asked_at", "answered_at")
        if answered and local_date(sent) >= since
    ]


def _days(n: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}


def _told(label: str, middle: float | None, of: int) -> Promptness:
    if middle is None:
        return Promptness(label=label, value="–", context=_("nothing yet in the last 12 months"))
    context = ngettext("1 time", "median of %(n)d", of) % {"n": of}
    return Promptness(label=label, value=_days(round(middle)), context=context)


def _in_days(label: str, days: list[int]) -> Promptness:
    return _told(label, median(days) if days else None, len(days))


def _spread(label: str, spread: Spread | None) -> Promptness:
    return _told(label, spread.middle if spread else None, spread.of if spread else 0)


def next_meetings(partner: Partner, *, at: datetime) -> QuerySet[Introduction]:
    """Return the meetings to come with a partner's people, the next one first."""
    return (
        Introduction.objects.filter(
            referral__partner=partner, status=IntroductionStatus.BOOKED, ends_at__gt=at
        )
        .select_related("referral__company", "host")
        .order_by("starts_at")
    )

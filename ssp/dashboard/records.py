"""What sales knows of one company and of one partner (C18)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import F, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.models import Partner
from referrals import rules, story
from referrals.models import (
    Company,
    Confirmation,
    DealStage,
    Introduction,
    IntroductionStatus,
    KnownContact,
    Referral,
    UseCase,
)
from ssp.core.periods import local_date

YEAR = timedelta(days=365)
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


@dataclass(frozen=True, kw_only=True)
class Performance:
    """A partner's last 365 days: how many people came how far, by the day of registration."""

    registered: int
    met: int
    warm: int
    won: int


def performance_of(partner: Partner, *, on: date) -> Performance:
    """Return how far the people came whom a partner registered in the last 365 days; internal ones aside."""
    roots = Referral.objects.roots().filter(partner=partner, registered_on__gt=on - YEAR)
    return Performance(
        registered=roots.count(),
        met=roots.filter(introductions__status=IntroductionStatus.HELD).distinct().count(),
        warm=roots.filter(vested_at__isnull=False).count(),
        won=roots.filter(use_cases__deal__stage=DealStage.WON).distinct().count(),
    )


@dataclass(frozen=True, kw_only=True)
class Promptness:
    """A number of days in the middle of several, or how many of how many; nothing to tell reads as a dash."""

    label: str
    value: str
    context: str


def promptness_of(partner: Partner, *, on: date) -> list[Promptness]:
    """Return how promptly a partner brings people to a meeting and answers us, in the last 365 days."""
    met = (
        Referral.objects.roots()
        .filter(partner=partner, registered_on__gt=on - YEAR, introductions__status=IntroductionStatus.HELD)
        .annotate(first=Min("introductions__starts_at"))
    )
    until_met = [(local_date(row.first) - row.registered_on).days for row in met]
    asked = Confirmation.objects.filter(
        asked=Confirmation.Asked.PARTNER, introduction__referral__partner=partner
    )
    answers = [
        (local_date(answered) - local_date(sent)).days
        for sent, answered in asked.values_list("asked_at", "answered_at")
        if answered and local_date(sent) > on - YEAR
    ]
    return [
        _in_days(_("From registration to the first meeting"), until_met),
        _in_days(_("To the answer after a meeting"), answers),
    ]


def _in_days(label: str, days: list[int]) -> Promptness:
    if not days:
        return Promptness(label=label, value="–", context=_("nothing yet in the last 12 months"))
    middle = round(median(days))
    return Promptness(
        label=label,
        value=ngettext("%(n)d day", "%(n)d days", middle) % {"n": middle},
        context=ngettext("1 time", "median of %(n)d", len(days)) % {"n": len(days)},
    )


def next_meetings(partner: Partner, *, at: datetime) -> QuerySet[Introduction]:
    """Return the meetings to come with a partner's people, the next one first."""
    return (
        Introduction.objects.filter(
            referral__partner=partner, status=IntroductionStatus.BOOKED, ends_at__gt=at
        )
        .select_related("referral__company", "host")
        .order_by("starts_at")
    )

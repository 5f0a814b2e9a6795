"""Pages about one partner, one company, one person."""

from collections.abc import Callable

from django.db.models import Count

from bench.measuring import Subject
from bench.moment import NOW, TODAY
from bench.people import FOUR, MANY
from partners.models import Partner
from referrals import queries
from referrals.models import Company, Referral
from ssp.dashboard import records

DESK, PORTAL = "The desk’s pages", "The partner’s pages"


def _company(number: int) -> Callable[[], object]:
    company = Company.objects.get(pk=number + 1)

    def call() -> object:
        return (
            records.people_at(company),
            list(records.contacts_at(company)[: records.CONTACTS_SHOWN]),
            records.needs_at(company),
        )

    return call


def _partner() -> Partner:
    """The one with the most people: the page that takes longest."""
    return Partner.objects.annotate(people=Count("referrals")).order_by("-people", "pk")[0]


def _partner_at_the_desk() -> Callable[[], object]:
    partner = _partner()
    return lambda: (
        records.people_of(partner),
        records.promptness_of(partner, records.performance_of(partner, on=TODAY), on=TODAY),
        list(records.next_meetings(partner, at=NOW)),
    )


def _home() -> Callable[[], object]:
    partner = _partner()
    return lambda: (
        queries.needs_partner(partner, TODAY),
        queries.deadlines(partner, TODAY),
        queries.with_semi(partner, TODAY),
    )


def _list() -> Callable[[], object]:
    partner = _partner()
    return lambda: list(queries.referrals_of(partner)[:25])


def _overdue() -> Callable[[], object]:
    return lambda: list(Referral.objects.overdue(on=TODAY).order_by("claim_last_on")[:500])


SUBJECTS = [
    Subject(DESK, "a company of four", lambda: _company(FOUR)),
    Subject(DESK, "the big company", lambda: _company(MANY)),
    Subject(DESK, "a partner", _partner_at_the_desk),
    Subject(PORTAL, "home", _home),
    Subject(PORTAL, "their introductions, first page", _list),
    Subject("At night", "claims whose last day is over", _overdue),
]

"""What pages and mails tell about proposed times: what waits, for whom, and how busy the hosts are (C12)."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.models import Partner
from referrals import permissions, rules
from referrals.errors import OwnReferral
from referrals.models import Introduction, IntroductionStatus, Proposal, ProposedTime, Referral
from ssp.core.models import User
from ssp.core.periods import local_date, start_of_day
from ssp.core.templatetags.ssp import day, time_range, weekday_day

WEEKS = 4
RELATED = ("referral__company", "referral__partner__user", "referral__seller", "host", "proposed_by")


def proposals_waiting() -> QuerySet[Proposal]:
    """Return the times that SeMI hasn't answered, the longest wait first."""
    return (
        Proposal.objects.with_semi()
        .select_related(*RELATED)
        .prefetch_related("times")
        .order_by("waiting_since", "pk")
    )


def times_to_choose(partner: Partner) -> QuerySet[Proposal]:
    """Return the other times of SeMI's, of which the partner hasn't taken one."""
    return (
        Proposal.objects.with_partner()
        .filter(referral__partner=partner)
        .select_related(*RELATED)
        .prefetch_related("times")
        .order_by("proposed_at", "pk")
    )


def open_proposal(referral: Referral) -> Proposal | None:
    """Return what is proposed about a person and not answered, if anything is."""
    rows = Proposal.objects.open().filter(referral=referral).select_related(*RELATED)
    return rows.prefetch_related("times", "use_cases").first()


def tone_of(proposal: Proposal, *, on: date) -> tuple[str, str]:
    """Return tone and word of times that wait for SeMI."""
    if proposal.escalated_at:
        return "stop", _("With the sales leads since %(day)s") % {"day": day(proposal.escalated_at)}
    if proposal.reminders_sent:
        return "you", ngettext("Reminded once", "Reminded twice", proposal.reminders_sent)
    since = proposal.waiting_since_on
    return "moving", _("Proposed today") if since == on else _("Proposed on %(day)s") % {"day": day(since)}


def last_on_if_answered(proposal: Proposal, *, on: date) -> date | None:
    """Return the claim's last day if SeMI answered on that day; nothing once vested (C12)."""
    referral = proposal.referral
    if referral.vested_at or referral.claim_last_on is None or not proposal.by_partner:
        return referral.claim_last_on
    return rules.claim_last_on_after_wait(
        referral.claim_last_on, proposed_on=proposal.waiting_since_on, answered_on=on
    )


@dataclass(frozen=True)
class Busy:
    """How many introduction meetings a host has booked, week by week: counts alone."""

    host: User
    counts: list[int]
    weeks: list[date]

    @property
    def by_week(self) -> list[tuple[date, int]]:
        return list(zip(self.weeks, self.counts, strict=True))


def weeks_from(on: date) -> list[date]:
    """Return the Mondays of this week and the next three."""
    monday = on - timedelta(days=on.weekday())
    return [monday + timedelta(weeks=n) for n in range(WEEKS)]


def hosts_for(referral: Referral) -> list[User]:
    """Return who may host a meeting about this person: of sales, and not the partner (C1)."""
    found = []
    for host in permissions.hosts():
        try:
            permissions.check_not_own(host, referral.partner)
        except OwnReferral:
            continue
        found.append(host)
    return found


def how_busy(referral: Referral, *, on: date) -> list[Busy]:
    """Return each host's booked meetings in this week and the next three."""
    weeks = weeks_from(on)
    booked = Introduction.objects.filter(
        status=IntroductionStatus.BOOKED,
        starts_at__gte=start_of_day(weeks[0]),
        starts_at__lt=start_of_day(weeks[-1] + timedelta(weeks=1)),
    ).values_list("host_id", "starts_at")
    counts = Counter((host, (local_date(at) - weeks[0]).days // 7) for host, at in booked)
    found = []
    for host in hosts_for(referral):
        weekly = [counts[host.pk, week] for week in range(WEEKS)]
        found.append(Busy(host, weekly, weeks))
    return found


def answer_url(proposal: Proposal) -> str:
    """Return the page on which whoever has to answers: the desk's, or the partner's."""
    return reverse("desk:proposal" if proposal.by_partner else "referrals:times", args=[proposal.pk])


def escalates_on(proposal: Proposal) -> date:
    """Return the day on which unanswered times go to the sales leads."""
    return rules.proposal_escalated_on(proposal.waiting_since_on)


def time_words(time: ProposedTime) -> str:
    """Return a proposed time as its reader sees it."""
    return f"{weekday_day(time.starts_at)}, {time_range(time.starts_at, time.ends_at, named=True)}"

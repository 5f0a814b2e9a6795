"""What waits for an answer of SeMI's: proposed times, contests, appeals, disputes, alerts (C12, C14)."""

from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from referrals import rules
from referrals.models import ProbingAlert
from referrals.proposals import proposals_waiting, tone_of
from ssp.core.periods import add_working_days, local_date
from ssp.dashboard import disputes, queries
from ssp.dashboard.waiting import LEADS, Reader, Row, Section, owner_of, taken, where_of


# --- proposed times (C12) ----------------------------------------------------------
def proposals(reader: Reader, on: date) -> Section:
    """Return times that SeMI hasn't answered: every day of the wait is added to the claim."""
    waiting = proposals_waiting()
    if reader.mine:
        nobodys = Q(host__isnull=True) & reader.owns("referral__seller")
        waiting = waiting.filter(Q(host=reader.user) | nobodys)
    found, count = taken(waiting)
    rows = []
    for proposal in found:
        tone, word = tone_of(proposal, on=on)
        since = proposal.waiting_since_on
        rows.append(
            Row(
                person=proposal.referral.person_name,
                where=where_of(proposal.referral),
                tone=tone,
                word=word,
                since=since,
                due=add_working_days(since, rules.REMIND_PROPOSAL_AFTER[0]),
                owner=owner_of(proposal.host or proposal.referral.seller),
                url=reverse("desk:proposal", args=[proposal.pk]),
                action=_("Answer"),
            )
        )
    return Section(
        name="proposals",
        title=_("Proposed times to answer"),
        hint=_(
            "While SeMI hasn’t answered, no claim lapses: the wait and %(days)s working days are added (C12)."
        )
        % {"days": rules.ADD_AFTER_WAIT},
        rows=rows,
        count=count,
        url=reverse("desk:proposals"),
    )


# --- contested (C12, C14) ------------------------------------------------------------
def contests(reader: Reader) -> Section:
    """Return contested answers: the sales leads own them; the programme sets no date."""
    rows_for = queries.contests_open()
    if reader.mine and not reader.leads:
        rows_for = rows_for.none()
    found, count = taken(rows_for)
    rows = [
        Row(
            person=row.introduction.referral.person_name,
            where=where_of(row.introduction.referral),
            tone="stop",
            word=_("“%(answer)s” is contested") % {"answer": row.get_answer_display()},
            since=local_date(row.contested_at or row.asked_at),
            due=None,
            owner=str(LEADS),
            url=reverse("desk:confirmation_settle", args=[row.pk])
            if reader.leads
            else reverse("desk:referral", args=[row.introduction.referral_id]),
            action=_("Settle") if reader.leads else _("Open"),
        )
        for row in found
    ]
    return Section(
        name="contests",
        title=_("Contested answers"),
        hint=_("A sales lead settles them. No date is set for it: the oldest is on top (C14)."),
        rows=rows,
        count=count,
        url=reverse("desk:confirmations"),
    )


def appeals(reader: Reader, on: date) -> Section:
    """Return appeals against a neutral answer: the sales leads own them, and promised a day."""
    waiting = disputes.appeals_waiting()
    found, count = taken(waiting if reader.leads or not reader.mine else waiting.none())
    rows = [
        Row(
            person=appeal.person_name,
            where=_("appealed by %(partner)s") % {"partner": appeal.refusal.partner},
            tone="stop" if appeal.answered_on < on else "you",
            word=_("Appeal to decide"),
            since=local_date(appeal.appealed_at),
            due=appeal.answered_on,
            owner=str(LEADS),
            url=reverse("desk:appeal", args=[appeal.pk]),
            action=_("Decide") if reader.leads else _("Open"),
        )
        for appeal in found
    ]
    return Section(
        name="appeals",
        title=_("Appeals"),
        hint=_("One for each refusal. A sales lead accepts, or gives the same neutral answer (C12)."),
        rows=rows,
        count=count,
        url=reverse("desk:disputes") + "?kind=appeal",
    )


def two_partners(reader: Reader) -> Section:
    """Return disputes between two partners that wait for a ruling."""
    waiting = disputes.disputes()
    found, count = taken(waiting if reader.leads or not reader.mine else waiting.none())
    rows = [
        Row(
            person=row.first.person_name,
            where=_("%(one)s and %(other)s") % {"one": row.first.partner, "other": row.second.partner},
            tone="stop",
            word=_("Dispute to rule on"),
            since=local_date(row.opened_at),
            due=None,
            owner=str(LEADS),
            url=reverse("desk:dispute", args=[row.pk]),
            action=_("Rule") if reader.leads else _("Open"),
        )
        for row in found
    ]
    return Section(
        name="disputes",
        title=_("Disputes"),
        hint=_("Two partners about one person or company. A sales lead rules, with a reason (C12)."),
        rows=rows,
        count=count,
        url=reverse("desk:disputes") + "?kind=dispute",
    )


def alerts(reader: Reader) -> Section:
    """Return patterns of refusals that nobody looked at: for sales leads alone."""
    unseen = ProbingAlert.objects.filter(looked_at__isnull=True).select_related("partner")
    found, count = taken((unseen if reader.leads else unseen.none()).order_by("noticed_at", "pk"))
    rows = [
        Row(
            person=str(alert.partner),
            where=alert.get_pattern_display(),
            tone="you",
            word=_("To look at"),
            since=alert.noticed_on,
            due=None,
            owner=str(LEADS),
            url=reverse("desk:probing_alert", args=[alert.pk]),
            action=_("Look"),
        )
        for alert in found
    ]
    return Section(
        name="alerts",
        title=_("Patterns of refusals"),
        hint=_("Somebody may be trying whom SeMI knows. Partners never learn of it (C12)."),
        rows=rows,
        count=count,
        url=reverse("desk:probing"),
    )

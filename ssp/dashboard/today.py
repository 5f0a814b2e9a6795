"""What needs sales today: each thing with its age, its date, its owner and what to press.

One list for the page and for the morning's mail. Each section is one query, however much waits: a window
function counts what isn't shown.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from referrals import queries as work
from referrals import rules, story
from referrals.models import (
    Confirmation,
    Deal,
    Introduction,
    IntroductionStatus,
    Proposal,
    Referral,
    ReferralStatus,
)
from ssp.core.models import AuditEntry
from ssp.core.periods import add_working_days, local_date, start_of_day
from ssp.dashboard import queries
from ssp.dashboard.contested import alerts, appeals, contests, proposals, two_partners
from ssp.dashboard.waiting import LEADS, TEAM, Reader, Row, Section, owner_of, taken, where_of

CLOSING = rules.WINDOW_REMINDERS[0]  # days before a window's last day: as long as we remind of it
STALLED_AFTER = 14  # days without anything that a person recorded


def needed(reader: Reader, *, at: datetime) -> list[Section]:
    """Return what waits for the reader, or for everybody; sections in which nothing waits are left out."""
    on = local_date(at)
    sections = [
        _names(on),
        proposals(reader, on),
        _to_schedule(reader),
        _confirmations(reader),
        contests(reader),
        appeals(reader, on),
        two_partners(reader),
        alerts(reader),
        _closing(reader, on),
        _stalled_deals(reader, on),
        _unconfirmed(reader, on),
    ]
    return [section for section in sections if section.rows]


def first_due(sections: Iterable[Section]) -> date | None:
    """Return the first date by which one of these things is due."""
    return min((row.due for section in sections for row in section.rows if row.due), default=None)


# --- the claim (C10, C12) --------------------------------------------------------
def _names(on: date) -> Section:
    """Return names to compare: within 2 working days, then the leads hear of it; after 5 it is accepted."""
    found, count = taken(queries.names_to_check())
    rows = []
    for referral in found:
        by = rules.name_answer_by(referral.registered_on)
        late = by < on
        rows.append(
            Row(
                person=referral.person_name,
                where=where_of(referral),
                tone="stop" if late else "you",
                word=_("Escalated to the sales leads") if late else _("Name to check"),
                since=referral.registered_on,
                due=rules.name_accepted_on(referral.registered_on) - timedelta(days=1) if late else by,
                owner=str(LEADS if late else TEAM),
                url=reverse("desk:referral", args=[referral.pk]),
                action=_("Compare"),
            )
        )
    return Section(
        name="names",
        title=_("Names to check"),
        hint=_("Within %(answer)s working days. Without an answer a name is accepted after %(accept)s (C10).")
        % {"answer": rules.ANSWER_NAME_WITHIN, "accept": rules.ACCEPT_NAME_AFTER},
        rows=rows,
        count=count,
        url=reverse("desk:home") + "?view=to_check",
    )


def _to_schedule(reader: Reader) -> Section:
    """Return accepted people with whom no meeting is booked: their claim runs out (C12)."""
    found, count = taken(
        Referral.objects.live()
        .filter(
            reader.owns("seller"),
            status__in=[ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
            partner_confirmed_at__isnull=False,
            objected_at__isnull=True,
        )
        .exclude(
            Exists(Introduction.objects.filter(referral=OuterRef("pk"), status=IntroductionStatus.BOOKED))
        )
        .exclude(Exists(Proposal.objects.with_semi().filter(referral=OuterRef("pk"))))  # proposals()
        .annotate(partner_chooses=Exists(Proposal.objects.with_partner().filter(referral=OuterRef("pk"))))
        .select_related("company", "partner", "seller")
        .order_by("claim_last_on", "pk")
    )
    rows = []
    for referral in found:
        again = referral.status == ReferralStatus.NOT_WARM
        word = _("Not warm yet: another meeting") if again else _("Meeting to book")
        if sent := getattr(referral, "partner_chooses", False):
            word = _("Other times sent: %(partner)s chooses") % {"partner": referral.partner}
        since = local_date(referral.accepted_at or referral.registered_at)
        if again and referral.claim_last_on:
            since = max(since, referral.claim_last_on - timedelta(days=rules.CLAIM_DAYS))
        rows.append(
            Row(
                person=referral.person_name,
                where=where_of(referral),
                tone="moving" if sent else "you",
                word=word,
                since=since,
                due=referral.claim_last_on,
                owner=owner_of(referral.seller),
                url=reverse("desk:referral", args=[referral.pk]),
                action=_("Open"),
            )
        )
    return Section(
        name="schedule",
        title=_("To schedule"),
        hint=_("Accepted, and no meeting is booked. The claim lapses after its last day (C12)."),
        rows=rows,
        count=count,
        url=reverse("desk:home") + "?view=no_meeting",
    )


# --- after the meeting (C14) -----------------------------------------------------
def unanswered(reader: Reader) -> "QuerySet[Confirmation]":
    """Return questions without the host's answer; the leads own an escalated one besides its host."""
    if not reader.mine:
        return queries.confirmations_waiting()
    owned = Q(introduction__host=reader.user)
    if reader.leads:
        owned |= Q(escalated_at__isnull=False)
    return queries.confirmations_waiting().filter(owned)


def _confirmations(reader: Reader) -> Section:
    found, count = taken(unanswered(reader))
    rows = []
    for row in found:
        meeting, asked_on = row.introduction, local_date(row.asked_at)
        may_answer = meeting.host_id == reader.user.pk or reader.leads
        escalated = row.escalated_at is not None
        last_day = add_working_days(asked_on, rules.PARTNER_DECIDES_AFTER)
        rows.append(
            Row(
                person=meeting.referral.person_name,
                where=where_of(meeting.referral),
                tone="stop" if escalated else "you" if row.reminders_sent else "moving",
                word=_("Escalated") if escalated else _("Reminded") if row.reminders_sent else _("Asked"),
                since=asked_on,
                due=last_day if escalated else rules.escalated_on(asked_on),
                owner=f"{meeting.host.full_name}, {LEADS}" if escalated else meeting.host.full_name,
                url=reverse("desk:confirmation_answer", args=[row.pk])
                if may_answer
                else reverse("desk:confirmations"),
                action=_("Answer") if may_answer else _("Remind"),
            )
        )
    return Section(
        name="confirmations",
        title=_("Confirmations outstanding"),
        hint=_(
            "Escalated on the %(escalate)sth working day; after %(decide)s the partner’s answer stands (C14)."
        )
        % {"escalate": rules.ESCALATE_AFTER, "decide": rules.PARTNER_DECIDES_AFTER},
        rows=rows,
        count=count,
        url=reverse("desk:confirmations"),
    )


# --- the window (C2) -------------------------------------------------------------
def _recorded(label: str, pk: str) -> Subquery:
    """Return when somebody last recorded something about a row; what a clock did isn't counted."""
    entries = AuditEntry.objects.filter(target_type=label, target_id=OuterRef(pk), by__isnull=False)
    return Subquery(entries.order_by("-at").values("at")[:1])


def _meetings(root: str, status: IntroductionStatus) -> "QuerySet[Introduction]":
    """Return the meetings with a root and with whom they passed us on to."""
    return Introduction.objects.annotate(of=Coalesce("referral__root_id", "referral_id")).filter(
        of=OuterRef(root), status=status
    )


def _closing(reader: Reader, on: date) -> Section:
    """Return windows that end within 60 days, the one that ends first on top."""
    found, count = taken(
        work.open_windows(on=on)
        .filter(reader.owns("referral__seller"), window_ends_on__lte=on + timedelta(days=CLOSING))
        .select_related("partner", "referral__company", "referral__partner", "referral__seller", "deal")
    )
    rows = []
    for case in found:
        assert case.window_ends_on and case.window_starts_on and case.referral
        tone, word = story.deal_status(case)
        mark = rules.reminder_due(case.window_ends_on, on) or CLOSING
        within = ngettext("within %(n)d day", "within %(n)d days", mark) % {"n": mark}
        deal = getattr(case, "deal", None)
        rows.append(
            Row(
                person=case.referral.person_name,
                where=where_of(case.referral),
                tone=tone,
                word=word,
                text=f"{case.title} · {within}",
                since=case.window_starts_on,
                due=case.window_ends_on,
                owner=owner_of(case.referral.seller),
                url=reverse("desk:deal", args=[deal.pk])
                if deal
                else reverse("desk:use_case", args=[case.pk]),
                action=_("Open the deal") if deal else _("Open"),
            )
        )
    marks = ", ".join(str(mark) for mark in rules.WINDOW_REMINDERS)
    return Section(
        name="closing",
        title=_("Windows closing"),
        hint=_("The last day to sign is within %(days)s days. We remind at %(marks)s days (C2).")
        % {"days": CLOSING, "marks": marks},
        rows=rows,
        count=count,
        url=reverse("desk:home") + "?view=closing",
    )


def _stalled_deals(reader: Reader, on: date) -> Section:
    """Return open deals without a sign of life: what closes soon is listed there, not here again."""
    before = start_of_day(on - timedelta(days=STALLED_AFTER - 1))
    root = "use_case__referral_id"
    held = _meetings(root, IntroductionStatus.HELD).order_by("-starts_at").values("starts_at")[:1]
    found, count = taken(
        Deal.objects.open()
        .filter(
            reader.owns("use_case__referral__seller"),
            use_case__outcome="",
            created_at__lt=before,
        )
        .exclude(use_case__window_ends_on__range=(on, on + timedelta(days=CLOSING)))
        .annotate(
            last_at=Greatest(  # PostgreSQL passes over what is NULL
                "created_at",
                _recorded("referrals.deal", "pk"),
                _recorded("referrals.usecase", "use_case_id"),
                _recorded("referrals.referral", root),
                Subquery(held),
            )
        )
        .filter(~Exists(_meetings(root, IntroductionStatus.BOOKED)), last_at__lt=before)
        .select_related("use_case__referral__company", "use_case__referral__partner")
        .select_related("use_case__referral__seller")
        .order_by("last_at", "pk")
    )
    rows = []
    for deal in found:
        referral = deal.use_case.referral
        assert referral is not None
        tone, word = story.deal_status(deal.use_case)
        rows.append(
            Row(
                person=referral.person_name,
                where=where_of(referral),
                tone=tone,
                word=word,
                text=deal.use_case.title,
                since=local_date(getattr(deal, "last_at", deal.created_at)),
                due=deal.use_case.window_ends_on,
                owner=owner_of(referral.seller),
                url=reverse("desk:deal", args=[deal.pk]),
                action=_("Open the deal"),
            )
        )
    return Section(
        name="stalled",
        title=_("Stalled deals"),
        hint=_(
            "Nobody recorded anything for %(days)s days (no stage, note, comment or meeting), and no meeting "
            "is booked. What closes within %(closing)s days stands above."
        )
        % {"days": STALLED_AFTER, "closing": CLOSING},
        rows=rows,
        count=count,
        url=reverse("desk:deals"),
    )


def _unconfirmed(reader: Reader, on: date) -> Section:
    """Return people whom sales registered and whose partner has said nothing for as long."""
    before = start_of_day(on - timedelta(days=STALLED_AFTER - 1))
    found, count = taken(
        Referral.objects.live()
        .filter(
            reader.owns("seller"),
            partner_confirmed_at__isnull=True,
            registered_at__lt=before,
            objected_at__isnull=True,
        )
        .exclude(status=ReferralStatus.CHECKING)
        .select_related("company", "partner", "seller")
        .order_by("registered_at", "pk")
    )
    rows = [
        Row(
            person=referral.person_name,
            where=where_of(referral),
            tone="moving",
            word=_("For the partner to confirm"),
            since=referral.registered_on,
            due=referral.claim_last_on,
            owner=owner_of(referral.seller),
            url=reverse("desk:referral", args=[referral.pk]),
            action=_("Open"),
        )
        for referral in found
    ]
    return Section(
        name="unconfirmed",
        title=_("Not confirmed by their partner"),
        hint=_("Registered by us for a partner who has said nothing for %(days)s days (C11).")
        % {"days": STALLED_AFTER},
        rows=rows,
        count=count,
        url=reverse("desk:home"),
    )

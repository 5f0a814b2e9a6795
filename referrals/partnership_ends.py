"""What the end of a partnership means for people, meetings and windows (C2, C12)."""

from collections import defaultdict

from django.utils.translation import gettext as _

from partners.consequences import Consequence, Leaving, Line, provides
from referrals import queries, rules, story
from referrals.models import Deal, DealStage, Introduction, IntroductionStatus, Referral
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day


@provides("windows", place=20)
def windows(leaving: Leaving) -> list[Consequence]:
    """Windows in which a deal may still be signed: they run on after a notice, and close for cause."""
    rows = queries.windows_left_open(partner=leaving.partner, on=leaving.today)
    lines = [
        Line(
            what=f"{row.referral.company.name}: {row.title}" if row.referral else row.title,
            text=_("%(stage)s. A deal that the customer signs by the last day still pays.")
            % {"stage": story.deal_status(row)[1]}
            if not leaving.for_cause
            else _("%(stage)s. A deal that is signed or paid from now on pays nothing.")
            % {"stage": story.deal_status(row)[1]},
            on=row.window_ends_on if not leaving.for_cause else leaving.last_on,
            fact={"use_case": row.pk, "window_ends_on": str(row.window_ends_on)},
        )
        for row in rows
        if row.window_ends_on
    ]
    if not lines:
        return []
    title = _("Windows that close now") if leaving.for_cause else _("Windows that keep running")
    return [Consequence(name="windows", title=title, stays=not leaving.for_cause, lines=lines)]


@provides("claims", place=30)
def claims(leaving: Leaving) -> list[Consequence]:
    """Claims that end, the meetings that are cancelled with them, and what still waits for its answer."""
    ended: list[Line] = []
    waiting: list[Line] = []
    over: list[int] = []
    for family in _families(leaving):
        ends, waits = _fate(leaving, family)
        if waits:
            waiting.append(_waited_for(leaving, family))
        if not ends:
            continue
        over += [referral.pk for referral in family]
        has_won = Deal.objects.filter(use_case__referral__in=family, stage=DealStage.WON).exists()
        ended += [
            Line(
                what=f"{referral.person_name}, {referral.company.name}",
                text=_("The claim on the person ends; what was won keeps paying.")
                if has_won and not leaving.for_cause
                else "",
                on=min(filter(None, [referral.claim_last_on, leaving.last_on])),
                fact={"referral": referral.pk},
            )
            for referral in family
        ]
    found = []
    if waiting:
        found.append(
            Consequence(
                name="answers", title=_("Meetings that still get their answer"), stays=True, lines=waiting
            )
        )
    if ended:
        found.append(
            Consequence(
                name="claims",
                title=_("Claims that end"),
                text=_("No window runs for these people beyond the last day. Others may introduce them then.")
                if not leaving.for_cause
                else _("Every claim ends, and somebody else may introduce these people."),
                lines=ended,
            )
        )
    cancelled = _cancelled(leaving, over)
    if cancelled:
        found.append(
            Consequence(
                name="meetings",
                title=_("Meetings that are cancelled"),
                text=_("Everybody invited gets a cancellation for their calendar."),
                lines=cancelled,
            )
        )
    return found


def _families(leaving: Leaving) -> list[list[Referral]]:
    rows = (
        Referral.objects.owned_by(leaving.partner)
        .live()
        .select_related("company", "root", "partner")
        .order_by("registered_at", "pk")
    )
    families: dict[int, list[Referral]] = defaultdict(list)
    for row in rows:
        families[row.the_root.pk].append(row)
    return list(families.values())


def _fate(leaving: Leaving, family: list[Referral]) -> tuple[bool, bool]:
    """Return whether the claims of a family end with the partnership, and whether an answer is waited for."""
    if leaving.for_cause:
        return True, False
    ids = [row.pk for row in family]
    running = queries.running_after(ids, ends_at=leaving.ends_at)
    last_on = rules.claim_last_on_after_notice(leaving.last_on, running)
    return last_on is not None and last_on <= leaving.last_on, last_on is None


def _waited_for(leaving: Leaving, family: list[Referral]) -> Line:
    """Return what keeps a family's claims: the latest meeting begun by the end, or a contested answer."""
    meeting = (
        Introduction.objects.filter(
            referral__in=family, status=IntroductionStatus.BOOKED, starts_at__lt=leaving.ends_at
        )
        .order_by("-starts_at")
        .first()
    )
    of = {referral.pk: referral for referral in family}
    referral = of[meeting.referral_id] if meeting else family[0]
    if meeting is None:
        text = _("The answer about a meeting is contested; what the sales leads settle still counts.")
    else:
        text = (
            _("The meeting on %(day)s takes place, and its answer still counts.")
            if local_date(meeting.starts_at) >= leaving.today
            else _("The meeting on %(day)s was held; its answer still counts.")
        ) % {"day": day(meeting.starts_at)}
    fact: dict[str, int | str] = {"referral": referral.pk}
    if meeting is not None:
        fact["introduction"] = meeting.pk
    return Line(what=f"{referral.person_name}, {referral.company.name}", text=text, fact=fact)


def _cancelled(leaving: Leaving, over: list[int]) -> list[Line]:
    """Meetings after the last day of claims that end with it."""
    meetings = (
        Introduction.objects.filter(
            referral__in=over,
            status=IntroductionStatus.BOOKED,
            starts_at__gte=leaving.ends_at,
        )
        .select_related("referral__company")
        .order_by("starts_at")
    )
    return [
        Line(
            what=f"{meeting.referral.person_name}, {meeting.referral.company.name}",
            text=_("Booked for %(day)s.") % {"day": day(meeting.starts_at)},
            fact={"introduction": meeting.pk, "starts_on": local_date(meeting.starts_at).isoformat()},
        )
        for meeting in meetings
    ]

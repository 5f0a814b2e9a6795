"""What happened, for the desk: on a referral, a use case, a company and a partner, with what sales noted."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from partners.models import Partner
from referrals import story
from referrals.models import (
    Company,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Note,
    Referral,
    UseCase,
    UseCaseComment,
)
from ssp.core.models import AuditEntry
from ssp.core.periods import local_date

Item = dict[str, Any]
PEOPLE = 200  # whose lives a company's or a partner's page tells, the newest
PAST, COMING = 60, 5  # lines of such a page


def of_referral(referral: Referral, *, on: date, with_notes: bool) -> list[Item]:
    """Return a person's timeline, moves of their deals and comments among it."""
    root = referral.the_root
    items = story.items_of(referral, for_desk=True)
    items += _moves(UseCase.objects.filter(referral=root))
    items += _comments(UseCase.objects.filter(referral=root))
    if with_notes:
        items += _notes(Q(referral=referral) | Q(use_case__referral=root))
    return story.in_order(items, on=on)


def of_use_case(use_case: UseCase, *, on: date, with_notes: bool) -> list[Item]:
    """Return a use case's timeline: its meetings, its window, its deal."""
    only = UseCase.objects.filter(pk=use_case.pk)
    items = [*story.case_items(use_case), *_moves(only), *_comments(only)]
    items += _meetings(Introduction.objects.filter(discussions__use_case=use_case))
    if with_notes:
        items += _notes(Q(use_case=use_case))
    return story.in_order(items, on=on)


def of_company(company: Company, *, on: date, with_notes: bool) -> list[Item]:
    """Return what happened with a company, whoever introduced whom there (C18)."""
    notes = Q(company=company) | Q(referral__company=company) | Q(use_case__referral__company=company)
    items = _of_people(Referral.objects.filter(company=company), says_where=False)
    items += _notes(notes) if with_notes else []
    return story.in_order(items, on=on, coming=COMING, past=PAST)


def of_partner(partner: Partner, *, on: date, with_notes: bool) -> list[Item]:
    """Return what came of a partner's introductions."""
    items = _of_people(Referral.objects.filter(partner=partner), says_where=True)
    if partner.started_at:
        items.append(story.item(local_date(partner.started_at), _("The partnership started"), kind="key"))
    if partner.ended_on:
        items.append(story.item(partner.ended_on, _("Last day of the partnership"), kind="key"))
    if with_notes:
        items += _notes(Q(partner=partner) | Q(referral__partner=partner) | Q(use_case__partner=partner))
    return story.in_order(items, on=on, coming=COMING, past=PAST)


def _at(item: Item, at: datetime) -> Item:
    """Keep the moment, so that things of one day stand in their order."""
    return {**item, "at": at}


# --- people --------------------------------------------------------------------------
def _of_people(rows: QuerySet[Referral], *, says_where: bool) -> list[Item]:
    people = rows.select_related("partner", "company", "passed_on_by").order_by("-registered_at", "-pk")
    newest = rows.order_by("-registered_at", "-pk").values("pk")[:PEOPLE]
    cases = UseCase.objects.filter(referral__in=newest)
    items = []
    for row in people[:PEOPLE]:
        facts = {"name": row.person_name, "partner": row.partner}
        where = row.company.name if says_where else ""
        said = (
            _("We were passed on to %(name)s") if row.root_id else _("%(partner)s registered %(name)s")
        ) % facts
        items.append(_at(story.item(row.registered_on, said, where), row.registered_at))
        if row.claim_ended_at:
            ended = story.item(
                local_date(row.claim_ended_at),
                _("The claim on %(name)s ended") % facts,
                _("With the end of the partnership (C12).")
                if row.ended_with_id
                else row.get_status_display(),
                kind="key",
            )
            items.append(_at(ended, row.claim_ended_at))
    for case in cases.select_related("deal", "extension__director"):
        items += story.case_items(case)
    meetings = Introduction.objects.filter(referral__in=newest)
    return [*items, *_meetings(meetings), *_moves(cases)]


def _meetings(rows: QuerySet[Introduction]) -> list[Item]:
    titles = {
        IntroductionStatus.BOOKED: _("Introduction meeting with %(name)s"),
        IntroductionStatus.HELD: _("Met %(name)s"),
        IntroductionStatus.NOT_HELD: _("The meeting with %(name)s did not take place"),
        IntroductionStatus.CANCELLED: _("Meeting with %(name)s cancelled"),
    }
    items = []
    for meeting in rows.select_related("host", "referral"):
        title = titles[IntroductionStatus(meeting.status)] % {"name": meeting.referral.person_name}
        text = _("%(medium)s, hosted by %(host)s") % {
            "medium": meeting.get_medium_display(),
            "host": meeting.host,
        }
        held = meeting.status == IntroductionStatus.HELD
        items.append(
            _at(story.item(meeting.held_on, title, text, kind="key" if held else ""), meeting.starts_at)
        )
    return items


# --- deals, comments and notes ----------------------------------------------------------
def _moves(cases: QuerySet[UseCase]) -> list[Item]:
    """Return where deals were moved, and which were lost, by whom."""
    deals = {deal.pk: deal for deal in Deal.objects.filter(use_case__in=cases).select_related("use_case")}
    entries = AuditEntry.objects.filter(
        target_type=Deal._meta.label_lower, target_id__in=list(deals), action__in=["deal.moved", "deal.lost"]
    )
    items = []
    for entry in entries.select_related("by"):
        deal = deals[entry.target_id]
        lost = entry.action == "deal.lost"
        stage = entry.data.get("stage", "")
        word = DealStage(stage).label if stage in DealStage.values else stage
        title = _("“%(title)s” lost") if lost else _("“%(title)s”: %(stage)s")
        facts = {"title": deal.use_case.title, "stage": word}
        by = _("by %(name)s") % {"name": entry.by} if entry.by else ""
        text = ": ".join(filter(None, [by, deal.why_lost if lost else ""]))
        items.append(
            _at(story.item(local_date(entry.at), title % facts, text, kind="key" if lost else ""), entry.at)
        )
    return items


def _comments(cases: QuerySet[UseCase]) -> list[Item]:
    rows = UseCaseComment.objects.filter(use_case__in=cases).exclude(text="")
    return [
        _at(
            story.item(
                local_date(row.written_at),
                _("%(name)s commented on “%(title)s”") % {"name": row.author, "title": row.use_case.title},
                Truncator(row.text).chars(160),
            ),
            row.written_at,
        )
        for row in rows.select_related("author", "use_case")
    ]


def _notes(about: Q) -> list[Item]:
    rows = Note.objects.filter(about).kept().newest_first()
    return [
        _at(
            story.item(
                local_date(row.written_at),
                _("Note by %(name)s") % {"name": row.author},
                Truncator(row.text).chars(160),
                tag=_("Sales only"),
            ),
            row.written_at,
        )
        for row in rows[:PAST]
    ]

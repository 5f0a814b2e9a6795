"""The board: what is open, by stage, the deadline that ends first on top."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, QuerySet, Sum, Value, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from referrals import rules
from referrals.models import (
    Confirmation,
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Proposal,
    Referral,
    ReferralStatus,
)
from ssp.core.periods import local_date
from ssp.dashboard.today import unanswered
from ssp.dashboard.waiting import TEAM, Reader

SHOWN = 12  # tickets of a lane; the rest is counted
STAGES = (DealStage.DISCOVERY, DealStage.PROPOSAL, DealStage.NEGOTIATING, DealStage.CONTRACT_OUT)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A person, or the deal about one of their needs."""

    referral: Referral
    title: str
    due: date | None
    tone: str = ""
    word: str = ""
    who: str = ""  # has to do the next step
    url: str = ""  # where it goes on, for what isn't moved by hand
    action: str = ""
    deal: Deal | None = None


@dataclass(frozen=True, kw_only=True)
class Total:
    """What the deals of a lane are expected to bring, in one currency."""

    currency: str
    expected: Decimal


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One stage. `count` includes what isn't shown."""

    name: str
    title: str
    caption: str
    tickets: list[Ticket]
    count: int
    url: str  # the table with all of it
    totals: tuple[Total, ...] = ()
    without_estimate: int = 0

    @property
    def more(self) -> int:
        return self.count - len(self.tickets)


def _short(on: date) -> str:
    """Write a day without its year: a card has little room, and these days are near."""
    return format_date(on, "j M")


def lanes(reader: Reader, *, at: datetime) -> list[Lane]:
    """Return the lanes from first meeting to contract; what was won, lost or closed is on no board."""
    return [_first_meeting(reader, at=at), _to_confirm(reader), *_deals(reader, on=local_date(at))]


def _first_meeting(reader: Reader, *, at: datetime) -> Lane:
    """Return people whom nobody has met yet, or not warmly: the claim that ends first on top (C12)."""
    booked = Introduction.objects.filter(referral=OuterRef("pk"), status=IntroductionStatus.BOOKED)
    people = (
        Referral.objects.live()
        .filter(
            reader.owns("seller"),
            ~Exists(booked.filter(starts_at__lte=at)),
            status__in=[ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
            partner_confirmed_at__isnull=False,
            objected_at__isnull=True,
        )
        .select_related("company", "partner", "root", "seller")
        .prefetch_related(
            "introductions",
            "use_cases",
            "root__use_cases",
            Prefetch("proposals", Proposal.objects.open().select_related("host"), to_attr="proposed"),
        )
        .annotate(waiting=Window(Count("pk")))
        .order_by("claim_last_on", "pk")
    )
    found = list(people[:SHOWN])
    tickets = []
    for row in found:
        titles = [case.title for case in row.the_root.use_cases.all() if case.is_open]
        tickets.append(
            Ticket(
                referral=row,
                title=titles[0] if titles else "",
                due=row.claim_last_on,
                **_next_step(row),
            )
        )
    return Lane(
        name="meeting",
        title=_("First meeting"),
        caption=_("claim ends"),
        tickets=tickets,
        count=getattr(found[0], "waiting", 0) if found else 0,
        url=reverse("desk:home") + "?view=no_meeting",
    )


def _next_step(row: Any) -> dict[str, Any]:
    """Say what a first meeting waits for, and where that is done: whose turn it is tells the tone."""
    meets = [meeting.starts_at for meeting in row.introductions.all() if meeting.is_booked]
    proposal = next(iter(row.proposed), None)
    step = {"tone": "moving", "url": reverse("desk:referral", args=[row.pk]), "action": _("Open")}
    if meets:
        return step | {"word": _("Meeting on %(day)s") % {"day": _short(local_date(min(meets)))}}
    if proposal is None:
        return step | {"tone": "you", "word": _("Meeting to book")}
    if not proposal.by_partner:
        chooses = _("%(who)s chooses") % {"who": row.partner}
        return step | {"word": _("Other times sent"), "who": chooses}
    who = proposal.host or row.seller or TEAM
    return {
        "tone": "you",
        "word": _("Times proposed"),
        "who": _("%(who)s answers") % {"who": who},
        "url": reverse("desk:proposal", args=[proposal.pk]),
        "action": _("Answer"),
    }


def _to_confirm(reader: Reader) -> Lane:
    """Return meetings whose host hasn't said what type of referral it was (C14)."""
    rows: QuerySet[Confirmation] = unanswered(reader).annotate(waiting=Window(Count("pk")))
    found = list(rows[:SHOWN])
    tickets = []
    for row in found:
        meeting = row.introduction
        may_answer = meeting.host_id == reader.user.pk or reader.leads
        tickets.append(
            Ticket(
                referral=meeting.referral,
                title=_("hosted by %(name)s") % {"name": meeting.host},
                due=rules.escalated_on(local_date(row.asked_at)),
                tone="stop" if row.escalated_at else "moving",
                word=_("Met on %(day)s") % {"day": _short(meeting.held_on)},
                url=reverse("desk:confirmation_answer", args=[row.pk])
                if may_answer
                else reverse("desk:confirmations"),
                action=_("Answer") if may_answer else _("Remind"),
            )
        )
    return Lane(
        name="confirm",
        title=_("To confirm"),
        caption=_("answer due"),
        tickets=tickets,
        count=getattr(found[0], "waiting", 0) if found else 0,
        url=reverse("desk:confirmations"),
    )


def _deals(reader: Reader, *, on: date) -> list[Lane]:
    """Return a lane for each open stage: windows that run on top, then those that have lapsed (C2, C9)."""
    deals = Deal.objects.open().filter(reader.owns("use_case__referral__seller"), use_case__outcome="")
    is_over = Case(When(use_case__window_ends_on__lt=on, then=Value(1)), default=Value(0))
    in_order = [is_over.asc(), F("use_case__window_ends_on").asc(), F("pk").asc()]
    shown = (
        deals.annotate(place=Window(RowNumber(), partition_by=[F("stage")], order_by=in_order))
        .filter(place__lte=SHOWN)
        .select_related("use_case__referral__company", "use_case__referral__partner")
        .order_by("place")
    )
    tickets: dict[str, list[Ticket]] = defaultdict(list)
    for deal in shown:
        referral = deal.use_case.referral
        assert referral is not None
        tickets[deal.stage].append(
            Ticket(referral=referral, title=deal.use_case.title, due=deal.use_case.window_ends_on, deal=deal)
        )
    counts: dict[str, int] = defaultdict(int)
    estimated: dict[str, int] = defaultdict(int)
    totals: dict[str, list[Total]] = defaultdict(list)
    sums = deals.values("stage", "currency").annotate(
        n=Count("pk"), with_estimate=Count("expected_net"), expected=Sum("expected_net")
    )
    for row in sums.order_by("stage", "currency"):
        counts[row["stage"]] += row["n"]
        estimated[row["stage"]] += row["with_estimate"]
        if row["expected"] is not None:
            totals[row["stage"]].append(Total(currency=row["currency"], expected=row["expected"]))
    return [
        Lane(
            name=stage.value,
            title=str(stage.label),
            caption=_("window ends"),
            tickets=tickets[stage.value],
            count=counts[stage.value],
            url=reverse("desk:deals") + f"?stage={stage.value}",
            totals=tuple(totals[stage.value]),
            without_estimate=counts[stage.value] - estimated[stage.value],
        )
        for stage in STAGES
    ]

"""What pages tell about a referral: its status in a word, its use cases, and what happened."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from partners.models import Contract
from referrals import rules, windows
from referrals.models import (
    Deal,
    DealStage,
    Introduction,
    IntroductionStatus,
    Referral,
    ReferralStatus,
    UseCase,
    UseCaseComment,
    UseCaseOutcome,
)
from referrals.models.deals import RESELLER_NAMED, SAME_NEED
from ssp.core.models import AuditEntry
from ssp.core.money import round_half_even
from ssp.core.periods import local_date, start_of_day
from ssp.core.templatetags.ssp import day, days_left, percent

TONES = {
    ReferralStatus.CHECKING: "waiting",
    ReferralStatus.REGISTERED: "waiting",
    ReferralStatus.WARM: "good",
}
DEAL_TONES = {
    DealStage.DISCOVERY: "waiting",
    DealStage.PROPOSAL: "moving",
    DealStage.NEGOTIATING: "moving",
    DealStage.CONTRACT_OUT: "moving",
    DealStage.WON: "good",
    DealStage.LOST: "closed",
}


def status_of(referral: Referral, *, for_desk: bool = False) -> tuple[str, str]:
    """Return tone and word of a referral, as the partner reads them, or the desk."""
    if referral.awaits_partner:
        return ("moving", _("For the partner to confirm")) if for_desk else ("you", _("For you to confirm"))
    if referral.status == ReferralStatus.CHECKING:
        return "waiting", _("Name to check")
    if referral.ended_with_id:
        return "closed", _("Ended with the partnership")
    if referral.status == ReferralStatus.WARM:
        return "good", _("Warm") if for_desk else _("Warm, yours")
    if referral.status == ReferralStatus.DECLINED:
        return "closed", _("Not taken")
    return TONES.get(ReferralStatus(referral.status), "closed"), referral.get_status_display()


def meeting_status(referral: Referral, *, on: date) -> tuple[str, str]:
    """Return tone and word of the way to the first meeting: to book, booked, or held and waiting."""
    booked = [m for m in referral.introductions.all() if m.status == IntroductionStatus.BOOKED]
    if not booked:
        return "you", _("Meeting to book")
    meets_on = local_date(max(m.starts_at for m in booked))
    if meets_on < on:
        return "moving", _("Waiting for confirmation")
    return "moving", _("Meeting on %(day)s") % {"day": day(meets_on)}


def deal_status(use_case: UseCase) -> tuple[str, str]:
    """Return tone and word of a use case's deal, or of the use case while it has none."""
    if use_case.outcome == UseCaseOutcome.RESELLER:
        return "closed", _("Closed: reseller")
    if use_case.outcome == UseCaseOutcome.DUPLICATE:
        return "closed", _("Closed: the same need as another")
    deal = getattr(use_case, "deal", None)
    if deal is None:
        return "waiting", _("Defined, not discussed yet")
    if deal.stage == DealStage.WON:
        return (
            ("good", _("Won in time")) if deal.is_within_window() else ("closed", _("Won after the window"))
        )
    return DEAL_TONES[DealStage(deal.stage)], deal.get_stage_display()


@dataclass(frozen=True)
class Case:
    """A use case as its row on the page."""

    use_case: UseCase
    tone: str
    word: str
    pays: str
    days_of: int
    note: str
    extension: str = ""  # by how much, and why
    reseller: str = ""  # who takes part (C17)


def _pays(use_case: UseCase, contract: Contract | None, *, for_desk: bool) -> str:
    if contract is None:
        return ""
    model = use_case.model or contract.default_model
    rate = (
        _("%(rate)s of recurring revenue") % {"rate": percent(contract.recurring_percent)}
        if model == "recurring"
        else _("%(rate)s of the first invoice") % {"rate": percent(contract.first_invoice_percent)}
    )
    if use_case.model_locked_at:
        return _("%(rate)s, locked on %(day)s") % {"rate": rate, "day": day(use_case.model_locked_at)}
    if not use_case.model and for_desk:
        return _("%(rate)s, unless the partner chooses otherwise") % {"rate": rate}
    if not use_case.model:
        return _("%(rate)s, unless you choose otherwise") % {"rate": rate}
    return rate


def case_of(use_case: UseCase, contract: Contract | None, *, for_desk: bool = False) -> Case:
    tone, word = deal_status(use_case)
    starts, ends = use_case.window_starts_on, use_case.window_ends_on
    deal = getattr(use_case, "deal", None)
    extension = windows.extension_of(use_case)
    note = ""
    if deal and deal.stage == DealStage.WON and ends and not deal.is_within_window():
        note = windows.late_note(deal)
    elif use_case.outcome == UseCaseOutcome.DUPLICATE:
        note = str(SAME_NEED)
    elif deal and deal.stage == DealStage.WON:
        note = _("Signed on %(signed)s, in time.") % {"signed": day(deal.signed_on)}
    elif deal and deal.stage == DealStage.LOST:
        note = deal.why_lost
    return Case(
        use_case,
        tone,
        word,
        _pays(use_case, contract, for_desk=for_desk),
        (ends - starts).days if starts and ends else 0,
        note,
        f"{windows.extended_by(extension)} {extension.reason}" if extension else "",
        deal.reseller_name if deal else "",
    )


def _comments_in_order() -> "Prefetch[str]":
    return Prefetch("comments", UseCaseComment.objects.select_related("author").order_by("written_at", "pk"))


def use_cases_of(referral: Referral) -> list[UseCase]:
    """Return the use cases of the root, which internal referrals share (C2, C3)."""
    rows = (
        UseCase.objects.filter(referral=referral.the_root)
        .select_related("deal", "partner", "extension__director")
        .prefetch_related(_comments_in_order())
    )
    return sorted(rows, key=lambda u: (u.window_ends_on or date.max, u.pk))


@dataclass(frozen=True)
class Internal:
    """A colleague who took one of the three places."""

    referral: Referral
    via: str
    when: str


def internals_of(root: Referral) -> dict[str, Any]:
    rows = list(
        root.internal_referrals.select_related("passed_on_by")
        .prefetch_related("introductions")
        .order_by("internal_slot")
    )
    found = []
    for row in rows:
        held = [i for i in row.introductions.all() if i.status == IntroductionStatus.HELD]
        booked = [i for i in row.introductions.all() if i.status == IntroductionStatus.BOOKED]
        when = ""
        if held:
            when = _("met on %(day)s") % {"day": day(held[-1].starts_at)}
        elif booked:
            when = _("meeting on %(day)s") % {"day": day(booked[-1].starts_at)}
        via = row.passed_on_by.first_name if row.passed_on_by else ""
        found.append(Internal(row, via, when))
    refused = AuditEntry.objects.filter(
        action="referral.colleague_not_counted", target_type="referrals.referral", target_id=root.pk
    ).count()
    return {
        "rows": found,
        "taken": len(rows),
        "left": rules.INTERNAL_REFERRALS - len(rows),
        "not_counted": refused,
    }


def item(on: date, title: str, text: str = "", kind: str = "", tag: str = "") -> dict[str, Any]:
    """Return one line of a timeline, as `components/timeline.html` takes it."""
    return {"on": on, "title": title, "text": text, "kind": kind, "tag": tag}


def timeline_of(referral: Referral, *, on: date, for_desk: bool = False) -> list[dict[str, Any]]:
    """Return what comes next above today and what happened below, the newest on top."""
    return in_order(items_of(referral, for_desk=for_desk), on=on)


def items_of(referral: Referral, *, for_desk: bool = False) -> list[dict[str, Any]]:
    """Return all that happened about a referral, and its last days, in any order."""
    items = [*_registration(referral, for_desk=for_desk), *_meetings(referral, for_desk=for_desk)]
    items += _proposals(referral, for_desk=for_desk)
    cases = use_cases_of(referral)
    for use_case in cases:
        items += case_items(use_case)
    items += _resellers(cases)
    items += [
        item(
            row.registered_on,
            _("%(by)s passed us on to %(name)s")
            % {"by": row.passed_on_by.first_name if row.passed_on_by else "", "name": row.person_name},
            tag=_("Internal %(n)s of 3") % {"n": row.internal_slot},
        )
        for row in referral.the_root.internal_referrals.select_related("passed_on_by")
    ]
    return items


def in_order(
    items: list[dict[str, Any]], *, on: date, coming: int | None = None, past: int | None = None
) -> list[dict[str, Any]]:
    """Return what comes next above today and what happened below, the newest on top.

    :param coming: at most so many days to come, the nearest.  :param past: at most so many things that
        happened, the newest.
    """
    happened = sorted(
        (each for each in items if each["on"] <= on and each["kind"] != "last"),
        key=lambda each: each.get("at") or start_of_day(each["on"]),
    )
    ahead = sorted(
        (each for each in items if each["on"] > on or (each["kind"] == "last" and each["on"] == on)),
        key=lambda each: each["on"],
    )
    left = next((each["on"] for each in ahead if each["kind"] == "last"), None)
    now = item(on, days_left(left, on) if left else _("Nothing is due"), kind="today")
    return [*reversed(ahead[:coming]), now, *list(reversed(happened))[:past]]


def _registration(referral: Referral, *, for_desk: bool) -> list[dict[str, Any]]:
    told = _("Not known to SeMI on this day.")
    names = {"name": referral.person_name, "partner": referral.partner}
    if referral.told_at and for_desk:
        told += " " + _("They received the privacy notice that names %(partner)s.") % names
    elif referral.told_at:
        told += " " + _("They received the privacy notice that names you.")
    mine = referral.registered_by_id == referral.partner.user_id
    if referral.root_id:
        items = [
            item(
                referral.registered_on,
                _("We were passed on to %(name)s") % {"name": referral.person_name},
                told,
            )
        ]
    else:
        if for_desk:
            title = (
                _("%(partner)s registered %(name)s")
                if mine
                else _("A seller registered %(name)s for %(partner)s")
            )
        else:
            title = _("You registered %(name)s") if mine else _("A seller registered %(name)s for you")
        items = [item(referral.registered_on, title % names, told)]
    if referral.accepted_at and local_date(referral.accepted_at) > referral.registered_on:
        items.append(
            item(local_date(referral.accepted_at), _("The name was checked and accepted"), kind="key")
        )
    if referral.claim_ended_at:
        items.append(
            item(
                local_date(referral.claim_ended_at),
                _("The claim ended") if for_desk else _("Your claim ended"),
                _("With the end of the partnership (C12).")
                if referral.ended_with_id
                else referral.get_status_display(),
                kind="key",
            )
        )
    elif referral.claim_last_on and referral.vested_at is None:
        items.append(
            item(
                referral.claim_last_on,
                _("Last day for the first meeting"),
                _("Without a meeting by then the claim lapses (C12)."),
                kind="last",
            )
        )
    if referral.objected_at:
        items.append(
            item(local_date(referral.objected_at), _("The person objected; their details were removed"))
        )
    elif referral.anonymised_at:
        items.append(
            item(
                local_date(referral.anonymised_at),
                _("Their details were removed"),
                _("Nothing had come of the introduction for 12 months."),
            )
        )
    return items


def _meetings(referral: Referral, *, for_desk: bool) -> list[dict[str, Any]]:
    contested = (
        _("%(partner)s contested the answer") % {"partner": referral.partner}
        if for_desk
        else _("You contested the answer")
    )
    items = []
    rows = referral.introductions.select_related("host").prefetch_related("confirmations__answered_by")
    for meeting in rows:
        items.append(item(meeting.held_on, *_meeting_words(meeting)))
        for row in meeting.confirmations.all():
            if row.decides and row.answered_at and row.answered_by:
                items.append(
                    item(
                        local_date(row.answered_at),
                        _("Answered: %(answer)s, by %(name)s")
                        % {"answer": row.get_answer_display(), "name": row.answered_by.full_name},
                        row.reason,
                        kind="key",
                    )
                )
            if row.contested_at:
                items.append(item(local_date(row.contested_at), contested, row.contest_reason))
            if row.settled_at:
                items.append(
                    item(local_date(row.settled_at), _("Settled by a sales lead"), row.settlement, kind="key")
                )
    return items


def _proposals(referral: Referral, *, for_desk: bool) -> list[dict[str, Any]]:
    """Return who proposed times when, and what the wait for SeMI added to the claim (C12)."""
    items = []
    partner = {"partner": referral.partner}
    for row in referral.proposals.select_related("host"):
        if not row.by_partner:
            title = _("%(host)s proposed other times") % {"host": row.host}
        else:
            title = _("%(partner)s proposed times") % partner if for_desk else _("You proposed times")
        items.append(item(local_date(row.proposed_at), title))
        if row.claim_last_on and row.answered_at:
            wait = _("The wait for SeMI was added: the claim runs until %(day)s (C12).")
            items.append(
                item(
                    local_date(row.answered_at),
                    row.get_answer_display(),
                    wait % {"day": day(row.claim_last_on)},
                    kind="key",
                )
            )
    return items


def _meeting_words(meeting: Introduction) -> tuple[str, str, str]:
    facts = {"host": meeting.host.full_name, "medium": meeting.get_medium_display()}
    if meeting.status == IntroductionStatus.HELD:
        return _("Introduction meeting held"), _("%(medium)s, hosted by %(host)s") % facts, "key"
    if meeting.status == IntroductionStatus.CANCELLED:
        return _("Meeting cancelled"), _("%(medium)s with %(host)s") % facts, ""
    if meeting.status == IntroductionStatus.NOT_HELD:
        return _("The meeting did not take place"), _("%(medium)s with %(host)s") % facts, ""
    return _("Introduction meeting"), _("%(medium)s with %(host)s") % facts, ""


def case_items(use_case: UseCase) -> list[dict[str, Any]]:
    items = [item(local_date(use_case.defined_at), _("“%(title)s” defined") % {"title": use_case.title})]
    deal = getattr(use_case, "deal", None)
    if use_case.window_starts_on and use_case.window_ends_on:
        items.append(
            item(
                use_case.window_starts_on,
                _("“%(title)s” discussed") % {"title": use_case.title},
                _("Window opened until %(day)s.") % {"day": day(use_case.original_last_on)},
                kind="key",
            )
        )
        if use_case.is_open and (deal is None or deal.is_open):
            first, second = (use_case.window_ends_on - timedelta(days=n) for n in (14, 3))
            items.append(
                item(
                    use_case.window_ends_on,
                    _("Last day to sign “%(title)s”") % {"title": use_case.title},
                    _("Reminders on %(first)s (14 days) and %(second)s (3 days).")
                    % {"first": day(first), "second": day(second)},
                    kind="last",
                )
            )
    extension = windows.extension_of(use_case)
    if extension and use_case.window_ends_on:
        items.append(
            item(
                local_date(extension.granted_at),
                _("Window of “%(title)s” extended until %(day)s, by %(name)s")
                % {
                    "title": use_case.title,
                    "day": day(use_case.window_ends_on),
                    "name": extension.director.full_name,
                },
                extension.reason,
                kind="key",
            )
        )
    if use_case.outcome == UseCaseOutcome.DUPLICATE and use_case.closed_at:
        items.append(
            item(
                local_date(use_case.closed_at),
                _("“%(title)s” closed: the same need as another") % {"title": use_case.title},
                str(SAME_NEED),
                kind="key",
            )
        )
    if deal and deal.signed_on:
        items.append(
            item(
                deal.signed_on,
                _("Deal signed: “%(title)s”") % {"title": use_case.title},
                _("Won in time.")
                if deal.is_within_window()
                else _("After the window: it pays no commission."),
                kind="key",
            )
        )
    return items


def _resellers(cases: list[UseCase]) -> list[dict[str, Any]]:
    """Return when each reseller that a deal names was named last, and by whom (C17)."""
    deals = {case.deal.pk: case for case in cases if hasattr(case, "deal") and case.deal.reseller_name}
    if not deals:
        return []
    named = AuditEntry.objects.filter(
        action=RESELLER_NAMED, target_type=Deal._meta.label_lower, target_id__in=deals
    ).select_related("by")
    latest = {entry.target_id: entry for entry in named.order_by("at", "pk")}
    return [
        item(
            local_date(entry.at),
            _("%(reseller)s takes part as a reseller: “%(title)s”")
            % {"reseller": deals[pk].deal.reseller_name, "title": deals[pk].title},
            _("Named by %(name)s. The deal pays the same (C17).")
            % {"name": entry.by.full_name if entry.by else "SeMI"},
        )
        for pk, entry in latest.items()
    ]


def comparison(contract: Contract) -> list[dict[str, Any]]:
    """Return what both models would pay for a few examples of yearly revenue (C5): one year, and to
    the cap.
    """
    years = contract.cap_count if contract.cap_unit == "years" else 3
    rows = []
    for yearly in (Decimal(10000), Decimal(25000), Decimal(50000)):
        recurring = round_half_even(yearly * contract.recurring_percent / 100, "EUR")
        rows.append(
            {
                "yearly": yearly,
                "one_year": recurring,
                "to_the_cap": recurring * years,
                "years": years,
                "once": round_half_even(yearly * contract.first_invoice_percent / 100, "EUR"),
            }
        )
    return rows

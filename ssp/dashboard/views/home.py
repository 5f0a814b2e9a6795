"""What needs sales today, and every introduction."""

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.models import ChannelTask
from referrals import permissions, rules, story
from referrals.models import Confirmation
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.periods import local_date
from ssp.core.roles import Role
from ssp.core.templatetags.ssp import day
from ssp.dashboard import queries

READERS = (Role.SALES, Role.SALES_LEAD, Role.FINANCE)


def confirmation_status(row: Confirmation) -> tuple[str, str]:
    """Return tone and word of a question that waits for its host."""
    if row.escalated_at:
        return "stop", _("Escalated after %(days)s working days") % {"days": rules.ESCALATE_AFTER}
    if row.reminders_sent:
        reminded = rules.reminder_days(local_date(row.asked_at))[min(row.reminders_sent, 2) - 1]
        return "you", _("Reminded on %(day)s") % {"day": day(reminded)}
    return "moving", _("Asked on %(day)s") % {"day": day(row.asked_at)}


def _views(filters: queries.Filters, request: StaffRequest) -> list[dict[str, object]]:
    labels = {
        "open": _("Open"),
        "closing": _("Closing within 30 days"),
        "no_meeting": _("No meeting yet"),
        "to_check": _("Name to check"),
        "contested": _("Contested"),
        "won": _("Won this quarter"),
    }
    today = clock.today()
    return [
        {
            "label": label,
            "count": queries.referrals_in_view(queries.Filters(view), on=today).count(),
            "url": "?" + urlencode({"view": view}),
            "current": filters.view == view,
        }
        for view, label in labels.items()
    ]


@role_required(*READERS)
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """Show the numbers, the work that waits, and the table of introductions."""
    today = clock.today()
    view = request.GET.get("view", "open")
    filters = queries.Filters(
        view=view if view in queries.VIEWS else "open",
        q=request.GET.get("q", "").replace("\x00", "").strip()[:100],
        seller=request.GET.get("seller", ""),
    )
    page = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 0
    rows = queries.referrals_in_view(filters, on=today)
    lines, more = queries.lines(rows, page=page, open_only=filters.view in ("open", "closing"))
    numbers = queries.figures(on=today)
    here = {"view": filters.view, "q": filters.q, "seller": filters.seller}
    week = today - timedelta(days=6)
    return render(
        request,
        "dashboard/home.html",
        {
            "kpis": _kpis(numbers, week=day(week)),
            "waiting": [
                {"row": row, "status": confirmation_status(row)}
                for row in queries.confirmations_waiting()[:8]
            ],
            "names": [
                {"row": row, "by": rules.name_answer_by(row.registered_on)}
                for row in queries.names_to_check()[:8]
            ],
            "contests": queries.contests_open()[:8],
            "channel_tasks": ChannelTask.objects.open().count(),
            "funnel": _funnel(),
            "lines": [{"line": line, **_line(line)} for line in lines],
            "filters": filters,
            "filtered": bool(filters.q or filters.seller),
            "sellers": permissions.hosts(),
            "views": _views(filters, request),
            "first_url": "?" + urlencode(here) if page else "",
            "next_url": "?" + urlencode({**here, "page": page + 1}) if more else "",
            "nav": "desk:home",
        },
    )


def _line(line: queries.Line) -> dict[str, object]:
    tone, word = story.status_of(line.referral, for_desk=True)
    if line.use_case and line.use_case.window_starts_on:
        tone, word = story.deal_status(line.use_case)
    deal = getattr(line.use_case, "deal", None) if line.use_case else None
    return {"tone": tone, "word": word, "deal": deal, "runs": line.runs}


def _kpis(numbers: queries.Figures, *, week: str) -> list[dict[str, object]]:
    share = (
        f"{round(100 * numbers.warm / numbers.held)}%"
        if numbers.held >= 20
        else _("%(warm)s of %(held)s") % {"warm": numbers.warm, "held": numbers.held}
    )
    return [
        {
            "label": _("Open introductions"),
            "value": numbers.open,
            "context": _("not decided yet"),
            "url": "?view=open",
        },
        {
            "label": _("Window closes within 30 days"),
            "value": numbers.closing,
            "context": _("without a won deal"),
            "url": "?view=closing",
            "tone": "warning" if numbers.closing else "",
        },
        {
            "label": _("Waiting for confirmation"),
            "value": numbers.waiting,
            "context": _("%(n)s escalated") % {"n": numbers.escalated},
            "url": "confirmations/",
        },
        {
            "label": _("Confirmed warm, 12 months"),
            "value": share,
            "context": _("%(warm)s of %(held)s meetings held") % {"warm": numbers.warm, "held": numbers.held},
        },
        {
            "label": _("Registered last week"),
            "value": numbers.registered_last_week,
            "context": _("since %(day)s") % {"day": week},
        },
    ]


def _funnel() -> list[dict[str, object]]:
    labels = {
        "registered": _("Registered"),
        "met": _("Meeting held"),
        "warm": _("Warm"),
        "won": _("Won"),
    }
    rows = queries.funnel(on=clock.today())
    whole = max(rows[0][1], 1)
    found: list[dict[str, object]] = []
    above = 0
    for name, count in rows:
        share = ""
        if above:
            share = f"{round(100 * count / above)}%" if above >= 20 else _("of %(n)s") % {"n": above}
        found.append({"label": labels[name], "count": count, "whole": whole, "share": share})
        above = count
    return found

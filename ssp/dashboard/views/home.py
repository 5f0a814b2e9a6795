"""What needs sales today, and every introduction."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.models import ChannelTask
from referrals import rules
from referrals.models import Confirmation
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day
from ssp.dashboard import queries
from ssp.dashboard.filters import Filters
from ssp.dashboard.permissions import READERS
from ssp.dashboard.views import table


def confirmation_status(row: Confirmation) -> tuple[str, str]:
    """Return tone and word of a question that waits for its host."""
    if row.escalated_at:
        return "stop", _("Escalated after %(days)s working days") % {"days": rules.ESCALATE_AFTER}
    if row.reminders_sent:
        reminded = rules.reminder_days(local_date(row.asked_at))[min(row.reminders_sent, 2) - 1]
        return "you", _("Reminded on %(day)s") % {"day": day(reminded)}
    return "moving", _("Asked on %(day)s") % {"day": day(row.asked_at)}


@role_required(*READERS)
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """Show the numbers, the work that waits, and the table of introductions."""
    today = clock.today()
    filters = Filters.read(request.GET)
    if table.is_about_rows(request):
        return table.answer_rows(request, filters)
    numbers = queries.figures(on=today)
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
            **table.around(request, filters),
            **table.rows_shown(request, filters),
            "nav": "desk:home",
        },
    )


def _kpis(numbers: queries.Figures, *, week: str) -> list[dict[str, object]]:
    share = (
        f"{round(100 * numbers.warm / numbers.held)}%"
        if numbers.held >= 20
        else _("%(warm)s of %(held)s") % {"warm": numbers.warm, "held": numbers.held}
    )
    return [
        {
            "label": _("Open introductions"),
            "value": table.counted(numbers.open),
            "context": _("not decided yet"),
            "url": "?view=open",
        },
        {
            "label": _("Window closes within 30 days"),
            "value": table.counted(numbers.closing),
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

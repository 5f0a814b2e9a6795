"""The calendar of introduction meetings."""

from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from referrals import permissions
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.meetings import YEARS, month_of, page_of, week_of


def _day(text: str) -> date:
    """Return the day that an address asks for; today for what is none."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return clock.today()
    return asked if asked.year in YEARS else clock.today()


@role_required(*DESK_ROLES)
@require_safe
def calendar(request: StaffRequest) -> HttpResponse:
    """Show a month or a week of meetings, of everybody or of one host."""
    on = _day(request.GET.get("on", ""))
    span = week_of(on) if request.GET.get("view") == "week" else month_of(on)
    hosts = list(permissions.hosts())
    asked = request.GET.get("host", "")
    host = next((each for each in hosts if str(each.pk) == asked), None)

    def url(view: str, day: date) -> str:
        return "?" + urlencode({"view": view, "on": day.isoformat(), "host": host.pk if host else ""})

    context = {
        "span": span,
        "page": page_of(span, at=clock.now(), host=host.pk if host else None),
        "host": host,
        "hosts": hosts,
        "on": on,
        "previous_url": url(span.view, span.before) if span.before.year in YEARS else "",
        "next_url": url(span.view, span.after) if span.after.year in YEARS else "",
        "today_url": url(span.view, clock.today()),
        "views": [
            {"label": label, "url": url(view, on), "current": span.view == view}
            for view, label in (("month", _("Month")), ("week", _("Week")))
        ],
        "everybody_url": "?" + urlencode({"view": span.view, "on": on.isoformat()}),
        "nav": "desk:calendar",
    }
    return render(request, "dashboard/calendar.html", context)

"""What needs sales today."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.today import STALLED_AFTER, first_due, needed
from ssp.dashboard.waiting import Reader


def whose(request: StaffRequest) -> tuple[bool, list[dict[str, object]]]:
    """Return whether the reader wants their own work alone, and the links that choose."""
    mine = request.GET.get("who") != "everybody"
    choices = ((True, _("Mine"), "?who=mine"), (False, _("Everybody’s"), "?who=everybody"))
    return mine, [{"label": label, "url": url, "current": mine == value} for value, label, url in choices]


@role_required(*DESK_ROLES)
@require_safe
def today(request: StaffRequest) -> HttpResponse:
    """List what waits, by kind, what is due first on top."""
    mine, views = whose(request)
    sections = needed(Reader(user=request.user, mine=mine), at=clock.now())
    context = {
        "sections": sections,
        "count": sum(section.count for section in sections),
        "first_due": first_due(sections),
        "mine": mine,
        "views": views,
        "stalled_after": STALLED_AFTER,
        "nav": "desk:today",
    }
    return render(request, "dashboard/today.html", context)

"""The last day of a window, for the partner's own calendar (C2)."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from partners.access import PartnerRequest, partner_required
from referrals import calendar, windows
from referrals.models import UseCase
from ssp.core.links import absolute


def calendar_of(use_case: UseCase, *, url: str) -> HttpResponse:
    """Answer with the entry as a file; nothing is written, however often it is fetched."""
    extension = windows.extension_of(use_case)
    stamp = extension.granted_at if extension else use_case.model_locked_at
    if use_case.window_ends_on is None or use_case.referral is None or stamp is None:
        raise Http404
    entry = calendar.last_day_entry(use_case, last_on=use_case.window_ends_on, stamp=stamp, url=url)
    headers = {
        "Content-Disposition": f'attachment; filename="last-day-{use_case.pk}.ics"',
        "Cache-Control": "no-store",
    }
    return HttpResponse(entry, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


@partner_required
@require_safe
def last_day(request: PartnerRequest, pk: int) -> HttpResponse:
    """Give the partner their own window's last day."""
    rows = UseCase.objects.select_related("referral__company", "extension")
    found = get_object_or_404(rows, pk=pk, partner=request.partner)
    return calendar_of(found, url=absolute(reverse("referrals:use_case", args=[pk])))

"""Channels at the desk: what people have to do, and who is where (C15)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners.channel_words import what_to_do, why
from partners.models import Channel, ChannelAccess, ChannelTask
from partners.permissions import CHANNEL_HANDS, CHANNEL_KEEPERS
from partners.services.channel_tasks import finish_task, take_task
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.periods import local_date
from ssp.core.tabular import csv_bytes

LATELY = 10


@dataclass(frozen=True)
class Line:
    """One task as the list shows it."""

    task: ChannelTask
    what: str
    why: str
    days: int


def lines() -> list[Line]:
    """Return the open tasks, the oldest first."""
    today = clock.today()
    tasks = ChannelTask.objects.open().whole().order_by("opened_at", "pk")  # type: ignore[attr-defined]
    return [
        Line(task, what_to_do(task), why(task), max((today - local_date(task.opened_at)).days, 0))
        for task in tasks
    ]


@role_required(*CHANNEL_HANDS)
@never_cache
@require_safe
def channels(request: StaffRequest) -> HttpResponse:
    """Show the tasks with age and owner, what was done lately, and each channel with its numbers."""
    closed = ChannelTask.objects.exclude(outcome="").whole().order_by("-closed_at", "-pk")[:LATELY]
    open_ones = Q(accesses__withdrawn_at__isnull=True)
    context = {
        "lines": lines(),
        "closed": [{"task": task, "what": what_to_do(task)} for task in closed],
        "channels": Channel.objects.annotate(
            granted=Count("accesses", filter=open_ones),
            joined=Count("accesses", filter=open_ones & Q(accesses__joined_at__isnull=False)),
            leaving=Count("accesses", filter=Q(accesses__withdrawn_at__isnull=False, accesses__removal="")),
        ).order_by("retired_at", "kind", "name"),
        "keeps": request.user.has_any_role(*CHANNEL_KEEPERS),
    }
    return render(request, "dashboard/channels.html", context)


def _people(channel: Channel) -> list[ChannelAccess]:
    accesses = channel.accesses.select_related("partner", "withdrawn_by")
    return list(accesses.order_by("withdrawn_at", "partner__display_name", "pk"))


@role_required(*CHANNEL_HANDS)
@never_cache
@require_safe
def channel(request: StaffRequest, pk: int) -> HttpResponse:
    """Show who has access to a channel, and who had."""
    one = get_object_or_404(Channel, pk=pk)
    people = _people(one)
    context = {
        "channel": one,
        "now_in": [access for access in people if access.is_open],
        "past": [access for access in people if not access.is_open],
        "nav": "desk:channels",
    }
    return render(request, "dashboard/channel.html", context)


@role_required(*CHANNEL_HANDS)
@never_cache
@require_safe
def export(request: StaffRequest, pk: int) -> HttpResponse:
    """The same as a table for a spreadsheet; no cell of it is a formula."""
    one = get_object_or_404(Channel, pk=pk)
    headers = [
        _("Partner"),
        _("Channel"),
        _("How"),
        _("Granted"),
        _("Invited"),
        _("Says they are in"),
        _("Withdrawn"),
        _("Removed"),
    ]
    rows = [
        [
            access.partner.display_name,
            str(one),
            access.get_how_display(),
            *(
                local_date(moment).isoformat() if moment else ""
                for moment in (access.granted_at, access.invited_at, access.joined_at, access.withdrawn_at)
            ),
            access.get_removal_display() if access.removal else "",
        ]
        for access in _people(one)
    ]
    answer = HttpResponse(csv_bytes(headers, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="channel-{one.pk}.csv"'
    return answer


def _act(request: StaffRequest, pk: int, service: Callable[..., None], *, said: str) -> HttpResponse:
    task = get_object_or_404(ChannelTask.objects.whole(), pk=pk)
    try:
        service(task=task, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said % {"task": what_to_do(task)})
    return redirect("desk:channels")


@role_required(*CHANNEL_HANDS)
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse:
    """Become a task's owner."""
    return _act(request, pk, take_task, said=_("Yours: %(task)s."))


@role_required(*CHANNEL_HANDS)
@require_POST
def done(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick a task off."""
    return _act(request, pk, finish_task, said=_("Done: %(task)s."))

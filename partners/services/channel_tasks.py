"""What people do for channels, because no bot can or may: the desk's task list (C15, C16)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from partners.errors import ChannelTaskClosed
from partners.models import Announcement, ChannelAccess, ChannelTask
from partners.permissions import check_may_do_channel_work
from ssp.core import audit
from ssp.core.models import User

ONE_OPEN = ("channel_task_one_open_per_access", "channel_task_one_per_announcement")


def open_task(
    kind: ChannelTask.Kind,
    *,
    access: ChannelAccess | None = None,
    announcement: Announcement | None = None,
    reason: str,
    at: datetime,
) -> ChannelTask | None:
    """Leave something to people, in the caller's transaction; None when it waits for them already.

    :param reason: a code, Slack's or ours; the words are `partners.channel_words`'.
    """
    try:
        with transaction.atomic():
            task = ChannelTask.objects.create(
                kind=kind, access=access, announcement=announcement, reason=reason[:64], opened_at=at
            )
    except IntegrityError as twice:
        if not any(name in str(twice) for name in ONE_OPEN):
            raise
        return None
    audit.record("channel_task.opened", task, by=None, at=at, kind=kind.value, reason=task.reason)
    return task


def drop_tasks(*kinds: ChannelTask.Kind, access: ChannelAccess, at: datetime) -> None:
    """Close what nobody needs to do for this access any more, in the caller's transaction."""
    for task in access.tasks.filter(outcome="", kind__in=kinds).select_for_update():
        _close(task, ChannelTask.Outcome.NOT_NEEDED, by=None, at=at)


def drop_announcement_tasks(*, partner_id: int, at: datetime) -> None:
    """Close what was still to be announced about a partner, in the caller's transaction."""
    waiting = ChannelTask.objects.filter(announcement__contract__partner=partner_id, outcome="")
    for task in waiting.select_for_update(of=("self",)):
        _close(task, ChannelTask.Outcome.NOT_NEEDED, by=None, at=at)


@transaction.atomic
def take_task(*, task: ChannelTask, by: User, at: datetime) -> None:
    """Make `by` the owner of an open task, so that two don't do it.

    :raises NotAllowed, ChannelTaskClosed: C15.
    """
    locked = _lock(task)
    check_may_do_channel_work(by, locked.partner)
    if not locked.is_open:
        raise ChannelTaskClosed
    if locked.owner_id != by.pk:
        locked.owner = by
        locked.save(update_fields=["owner"])
        audit.record("channel_task.taken", locked, by=by, at=at)


@transaction.atomic
def finish_task(*, task: ChannelTask, by: User, at: datetime) -> None:
    """Record that a person has done it, and what follows for the access or the announcement.

    :raises NotAllowed, ChannelTaskClosed: C15.
    """
    locked = _lock(task)
    check_may_do_channel_work(by, locked.partner)
    if not locked.is_open:
        raise ChannelTaskClosed
    _close(locked, ChannelTask.Outcome.DONE, by=by, at=at)
    access, announcement = locked.access, locked.announcement
    if access is not None and locked.kind == ChannelTask.Kind.INVITE:
        access.invited_at = at
        access.save(update_fields=["invited_at"])
    elif access is not None and locked.kind == ChannelTask.Kind.REMOVE:
        access.removal, access.removed_at = ChannelAccess.Removal.HAND, at
        access.save(update_fields=["removal", "removed_at"])
        audit.record("channel.removed", access, by=by, at=at, how=access.removal)
    elif announcement is not None and announcement.posted_at is None:
        announcement.posted_at = at
        announcement.save(update_fields=["posted_at"])


def _lock(task: ChannelTask) -> ChannelTask:
    """Lock what the task is about, then the task: in the order in which the other services do."""
    if task.access_id is not None:
        ChannelAccess.objects.select_for_update(no_key=True).get(pk=task.access_id)
    if task.announcement_id is not None:
        Announcement.objects.select_for_update(no_key=True).get(pk=task.announcement_id)
    return ChannelTask.objects.whole().select_for_update(of=("self",)).get(pk=task.pk)


def _close(task: ChannelTask, outcome: ChannelTask.Outcome, *, by: User | None, at: datetime) -> None:
    task.outcome, task.closed_at, task.closed_by = outcome, at, by
    task.save(update_fields=["outcome", "closed_at", "closed_by"])
    audit.record("channel_task.closed", task, by=by, at=at, outcome=outcome.value)

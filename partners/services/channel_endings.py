"""Access ends with the partnership (C15): what the bot can undo it undoes, the rest is left to people."""

from datetime import datetime

from django.db import transaction

from partners.models import ChannelAccess, ChannelTask, Partner
from partners.services.channel_tasks import drop_announcement_tasks, drop_tasks, open_task
from partners.services.channels import lock_partner
from ssp.core import audit, outbox
from ssp.slack.client import SlackRefused, SlackService, has_bot

How, Removal, Kind = ChannelAccess.How, ChannelAccess.Removal, ChannelTask.Kind


@transaction.atomic
def withdraw_channels(*, partner: Partner, at: datetime) -> list[ChannelAccess]:
    """Withdraw every access of a partner whose partnership has ended by `at` (C15). A repeat does nothing.

    Before the end that was agreed on, nothing happens: `withdraw_overdue` comes back for it. Links are shown
    by whether the partner is active at that moment, so they don't wait for this.
    """
    locked = lock_partner(partner)
    if locked.ended_at is None or locked.ended_at > at:
        return []
    ended = list(
        ChannelAccess.objects.open()
        .filter(partner=locked)
        .select_for_update(of=("self",))
        .select_related("channel")
        .order_by("pk")
    )
    for access in ended:
        access.withdrawn_at = max(locked.ended_at, access.granted_at)
        access.save(update_fields=["withdrawn_at"])
        audit.record(
            "channel.withdrawn", access, by=None, at=at, partner=locked.pk, channel=access.channel_id
        )
        drop_tasks(Kind.INVITE, Kind.HELP, access=access, at=at)
        _see_to_removal(access, at=at)
    drop_announcement_tasks(partner_id=locked.pk, at=at)
    return ended


def _see_to_removal(access: ChannelAccess, *, at: datetime) -> None:
    if access.how != How.LINK and access.invited_at is None:
        _removed(access, Removal.NEVER_IN, at=at)
    elif access.channel.slack_channel_id and has_bot():
        outbox.enqueue(
            "partners.remove_from_channel",
            key=f"channel-access:{access.pk}:remove",
            payload={"access_id": access.pk},
            at=at,
        )
    else:
        is_slack = access.channel.kind == access.channel.Kind.SLACK
        open_task(Kind.REMOVE, access=access, reason="no_bot" if is_slack else "not_slack", at=at)


def withdraw_overdue(*, at: datetime) -> int:
    """Withdraw what is still open of partners who aren't active any more; return how many partners."""
    partners = Partner.objects.filter(channel_accesses__in=ChannelAccess.objects.overdue(at=at)).distinct()
    return sum(bool(withdraw_channels(partner=partner, at=at)) for partner in list(partners))


@transaction.atomic
def remove_by_bot(*, access: ChannelAccess, slack: SlackService | None, at: datetime) -> None:
    """Let the bot take a partner out of a Slack channel; what Slack refuses is left to people.

    :raises SlackUnavailable, RateLimited: try again.
    """
    partner = lock_partner(access.partner)  # nobody comes back meanwhile
    locked = (
        ChannelAccess.objects.select_for_update(no_key=True, of=("self",))
        .select_related("channel")
        .get(pk=access.pk)
    )
    if locked.is_open or locked.removal:
        return
    channel = locked.channel
    if ChannelAccess.objects.open().filter(partner=partner, channel=channel).exists():
        _removed(locked, Removal.NOT_NEEDED, at=at)
        return
    try:
        if slack is None or not channel.slack_channel_id:
            raise SlackRefused("no_bot")
        slack.remove(channel.slack_channel_id, email=partner.user.email, user_id=locked.slack_user_id)
    except SlackRefused as refused:
        open_task(Kind.REMOVE, access=locked, reason=refused.error_code, at=at)
    else:
        _removed(locked, Removal.BOT, at=at)


def _removed(access: ChannelAccess, how: ChannelAccess.Removal, *, at: datetime) -> None:
    access.removal, access.removed_at = how, at
    access.save(update_fields=["removal", "removed_at"])
    audit.record("channel.removed", access, by=None, at=at, how=how.value)

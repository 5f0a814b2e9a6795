"""Channels and who has access to them (C15): kept by administrators and sales leads, granted by the clock."""

from datetime import datetime

from django.db import transaction

from partners.errors import ChannelAccessEnded, ChannelIsRetired, ChannelLinkNotSafe, ChannelNameTaken
from partners.models import Channel, ChannelAccess, ChannelTask, Partner, partners_missing_a_channel
from partners.permissions import check_keeps_channels
from partners.services.channel_tasks import drop_tasks, open_task
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.models import User
from ssp.slack.client import SlackRefused, SlackService, has_bot

How, Removal, Kind = ChannelAccess.How, ChannelAccess.Removal, ChannelTask.Kind


# --- the channels -----------------------------------------------------------------
@transaction.atomic
def save_channel(*, channel: Channel, invitation_link: str | None = None, by: User, at: datetime) -> Channel:
    """Add or change a channel. Active partners are granted a new one within minutes.

    :param invitation_link: None leaves it as it is, "" takes it away.
    :raises NotAllowed, ChannelLinkNotSafe, ChannelNameTaken, ChannelIsRetired: C15.
    """
    check_keeps_channels(by)
    is_new = channel.pk is None
    if not is_new and Channel.objects.select_for_update().get(pk=channel.pk).retired_at is not None:
        raise ChannelIsRetired
    if invitation_link is not None:
        link = invitation_link.strip()
        if link and not link.lower().startswith("https://"):
            raise ChannelLinkNotSafe
        channel.invitation_link = link
    if is_new:
        channel.added_at = at
    with constraint_as("channel_one_live_by_name", ChannelNameTaken), transaction.atomic():
        channel.save()
    audit.record("channel.saved", channel, by=by, at=at, new=is_new, link_changed=invitation_link is not None)
    return channel


@transaction.atomic
def retire_channel(*, channel: Channel, by: User, at: datetime) -> None:
    """Close a channel for good: every access to it ends, and its link is forgotten. Twice changes nothing.

    :raises NotAllowed: C15.
    """
    check_keeps_channels(by)
    locked = Channel.objects.select_for_update().get(pk=channel.pk)
    if locked.retired_at is not None:
        return
    locked.retired_at, locked.invitation_link = at, ""
    locked.save(update_fields=["retired_at", "sealed_link"])
    for access in locked.accesses.open().select_for_update():  # type: ignore[attr-defined]
        access.withdrawn_at, access.withdrawn_by = max(at, access.granted_at), by
        access.removal, access.removed_at = Removal.NOT_NEEDED, at
        access.save(update_fields=["withdrawn_at", "withdrawn_by", "removal", "removed_at"])
        drop_tasks(Kind.INVITE, Kind.HELP, access=access, at=at)
    audit.record("channel.retired", locked, by=by, at=at)


# --- access -----------------------------------------------------------------------
def lock_partner(partner: Partner) -> Partner:
    """Let what begins and what ends the access of one partner take turns."""
    return (
        Partner.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=partner.pk)
    )


@transaction.atomic
def grant_channels(*, partner: Partner, at: datetime) -> list[ChannelAccess]:
    """Grant an active partner every live channel they haven't got, and owe them one mail about it (C15).

    Whoever isn't active at `at` gets nothing; a repeat grants nothing and mails nothing.
    """
    locked = lock_partner(partner)
    if not locked.is_active(at=at):
        return []
    held = ChannelAccess.objects.open().filter(partner=locked).values("channel")
    granted = []
    for channel in Channel.objects.live().exclude(pk__in=held).order_by("pk"):
        try:
            granted.append(_grant(locked, channel, at=at))
        except ChannelIsRetired:  # this very moment
            continue
    if granted:
        outbox.enqueue(
            "partners.channels_granted",
            key=f"partner:{locked.pk}:channels-mail:{granted[0].pk}",
            payload={"partner_id": locked.pk},
            at=at,
        )
    return granted


def _grant(partner: Partner, channel: Channel, *, at: datetime) -> ChannelAccess:
    by_bot = bool(channel.slack_channel_id) and has_bot()
    how = How.BOT if by_bot else How.LINK if channel.has_link else How.HAND
    with constraint_as("channel_access_to_live_channels", ChannelIsRetired), transaction.atomic():
        access = ChannelAccess.objects.create(partner=partner, channel=channel, how=how, granted_at=at)
    audit.record(
        "channel.granted", access, by=None, at=at, partner=partner.pk, channel=channel.pk, how=how.value
    )
    _forget_removals(access, at=at)
    if how == How.BOT:
        outbox.enqueue(
            "partners.invite_to_channel",
            key=f"channel-access:{access.pk}:invite",
            payload={"access_id": access.pk},
            at=at,
        )
    elif how == How.HAND:
        open_task(Kind.INVITE, access=access, reason="no_link", at=at)
    return access


def _forget_removals(access: ChannelAccess, *, at: datetime) -> None:
    """Who comes back is not to be removed any more."""
    earlier = ChannelAccess.objects.filter(
        partner=access.partner_id, channel=access.channel_id, withdrawn_at__isnull=False, removal=""
    )
    for old in earlier.select_for_update():
        old.removal, old.removed_at = Removal.NOT_NEEDED, at
        old.save(update_fields=["removal", "removed_at"])
        drop_tasks(Kind.REMOVE, access=old, at=at)


def grant_to_all(*, at: datetime) -> int:
    """Grant every active partner what they haven't got, one transaction each; return how many."""
    partners = list(partners_missing_a_channel(at=at))
    return sum(bool(grant_channels(partner=partner, at=at)) for partner in partners)


@transaction.atomic
def invite_by_bot(*, access: ChannelAccess, slack: SlackService | None, at: datetime) -> None:
    """Let the bot bring a partner into a Slack channel; what Slack refuses is left to link and people.

    :raises SlackUnavailable, RateLimited: try again.
    """
    locked = (
        ChannelAccess.objects.select_for_update(no_key=True, of=("self",))
        .select_related("partner__user", "channel")
        .get(pk=access.pk)
    )
    if not locked.is_open or locked.invited_at or not locked.partner.is_active(at=at):
        return
    channel_id = locked.channel.slack_channel_id
    try:
        if slack is None or not channel_id:
            raise SlackRefused("no_bot")
        invited = slack.invite(channel_id, email=locked.partner.user.email)
    except SlackRefused as refused:
        locked.how = How.LINK if locked.channel.has_link else How.HAND
        locked.save(update_fields=["how"])
        open_task(Kind.INVITE, access=locked, reason=refused.error_code, at=at)
    else:
        locked.how, locked.invited_at, locked.slack_user_id = How.BOT, at, invited.user_id
        locked.save(update_fields=["how", "invited_at", "slack_user_id"])
        audit.record("channel.invited", locked, by=None, at=at, way=invited.way.value)


def _own_open_access(access: ChannelAccess, *, at: datetime) -> ChannelAccess:
    locked = (
        ChannelAccess.objects.select_for_update(no_key=True, of=("self",))
        .select_related("partner__user", "channel")
        .get(pk=access.pk)
    )
    if not locked.is_open or not locked.partner.is_active(at=at):
        raise ChannelAccessEnded
    return locked


@transaction.atomic
def say_joined(*, access: ChannelAccess, is_in: bool, by: User, at: datetime) -> None:
    """Note a partner's own word that they are in a channel, or that they aren't after all.

    :raises ChannelAccessEnded: C15.
    """
    locked = _own_open_access(access, at=at)
    if is_in is (locked.joined_at is not None):
        return
    locked.joined_at = at if is_in else None
    locked.save(update_fields=["joined_at"])
    audit.record("channel.joined_said", locked, by=by, at=at, is_in=is_in)


@transaction.atomic
def ask_for_help(*, access: ChannelAccess, by: User, at: datetime) -> None:
    """Ask people to help a partner into a channel; asked twice, it waits once.

    :raises ChannelAccessEnded: C15.
    """
    locked = _own_open_access(access, at=at)
    if open_task(Kind.HELP, access=locked, reason="asked", at=at):
        audit.record("channel.help_asked", locked, by=by, at=at)

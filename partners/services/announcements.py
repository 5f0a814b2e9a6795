"""New partners are announced to Slack (C16): once per start, and only who agreed to be listed."""

from datetime import datetime

from django.db import transaction

from partners.models import Announcement, Channel, ChannelTask, Contract, Partner
from partners.services.channel_tasks import open_task
from partners.services.channels import lock_partner
from ssp.core import audit, outbox
from ssp.slack.client import Post, SlackRefused, SlackService, has_bot


@transaction.atomic
def announce_partner(*, partner: Partner, contract: Contract, at: datetime) -> list[Announcement]:
    """Owe the announcing channels the news that `contract` has started a partnership (C16).

    Nothing for who didn't agree, or isn't a partner any more; a repeat owes nothing.
    """
    locked = lock_partner(partner)
    if not locked.listing_consent or not locked.is_active(at=at):
        return []
    owed = []
    for channel in Channel.objects.live().filter(announces=True).order_by("pk"):
        announcement, is_new = Announcement.objects.get_or_create(
            contract=contract, channel=channel, defaults={"asked_at": at}
        )
        if not is_new:
            continue
        owed.append(announcement)
        if channel.slack_channel_id and has_bot():
            outbox.enqueue(
                "partners.post_announcement",
                key=f"announcement:{announcement.pk}",
                payload={"announcement_id": announcement.pk},
                at=at,
            )
        else:
            open_task(ChannelTask.Kind.ANNOUNCE, announcement=announcement, reason="no_bot", at=at)
    return owed


@transaction.atomic
def post_announcement(
    *, announcement: Announcement, post: Post, slack: SlackService | None, since: datetime, at: datetime
) -> None:
    """Post an announcement that was owed; what Slack refuses is left to people.

    At most one message per announcement as long as Slack's history shows what was posted: a worker that died
    after Slack said yes finds it by its marker. Who took their consent back meanwhile isn't announced.

    :param since: real time, before the first try.
    :raises SlackUnavailable, RateLimited: try again.
    """
    locked = (
        Announcement.objects.select_for_update(of=("self",))
        .select_related("contract__partner", "channel")
        .get(pk=announcement.pk)
    )
    partner = locked.contract.partner
    if locked.posted_at is not None or not partner.listing_consent or not partner.is_active(at=at):
        return
    channel = locked.channel
    try:
        if slack is None or not channel.slack_channel_id or channel.retired_at is not None:
            raise SlackRefused("no_bot")
        ts = slack.post(channel.slack_channel_id, post, marker=str(locked.marker), since=since)
    except SlackRefused as refused:
        if channel.retired_at is None:
            open_task(ChannelTask.Kind.ANNOUNCE, announcement=locked, reason=refused.error_code, at=at)
    else:
        locked.posted_at, locked.slack_ts = at, ts
        locked.save(update_fields=["posted_at", "slack_ts"])
        audit.record("partner.announced", partner, by=None, at=at, channel=channel.pk)

"""Where the demo's partners and SeMI talk: two Slack channels with the bot in them, and a WhatsApp group."""

from datetime import datetime

from django.conf import settings

from partners.models import Channel, ChannelAccess, ChannelKind, Partner
from partners.services.announcements import announce_partner
from partners.services.channels import ask_for_help, grant_channels, save_channel, say_joined
from ssp.core.models import User
from ssp.sandbox import people, slack
from ssp.sandbox.slack.store import LOUNGE, NEWS, TEAM

STILL_TO_SLACK = ("partners.invite_to_channel", "partners.post_announcement")
GROUP = "Partners on the road"


def open_channels(*, by: User, opened: datetime) -> None:
    """Add the channels and grant them to everybody from their start, as if they had been there all along.

    What the bot does for it is left to the worker, so that the Slack stand-in shows it.
    """
    has_standin = settings.SLACK["BOT_TOKEN"] == slack.BOT_TOKEN  # a real workspace hears nothing of the demo
    for name, channel_id, purpose, announces in (
        ("partner-lounge", LOUNGE, "Questions to SeMI's engineers and to each other, any time.", False),
        ("partner-news", NEWS, "News of the programme, new guides, and who has joined.", True),
    ):
        save_channel(
            channel=Channel(
                kind=ChannelKind.SLACK,
                name=name,
                purpose=purpose,
                slack_team_id=TEAM,
                slack_channel_id=channel_id if has_standin else "",
                announces=announces,
            ),
            by=by,
            at=opened,
        )
    save_channel(
        channel=Channel(
            kind=ChannelKind.WHATSAPP, name=GROUP, purpose="A quick word on the way to a meeting."
        ),
        invitation_link="https://chat.whatsapp.example/of-the-demo",
        by=by,
        at=opened,
    )
    for partner in Partner.objects.filter(started_at__isnull=False).order_by("started_at"):
        assert partner.started_at is not None
        grant_channels(partner=partner, at=partner.started_at)
        announce_partner(partner=partner, contract=partner.contracts.get(), at=partner.started_at)


def use_channels(*, at: datetime) -> None:
    """Ines is in the WhatsApp group; Karl can't get in, and asks for help."""
    group = ChannelAccess.objects.open().filter(channel__name=GROUP).select_related("partner__user")
    ines = group.get(partner__user__email=people.INES.email)
    say_joined(access=ines, is_in=True, by=ines.partner.user, at=at)
    karl = group.get(partner__user__email=people.KARL.email)
    ask_for_help(access=karl, by=karl.partner.user, at=at)

"""Channels, and partners whose partnership has ended."""

from datetime import datetime
from typing import Any

import factory

from partners.models import Channel, ChannelKind, Partner
from tests.factories.partners import ended
from tests.moments import MONDAY

LINK = "https://chat.whatsapp.example/s3cret-invitation"


class ChannelFactory(factory.django.DjangoModelFactory):
    """A WhatsApp group with an invitation link; give `invitation_link=""` for one without."""

    class Meta:
        model = Channel

    kind = ChannelKind.WHATSAPP
    name = factory.Sequence(lambda n: f"Group {n}")
    purpose = "Quick questions on the way to a meeting."
    added_at = MONDAY

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        link = kwargs.pop("invitation_link", LINK)
        channel = Channel(**kwargs)
        channel.invitation_link = link
        channel.save()
        return channel


class SlackChannelFactory(ChannelFactory):
    """A Slack channel that a bot works in, if there is one."""

    kind = ChannelKind.SLACK
    name = factory.Sequence(lambda n: f"room-{n}")
    slack_channel_id = factory.Sequence(lambda n: f"C0TEST{n}")
    invitation_link = ""


def end(partner: Partner, *, at: datetime, kind: str = "notice") -> Partner:
    """End a partnership at that moment."""
    ended(partner, at=at, kind=kind)
    partner.refresh_from_db()
    return partner

"""What the outbox delivers for channels and announcements (C15, C16). A handler looks before it repeats."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django_countries import countries

from partners.models import Announcement, ChannelAccess, Contract, Partner, Profile
from partners.services.announcements import announce_partner, post_announcement
from partners.services.channel_endings import remove_by_bot, withdraw_channels
from partners.services.channels import grant_channels, invite_by_bot
from ssp.core import clock, emails, outbox
from ssp.core.links import absolute
from ssp.core.models import OutboxMessage
from ssp.slack.client import Post, RateLimited, slack_service

A_MOMENT = timedelta(seconds=2)


@contextmanager
def waiting_for_limits() -> Iterator[None]:
    """Come back when Slack says so, however often, without counting it as a failure."""
    try:
        yield
    except RateLimited as limit:
        raise outbox.TryLater(limit.retry_after, "ratelimited") from limit


def _started(message: OutboxMessage) -> Partner:
    """Return the partner of a start. DocuSign's clock tells when it was: ours may be a moment behind."""
    partner = Partner.objects.get(pk=message.payload["partner_id"])
    if partner.started_at is not None and partner.started_at > clock.now():
        raise outbox.TryLater(A_MOMENT, "not started yet")
    return partner


@outbox.handles("partners.grant_channels")
def grant(message: OutboxMessage) -> None:
    grant_channels(partner=_started(message), at=clock.now())


@outbox.handles("partners.channels_granted")
def tell_partner(message: OutboxMessage) -> None:
    """Say which channels are open to them, and where the links are: never the links themselves."""
    partner = Partner.objects.select_related("user").get(pk=message.payload["partner_id"])
    if not partner.is_active(at=clock.now()):
        return
    open_ones = ChannelAccess.objects.open().filter(partner=partner).select_related("channel")
    channels = [access.channel for access in open_ones.order_by("channel__kind", "channel__name")]
    if not channels:
        return
    emails.send(
        "partners/emails/channels_granted",
        to=[partner.user.email],
        context={"partner": partner, "channels": channels, "url": absolute(reverse("partners:channels"))},
        key=message.key,
    )


@outbox.handles("partners.invite_to_channel")
def invite(message: OutboxMessage) -> None:
    access = ChannelAccess.objects.get(pk=message.payload["access_id"])
    with waiting_for_limits():
        invite_by_bot(access=access, slack=slack_service(), at=clock.now())


@outbox.handles("partners.withdraw_channels")
def withdraw(message: OutboxMessage) -> None:
    """End a partner's access. Before the agreed end nothing is due: the periodic task comes back for it."""
    withdraw_channels(partner=Partner.objects.get(pk=message.payload["partner_id"]), at=clock.now())


@outbox.handles("partners.remove_from_channel")
def remove(message: OutboxMessage) -> None:
    access = ChannelAccess.objects.select_related("partner").get(pk=message.payload["access_id"])
    with waiting_for_limits():
        remove_by_bot(access=access, slack=slack_service(), at=clock.now())


@outbox.handles("partners.announce_partner")
def announce(message: OutboxMessage) -> None:
    contract = Contract.objects.get(pk=message.payload["contract_id"])
    announce_partner(partner=_started(message), contract=contract, at=clock.now())


@outbox.handles("partners.post_announcement")
def post(message: OutboxMessage) -> None:
    announcement = Announcement.objects.select_related("contract__partner").get(
        pk=message.payload["announcement_id"]
    )
    with waiting_for_limits():
        post_announcement(
            announcement=announcement,
            post=announcement_of(announcement.contract.partner),
            slack=slack_service(),
            since=message.created_at,
            at=clock.now(),
        )


def announcement_of(partner: Partner) -> Post:
    """Return what the channels read about a new partner: what the public directory shows too (C16)."""
    profile = Profile.objects.listed(at=clock.now()).with_address().filter(partner=partner).first()
    said = {"name": partner.display_name, "country": str(countries.name(partner.country)) or partner.country}
    text = _("%(name)s (%(country)s) is a new sales partner of SeMI. Welcome!") % said
    if profile is not None and profile.headline and "headline" in profile.shown:
        text = f"{text} {profile.headline}"
    if profile is None:
        return Post(text=text, url=absolute(reverse("partners:directory")), label=_("The partner directory"))
    url = absolute(reverse("partners:directory_partner", args=[profile.slug]))
    return Post(text=text, url=url, label=_("In the partner directory"))

"""Slack and WhatsApp: channels, who has access, what people have to do by hand (C15), announcements (C16)."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from partners.models import channel_triggers as triggers
from partners.models.contracts import Contract
from partners.models.people import Partner
from ssp.core.models import User
from ssp.core.sealing import seal, unseal

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

LINK = "channel invitation"


class ChannelKind(models.TextChoices):
    SLACK = "slack", _("Slack")
    WHATSAPP = "whatsapp", _("WhatsApp")
    OTHER = "other", _("Other")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def live(self) -> Self:
        """Not retired."""
        return self.filter(retired_at__isnull=True)


class Channel(models.Model):
    """A group in which partners and SeMI talk. Its invitation link is for active partners alone (C15)."""

    Kind = ChannelKind

    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind)
    name = models.CharField(_("name"), max_length=80)
    purpose = models.TextField(
        _("purpose"), max_length=500, help_text=_("What it is for, in a sentence that partners read.")
    )
    sealed_link = models.TextField(blank=True, editable=False)
    slack_team_id = models.CharField(
        _("Slack workspace"), max_length=20, blank=True, help_text=_("Its id, T…: for a link into Slack.")
    )
    slack_channel_id = models.CharField(
        _("Slack channel"), max_length=20, blank=True, help_text=_("Its id, C… or G…: the bot works with it.")
    )
    announces = models.BooleanField(
        _("announce new partners here"),
        default=False,
        help_text=_("Partners who agreed to be listed, once, when their partnership starts."),
    )
    added_at = models.DateTimeField(_("added"), editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    objects = ChannelQuerySet.as_manager()

    if TYPE_CHECKING:
        accesses: RelatedManager["ChannelAccess"]

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                condition=Q(retired_at__isnull=True),
                name="channel_one_live_by_name",
            ),
            models.CheckConstraint(
                condition=Q(slack_channel_id="")
                | Q(kind="slack", slack_channel_id__regex=r"^[CG][A-Z0-9]{2,19}$"),
                name="channel_slack_id_is_slacks",
            ),
            models.CheckConstraint(
                condition=Q(slack_team_id="") | Q(kind="slack", slack_team_id__regex=r"^[TE][A-Z0-9]{2,19}$"),
                name="channel_slack_team_is_slacks",
            ),
            models.CheckConstraint(
                condition=Q(announces=False) | Q(kind="slack"), name="channel_announces_at_slack"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"

    @property
    def invitation_link(self) -> str:
        """The link; encrypted at rest. Show it to active partners alone."""
        return unseal(LINK, self.sealed_link)

    @invitation_link.setter
    def invitation_link(self, link: str) -> None:
        self.sealed_link = seal(LINK, link)

    @property
    def has_link(self) -> bool:
        return bool(self.sealed_link)

    @property
    def slack_address(self) -> str:
        """Where somebody who is in it opens it: an address that lets nobody in."""
        if not self.slack_team_id or not self.slack_channel_id:
            return ""
        return f"https://app.slack.com/client/{self.slack_team_id}/{self.slack_channel_id}"


class ChannelAccessQuerySet(models.QuerySet["ChannelAccess"]):
    def open(self) -> Self:
        """Granted and not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def overdue(self, *, at: datetime) -> Self:
        """Open although their partner isn't active at that moment."""
        return self.open().exclude(partner__in=Partner.objects.active(at=at))


class ChannelAccess(models.Model):
    """One partner's access to one channel, from one moment to another (C15). A return is another row."""

    class How(models.TextChoices):
        LINK = "link", _("Link shown")
        BOT = "bot", _("Invited by the bot")
        HAND = "hand", _("By hand")

    class Removal(models.TextChoices):
        BOT = "bot", _("By the bot")
        HAND = "hand", _("By hand")
        NEVER_IN = "never_in", _("Was never in")
        NOT_NEEDED = "not_needed", _("Not needed")

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="channel_accesses")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="accesses")
    how = models.CharField(_("how"), max_length=4, choices=How)
    granted_at = models.DateTimeField(_("granted"))
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    slack_user_id = models.CharField(max_length=20, blank=True, editable=False)
    joined_at = models.DateTimeField(_("says they are in"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    removal = models.CharField(_("removed"), max_length=10, choices=Removal, blank=True)
    removed_at = models.DateTimeField(_("removed on"), null=True, blank=True)

    objects = ChannelAccessQuerySet.as_manager()

    if TYPE_CHECKING:
        tasks: RelatedManager["ChannelTask"]

    class Meta:
        verbose_name_plural = "channel accesses"
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "channel"],
                condition=Q(withdrawn_at__isnull=True),
                name="channel_access_one_open_per_partner",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("granted_at")),
                name="channel_access_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(removal="", removed_at__isnull=True)
                | (~Q(removal="") & Q(removed_at__isnull=False, withdrawn_at__isnull=False)),
                name="channel_access_removed_once_withdrawn",
            ),
        ]
        triggers = [triggers.ACCESS_FOR_ACTIVE_PARTNERS, triggers.ACCESS_IS_HISTORY, triggers.ACCESS_IS_KEPT]

    def __str__(self) -> str:
        return f"{self.partner} · {self.channel}"

    @property
    def is_open(self) -> bool:
        return self.withdrawn_at is None


class Announcement(models.Model):
    """A partner's start, told in one channel, once (C16)."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="announcements")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="announcements")
    marker = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)  # kept before the first post
    asked_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)
    slack_ts = models.CharField(max_length=30, blank=True, editable=False)

    if TYPE_CHECKING:
        tasks: RelatedManager["ChannelTask"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "channel"], name="announcement_once_per_start"),
            models.CheckConstraint(
                condition=Q(slack_ts="") | Q(posted_at__isnull=False), name="announcement_posted_has_moment"
            ),
        ]
        triggers = [triggers.ANNOUNCEMENT_IS_KEPT]


class ChannelTaskQuerySet(models.QuerySet["ChannelTask"]):
    def open(self) -> Self:
        return self.filter(outcome="")

    def whole(self) -> Self:
        """With everything that its sentence needs."""
        return self.select_related(
            "access__partner__user",
            "access__channel",
            "announcement__contract__partner",
            "announcement__channel",
            "owner",
            "closed_by",
        )


class ChannelTask(models.Model):
    """What a person at SeMI has to do, because no bot can or may."""

    class Kind(models.TextChoices):
        INVITE = "invite", _("Let in")
        REMOVE = "remove", _("Remove")
        ANNOUNCE = "announce", _("Announce")
        HELP = "help", _("Help")

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        NOT_NEEDED = "not_needed", _("Not needed any more")

    kind = models.CharField(max_length=10, choices=Kind)
    access = models.ForeignKey(ChannelAccess, on_delete=models.PROTECT, null=True, related_name="tasks")
    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, null=True, related_name="tasks")
    reason = models.CharField(max_length=64, blank=True)  # Slack's error code, or ours; never words of people
    opened_at = models.DateTimeField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="channel_tasks")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ChannelTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="announce", announcement__isnull=False, access__isnull=True)
                | (~Q(kind="announce") & Q(announcement__isnull=True, access__isnull=False)),
                name="channel_task_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at__isnull=True, closed_by__isnull=True)
                | Q(outcome="done", closed_at__isnull=False, closed_by__isnull=False)
                | Q(outcome="not_needed", closed_at__isnull=False),
                name="channel_task_done_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["access", "kind"], condition=Q(outcome=""), name="channel_task_one_open_per_access"
            ),
            models.UniqueConstraint(
                fields=["announcement"],
                condition=Q(outcome=""),
                name="channel_task_one_per_announcement",
            ),
        ]
        triggers = [triggers.TASK_IS_KEPT, triggers.TASK_DONE_STAYS_DONE]

    @property
    def is_open(self) -> bool:
        return not self.outcome

    @property
    def channel(self) -> Channel:
        about = self.access or self.announcement
        assert about is not None
        return about.channel

    @property
    def partner(self) -> Partner:
        if self.access is not None:
            return self.access.partner
        assert self.announcement is not None
        return self.announcement.contract.partner


def partners_missing_a_channel(*, at: datetime) -> models.QuerySet[Partner]:
    """Return the active partners who haven't been granted every live channel."""
    missing = Channel.objects.live().filter(
        ~Exists(ChannelAccess.objects.open().filter(partner=OuterRef(OuterRef("pk")), channel=OuterRef("pk")))
    )
    return Partner.objects.active(at=at).filter(Exists(missing)).order_by("pk")

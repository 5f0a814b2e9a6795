"""Refusals about channels."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class ChannelAccessEnded(DomainError):
    clause = "C15"
    message = _(
        "Your access to this channel has ended with the partnership. Write to SeMI if that is a mistake."
    )


class ChannelIsRetired(DomainError):
    clause = "C15"
    message = _("This channel was retired, so nobody is let in any more. Add a new one instead.")


class ChannelLinkNotSafe(DomainError):
    clause = "C15"
    field = "invitation_link"
    message = _("An invitation link begins with https://. Copy it from Slack or WhatsApp and paste it whole.")


class ChannelNameTaken(DomainError):
    clause = "C15"
    field = "name"
    message = _("There is a channel of this kind and name already. Change that one, or choose another name.")


class ChannelTaskClosed(DomainError):
    clause = "C15"
    message = _("Somebody has done this already, so there is nothing left to do.")

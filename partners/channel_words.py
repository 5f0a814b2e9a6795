"""What a person at SeMI reads about a task for a channel: what to do, and why the bot didn't."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import ChannelTask

BECAUSE = {
    "no_bot": gettext_lazy("No Slack bot is connected."),
    "no_link": gettext_lazy("This channel has no invitation link, and no bot works in it."),
    "not_slack": gettext_lazy("No bot works outside Slack."),
    "asked": gettext_lazy("The partner asked for help."),
    "invalid_auth": gettext_lazy("Slack doesn't accept the bot's token. An administrator has to renew it."),
    "not_authed": gettext_lazy("Slack doesn't accept the bot's token. An administrator has to renew it."),
    "account_inactive": gettext_lazy("The bot was switched off at Slack. An administrator has to see to it."),
    "token_revoked": gettext_lazy("The bot's token was revoked. An administrator has to renew it."),
    "token_expired": gettext_lazy("The bot's token has expired. An administrator has to renew it."),
    "missing_scope": gettext_lazy("The bot lacks a scope at Slack. An administrator has to add it."),
    "channel_not_found": gettext_lazy("Slack doesn't know the channel's id. Correct it in the admin."),
    "channel_archived": gettext_lazy("The channel is archived at Slack."),
    "is_archived": gettext_lazy("The channel is archived at Slack."),
    "not_in_channel": gettext_lazy("The bot isn't in the channel. Invite it there."),
    "user_not_found": gettext_lazy(
        "Slack doesn't know this address in our workspace: they may be there under another one, "
        "from another workspace, or with an open invitation."
    ),
    "restricted_action": gettext_lazy("The workspace's settings don't let the bot do this."),
    "not_supported": gettext_lazy("Slack doesn't let a bot do this for somebody from another workspace."),
    "not_paid": gettext_lazy("Slack Connect needs a paid workspace."),
    "not_allowed_for_grid_workspace": gettext_lazy("Slack Connect is switched off in this workspace."),
    "connection_limit_exceeded": gettext_lazy("The channel has reached Slack's limit of outsiders."),
    "connection_limit_exceeded_pending": gettext_lazy("Slack has an open invitation to it already."),
}


def what_to_do(task: ChannelTask) -> str:
    """Return the task as a sentence: `Remove Ines Marchetti from WhatsApp: Partners`."""
    sentence = {
        ChannelTask.Kind.INVITE: _("Let %(partner)s into %(channel)s"),
        ChannelTask.Kind.REMOVE: _("Remove %(partner)s from %(channel)s"),
        ChannelTask.Kind.ANNOUNCE: _("Announce %(partner)s in %(channel)s"),
        ChannelTask.Kind.HELP: _("Help %(partner)s into %(channel)s"),
    }[ChannelTask.Kind(task.kind)]
    return sentence % {"partner": task.partner.display_name, "channel": task.channel}


def why(task: ChannelTask) -> str:
    """Return why a person has to do it; a code of Slack's that we have no words for is named."""
    known = BECAUSE.get(task.reason)
    return str(known) if known else _("Slack refused it: %(code)s.") % {"code": task.reason}

"""The ways in which Slack can fail, on demand: a number of times, or until it is taken back."""

from django.utils.translation import gettext_lazy as _

from ssp.sandbox.docusign.faults import Fault

RETRY_AFTER = 7
INVITING = {"conversations.invite", "conversations.inviteShared"}
AS_CODES = {
    "invalid_auth": "invalid_auth",
    "missing_scope": "missing_scope",
    "internal_error": "internal_error",
    "no_inviting": "restricted_action",
    "no_removing": "restricted_action",
    "no_posting": "not_in_channel",
}
ONLY_FOR = {
    "no_inviting": INVITING,
    "no_removing": {"conversations.kick"},
    "no_posting": {"chat.postMessage"},
}
FAULTS = [
    Fault("outage", _("Outage"), _("A call is answered with 503 and an HTML page.")),
    Fault("garbage", _("Garbage"), _("A call isn't done and is answered with 200 and no JSON.")),
    Fault(
        "lost_answer",
        _("Answer lost"),
        _("What was asked is done: posted, invited, removed. The connection ends instead of the answer."),
    ),
    Fault("rate_limit", _("Too many requests"), _("A call is answered with 429 and Retry-After.")),
    Fault("internal_error", _("Internal error"), _("A call isn't done: internal_error.")),
    Fault("invalid_auth", _("Token refused"), _("Every call is refused: invalid_auth.")),
    Fault("missing_scope", _("A scope is missing"), _("A call is refused: missing_scope.")),
    Fault("no_inviting", _("No inviting"), _("The workspace forbids invitations: restricted_action.")),
    Fault("no_removing", _("No removing"), _("The workspace forbids removing people: restricted_action.")),
    Fault("no_posting", _("Bot outside"), _("Posting is refused: not_in_channel.")),
]
NAMES = {fault.name for fault in FAULTS}

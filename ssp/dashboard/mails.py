"""The desk's own mail (ADR 11)."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import MailKind, register
from ssp.core.roles import DESK_ROLES

DIGEST = MailKind(
    name="dashboard.digest",
    template="dashboard/emails/digest",
    label=_("What waits for you, each morning"),
    explanation=_("On working days at 8:00, what Today lists as yours. Nothing comes when nothing waits."),
    audience=frozenset(DESK_ROLES),
    on_request=True,
)
register(DIGEST)

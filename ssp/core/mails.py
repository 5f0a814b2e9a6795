"""The mails that belong to no app."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import MailKind, register

register(
    MailKind(
        name="core.staff_invitation",
        template="core/emails/staff_invitation",
        label=_("Invitations to the team's software"),
        explanation=_("An administrator gave you a role."),
        legal=True,
        reason=_("Without it nobody could sign in for the first time."),
    ),
)

"""The kinds of mail about money (ADR 11): all of them are always sent."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import MailKind, register
from ssp.core.roles import Role

PARTNER = frozenset({Role.PARTNER})
MONEY = _("It is about money that is yours, and carries the statement.")

register(
    MailKind(
        name="commissions.payout_approved",
        template="commissions/emails/payout_approved",
        label=_("A payout is approved"),
        explanation=_("The amount, and the statement."),
        audience=PARTNER,
        legal=True,
        reason=MONEY,
    ),
    MailKind(
        name="commissions.payout_paid",
        template="commissions/emails/payout_paid",
        label=_("A payout is on its way"),
        explanation=_("When the money was sent."),
        audience=PARTNER,
        legal=True,
        reason=MONEY,
    ),
)

register(
    MailKind(
        name="commissions.election_changed",
        template="commissions/emails/election_changed",
        label=_("A director changed how a use case pays"),
        explanation=_("The model before and after, and the reason."),
        audience=PARTNER,
        legal=True,
        reason=_("It decides how you are paid."),
    )
)

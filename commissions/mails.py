"""The kinds of mail about money (ADR 11): all of them are always sent."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import MailKind, register
from ssp.core.roles import Role

PARTNER = frozenset({Role.PARTNER})
MONEY_WAITS = _("It is about money that waits for you.")
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
        name="commissions.bank_details_entered",
        template="commissions/emails/bank_details_entered",
        label=_("Your bank account was entered or changed"),
        explanation=_("Which account, and what to do if it wasn’t you."),
        audience=PARTNER,
        legal=True,
        reason=_("If somebody else did it, this mail is how you find out in time."),
    )
)

register(
    MailKind(
        name="commissions.bank_details_wanted",
        template="commissions/emails/bank_details_wanted",
        label=_("We don’t know where to pay you"),
        explanation=_("When a payout leaves you out because you gave no account."),
        audience=PARTNER,
        legal=True,
        reason=MONEY_WAITS,
    )
)

"""The kinds of mail about money (ADR 11): all of them are always sent."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import MailKind, register
from ssp.core.roles import Role

PARTNER = frozenset({Role.PARTNER})
HANDS = frozenset({Role.FINANCE, Role.DIRECTOR})
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
        name="commissions.openings_entered",
        template="commissions/emails/openings_entered",
        label=_("What your deals earned before is entered"),
        explanation=_("What finance entered for each deal: earned, paid and open."),
        audience=PARTNER,
        legal=True,
        reason=_("It is about money that is yours, and you can contest it."),
    ),
    MailKind(
        name="commissions.election_changed",
        template="commissions/emails/election_changed",
        label=_("A director changed how a use case pays"),
        explanation=_("The model before and after, and the reason."),
        audience=PARTNER,
        legal=True,
        reason=_("It decides how you are paid."),
    ),
    MailKind(  # it repeats what payouts and the ledger say, so it may be turned off
        name="commissions.statement_ready",
        template="commissions/emails/statement_ready",
        label=_("The statement of a month is ready"),
        explanation=_("What was entered, paid and is held, on the first days of the next month."),
        audience=PARTNER,
    ),
    MailKind(
        name="commissions.statement_cancelled",
        template="commissions/emails/statement_cancelled",
        label=_("A statement is cancelled"),
        explanation=_("Its transfer failed; the entries go into the next payout."),
        audience=PARTNER,
        legal=True,
        reason=_("It takes back a document that may be in your books."),
    ),
    MailKind(
        name="commissions.entry_contested",
        template="commissions/emails/entry_contested",
        label=_("An entry is contested"),
        explanation=_("The entry, and by when an answer is due."),
        audience=HANDS,
        legal=True,
        reason=_("A partner waits for an answer that only you can give."),
    ),
    MailKind(
        name="commissions.contest_overdue",
        template="commissions/emails/contest_overdue",
        label=_("A contested entry wasn’t answered in time"),
        explanation=_("It was promised within 10 working days."),
        audience=frozenset({Role.DIRECTOR}),
        legal=True,
        reason=_("A partner was promised an answer that didn’t come."),
    ),
    MailKind(
        name="commissions.contest_answered",
        template="commissions/emails/contest_answered",
        label=_("Your contested entry is answered"),
        explanation=_("What finance says, and what follows."),
        audience=PARTNER,
        legal=True,
        reason=_("It answers what you contested, about money that is yours."),
    ),
    MailKind(
        name="commissions.bank_details_entered",
        template="commissions/emails/bank_details_entered",
        label=_("Your bank account was entered or changed"),
        explanation=_("Which account, and what to do if it wasn’t you."),
        audience=PARTNER,
        legal=True,
        reason=_("If somebody else did it, this mail is how you find out in time."),
    ),
    MailKind(
        name="commissions.left_out",
        template="commissions/emails/left_out",
        label=_("A payout left you out"),
        explanation=_("What waits, and the reason that finance gives."),
        audience=PARTNER,
        legal=True,
        reason=MONEY_WAITS,
    ),
    MailKind(
        name="commissions.bank_details_wanted",
        template="commissions/emails/bank_details_wanted",
        label=_("We don’t know where to pay you"),
        explanation=_("When a payout leaves you out because you gave no account."),
        audience=PARTNER,
        legal=True,
        reason=MONEY_WAITS,
    ),
)

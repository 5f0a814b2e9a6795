"""The kinds of mail about referrals (ADR 11): one template; `letters.letter` names the kind of each."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import NO_ACCOUNT, MailKind, register
from ssp.core.roles import Role

LETTER = "referrals/emails/letter"
PARTNER = frozenset({Role.PARTNER})
SELLERS = frozenset({Role.SALES, Role.SALES_LEAD})
LEADS = frozenset({Role.SALES_LEAD})

register(
    MailKind(
        name="referrals.privacy_notice",
        template=LETTER,
        label=_("Somebody passed on your details"),
        explanation=_("Who did it and why, and how to object."),
        audience=NO_ACCOUNT,
        legal=True,
        reason=_("The law says that people are told."),
    ),
    MailKind(
        name="referrals.meeting",
        template=LETTER,
        label=_("A meeting is booked, moved or cancelled"),
        explanation=_("With the entry for your calendar."),
        audience=PARTNER | SELLERS,
        legal=True,
        reason=_("You are expected there, and the calendar entry is in it."),
    ),
    MailKind(
        name="referrals.confirmation",
        template=LETTER,
        label=_("What type of referral was it?"),
        explanation=_("The question after each meeting, and its reminders."),
        audience=PARTNER | SELLERS,
        legal=True,
        reason=_("Your answer decides what is owed (C14)."),
    ),
    MailKind(
        name="referrals.decision",
        template=LETTER,
        label=_("The answer about your introduction"),
        explanation=_("What the host answered, and how a contest was settled."),
        audience=PARTNER,
        legal=True,
        reason=_("You may contest it until a day that is in it (C14)."),
    ),
    MailKind(
        name="referrals.to_settle",
        template=LETTER,
        label=_("Something waits for a sales lead"),
        explanation=_("An answer that is missing or contested, or a name to compare."),
        audience=LEADS,
        legal=True,
        reason=_("A partner's right waits for you (C10, C14)."),
    ),
    MailKind(
        name="referrals.registered_for_you",
        template=LETTER,
        label=_("Confirm an introduction in your name"),
        explanation=_("A seller registered somebody for you."),
        audience=PARTNER,
        legal=True,
        reason=_("Nothing is sent to the person before you confirm it."),
    ),
    MailKind(
        name="referrals.claim_ended",
        template=LETTER,
        label=_("A claim of yours has ended"),
        explanation=_("No meeting was held in time."),
        audience=PARTNER,
        legal=True,
        reason=_("A right of yours has ended (C12)."),
    ),
    MailKind(
        name="referrals.objected",
        template=LETTER,
        label=_("A person objected to being contacted"),
        explanation=_("So that nobody writes to them again."),
        audience=PARTNER | SELLERS,
        legal=True,
        reason=_("The person's objection binds you too (C11)."),
    ),
    MailKind(
        name="referrals.last_deadline",
        template=LETTER,
        label=_("Three days left to sign"),
        explanation=_("The last reminder of a window."),
        audience=PARTNER | SELLERS,
        legal=True,
        reason=_("A window that is missed costs the commission (C2)."),
    ),
    MailKind(
        name="referrals.deadline",
        template=LETTER,
        label=_("60, 30 and 14 days left to sign"),
        explanation=_("Reminders of a window before its last days. The one at 3 days always comes."),
        audience=PARTNER | SELLERS,
    ),
    MailKind(
        name="referrals.name_checked",
        template=LETTER,
        label=_("We checked a name by hand"),
        explanation=_("Whether we can take the introduction. The referral's page says it too."),
        audience=PARTNER,
    ),
    MailKind(
        name="referrals.window_extended",
        template=LETTER,
        label=_("A window is extended"),
        explanation=_("The new last day to sign, and why a director granted it."),
        audience=PARTNER | SELLERS,
        legal=True,
        reason=_("A last day that decides about the commission has moved (C2)."),
    ),
    MailKind(
        name="referrals.same_need",
        template=LETTER,
        label=_("A use case is closed or open again as the same need"),
        explanation=_("When a need of a company was introduced before, and when that is taken back."),
        audience=PARTNER,
        legal=True,
        reason=_("It decides whether a use case pays (C18)."),
    ),
    MailKind(
        name="referrals.deal_won",
        template=LETTER,
        label=_("A deal of yours is won"),
        explanation=_("When the customer signed, and whether it was in time."),
        audience=PARTNER,
    ),
    MailKind(
        name="referrals.use_case_commented",
        template=LETTER,
        label=_("Somebody commented on a use case"),
        explanation=_("What they wrote. The use case's page shows it too."),
        audience=PARTNER | SELLERS,
    ),
)

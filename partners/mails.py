"""The kinds of mail about the partnership (ADR 11). What touches the contract is always sent."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import NO_ACCOUNT, MailKind, register
from ssp.core.roles import Role

PARTNER, DIRECTOR = frozenset({Role.PARTNER}), frozenset({Role.DIRECTOR})
KEEPERS = frozenset({Role.DIRECTOR, Role.ADMINISTRATOR})
CONTRACT = _("It is about your contract.")

register(
    MailKind(
        name="partners.application_submitted",
        template="partners/emails/application_submitted",
        label=_("Your application has arrived"),
        explanation=_("What you accepted, and what happens next."),
        audience=PARTNER,
        legal=True,
        reason=CONTRACT,
    ),
    MailKind(
        name="partners.application_rejected",
        template="partners/emails/application_rejected",
        label=_("Your application was turned down"),
        explanation=_("The reason, and whether you can apply again."),
        audience=PARTNER,
        legal=True,
        reason=CONTRACT,
    ),
    MailKind(
        name="partners.partnership_started",
        template="partners/emails/partnership_started",
        label=_("Your partnership starts"),
        explanation=_("The contract is signed, and from when it counts."),
        audience=PARTNER,
        legal=True,
        reason=CONTRACT,
    ),
    MailKind(
        name="partners.recruit_started",
        template="partners/emails/recruit_started",
        label=_("Somebody you invited is a partner"),
        explanation=_("When they sign, and which of your three places they take."),
        audience=PARTNER,
    ),
    MailKind(
        name="partners.recruit_invited",
        template="partners/emails/recruit_invited",
        label=_("Invitations to become a partner"),
        explanation=_("A partner invited you; the mail carries the link."),
        audience=NO_ACCOUNT,
        legal=True,
        reason=_("The link in it is the invitation itself."),
    ),
    MailKind(
        name="partners.contract_waits",
        template="partners/emails/contract_waits",
        label=_("A contract waits for your review"),
        explanation=_("Two directors decide on each contract."),
        audience=DIRECTOR,
        legal=True,
        reason=_("Without two directors no contract can be signed (C6)."),
    ),
    MailKind(
        name="partners.contract_returned",
        template="partners/emails/contract_returned",
        label=_("A contract went back to draft"),
        explanation=_("A colleague turned it down, with a reason."),
        audience=DIRECTOR,
    ),
    MailKind(
        name="partners.contract_unsigned",
        template="partners/emails/contract_unsigned",
        label=_("A contract was not signed"),
        explanation=_("It was declined, withdrawn or has expired at DocuSign."),
        audience=DIRECTOR,
    ),
    MailKind(
        name="partners.sign_reminder",
        template="partners/emails/sign_reminder",
        label=_("A contract waits for your signature"),
        explanation=_("While it can still be signed, after 3 and 7 days and before the last day."),
        audience=PARTNER,
        legal=True,
        reason=CONTRACT,
    ),
    MailKind(
        name="partners.ending",
        template="partners/emails/ending",
        label=_("A partnership ends"),
        explanation=_("When, by whom, and what goes on afterwards."),
        audience=PARTNER | DIRECTOR,
        legal=True,
        reason=_("A right ends, or will end."),
    ),
    MailKind(
        name="partners.moved_in",
        template="partners/emails/moved_in",
        label=_("Your partnership moved in"),
        explanation=_("What moved in from paper, and the link to your account."),
        audience=PARTNER,
        legal=True,
        reason=CONTRACT,
    ),
    MailKind(
        name="partners.move_in_waits",
        template="partners/emails/move_in_waits",
        label=_("Signed papers wait for your attestation"),
        explanation=_("How many there are."),
        audience=DIRECTOR,
        legal=True,
        reason=_("Without two directors no partner moves in (C6)."),
    ),
    MailKind(
        name="partners.channels_granted",
        template="partners/emails/channels_granted",
        label=_("Your invitations to our channels"),
        explanation=_("When a partnership starts, and when a channel is added."),
        audience=PARTNER,
    ),
    MailKind(
        name="partners.docusign_delayed",
        template="partners/emails/docusign_delayed",
        label=_("DocuSign keeps a contract waiting"),
        explanation=_("When it takes longer than 30 minutes."),
        audience=KEEPERS,
        legal=True,
        reason=_("Somebody must look at it: a partner waits for their contract (C6)."),
    ),
    MailKind(
        name="partners.docusign_healed",
        template="partners/emails/docusign_healed",
        label=_("DocuSign goes on"),
        explanation=_("After a delay that you were told of."),
        audience=KEEPERS,
    ),
    MailKind(
        name="partners.void_too_late",
        template="partners/emails/void_too_late",
        label=_("A contract was signed before it could be withdrawn"),
        explanation=_("The signature won."),
        audience=DIRECTOR,
        legal=True,
        reason=_("A partnership has started against a director's wish (C6)."),
    ),
)

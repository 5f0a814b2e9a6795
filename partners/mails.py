"""The kinds of mail about the partnership (ADR 16). What touches the contract is always sent."""

from django.utils.translation import gettext_lazy as _

from ssp.core.mail_kinds import NO_ACCOUNT, MailKind, register
from ssp.core.roles import Role

PARTNER, DIRECTOR = frozenset({Role.PARTNER}), frozenset({Role.DIRECTOR})
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
)

"""What the outbox delivers for referrals: mails, and work handed over. A mail whose reason is gone
isn't sent.
"""

from datetime import datetime
from email.utils import parseaddr
from functools import partial

from django.conf import settings

from referrals import calendar, deal_letters, letters, letters_people, permissions
from referrals.letters import Draft, Letter
from referrals.mails import LETTER
from referrals.models import (
    Confirmation,
    Deal,
    Introduction,
    IntroductionStatus,
    ProbingAlert,
    Referral,
    UseCase,
    UseCaseComment,
    UseCaseLink,
    WindowExtension,
)
from referrals.services.contacts import import_batch
from referrals.services.handover import hand_over_work
from referrals.services.leaving import end_claims_of_left_partners
from referrals.services.probing import look_for_probing
from ssp.core import clock, emails
from ssp.core.models import OutboxMessage, User
from ssp.core.outbox import handles, hears
from ssp.core.periods import local_date
from ssp.core.roles import DESK_ROLES, Role


def _words(draft: Draft) -> dict[str, Letter]:
    return {"letter": draft.write()}


def deliver_letter(
    draft: Draft, to: list[str], message: OutboxMessage, ics: tuple[str, bytes] | None = None
) -> None:
    to = [address for address in to if address]
    if not to:
        return
    attachments: list[emails.Attachment] = []
    if ics:
        method, content = ics
        attachments = [("invitation.ics", content, f"text/calendar; method={method}")]
    emails.send(
        LETTER,
        to=to,
        context=partial(_words, draft),
        key=message.key,
        kind=draft.kind,
        attachments=attachments,
    )


def _referral(message: OutboxMessage) -> Referral:
    return Referral.objects.select_related("partner__user", "company", "root", "seller").get(
        pk=message.payload["referral_id"]
    )


def _partner_address(referral: Referral) -> list[str]:
    return [referral.partner.user.email]


def sales_leads() -> list[str]:
    return [user.email for user in permissions.sales_leads()]


# --- to the person ---------------------------------------------------------------------
@handles("referrals.privacy_notice")
def send_privacy_notice(message: OutboxMessage) -> None:
    referral = _referral(message)
    if referral.objected_at or not referral.is_live:
        return
    deliver_letter(letters.privacy_notice(referral), [referral.email], message)


def _introduction(message: OutboxMessage) -> Introduction:
    return Introduction.objects.select_related(
        "referral__partner__user", "referral__company", "referral__root", "host"
    ).get(pk=message.payload["introduction_id"])


def _address_of(introduction: Introduction, to: str) -> str:
    referral = introduction.referral
    return {
        "person": referral.email,
        "host": introduction.host.email,
        "partner": referral.partner.user.email,
    }[to]


def _organizer() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


@handles("referrals.invitation")
def send_invitation(message: OutboxMessage) -> None:
    introduction = _introduction(message)
    outdated = introduction.calendar_sequence != message.payload["sequence"]
    if outdated or introduction.status != IntroductionStatus.BOOKED:
        return
    to = str(message.payload["to"])
    draft = letters.invitation(introduction, to)
    letter = draft.write()  # the calendar entry is the same for everybody
    ics = calendar.entry(
        introduction,
        method="REQUEST",
        organizer=_organizer(),
        stamp=datetime.fromisoformat(str(message.payload["at"])),
        description="\n\n".join(letter.paragraphs + [f"{label}: {url}" for label, url in letter.links]),
    )
    deliver_letter(draft, [_address_of(introduction, to)], message, ("REQUEST", ics))


@handles("referrals.cancellation")
def send_cancellation(message: OutboxMessage) -> None:
    """One outbox message a recipient would be lost work: each mail has its own key, so a repeat is
    recognised.
    """
    introduction = _introduction(message)
    ics = calendar.entry(
        introduction,
        method="CANCEL",
        organizer=_organizer(),
        stamp=datetime.fromisoformat(str(message.payload["at"])),
    )
    recipients = ["host", "partner", *(["person"] if message.payload["tell_person"] else [])]
    for to in recipients:
        address = _address_of(introduction, to)
        if address:
            draft = letters.cancellation(introduction, to)
            emails.send(
                LETTER,
                to=[address],
                context=partial(_words, draft),
                key=f"{message.key}:{to}",
                kind=draft.kind,
                attachments=[("invitation.ics", ics, "text/calendar; method=CANCEL")],
            )


@handles("referrals.host_replaced")
def send_host_replaced(message: OutboxMessage) -> None:
    """Take a meeting out of the calendar of who hosted it: somebody else does now."""
    introduction = _introduction(message)
    introduction.host = User.objects.get(pk=message.payload["user_id"])  # whom the entry was for; never saved
    ics = calendar.entry(
        introduction,
        method="CANCEL",
        organizer=_organizer(),
        stamp=datetime.fromisoformat(str(message.payload["at"])),
    )
    deliver_letter(letters.host_replaced(introduction), [introduction.host.email], message, ("CANCEL", ics))


# --- the question of C14 -----------------------------------------------------------------
def _confirmation(message: OutboxMessage) -> Confirmation:
    return Confirmation.objects.select_related(
        "introduction__referral__partner__user", "introduction__referral__company", "introduction__host"
    ).get(pk=message.payload["confirmation_id"])


@handles("referrals.confirmation_mail")
def send_confirmation_mail(message: OutboxMessage) -> None:
    row = _confirmation(message)
    if row.answered_at or row.introduction.confirmations.filter(decides=True).exists():
        return
    host = row.asked == Confirmation.Asked.HOST
    address = _address_of(row.introduction, "host" if host else "partner")
    deliver_letter(letters.confirmation(row, int(message.payload["reminder"])), [address], message)


@handles("referrals.escalation")
def send_escalation(message: OutboxMessage) -> None:
    row = _confirmation(message)
    if row.answered_at is None:
        deliver_letter(letters.escalation(row), sales_leads(), message)


@handles("referrals.decided")
def send_decision(message: OutboxMessage) -> None:
    row = _confirmation(message)
    deliver_letter(letters.decided(row), _partner_address(row.introduction.referral), message)


@handles("referrals.contested")
def send_contest(message: OutboxMessage) -> None:
    deliver_letter(letters.contested(_confirmation(message)), sales_leads(), message)


@handles("referrals.settled")
def send_settlement(message: OutboxMessage) -> None:
    row = _confirmation(message)
    deliver_letter(letters.settled(row), _partner_address(row.introduction.referral), message)


# --- the claim -------------------------------------------------------------------------------
@handles("referrals.registered_for_you")
def send_registered_for_you(message: OutboxMessage) -> None:
    referral = _referral(message)
    if referral.awaits_partner:
        deliver_letter(letters.registered_for_you(referral), _partner_address(referral), message)


@handles("referrals.accepted")
def send_accepted(message: OutboxMessage) -> None:
    referral = _referral(message)
    deliver_letter(letters.accepted(referral), _partner_address(referral), message)


@handles("referrals.not_eligible")
def send_not_eligible(message: OutboxMessage) -> None:
    referral = _referral(message)
    deliver_letter(letters.not_eligible(referral), _partner_address(referral), message)


@handles("referrals.lapsed")
def send_lapsed(message: OutboxMessage) -> None:
    referral = _referral(message)
    deliver_letter(letters.lapsed(referral), _partner_address(referral), message)


@handles("referrals.objected")
def send_objected(message: OutboxMessage) -> None:
    referral = _referral(message)
    seller = [referral.seller.email] if referral.seller else []
    draft = letters.objected(referral)
    deliver_letter(draft, _partner_address(referral), message)
    if seller:
        emails.send(
            LETTER,
            to=seller,
            context=partial(_words, draft),
            key=f"{message.key}:seller",
            kind=draft.kind,
        )


@handles("referrals.name_overdue")
def send_name_overdue(message: OutboxMessage) -> None:
    referral = _referral(message)
    if referral.status == referral.Status.CHECKING:
        deliver_letter(letters.name_overdue(referral), sales_leads(), message)


# --- deadlines and deals -----------------------------------------------------------------------
@handles("referrals.window_reminder")
def send_window_reminder(message: OutboxMessage) -> None:
    use_case = UseCase.objects.select_related(
        "partner__user", "referral__company", "referral__seller", "deal"
    ).get(pk=message.payload["use_case_id"])
    if not use_case.is_open or not use_case.deal.is_open or use_case.referral is None:
        return
    to = str(message.payload["to"])
    addresses = [use_case.partner.user.email] if to == "partner" else _responsible(use_case.referral)
    on = local_date(datetime.fromisoformat(str(message.payload["at"])))
    deliver_letter(deal_letters.window_reminder(use_case, to, on), addresses, message)


def _responsible(referral: Referral) -> list[str]:
    """Return the responsible seller's address; without one that still sells, the sales leads'."""
    seller = referral.seller
    return [seller.email] if seller and permissions.can_host(seller) else sales_leads()


@handles("referrals.window_extended")
def send_window_extended(message: OutboxMessage) -> None:
    """Tell partner and responsible seller the new last day, and why; without a seller, the sales leads."""
    extension = WindowExtension.objects.select_related(
        "director",
        "use_case__partner__user",
        "use_case__referral__company",
        "use_case__referral__seller",
        "use_case__deal",
    ).get(pk=message.payload["extension_id"])
    use_case, to = extension.use_case, str(message.payload["to"])
    if use_case.referral is None:
        return
    addresses = [use_case.partner.user.email] if to == "partner" else _responsible(use_case.referral)
    deliver_letter(deal_letters.window_extended(extension, to), addresses, message)


@handles("referrals.use_case_linked")
def send_use_case_linked(message: OutboxMessage) -> None:
    """Tell one of the two partners, unless it was taken back before they were told."""
    sides = ("paying", "duplicate")
    link = UseCaseLink.objects.select_related(
        *(f"{side}__{path}" for side in sides for path in ("partner__user", "referral__company"))
    ).get(pk=message.payload["link_id"])
    what, to = str(message.payload["what"]), str(message.payload["to"])
    if link.is_live != (what == "linked"):
        return
    use_case = link.paying if to == "paying" else link.duplicate
    deliver_letter(deal_letters.same_need(link, what, to), [use_case.partner.user.email], message)


@handles("referrals.use_case_commented")
def send_use_case_comment(message: OutboxMessage) -> None:
    """Tell the other side: the partner, or who sells to the person; else who of sales spoke last."""
    comment = UseCaseComment.objects.select_related(
        "author", "use_case__partner__user", "use_case__referral__company", "use_case__referral__seller"
    ).get(pk=message.payload["comment_id"])
    use_case = comment.use_case
    if not comment.text or use_case.referral is None:
        return
    if not comment.is_from_partner:
        to = [use_case.partner.user.email]
    else:
        spoke = use_case.comments.exclude(author=comment.author).order_by("-pk").first()
        listener = use_case.referral.seller or (spoke.author if spoke else None)
        still_sells = listener is not None and permissions.can_host(listener)
        to = [listener.email] if listener is not None and still_sells else sales_leads()
    deliver_letter(deal_letters.use_case_commented(comment), to, message)


@handles("referrals.deal_won_mail")
def send_deal_won(message: OutboxMessage) -> None:
    deal = Deal.objects.select_related("use_case__partner__user", "use_case__referral__company").get(
        pk=message.payload["deal_id"]
    )
    deliver_letter(deal_letters.deal_won(deal), [deal.use_case.partner.user.email], message)


# --- a partnership that ended ------------------------------------------------------------------------
@handles("partners.partnership_ended")
def end_claims(message: OutboxMessage) -> None:
    """A partner left: end what their leaving ends (C12); what runs on is ended by the nightly job."""
    end_claims_of_left_partners(partner_id=int(message.payload["partner_id"]), at=clock.now())


# --- work handed over -----------------------------------------------------------------------------
@hears("core.role_ended", kind="referrals.role_ended")
def move_open_work(message: OutboxMessage) -> None:
    """Somebody lost a sales role: unless they still sell, their successor takes referrals and meetings
    over.
    """
    if message.payload["role"] not in (Role.SALES, Role.SALES_LEAD) or "hand_to_id" not in message.payload:
        return
    user = User.objects.get(pk=message.payload["user_id"])
    successor = User.objects.get(pk=message.payload["hand_to_id"])
    if not user.has_any_role(*DESK_ROLES):
        hand_over_work(user=user, to=successor, at=clock.now())


# --- probing ---------------------------------------------------------------------------------------
@handles("referrals.look_for_probing")
def look_at_refusals(message: OutboxMessage) -> None:
    at = datetime.fromisoformat(str(message.payload["at"]))
    look_for_probing(partner_id=int(message.payload["partner_id"]), at=at)


@handles("referrals.probing_noticed")
def send_probing_noticed(message: OutboxMessage) -> None:
    alert = ProbingAlert.objects.select_related("partner").get(pk=message.payload["alert_id"])
    if alert.looked_at is None:
        deliver_letter(letters_people.probing_noticed(alert), sales_leads(), message)


# --- moving in ---------------------------------------------------------------------------------------
@handles("referrals.moved_in_notice")
def send_moved_in_notice(message: OutboxMessage) -> None:
    referral = _referral(message)
    if not referral.anonymised_at and referral.is_live:
        deliver_letter(letters_people.moved_in_notice(referral), [referral.email], message)


@handles("referrals.moved_in")
def send_moved_in(message: OutboxMessage) -> None:
    """Tell a partner which of their introductions stand here from now on: one mail a file."""
    rows = UseCase.objects.filter(
        move_in_row__move_in=message.payload["move_in_id"], partner=message.payload["partner_id"]
    ).select_related("partner__user", "referral__company")
    if cases := list(rows.order_by("pk")):
        deliver_letter(letters_people.moved_in(cases), [cases[0].partner.user.email], message)


# --- known contacts ------------------------------------------------------------------------------
@handles("referrals.contacts_batch")
def import_next_contacts(message: OutboxMessage) -> None:
    import_batch(
        import_id=int(message.payload["import_id"]), start=int(message.payload["start"]), at=clock.now()
    )

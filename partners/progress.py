"""Where an application stands, in the applicant's words: what happens next, who does it, and when."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from partners.models import (
    OPEN_ENVELOPE,
    Application,
    ApplicationStatus,
    Contract,
    ContractStatus,
    Envelope,
)
from partners.rules import ALERT_AFTER, REVIEW_AIM
from ssp.core.periods import add_working_days, local_date
from ssp.core.templatetags.ssp import day, weekday_day


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One state of an application. `step` is 1-based: applied, reviewed, signed, partner."""

    step: int
    tone: str
    word: str
    title: str
    text: str


def progress_of(application: Application, contract: Contract | None, *, on: date, at: datetime) -> Progress:
    """Say what happens next with an application, and when."""
    if application.status == ApplicationStatus.REJECTED:
        return Progress(
            step=2,
            tone="stop",
            word=_("Declined"),
            title=_("We can't take you on as a partner now"),
            text=application.rejection_reason,
        )
    if application.status == ApplicationStatus.DRAFT or contract is None:
        return Progress(
            step=1,
            tone="waiting",
            word=_("Draft"),
            title=_("Your application isn't sent yet"),
            text=_("Finish it and send it; then two directors read it."),
        )
    if contract.status == ContractStatus.SIGNED and contract.signed_at:
        return Progress(
            step=4,
            tone="good",
            word=_("Partner"),
            title=_("You are a partner"),
            text=_("Your partnership started on %(day)s, the moment you signed.")
            % {"day": day(contract.signed_at)},
        )
    if contract.status == ContractStatus.SENDING:
        return Progress(
            step=3,
            tone="moving",
            word=_("Sending"),
            title=_("Two directors approved your contract"),
            text=_sending_text(contract, at=at),
        )
    if contract.status == ContractStatus.SENT:
        envelope = open_envelope(contract)
        if envelope is not None and envelope.void_asked_at is not None:
            return Progress(
                step=3,
                tone="moving",
                word=_("Withdrawn"),
                title=_("We are withdrawing this contract"),
                text=_("Leave it unsigned: %(reason)s We write when there is a new one.")
                % {"reason": envelope.void_reason},
            )
        return Progress(
            step=3,
            tone="you",
            word=_("To sign"),
            title=_("Sign your contract"),
            text=_signing_text(application, envelope),
        )
    if contract.status == ContractStatus.UNSIGNED:
        return Progress(
            step=3,
            tone="moving",
            word=_("Not signed in time"),
            title=_("The signing link is no longer valid"),
            text=_("A director sends you a new one. You needn't do anything until it arrives by e-mail."),
        )
    return Progress(
        step=2,
        tone="moving",
        word=_("In review"),
        title=_("Two directors read your application"),
        text=_review_text(application, contract, on=on),
    )


def open_envelope(contract: Contract) -> Envelope | None:
    """Return the envelope that is on its way to a signature."""
    return contract.envelopes.filter(status__in=OPEN_ENVELOPE).first()


def _sending_text(contract: Contract, *, at: datetime) -> str:
    envelope = open_envelope(contract)
    if envelope is None or at - envelope.queued_at < ALERT_AFTER:
        return _("We are handing it to DocuSign. The e-mail to sign it arrives within a few minutes.")
    return _(
        "We have been handing it to DocuSign for %(age)s: it doesn't answer at the moment. We keep trying. "
        "You needn't do anything; the e-mail to sign it comes by itself."
    ) % {"age": timesince(envelope.queued_at, at)}


def _signing_text(application: Application, envelope: Envelope | None) -> str:
    address = (envelope.signer_email if envelope else "") or application.applicant.email
    text = _(
        "DocuSign sent it to %(email)s. Open that e-mail and sign: your partnership starts at that moment."
    ) % {"email": address}
    if envelope is None or envelope.last_day_to_sign is None:
        return text
    return f"{text} " + _("The last day to sign is %(day)s.") % {
        "day": weekday_day(envelope.last_day_to_sign)
    }


def _review_text(application: Application, contract: Contract, *, on: date) -> str:
    begun = local_date(application.submitted_at or contract.created_at)
    aim = add_working_days(begun, REVIEW_AIM)
    if contract.status == ContractStatus.DRAFT:
        return _(
            "A director is changing the contract; then two directors review it again. We write to you then."
        )
    if on > aim:
        return _("This takes longer than we aim for. You needn't do anything; we write when it is decided.")
    return _("Nothing for you to do. We aim to decide by %(day)s; then you get the contract by e-mail.") % {
        "day": weekday_day(aim)
    }

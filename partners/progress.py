"""Where an application stands, in the applicant's words: what happens next, who does it, and when."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from partners.models import (
    Application,
    ApplicationStatus,
    Contract,
    ContractStatus,
    Envelope,
    EnvelopeStatus,
)
from partners.rules import ALERT_AFTER, REVIEW_AIM
from ssp.core.periods import add_working_days, local_date
from ssp.core.templatetags.ssp import clock_time, day, weekday_day


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One state of an application. `step` is 1-based: applied, reviewed, signed, partner."""

    step: int
    tone: str
    word: str
    title: str
    text: str


def progress_of(
    application: Application, contract: Contract | None, envelope: Envelope | None, *, at: datetime
) -> Progress:
    """Say what happens next with an application, and when.

    :param envelope: the contract's newest envelope, whatever became of it.
    """
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
            text=_("Finish it and send it; then two directors read it. Until then nobody at SeMI sees it."),
        )
    match contract.status:
        case ContractStatus.SIGNED:
            return _signed(contract)
        case ContractStatus.SENDING:
            return _sending(contract, envelope, at=at)
        case ContractStatus.SENT:
            return _sent(application, envelope)
        case ContractStatus.UNSIGNED:
            return Progress(
                step=3,
                tone="moving",
                word=_("Not signed in time"),
                title=_("The signing link is no longer valid"),
                text=_(
                    "It ended before you signed. A director sends the same contract again, by a new e-mail "
                    "from DocuSign. You needn't do anything until it arrives, and nothing else changes."
                ),
            )
        case ContractStatus.DRAFT:
            return _returned(contract, envelope)
        case _:
            return _in_review(application, contract, at=at)


def _signed(contract: Contract) -> Progress:
    return Progress(
        step=4,
        tone="good",
        word=_("Partner"),
        title=_("You are a partner"),
        text=_("Your partnership started on %(day)s, the moment you signed.")
        % {"day": day(contract.signed_at)},
    )


def _sending(contract: Contract, envelope: Envelope | None, *, at: datetime) -> Progress:
    begun = envelope.queued_at if envelope else at
    if at - begun > ALERT_AFTER:
        text = _(
            "DocuSign hasn't taken your contract since %(time)s on %(day)s. We keep trying. Nothing is lost, "
            "and you needn't do anything: the e-mail to sign it comes as soon as DocuSign answers."
        ) % {"time": clock_time(begun), "day": weekday_day(begun)}
        word = _("Sending, delayed")
    else:
        text = _("We are handing it to DocuSign. The e-mail to sign it arrives within a few minutes.")
        word = _("Sending")
    is_again = contract.envelopes.count() > 1
    title = _("We send you the contract again") if is_again else _("Two directors approved your contract")
    return Progress(step=3, tone="moving", word=word, title=title, text=text)


def _sent(application: Application, envelope: Envelope | None) -> Progress:
    if envelope and envelope.void_asked_at is not None:
        return Progress(
            step=3,
            tone="moving",
            word=_("Withdrawn"),
            title=_("We are withdrawing this contract"),
            text=_("Leave it unsigned: %(reason)s We write when there is a new one.")
            % {"reason": envelope.void_reason},
        )
    address = (envelope.signer_email if envelope else "") or application.applicant.email
    text = _(
        "DocuSign sent it to %(email)s. Open that e-mail and sign: your partnership starts at that moment."
    ) % {"email": address}
    if envelope and envelope.sent_at:
        text = _(
            "DocuSign sent it to %(email)s on %(day)s. Open that e-mail and sign: your partnership starts at "
            "that moment. If you can't find it, look among your spam."
        ) % {"email": address, "day": weekday_day(envelope.sent_at)}
    if envelope and envelope.last_day_to_sign:
        last = _("The last day to sign is %(day)s.") % {"day": weekday_day(envelope.last_day_to_sign)}
        text = f"{text} {last}"
    return Progress(step=3, tone="you", word=_("To sign"), title=_("Sign your contract"), text=text)


def _returned(contract: Contract, envelope: Envelope | None) -> Progress:
    if envelope and envelope.status == EnvelopeStatus.DECLINED:
        return Progress(
            step=2,
            tone="moving",
            word=_("Not signed"),
            title=_("You declined to sign"),
            text=_(
                "The directors know your reason. They change the contract and approve it anew, or write to "
                "you. You needn't do anything until you hear from us."
            ),
        )
    return Progress(
        step=2,
        tone="moving",
        word=_("Being changed"),
        title=_("Your contract is being changed"),
        text=_(
            "A director is changing it; then two directors review it again, and you get it by e-mail to "
            "sign. You needn't do anything until then."
        ),
    )


def _in_review(application: Application, contract: Contract, *, at: datetime) -> Progress:
    begun = local_date(application.submitted_at or contract.created_at)
    aim = add_working_days(begun, REVIEW_AIM)
    if local_date(at) > aim:
        text = _(
            "This takes longer than we aim for: we meant to decide by %(day)s. You needn't do anything; the "
            "one who looks after it sees that it is late, and we write when it is decided."
        )
    else:
        text = _(
            "Nothing for you to do. We aim to decide by %(day)s; then you get the contract by e-mail to sign."
        )
    return Progress(
        step=2,
        tone="moving",
        word=_("In review"),
        title=_("Two directors read your application"),
        text=text % {"day": weekday_day(aim)},
    )

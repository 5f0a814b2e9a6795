"""What can happen to an envelope, and whom it is told: the signer by mail, the application by Connect."""

import base64
import binascii
import secrets
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from dateutil.parser import isoparse

from ssp.sandbox.docusign import documents, mails
from ssp.sandbox.docusign.errors import ApiError, invalid
from ssp.sandbox.docusign.standin import StandIn, said
from ssp.sandbox.docusign.store import Envelope, Link, Signer

LONGEST = 100
VIEW_SECONDS = 300.0
EXPIRES_AFTER_DAYS = 120  # DocuSign's own, for envelopes that don't say
LONGEST_LIFE_DAYS = 999


def create(standin: StandIn, definition: dict[str, Any]) -> Envelope:
    """Create an envelope from a definition and send it. :raises ApiError: as DocuSign would."""
    envelope, document = _read(standin, definition)
    moment = said(standin.now())
    envelope.created_at = envelope.changed_at = moment
    with standin.store.transaction():
        standin.store.add_envelope(envelope, document)
        if definition.get("status") == "sent":
            envelope.status, envelope.sent_at = "sent", moment
            for signer in envelope.signers:
                signer.status, signer.sent_at = "sent", moment
                if not signer.client_user_id:
                    _add_link(standin, envelope, signer)
                standin.connect.tell(
                    "recipient-sent", envelope, moment=moment, recipient_id=signer.recipient_id
                )
            standin.connect.tell("envelope-sent", envelope, moment=moment)
            standin.store.save_envelope(envelope)
    if envelope.status == "sent":
        _mail_signers(standin, envelope)
    standin.connect.nudge()
    return envelope


def _read(standin: StandIn, definition: dict[str, Any]) -> tuple[Envelope, bytes]:
    subject = str(definition.get("emailSubject") or "")
    if not subject:
        raise ApiError(
            400, "ENVELOPE_IS_INCOMPLETE", "The Envelope is not Complete. Email Subject is required."
        )
    if len(subject) > LONGEST:
        raise invalid("The email subject is longer than 100 characters.")
    fields = {
        str(each.get("name")): str(each.get("value") or "")
        for each in (definition.get("customFields") or {}).get("textCustomFields") or []
    }
    if any(len(value) > LONGEST for value in fields.values()):
        raise ApiError(400, "INVALID_CUSTOM_FIELD", "A custom field value is longer than 100 characters.")
    sent_documents = definition.get("documents") or []
    if not sent_documents:
        raise ApiError(400, "ENVELOPE_HAS_NO_DOCUMENTS", "The envelope has no documents.")
    ids = [str(each.get("documentId")) for each in sent_documents]
    if len(set(ids)) < len(ids):
        raise invalid("Document ids must be unique.")
    if len(sent_documents) > 1:
        raise invalid("This stand-in takes one document.")
    try:
        document = base64.b64decode(sent_documents[0].get("documentBase64") or "", validate=True)
    except (binascii.Error, ValueError):
        raise invalid("The document isn't base64.") from None
    if not documents.is_pdf(document):
        raise ApiError(400, "UNABLE_TO_LOAD_DOCUMENT", "Unable to load the document.")
    envelope = Envelope(
        envelope_id=str(uuid.uuid4()),
        account_id=standin.keys.identity["account_id"],
        status="created",
        subject=subject,
        blurb=str(definition.get("emailBlurb") or ""),
        document_name=str(sent_documents[0].get("name") or "Document"),
        transaction_id=str(definition.get("transactionId") or ""),
        custom_fields=fields,
        signers=[_read_signer(each) for each in (definition.get("recipients") or {}).get("signers") or []],
        event_notification=_read_notification(definition.get("eventNotification")),
        **_read_times(definition.get("notification")),
    )
    if definition.get("status") == "sent" and not envelope.signers:
        raise ApiError(
            400, "ENVELOPE_IS_INCOMPLETE", "The Envelope is not Complete. A recipient is required."
        )
    _check_anchors(envelope, document)
    return envelope, document


def _read_signer(given: dict[str, Any]) -> Signer:
    name, email = str(given.get("name") or ""), str(given.get("email") or "")
    if not name or not given.get("recipientId"):
        raise ApiError(400, "INVALID_USERNAME", "A recipient needs a name and a recipientId.")
    if not _is_address(email):
        raise ApiError(
            400, "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT", "The email address for the recipient is invalid."
        )
    tabs = given.get("tabs") or {}
    return Signer(
        recipient_id=str(given["recipientId"]),
        name=name,
        email=email,
        client_user_id=str(given.get("clientUserId") or ""),
        sign_anchors=_anchors(tabs.get("signHereTabs")),
        date_anchors=_anchors(tabs.get("dateSignedTabs")),
    )


def _is_address(email: str) -> bool:
    return (
        email.count("@") == 1 and " " not in email and not email.startswith("@") and not email.endswith("@")
    )


def _anchors(tabs: list[dict[str, Any]] | None) -> list[str]:
    return [str(tab["anchorString"]) for tab in tabs or [] if tab.get("anchorString")]


def _read_notification(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    url = str(given.get("url") or "")
    if not url.startswith("https://"):
        raise invalid("The URL of an eventNotification must be https.")
    if given.get("deliveryMode") != "SIM" or (given.get("eventData") or {}).get("version") != "restv2.1":
        raise invalid('This stand-in speaks JSON: deliveryMode="SIM" with eventData.version="restv2.1".')
    events = [str(event) for event in given.get("events") or []]
    return {"url": url, "events": events, "signed": str(given.get("includeHMAC")).lower() == "true"}


def _read_times(given: dict[str, Any] | None) -> dict[str, Any]:
    """Read when an envelope ends, and after how many days its signer is reminded."""
    if not given or _is_true(given.get("useAccountDefaults")):
        return {"expires_after_days": EXPIRES_AFTER_DAYS, "reminder_days": []}
    ends, reminds = given.get("expirations") or {}, given.get("reminders") or {}
    days = EXPIRES_AFTER_DAYS
    if _is_true(ends.get("expireEnabled")):
        days = _days(ends.get("expireAfter"), "expireAfter", at_least=1)
    reminder_days = []
    if _is_true(reminds.get("reminderEnabled")):
        reminder_days = [
            _days(reminds.get("reminderDelay"), "reminderDelay", at_least=1),
            _days(reminds.get("reminderFrequency"), "reminderFrequency", at_least=0),
        ]
    return {"expires_after_days": days, "reminder_days": reminder_days}


def _is_true(given: Any) -> bool:
    return str(given).lower() == "true"


def _days(given: Any, name: str, *, at_least: int) -> int:
    try:
        days = int(str(given))
    except ValueError:
        raise invalid(f"{name} isn't a number of days.") from None
    if not at_least <= days <= LONGEST_LIFE_DAYS:
        raise invalid(f"{name} isn't between {at_least} and {LONGEST_LIFE_DAYS}.")
    return days


def _check_anchors(envelope: Envelope, document: bytes) -> None:
    text = documents.text_of(document)
    for signer in envelope.signers:
        for anchor in [*signer.sign_anchors, *signer.date_anchors]:
            if anchor not in text:
                raise ApiError(
                    400, "ANCHOR_TAB_STRING_NOT_FOUND", f"Anchor tab string was not found: {anchor}"
                )


def _add_link(standin: StandIn, envelope: Envelope, signer: Signer) -> None:
    token = secrets.token_urlsafe(24)
    standin.store.add_link(Link(token, envelope.envelope_id, signer.recipient_id, "", None, used=False))


def _mail_signers(standin: StandIn, envelope: Envelope) -> None:
    for signer in envelope.signers:
        _mail_signer(standin, envelope, signer)


def _mail_signer(standin: StandIn, envelope: Envelope, signer: Signer) -> None:
    link = standin.store.lasting_link(envelope.envelope_id, signer.recipient_id)
    if link and signer.status in {"sent", "delivered"}:
        mails.ask_to_sign(envelope, signer, url=f"{standin.base_uri}/signing/{link.token}/")


def resend(standin: StandIn, envelope: Envelope) -> None:
    """Mail the signers once more. :raises ApiError: it is no longer open."""
    if not envelope.is_open:
        raise ApiError(400, "ENVELOPE_INVALID_STATUS", "Invalid envelope status for this operation.")
    _mail_signers(standin, envelope)
    standin.connect.tell("envelope-resent", envelope, moment=said(standin.now()))
    standin.connect.nudge()


def correct(
    standin: StandIn, envelope: Envelope, changes: list[dict[str, Any]], *, resends: bool
) -> list[dict[str, Any]]:
    """Correct signers' addresses and names; what can't be corrected is told in each result, with a 200.

    :raises ApiError: the envelope is no longer open.
    """
    if not envelope.is_open:
        raise ApiError(400, "ENVELOPE_INVALID_STATUS", "Invalid envelope status for this operation.")
    results = [_correct_one(standin, envelope, change, resends=resends) for change in changes]
    _save(standin, envelope, said(standin.now()), "envelope-corrected")
    return results


def _correct_one(
    standin: StandIn, envelope: Envelope, change: dict[str, Any], *, resends: bool
) -> dict[str, Any]:
    recipient_id, email = str(change.get("recipientId") or ""), str(change.get("email") or "")
    signer = next((each for each in envelope.signers if each.recipient_id == recipient_id), None)
    if signer is None:
        code = "UNKNOWN_ENVELOPE_RECIPIENT"
    elif signer.status not in {"sent", "delivered"}:
        code = "RECIPIENT_UPDATE_FAILED"
    elif email and not _is_address(email):
        code = "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT"
    else:
        code = "SUCCESS"
        signer.name = str(change.get("name") or signer.name)
        if email:  # a new address even if it is the old one; the old link opens nothing any more
            signer.email, signer.status, signer.delivered_at = email, "sent", ""
            standin.store.end_links(envelope.envelope_id, recipient_id)
            _add_link(standin, envelope, signer)
            if resends:
                _mail_signer(standin, envelope, signer)
    return {"recipientId": recipient_id, "errorDetails": {"errorCode": code, "message": ""}}


def void(standin: StandIn, envelope: Envelope, *, reason: str) -> None:
    """Withdraw an open envelope. :raises ApiError: it isn't open, or there is no reason."""
    if not envelope.is_open:
        raise ApiError(
            400,
            "ENVELOPE_CANNOT_VOID_INVALID_STATE",
            "Only envelopes in the 'Sent' or 'Delivered' states may be voided.",
        )
    if not reason:
        raise invalid("A voidedReason is required.")
    moment = said(standin.now())
    envelope.status, envelope.voided_at, envelope.voided_reason = "voided", moment, reason
    _save(standin, envelope, moment, "envelope-voided")
    for signer in envelope.signers:
        if signer.status in {"sent", "delivered"} and not signer.client_user_id:
            mails.tell_voided(envelope, signer)


def do_what_is_due(standin: StandIn) -> None:
    """Do what DocuSign does by itself: remind signers, and void what nobody signed in time."""
    with standin.store.transaction():
        for envelope in standin.store.envelopes():
            if envelope.is_open:
                _expire_or_remind(standin, envelope, now=standin.now())


def _expire_or_remind(standin: StandIn, envelope: Envelope, *, now: datetime) -> None:
    ends_at = isoparse(envelope.sent_at) + timedelta(days=envelope.expires_after_days)
    if ends_at <= now:
        moment = said(ends_at)  # dated the moment its time was over, whenever that is noticed
        envelope.status, envelope.voided_at = "voided", moment
        envelope.voided_reason = "Envelope has expired."
        _save(standin, envelope, moment, "envelope-voided")
    elif (due := _reminders_due(envelope, now)) > envelope.reminders_sent:
        envelope.reminders_sent = due
        standin.store.save_envelope(envelope)
        _mail_signers(standin, envelope)


def _reminders_due(envelope: Envelope, now: datetime) -> int:
    """Return how many reminders should have gone out; a moved clock brings one, not all that were missed."""
    if not envelope.reminder_days:
        return 0
    delay, frequency = envelope.reminder_days
    over = (now - isoparse(envelope.sent_at)).days - delay
    if over < 0:
        return 0
    return 1 + (over // frequency if frequency else 0)


def view(standin: StandIn, envelope: Envelope, wanted: dict[str, Any]) -> str:
    """Return a single-use link for an embedded signer. :raises ApiError: nobody fits, or it isn't open."""
    match = [
        signer
        for signer in envelope.signers
        if signer.client_user_id
        and signer.client_user_id == str(wanted.get("clientUserId") or "")
        and signer.email.lower() == str(wanted.get("email") or "").lower()
        and signer.name == str(wanted.get("userName") or "")
    ]
    if not match:
        raise ApiError(
            400,
            "UNKNOWN_ENVELOPE_RECIPIENT",
            "The recipient you have identified is not a valid recipient of the specified envelope.",
        )
    if not envelope.is_open:
        raise ApiError(400, "ENVELOPE_INVALID_STATUS", "Invalid envelope status for this operation.")
    if not str(wanted.get("returnUrl") or ""):
        raise invalid("A returnUrl is required.")
    token = secrets.token_urlsafe(24)
    standin.store.add_link(
        Link(
            token,
            envelope.envelope_id,
            match[0].recipient_id,
            str(wanted["returnUrl"]),
            time.time() + VIEW_SECONDS,
            used=False,
        )
    )
    return f"{standin.base_uri}/signing/{token}/"


def deliver(standin: StandIn, envelope: Envelope, signer: Signer) -> None:
    """Note that the signer opened the envelope: once."""
    if signer.status != "sent" or not envelope.is_open:
        return
    moment = said(standin.now())
    signer.status, signer.delivered_at = "delivered", moment
    standin.connect.tell("recipient-delivered", envelope, moment=moment, recipient_id=signer.recipient_id)
    if all(each.status != "sent" for each in envelope.signers):
        envelope.status, envelope.delivered_at = "delivered", moment
        _save(standin, envelope, moment, "envelope-delivered")
    else:
        _save(standin, envelope, moment)


def sign(standin: StandIn, envelope: Envelope, signer: Signer) -> None:
    """Sign; the last signer completes the envelope."""
    moment = said(standin.now())
    signer.status, signer.signed_at = "completed", moment
    standin.connect.tell("recipient-completed", envelope, moment=moment, recipient_id=signer.recipient_id)
    if any(each.status != "completed" for each in envelope.signers):
        _save(standin, envelope, moment)
        return
    envelope.status, envelope.completed_at = "completed", moment
    _save(standin, envelope, moment, "envelope-completed")
    signed = documents.combined(envelope, standin.store.document(envelope.envelope_id))
    for each in envelope.signers:
        mails.tell_completed(envelope, each, signed)


def decline(standin: StandIn, envelope: Envelope, signer: Signer, *, reason: str) -> None:
    """Decline, which ends the envelope for everybody."""
    moment = said(standin.now())
    signer.status, signer.declined_at, signer.declined_reason = "declined", moment, reason
    standin.connect.tell("recipient-declined", envelope, moment=moment, recipient_id=signer.recipient_id)
    envelope.status, envelope.declined_at = "declined", moment
    _save(standin, envelope, moment, "envelope-declined")


def _save(standin: StandIn, envelope: Envelope, moment: str, event: str = "") -> None:
    envelope.changed_at = moment
    with standin.store.transaction():
        standin.store.save_envelope(envelope)
        if event:
            standin.connect.tell(event, envelope, moment=moment)
    standin.connect.nudge()

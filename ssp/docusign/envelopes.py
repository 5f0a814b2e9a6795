"""Envelopes as the SDK knows them: built from our words, and read back into them."""

import base64
from datetime import UTC, datetime
from typing import Any

from dateutil.parser import isoparse
from django.conf import settings
from docusign_esign import models

from ssp.docusign.client import DocuSignUnavailable, Envelope, EnvelopeState

TRANSACTION_FIELD = "ssp_transaction"
REFERENCE_FIELD = "ssp_contract"
LONGEST = 100
SIGNER = "1"
# DocuSign's own reminders, in days after the sending; the application's are on other days.
FIRST_REMINDER, REMIND_EVERY, WARN_BEFORE = 10, 7, 1
EVENTS = [
    "envelope-sent",
    "envelope-delivered",
    "envelope-completed",
    "envelope-declined",
    "envelope-voided",
]


def model(kind: type, **fields: Any) -> Any:
    """Build a model of the SDK.

    :raises TypeError: for a name it doesn't know, which the SDK would drop silently.
    """
    unknown = set(fields) - set(kind.swagger_types)  # type: ignore[attr-defined]
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**fields)


def definition(
    *,
    document_pdf: bytes,
    document_name: str,
    subject: str,
    signer_name: str,
    signer_email: str,
    transaction_id: str,
    contract_reference: str,
    message: str,
    sign_anchor: str,
    date_anchor: str,
    client_user_id: str,
    expires_after_days: int,
) -> Any:
    """Build the envelope: one document, one signer, tabs at anchors that nobody else has."""
    if len(subject) > LONGEST or len(contract_reference) > LONGEST:
        raise ValueError("DocuSign takes at most 100 characters in a subject or a custom field.")
    anchored = {"anchor_units": "pixels", "anchor_x_offset": "0", "anchor_y_offset": "0"}
    signer = model(
        models.Signer,
        recipient_id=SIGNER,
        routing_order="1",
        name=signer_name,
        email=signer_email,
        client_user_id=client_user_id or None,
        tabs=model(
            models.Tabs,
            sign_here_tabs=[model(models.SignHere, anchor_string=sign_anchor, **anchored)],
            date_signed_tabs=[model(models.DateSigned, anchor_string=date_anchor, **anchored)],
        ),
    )
    fields = {TRANSACTION_FIELD: transaction_id, REFERENCE_FIELD: contract_reference}
    return model(
        models.EnvelopeDefinition,
        status="sent",
        email_subject=subject,
        email_blurb=message or None,
        transaction_id=transaction_id,
        documents=[
            model(
                models.Document,
                document_id="1",
                name=document_name,
                file_extension="pdf",
                document_base64=base64.b64encode(document_pdf).decode(),
            )
        ],
        recipients=model(models.Recipients, signers=[signer]),
        custom_fields=model(
            models.CustomFields,
            text_custom_fields=[
                model(models.TextCustomField, name=name, value=value, required="false", show="false")
                for name, value in fields.items()
            ],
        ),
        notification=_notification(expires_after_days),
        event_notification=_event_notification(),
    )


def _notification(expires_after_days: int) -> Any:
    """Say when DocuSign reminds and when the envelope ends, so that no setting of the account decides it."""
    return model(
        models.Notification,
        use_account_defaults="false",
        reminders=model(
            models.Reminders,
            reminder_enabled="true",
            reminder_delay=str(FIRST_REMINDER),
            reminder_frequency=str(REMIND_EVERY),
        ),
        expirations=model(
            models.Expirations,
            expire_enabled="true",
            expire_after=str(expires_after_days),
            expire_warn=str(WARN_BEFORE),
        ),
    )


def _event_notification() -> Any:
    """Ask for webhooks with this envelope if we have an https address; else the account's Connect does it."""
    url = settings.DOCUSIGN["CONNECT_URL"]
    if not url:
        return None
    return model(
        models.EventNotification,
        url=url,
        delivery_mode="SIM",
        event_data=model(models.ConnectEventData, version="restv2.1"),
        events=EVENTS,
        include_hmac="true",
        logging_enabled="true",
        require_acknowledgment="true",
    )


def correction(*, name: str, email: str) -> Any:
    """Build what changes the signer's address: nothing else is named, so nothing else changes."""
    return model(
        models.Recipients, signers=[model(models.Signer, recipient_id=SIGNER, name=name, email=email)]
    )


def address_of(recipients: Any) -> str:
    """Return the address DocuSign has for our signer, or ""."""
    for signer in recipients.signers or []:
        if signer.recipient_id == SIGNER:
            return str(signer.email or "")
    return ""


def refusal_of(summary: Any) -> str:
    """Return the error code with which DocuSign refused a correction, or "": it answers 200 either way."""
    for result in summary.recipient_update_results or []:
        code = str(getattr(result.error_details, "error_code", None) or "")
        if code and code.upper() != "SUCCESS":
            return code
    return ""


def read(found: Any) -> Envelope:
    """Turn the SDK's envelope into ours."""
    try:
        state = EnvelopeState(str(found.status).lower())
    except ValueError:
        raise DocuSignUnavailable("an envelope without a known status") from None
    recipients = getattr(found, "recipients", None)
    signers = (recipients.signers if recipients else None) or []
    declined = next((signer.declined_reason for signer in signers if signer.declined_reason), "")

    def moment(name: str) -> datetime | None:
        return _moment(getattr(found, f"{name}_date_time", None))

    return Envelope(
        envelope_id=str(found.envelope_id),
        state=state,
        transaction_id=found.transaction_id or "",
        sent_at=moment("sent"),
        delivered_at=moment("delivered"),
        completed_at=moment("completed"),
        declined_at=moment("declined"),
        voided_at=moment("voided"),
        reason=getattr(found, "voided_reason", None) or declined or "",
    )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = isoparse(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

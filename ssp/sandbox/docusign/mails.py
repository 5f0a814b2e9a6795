"""The mails that DocuSign sends to signers. A mail that can't be sent never fails the call that caused it."""

import logging
import smtplib

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from ssp.sandbox.docusign.store import Envelope, Signer

log = logging.getLogger(__name__)
SENDER = "DocuSign stand-in <dse@docusign.example>"


def ask_to_sign(envelope: Envelope, signer: Signer, *, url: str) -> None:
    """Ask the signer to review and sign; every resending is a mail of its own."""
    _send("ask_to_sign", envelope.subject, envelope, signer, {"url": url})


def tell_completed(envelope: Envelope, signer: Signer, signed: bytes) -> None:
    """Send the signer their copy."""
    _send("completed", f"Completed: {envelope.subject}", envelope, signer, {}, signed=signed)


def tell_voided(envelope: Envelope, signer: Signer) -> None:
    """Tell the signer that there is nothing to sign any more."""
    _send("voided", f"Voided: {envelope.subject}", envelope, signer, {})


def _send(
    name: str,
    subject: str,
    envelope: Envelope,
    signer: Signer,
    context: dict[str, str],
    *,
    signed: bytes | None = None,
) -> None:
    whole = {"envelope": envelope, "signer": signer, "subject": subject, **context}
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"sandbox/docusign/mails/{name}.txt", whole).strip() + "\n",
        SENDER,
        [f'"{signer.name.replace(chr(34), "")}" <{signer.email}>'],
    )
    mail.attach_alternative(render_to_string(f"sandbox/docusign/mails/{name}.html", whole), "text/html")
    if signed is not None:
        mail.attach(f"{envelope.document_name}.pdf", signed, "application/pdf")
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as failed:
        log.warning("docusign: the %s mail wasn't sent (%s)", name, type(failed).__name__)

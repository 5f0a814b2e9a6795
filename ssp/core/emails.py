"""Mails: a subject, a text and an HTML part of equal worth, rendered from templates.

Call `send` from an outbox handler only. The Message-ID is derived from the message's key, so a mail that went
out twice because a worker died in between is recognisable as one.
"""

import hashlib
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from ssp.core import clock

Attachment = tuple[str, bytes | str, str]


def message_id(key: str) -> str:
    """Return the Message-ID of the mail with this key: the same at every try."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def send(
    template: str,
    *,
    to: list[str],
    context: dict[str, Any],
    key: str,
    attachments: list[Attachment] | None = None,
    reply_to: list[str] | None = None,
) -> None:
    """Send `<template>.subject.txt`, `.txt` and `.html` to `to`.

    :param attachments: (file name, content, mime type); a `text/calendar` one keeps its method parameter.
    :raises OSError, SMTPException: the outbox tries again.
    """
    context = {"site_url": settings.SITE_URL, "today": clock.today(), **context}
    subject = " ".join(render_to_string(f"{template}.subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"{template}.txt", context).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        to,
        headers={"Message-ID": message_id(key), "Auto-Submitted": "auto-generated"},
        reply_to=reply_to,
    )
    mail.attach_alternative(
        render_to_string(f"{template}.html", {**context, "subject": subject}), "text/html"
    )
    for name, content, mimetype in attachments or []:
        if mimetype.startswith("text/calendar"):  # the part that calendars read, besides the file
            mail.attach_alternative(content if isinstance(content, str) else content.decode(), mimetype)
        mail.attach(name, content, mimetype)
    mail.send()

"""Mails: a subject, a text and an HTML part of equal worth, rendered from templates.

Call `send` from an outbox handler only. The Message-ID is derived from the message's key, so a mail that went
out twice because a worker died in between is recognisable as one. Each recipient gets a mail of their own, in
their language and by their clock, unless they turned its kind off (ADR 11).
"""

import hashlib
from collections.abc import Callable
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from ssp.core import clock, preferences, reader
from ssp.core.links import absolute
from ssp.core.mail_kinds import MailKind, kind_named, kind_of
from ssp.core.models import User

log = structlog.get_logger(__name__)
Attachment = tuple[str, bytes | str, str]
Context = dict[str, Any]


def message_id(key: str) -> str:
    """Return the Message-ID of the mail with this key: the same at every try."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def send(
    template: str,
    *,
    to: list[str],
    context: Context | Callable[[], Context],
    key: str,
    kind: str = "",
    attachments: list[Attachment] | None = None,
    reply_to: list[str] | None = None,
) -> None:
    """Send `<template>.subject.txt`, `.txt` and `.html` to each of `to`.

    :param context: called for each recipient, in their language, where words are part of it.
    :param kind: the registered kind, where several share the template.
    :param attachments: (file name, content, mime type); a `text/calendar` one keeps its method parameter.
    One address that the server refuses keeps nobody else's mail back.

    :raises OSError, SMTPException: the outbox tries again.  :raises ValueError: a mail without a subject.
    """
    chosen = kind_named(kind) if kind else kind_of(template)
    refusals: list[SMTPException] = []
    for address in to:
        user = User.objects.filter(email__iexact=address).first()
        if not preferences.wants(user, chosen):
            log.info("mail.not_wanted", kind=chosen.name if chosen else "", user_id=user.pk if user else None)
            continue
        with reader.reading(user, language=settings.LANGUAGE_CODE):
            mail = _mail(
                template,
                address,
                {**(context() if callable(context) else context), **_stop(user, chosen)},
                key=f"{key}:{address}",  # whoever else gets one, and whether they still do at the next try
                reply_to=reply_to,
            )
        for name, content, mimetype in attachments or []:
            if mimetype.startswith("text/calendar"):  # the part that calendars read, besides the file
                mail.attach_alternative(content if isinstance(content, str) else content.decode(), mimetype)
            mail.attach(name, content, mimetype)
        try:
            mail.send()
        except (SMTPRecipientsRefused, SMTPDataError) as refused:
            refusals.append(refused)
    if refusals:
        raise refusals[0]


def _stop(user: User | None, kind: MailKind | None) -> Context:
    """Return what lets a recipient stop a kind of mail that can be stopped."""
    if user is None or kind is None or kind.legal:
        return {}
    path = reverse("core:stop_mail", args=[preferences.stop_token(user, kind)])
    return {"stop_url": absolute(path), "stop_label": kind.label}


def _mail(
    template: str, address: str, context: Context, *, key: str, reply_to: list[str] | None
) -> EmailMultiAlternatives:
    context = {"site_url": settings.SITE_URL, "today": clock.today(), **context}
    subject = " ".join(render_to_string(f"{template}.subject.txt", context).split())
    if not subject:  # what the template asked for wasn't there: better late and seen than empty
        raise ValueError(f"{template} has no subject")
    headers = {"Message-ID": message_id(key), "Auto-Submitted": "auto-generated"}
    if stop_url := context.get("stop_url"):  # RFC 8058: the mail program may offer a button of its own
        headers["List-Unsubscribe"] = f"<{stop_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"{template}.txt", context).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [address],
        headers=headers,
        reply_to=reply_to,
    )
    mail.attach_alternative(
        render_to_string(f"{template}.html", {**context, "subject": subject}), "text/html"
    )
    return mail

"""Who may sign in, and what a role opens."""

import base64
import hashlib
from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.contrib import messages
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.utils.translation import gettext as _

from ssp.core import sealing
from ssp.core.models import User

log = structlog.get_logger(__name__)


class RoleBackend(ModelBackend):
    """Signs in with e-mail and password. Roles, not model permissions, decide (see `RoleAdmin`)."""

    def user_can_authenticate(self, user: Model | None) -> bool:  # type: ignore[override]
        return isinstance(user, User) and user.is_active


class AccountAdapter(DefaultAccountAdapter):
    """allauth's mails go out as they are; nobody gets staff rights by signing up."""

    def is_safe_url(self, url: str | None) -> bool:
        return bool(super().is_safe_url(url))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once: the links in these mails are for no outbox to keep. What fails is asked for again."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as failure:
            log.error("account.mail_failed", template=template_prefix, error=type(failure).__name__)
            if allauth_context.request is not None:
                again = _("We can't send mail just now. Try again in a few minutes.")
                messages.error(allauth_context.request, again)


class MFAAdapter(DefaultMFAAdapter):
    """Keeps TOTP secrets encrypted at rest."""

    @staticmethod
    def _fernet() -> MultiFernet:
        digests = [hashlib.sha256(key.encode()).digest() for key in sealing.known_keys()]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

    def encrypt(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return self._fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as wrong:
            raise ImproperlyConfigured(
                "FIELD_ENCRYPTION_KEY isn't the key these secrets were written with."
            ) from wrong

"""Secrets at rest: texts that a copy of the database doesn't give away."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def _fernet(purpose: str) -> Fernet:
    digest = hashlib.sha256(f"{purpose}:{settings.FIELD_ENCRYPTION_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(purpose: str, text: str) -> str:
    """Return `text` encrypted for `purpose`; nothing stays nothing."""
    return _fernet(purpose).encrypt(text.encode()).decode() if text else ""


def unseal(purpose: str, sealed: str) -> str:
    """Return the text of a sealed one.

    :raises ImproperlyConfigured: FIELD_ENCRYPTION_KEY was changed.
    """
    if not sealed:
        return ""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEY isn't the key this was written with.") from wrong

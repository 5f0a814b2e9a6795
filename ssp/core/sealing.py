"""Secrets at rest: texts that a copy of the database doesn't give away."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def known_keys() -> list[str]:
    """Return the keys that open what is sealed: the present one, which seals, and those before it."""
    return [settings.FIELD_ENCRYPTION_KEY, *settings.FIELD_ENCRYPTION_KEYS_BEFORE]


def _fernet(purpose: str) -> MultiFernet:
    digests = [hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in known_keys()]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(purpose: str, text: str) -> str:
    """Return `text` encrypted for `purpose`; nothing stays nothing."""
    return _fernet(purpose).encrypt(text.encode()).decode() if text else ""


def unseal(purpose: str, sealed: str) -> str:
    """Return the text of a sealed one.

    :raises ImproperlyConfigured: FIELD_ENCRYPTION_KEY was changed, and the one before isn't named.
    """
    if not sealed:
        return ""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEY isn't the key this was written with.") from wrong


def reseal(purpose: str, sealed: str) -> str:
    """Return the same text sealed with the present key.

    :raises ImproperlyConfigured: no key opens it.
    """
    return seal(purpose, unseal(purpose, sealed))

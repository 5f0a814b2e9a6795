"""Who a person is, for C12: an e-mail address in one canonical form, kept as a keyed hash."""

import hashlib
import hmac

from django.conf import settings

GMAIL = frozenset({"gmail.com", "googlemail.com"})


def canonical_email(email: str) -> str:
    """Return the address case-folded, without a plus tag, and without dots at Gmail (C12)."""
    local, _, domain = email.strip().casefold().rpartition("@")
    local = local.split("+", 1)[0]
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def identity_of(email: str) -> str:
    """Return the keyed hash under which this person's claim and known contacts are compared."""
    key = settings.IDENTITY_HASH_KEY.encode()
    return hmac.new(key, canonical_email(email).encode(), hashlib.sha256).hexdigest()

"""Absolute links and single-purpose tokens."""

import base64
import hashlib
import hmac
import secrets

from django.conf import settings


def absolute(path: str) -> str:
    """Return `path` as a link that works in a mail."""
    return f"{settings.SITE_URL}{path}"


def new_token(purpose: str) -> tuple[str, str]:
    """Return (salt, hash) of a new link for `purpose`: what is stored.

    The token itself isn't stored: `token_of` derives it from the salt with the site's secret, so that a mail
    that is sent again carries the same link, and a copy of the database opens none.
    """
    salt = secrets.token_hex(16)
    return salt, hash_token(token_of(purpose, salt))


def token_of(purpose: str, salt: str) -> str:
    """Return the 128-bit token of a stored salt, for the link in a mail."""
    mac = hmac.new(settings.SECRET_KEY.encode(), f"{purpose}:{salt}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:16]).decode().rstrip("=")


def hash_token(token: str) -> str:
    """Return the hash of a token, by which its row is found: random enough that a plain SHA-256 is safe."""
    return hashlib.sha256(token.encode()).hexdigest()

"""Does signing work, from the credentials to the callback? Asked step by step, answered in words.

Nothing is sent to be signed and nothing is stored: DocuSign is asked who we are, and our own callback address
gets a signed message about an account that isn't ours, which it takes and throws away.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import urllib3
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.urls import reverse

from ssp.core import clock
from ssp.docusign import webhooks
from ssp.docusign.client import (
    ConsentRequired,
    DocuSignError,
    DocuSignRefused,
    SigningService,
    signing_service,
)

NEEDED = ("OAUTH_HOST", "INTEGRATION_KEY", "USER_ID", "ACCOUNT_ID", "PRIVATE_KEY", "HMAC_KEYS")
IDS = ("INTEGRATION_KEY", "USER_ID", "ACCOUNT_ID")
LOCAL = {"127.0.0.1", "localhost", "[::1]"}
SECONDS = 10.0
WHY_NO_TOKEN = {
    "user_not_found": "DocuSign doesn't know DOCUSIGN_USER_ID. It is an API user id, not an e-mail address.",
    "no_valid_keys_or_signatures": (
        "DOCUSIGN_PRIVATE_KEY doesn't belong to DOCUSIGN_INTEGRATION_KEY. Make a new RSA pair for the "
        "integration in DocuSign's settings (Apps and keys) and store its private key."
    ),
    "issuer_not_found": (
        "DocuSign doesn't know DOCUSIGN_INTEGRATION_KEY here. Keys of the demo don't work at "
        "account.docusign.com until they are promoted."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one step found: fine, not fine (then `text` says what to do), or not looked at."""

    step: str
    text: str
    is_fine: bool | None


def _fine(step: str, text: str) -> Finding:
    return Finding(step=step, text=text, is_fine=True)


def _bad(step: str, text: str) -> Finding:
    return Finding(step=step, text=text, is_fine=False)


def _skipped(step: str, text: str) -> Finding:
    return Finding(step=step, text=text, is_fine=None)


def check_up() -> Iterator[Finding]:
    """Yield a finding per step, in the order in which things depend on each other."""
    wrong = list(_settings())
    yield from wrong or [_fine("Settings", f"All are there, for {settings.DOCUSIGN['OAUTH_HOST']}.")]
    if wrong:
        yield _skipped("DocuSign", "Not asked before the settings are right.")
    else:
        yield from _docusign(signing_service())
    yield from _signatures()
    yield from _callback()


def callback_url() -> str:
    """Return the address at which DocuSign reaches us: the envelopes' own, or the one for its settings."""
    return str(settings.DOCUSIGN["CONNECT_URL"] or settings.SITE_URL + reverse("docusign:connect"))


# --- settings ----------------------------------------------------------------------
def _settings() -> Iterator[Finding]:
    account = settings.DOCUSIGN
    for name in NEEDED:
        if not account[name]:
            yield _bad("Settings", f"DOCUSIGN_{name} is empty. Set it (docs/operations.md says to what).")
    for name in IDS:
        if account[name] and not _is_uuid(account[name]):
            yield _bad("Settings", f"DOCUSIGN_{name} isn't an id like 1a2b3c4d-…: copy it from DocuSign.")
    if "/" in account["OAUTH_HOST"]:
        yield _bad("Settings", "DOCUSIGN_OAUTH_HOST is a host name alone: no https://, no path.")
    if account["PRIVATE_KEY"] and not _is_private_key(account["PRIVATE_KEY"]):
        yield _bad(
            "Settings",
            "DOCUSIGN_PRIVATE_KEY can't be read. It is the whole PEM text, from BEGIN to END, with \\n "
            "between its lines.",
        )


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _is_private_key(text: str) -> bool:
    try:
        load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        return False
    return True


# --- DocuSign ------------------------------------------------------------------------
def _docusign(service: SigningService) -> Iterator[Finding]:
    try:
        accounts = service.accounts()
    except ConsentRequired as missing:
        yield _fine("Credentials", "DocuSign knows the integration, its key and the user.")
        yield _bad(
            "Consent",
            "The user hasn't given the integration consent. Sign in to DocuSign as that user, open this "
            f"address and accept, once:\n{missing.consent_url}",
        )
        yield _skipped("Account", "Not asked without consent.")
        return
    except DocuSignRefused as refused:
        why = WHY_NO_TOKEN.get(refused.detail) or (
            f"DocuSign gave no token: {refused.error_code} {refused.detail}".rstrip() + "."
        )
        yield _bad("Credentials", why)
        yield _skipped("Account", "Not asked without credentials.")
        return
    except DocuSignError as trouble:
        yield _bad(
            "Credentials",
            f"No answer from {settings.DOCUSIGN['OAUTH_HOST']} ({trouble}). Is the name right, and may this "
            "machine reach it? In an outage of DocuSign nothing is lost: contracts wait and go out later.",
        )
        yield _skipped("Account", "Not asked without an answer.")
        return
    yield _fine("Credentials", "DocuSign gives us a token.")
    yield _fine("Consent", "The user has given the integration consent.")
    ours = next((each for each in accounts if each.account_id == settings.DOCUSIGN["ACCOUNT_ID"]), None)
    if ours is None:
        known = ", ".join(f"{each.account_id} ({each.name})" for each in accounts) or "none"
        yield _bad(
            "Account", f"DOCUSIGN_ACCOUNT_ID isn't an account of this user. The user's accounts: {known}."
        )
        return
    yield _fine("Account", f"{ours.name}, reached at {ours.base_uri}.")
    yield _api(service)


def _api(service: SigningService) -> Finding:
    try:
        service.list_status_changes(since=clock.wall() - timedelta(minutes=1))
    except DocuSignError as trouble:
        return _bad("API", f"The account is known, and its API doesn't answer as it should ({trouble}).")
    return _fine("API", "It answers.")


# --- Connect --------------------------------------------------------------------------
def _message() -> bytes:
    """Return a message as Connect writes it, about an account that is nobody's."""
    nobody = str(uuid.UUID(int=0))
    said = {
        "event": "envelope-sent",
        "apiVersion": "v2.1",
        "retryCount": 0,
        "generatedDateTime": clock.wall().isoformat(),
        "data": {"accountId": nobody, "userId": nobody, "envelopeId": nobody},
    }
    return json.dumps(said).encode()


def _headers(body: bytes, key: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-DocuSign-Signature-1": webhooks.sign(body, key).decode()}


def _signatures() -> Iterator[Finding]:
    keys, body = [key for key in settings.DOCUSIGN["HMAC_KEYS"] if key], _message()
    if not keys:
        yield _bad(
            "HMAC key",
            "There is none, so every callback would be refused. Make one in DocuSign (Connect, keys) and set "
            "DOCUSIGN_HMAC_KEYS to it.",
        )
        return
    right = all(webhooks.is_signed(body, _headers(body, key), keys=keys) for key in keys)
    wrong = webhooks.is_signed(body, _headers(body, f"{keys[0]}-and-more"), keys=keys)
    if not right or wrong:
        yield _bad("HMAC key", "Our own check of signatures is broken. Report this.")
        return
    yield _fine("HMAC key", f"{len(keys)} in use: what it signed passes, anything else doesn't.")


def _callback() -> Iterator[Finding]:
    url = callback_url()
    address = urlsplit(url)
    is_stand_in = settings.DOCUSIGN["OAUTH_HOST"].rpartition(":")[0] in LOCAL
    if address.scheme != "https" and not (is_stand_in and address.hostname in LOCAL):
        yield _bad(
            "Callback address",
            f"{url} isn't https, and DocuSign calls nothing else. Set SITE_URL, or DOCUSIGN_CONNECT_URL, to "
            "the public https address.",
        )
        return
    who = (
        "each envelope asks for it" if settings.DOCUSIGN["CONNECT_URL"] else "enter it in DocuSign's Connect"
    )
    yield _fine("Callback address", f"{url} ({who}).")
    keys = [key for key in settings.DOCUSIGN["HMAC_KEYS"] if key]
    if not keys:
        yield _skipped("Callback", "Not tried without a key.")
        return
    yield _tried(url, keys)


def _tried(url: str, keys: list[str]) -> Finding:
    body = _message()
    try:
        answers = [_post(url, body, key) for key in keys]
        forged = _post(url, body, f"{keys[0]}-and-more")
    except urllib3.exceptions.HTTPError as failure:
        return _bad(
            "Callback",
            f"{url} can't be reached from here ({type(failure).__name__}). Does the web process run, and "
            "does the proxy pass /docusign/connect/ on, with a certificate that is trusted?",
        )
    for answer in answers:
        if 300 <= answer < 400:
            return _bad("Callback", f"{url} answers with a redirect ({answer}); DocuSign doesn't follow it.")
        if answer == 401:
            return _bad(
                "Callback",
                "The web process refuses a message signed with DOCUSIGN_HMAC_KEYS (401): it runs with other "
                "keys. Start it again with the keys that this command has.",
            )
        if answer != 200:
            return _bad("Callback", f"{url} answers {answer} where DocuSign expects 200.")
    if forged != 401:
        return _bad("Callback", f"{url} answers {forged} to a forged message, not 401: is it ours?")
    return _fine("Callback", "A message signed with our key is taken, a forged one refused.")


def _post(url: str, body: bytes, key: str) -> int:
    with urllib3.PoolManager(cert_reqs="CERT_REQUIRED", retries=False) as pool:
        answer = pool.request(
            "POST", url, body=body, headers=_headers(body, key), redirect=False, timeout=SECONDS
        )
        return int(answer.status)

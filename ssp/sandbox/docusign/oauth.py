"""The account server: the JWT grant, userinfo, and the consent page. Reached over TLS, as DocuSign's is."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import jwt
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from ssp.sandbox.docusign.errors import OAuthError
from ssp.sandbox.docusign.standin import StandIn, current

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_LIFE = 3600
LONGEST_ASSERTION = 3600
SLACK = 60
NEEDED_SCOPES = {"signature", "impersonation"}


def account_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Check what holds for every call: TLS, and the faults at the front door."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not request.is_secure():
            raise OAuthError("invalid_request", "TLS is required.", status=403)
        standin = current()
        return standin.faults.before_any_call(request) or view(request, standin)

    return checked


@account_view
def token(request: HttpRequest, standin: StandIn) -> HttpResponse:
    """Answer a JWT grant: check the signature, every claim, and the consent."""
    if request.method != "POST":
        raise OAuthError("invalid_request", "POST is required.", status=405)
    if request.POST.get("grant_type") != GRANT:
        raise OAuthError("unsupported_grant_type")
    identity = standin.keys.identity
    claims = _read_assertion(standin, request.POST.get("assertion", ""))
    if claims["iss"] != identity["integration_key"]:
        raise OAuthError("invalid_grant", "no_valid_keys_or_signatures")
    if claims["sub"] != identity["user_id"]:
        raise OAuthError("invalid_grant", "user_not_found")
    if not set(str(claims["scope"]).split()) >= NEEDED_SCOPES:
        raise OAuthError("invalid_grant", "invalid_scope")
    if claims["exp"] - claims["iat"] > LONGEST_ASSERTION:
        raise OAuthError("invalid_grant", "expired_assertion")
    if standin.faults.strikes("consent_required"):
        raise OAuthError("consent_required")
    now = int(time.time())
    access_token = jwt.encode(
        {"sub": claims["sub"], "scope": claims["scope"], "iat": now, "exp": now + TOKEN_LIFE},
        identity["hmac_key"],
        algorithm="HS256",
    )
    # Numbers arrive as text at the SDK's end; the server sends them as numbers.
    return JsonResponse(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "scope": claims["scope"],
        }
    )


def _read_assertion(standin: StandIn, assertion: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            standin.keys.public_key.read_text(),
            algorithms=["RS256"],
            audience=standin.oauth_host,
            leeway=SLACK,
            options={"require": ["iss", "sub", "aud", "scope", "exp", "iat"]},
        )
    except jwt.ExpiredSignatureError:
        raise OAuthError("invalid_grant", "expired_assertion") from None
    except jwt.InvalidAudienceError:
        raise OAuthError("invalid_grant", "invalid_audience") from None
    except jwt.PyJWTError:
        raise OAuthError("invalid_grant", "no_valid_keys_or_signatures") from None
    return claims


def read_token(standin: StandIn, access_token: str) -> dict[str, Any]:
    """Return an access token's claims. :raises PyJWTError: it isn't ours, or it ended."""
    claims: dict[str, Any] = jwt.decode(access_token, standin.keys.identity["hmac_key"], algorithms=["HS256"])
    return claims


@account_view
def userinfo(request: HttpRequest, standin: StandIn) -> HttpResponse:
    """Say who the token's user is, and where each of their accounts has its API."""
    access_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = read_token(standin, access_token)
    except jwt.PyJWTError:
        raise OAuthError("invalid_token", status=401) from None
    other = {
        "account_id": "00000000-0000-4000-8000-000000000000",
        "is_default": True,
        "account_name": "Somebody else's",
        "base_uri": "http://127.0.0.1:1",
    }
    ours = {
        "account_id": standin.keys.identity["account_id"],
        "is_default": False,
        "account_name": "SeMI (sandbox)",
        "base_uri": standin.base_uri,
    }
    return JsonResponse(
        {
            "sub": claims["sub"],
            "name": "SeMI Contracts",
            "given_name": "SeMI",
            "family_name": "Contracts",
            "email": "contracts@semi.example",
            "created": "2026-01-05T09:00:00.000",
            "accounts": [other, ours],
        }
    )


@account_view
def consent(request: HttpRequest, standin: StandIn) -> HttpResponse:
    """The page on which the user lets the integration act for them."""
    if request.method == "POST":
        standin.faults.set("consent_required", 0)
        return render(request, "sandbox/docusign/message.html", {"kind": "consent_given"})
    return render(request, "sandbox/docusign/consent.html")

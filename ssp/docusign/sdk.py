"""The real `docusign-esign` SDK behind `SigningService`, with its traps closed.

Imported lazily (`client.signing_service`), because the SDK takes 1.6 s to load. Every call has a timeout and
none is repeated by urllib3: the outbox does that. Tokens and answers are never logged, and no error keeps an
SDK exception as its cause, whose text would carry the answer's body.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
import urllib3
from django.conf import settings
from django.core.cache import cache
from docusign_esign import ApiClient, ApiException, Configuration, EnvelopesApi, models
from docusign_esign.client.api_response import RESTClientObject

from ssp.core import clock
from ssp.docusign import envelopes
from ssp.docusign.client import (
    Account,
    ConsentRequired,
    DocuSignError,
    DocuSignRefused,
    DocuSignUnavailable,
    Envelope,
    EnvelopeState,
    RateLimited,
    SigningService,
    WhichDocument,
)

log = structlog.get_logger(__name__)

# Whole seconds: the SDK ignores a float without a word. Together they stay below the outbox's lease.
QUICK, SLOW = 10, 20
SCOPES = ["signature", "impersonation"]  # a list: a string would be joined letter by letter
ASSERTION_LIFE = 600
TOKEN_MARGIN = 300
BASE_URI_LIFE = 3600
LOOK_BACK = timedelta(days=90)
TOKEN_REFUSED = {"USER_AUTHENTICATION_FAILED", "AUTHORIZATION_INVALID_TOKEN", "PARTNER_AUTHENTICATION_FAILED"}
LIST_KEYS = {"envelopes", "envelopeTransactionStatuses", "resultSetSize", "totalSetSize"}
CANNOT_VOID = "ENVELOPE_CANNOT_VOID_INVALID_STATE"


class _Transport(RESTClientObject):
    """The SDK's transport with a timeout on every call, OAuth's too, and without urllib3's own retries."""

    def __init__(self) -> None:
        super().__init__()
        self.pool_manager.connection_pool_kw["retries"] = False

    def request(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["_request_timeout"] = kwargs.get("_request_timeout") or QUICK
        return super().request(*args, **kwargs)


def _quieten() -> None:
    """Take back the handlers that the SDK's Configuration puts on its own and on urllib3's logger."""
    configuration = Configuration()
    configuration.debug = False
    for logger in ("docusign_esign", "urllib3"):
        for handler in (configuration.logger_stream_handler, configuration.logger_file_handler):
            if handler is not None:
                logging.getLogger(logger).removeHandler(handler)
    configuration.ssl_ca_cert = settings.DOCUSIGN["CA_CERT"] or None


def _is_limit(error_code: str) -> bool:
    return "LIMIT_EXCEEDED" in error_code.upper()


def _retry_after(error_code: str, headers: Any) -> timedelta:
    """Return how long DocuSign wants us to wait: at least a second, at most an hour."""
    headers = headers or {}
    try:
        if headers.get("Retry-After"):
            seconds = int(headers["Retry-After"])
        else:
            seconds = int(headers["X-RateLimit-Reset"]) - int(clock.wall().timestamp())
    except (KeyError, ValueError):
        seconds = 30 if "BURST" in error_code.upper() else 900
    return timedelta(seconds=min(max(seconds, 1), 3600))


def _failure(error: ApiException) -> DocuSignError:
    """Say in our own words what an ApiException means."""
    status = error.status or 0
    try:
        body = json.loads(error.body or b"")
        code = str(body.get("errorCode") or body.get("error") or "")
        detail = str(body.get("error_description") or "")  # OAuth's second code; the API's prose stays out
    except (ValueError, AttributeError):
        code = detail = ""
    if status == 429 or _is_limit(code):
        return RateLimited(code or "HTTP_429", _retry_after(code, error.headers))
    if code == "consent_required":
        return ConsentRequired(consent_url())
    if status in {0, 408} or status >= 500 or not code:
        return DocuSignUnavailable(f"HTTP {status}" if status else "no trusted connection")
    return DocuSignRefused(code, status, detail)


def consent_url() -> str:
    """Return where the user we act for gives the integration consent, once."""
    account = settings.DOCUSIGN
    return (
        f"https://{account['OAUTH_HOST']}/oauth/auth?response_type=code&scope={'%20'.join(SCOPES)}"
        f"&client_id={account['INTEGRATION_KEY']}&redirect_uri={settings.SITE_URL}/"
    )


class DocuSignService(SigningService):
    """DocuSign over HTTP. One instance per task: the SDK shares headers between a client's calls."""

    def __init__(self) -> None:
        self.account = settings.DOCUSIGN
        self.account_id: str = self.account["ACCOUNT_ID"]
        identity = f"{self.account['OAUTH_HOST']} {self.account['INTEGRATION_KEY']} {self.account['USER_ID']}"
        self._cache_key = f"docusign:{hashlib.sha256(identity.encode()).hexdigest()[:24]}"

    # --- what we ask -----------------------------------------------------------

    def send_envelope(
        self,
        *,
        document_pdf: bytes,
        document_name: str,
        subject: str,
        signer_name: str,
        signer_email: str,
        transaction_id: str,
        contract_reference: str,
        message: str = "",
        sign_anchor: str = "/sign-partner/",
        date_anchor: str = "/date-partner/",
        client_user_id: str = "",
        expires_after_days: int = 120,
    ) -> str:
        """See `SigningService`. Looks for an earlier sending, posts once, and looks again if in doubt."""
        definition = envelopes.definition(
            document_pdf=document_pdf,
            document_name=document_name,
            subject=subject,
            signer_name=signer_name,
            signer_email=signer_email,
            transaction_id=transaction_id,
            contract_reference=contract_reference,
            message=message,
            sign_anchor=sign_anchor,
            date_anchor=date_anchor,
            client_user_id=client_user_id,
            expires_after_days=expires_after_days,
        )
        if earlier := self.find_by_transaction(transaction_id):
            log.info("docusign.envelope_found", envelope_id=earlier.envelope_id)
            return earlier.envelope_id
        try:
            created = self._call(
                lambda api: api.create_envelope(
                    self.account_id, envelope_definition=definition, _request_timeout=SLOW
                )
            )
            _check_said(created.envelope_id)
        except RateLimited:
            raise
        except DocuSignUnavailable:
            # It may have been created. If it isn't to be seen yet, the next try looks again before it posts.
            if found := self.find_by_transaction(transaction_id):
                log.warning("docusign.answer_lost", envelope_id=found.envelope_id)
                return found.envelope_id
            raise
        log.info("docusign.envelope_sent", envelope_id=created.envelope_id)
        return str(created.envelope_id)

    def find_by_transaction(self, transaction_id: str) -> Envelope | None:
        """See `SigningService`. DocuSign forgets transaction ids after 7 days; the custom field stays."""
        if found := self._list(transaction_ids=transaction_id):
            return found[0]
        found = self._list(
            custom_field=f"{envelopes.TRANSACTION_FIELD}={transaction_id}",
            from_date=_iso(clock.wall() - LOOK_BACK),
            from_to_status="Created",
        )
        return found[0] if found else None

    def get_status(self, envelope_id: str) -> Envelope:
        """See `SigningService`."""
        return envelopes.read(
            self._call(
                lambda api: api.get_envelope(
                    self.account_id, envelope_id, include="recipients", _request_timeout=QUICK
                )
            )
        )

    def list_status_changes(
        self, *, since: datetime | None = None, envelope_ids: list[str] | None = None
    ) -> list[Envelope]:
        """See `SigningService`."""
        if envelope_ids:
            return self._list(envelope_ids=",".join(envelope_ids), include="recipients")
        if since is None:
            raise ValueError("DocuSign lists by `since` or by `envelope_ids`.")
        return self._list(from_date=_iso(since), include="recipients")

    def download(self, envelope_id: str, which: WhichDocument) -> bytes:
        """See `SigningService`."""
        content = self._call(
            lambda api: api.get_document(self.account_id, which, envelope_id, _request_timeout=SLOW)
        )
        if not isinstance(content, bytes) or not content.startswith(b"%PDF-"):
            raise DocuSignUnavailable("an answer that isn't a PDF")
        return content

    def void(self, envelope_id: str, *, reason: str) -> None:
        """See `SigningService`. A refusal or a lost answer may mean that it is voided: reads it back."""
        change = envelopes.model(models.Envelope, status="voided", voided_reason=reason[:200])
        try:
            summary = self._call(
                lambda api: api.update(self.account_id, envelope_id, envelope=change, _request_timeout=QUICK)
            )
            _check_said(summary.envelope_id)
        except DocuSignRefused as refused:
            if refused.error_code != CANNOT_VOID or not self._is_voided(envelope_id):
                raise
        except RateLimited:
            raise
        except DocuSignUnavailable:
            if not self._is_voided(envelope_id):
                raise

    def resend(self, envelope_id: str) -> None:
        """See `SigningService`."""
        summary = self._call(
            lambda api: api.update(
                self.account_id,
                envelope_id,
                envelope=envelopes.model(models.Envelope),
                resend_envelope="true",
                _request_timeout=QUICK,
            )
        )
        _check_said(summary.envelope_id)

    def correct_signer(self, envelope_id: str, *, name: str, email: str) -> None:
        """See `SigningService`. DocuSign mails for each correction, even one to the same address."""
        if self._has_address(envelope_id, email):
            return
        try:
            summary = self._call(
                lambda api: api.update_recipients(
                    self.account_id,
                    envelope_id,
                    recipients=envelopes.correction(name=name, email=email),
                    resend_envelope="true",
                    _request_timeout=QUICK,
                )
            )
            if not summary.recipient_update_results:
                raise DocuSignUnavailable("an answer without a result")
        except RateLimited:
            raise
        except DocuSignUnavailable:
            if not self._has_address(envelope_id, email):
                raise
            return
        if refused := envelopes.refusal_of(summary):
            raise DocuSignRefused(refused)

    def _has_address(self, envelope_id: str, email: str) -> bool:
        recipients = self._call(
            lambda api: api.list_recipients(self.account_id, envelope_id, _request_timeout=QUICK)
        )
        return envelopes.address_of(recipients).casefold() == email.casefold()

    def accounts(self) -> list[Account]:
        """See `SigningService`. Asks for a token of its own: shows whether DocuSign would give one now."""
        info = self._guarded(lambda: self._bare_client().get_user_info(self._grant().access_token))
        return [
            Account(
                account_id=str(each.account_id),
                name=str(each.account_name or ""),
                base_uri=str(each.base_uri or ""),
            )
            for each in info.accounts or []
        ]

    def signing_url(
        self, envelope_id: str, *, signer_name: str, signer_email: str, client_user_id: str, return_url: str
    ) -> str:
        """See `SigningService`."""
        wanted = envelopes.model(
            models.RecipientViewRequest,
            authentication_method="none",
            user_name=signer_name,
            email=signer_email,
            client_user_id=client_user_id,
            return_url=return_url,
        )
        view = self._call(
            lambda api: api.create_recipient_view(
                self.account_id, envelope_id, recipient_view_request=wanted, _request_timeout=QUICK
            )
        )
        if not view.url:
            raise DocuSignUnavailable("an answer without a link")
        return str(view.url)

    # --- how we ask ------------------------------------------------------------

    def _list(self, **filters: str) -> list[Envelope]:
        found: list[Envelope] = []
        while True:
            answer = self._call(partial(self._list_page, start_position=str(len(found)), **filters))
            page = [envelopes.read(each) for each in answer.envelopes or []]
            if not page and not found:
                # A look-up by transaction id may be answered in this shorter shape.
                return [envelopes.read(each) for each in answer.envelope_transaction_statuses or []]
            found += page
            if not page or len(found) >= int(answer.total_set_size or 0):
                return found

    def _list_page(self, api: EnvelopesApi, **filters: str) -> Any:
        answer = api.list_status_changes(self.account_id, **filters, _request_timeout=QUICK)
        said = json.loads(api.api_client.last_response.data)
        # The SDK reads garbage as an empty list; "nothing found" must have been said, or we would send twice.
        if said and not LIST_KEYS & set(said):
            raise DocuSignUnavailable("an answer that isn't a list")
        return answer

    def _is_voided(self, envelope_id: str) -> bool:
        return self.get_status(envelope_id).state is EnvelopeState.VOIDED

    def _call(self, ask: Callable[[EnvelopesApi], Any]) -> Any:
        """Ask with a token; if DocuSign no longer knows the token (so nothing was done), ask once more."""
        try:
            return self._guarded(lambda: ask(EnvelopesApi(self._client())))
        except DocuSignRefused as refused:
            if refused.error_code not in TOKEN_REFUSED and refused.status != 401:
                raise
            cache.delete_many([f"{self._cache_key}:token", f"{self._cache_key}:base_uri"])
        return self._guarded(lambda: ask(EnvelopesApi(self._client())))

    def _guarded(self, ask: Callable[[], Any]) -> Any:
        """Run a call of the SDK and translate every way in which it can fail."""
        try:
            return ask()
        except ApiException as error:
            failure = _failure(error)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = DocuSignUnavailable(type(error).__name__)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # HTML instead of a token is a JSONDecodeError; other shapes trip the SDK's models.
            failure = DocuSignUnavailable(f"an answer that can't be read ({type(error).__name__})")
        log.warning("docusign.failed", error=str(failure), kind=type(failure).__name__)
        raise failure from None

    def _client(self) -> ApiClient:
        token, base_uri = self._token(), self._base_uri()
        client = self._bare_client(host=f"{base_uri}/restapi")
        client.set_default_header("Authorization", f"Bearer {token}")
        return client

    def _bare_client(self, host: str = "") -> ApiClient:
        _quieten()
        oauth_host = self.account["OAUTH_HOST"]
        # Only `host` changes the API's address: `base_path` and `set_base_path()` don't.
        client = ApiClient(host=host or f"https://{oauth_host}", oauth_host_name=oauth_host)
        client.rest_client = _Transport()
        return client

    def _token(self) -> str:
        key = f"{self._cache_key}:token"
        if cached := cache.get(key):
            return str(cached)
        granted = self._grant()
        life = int(granted.expires_in)  # arrives as text
        cache.set(key, granted.access_token, max(life - TOKEN_MARGIN, 1))
        return str(granted.access_token)

    def _grant(self) -> Any:
        return self._bare_client().request_jwt_user_token(
            client_id=self.account["INTEGRATION_KEY"],
            user_id=self.account["USER_ID"],
            oauth_host_name=self.account["OAUTH_HOST"],
            private_key_bytes=self.account["PRIVATE_KEY"].encode(),
            expires_in=ASSERTION_LIFE,
            scopes=SCOPES,
        )

    def _base_uri(self) -> str:
        key = f"{self._cache_key}:base_uri"
        if cached := cache.get(key):
            return str(cached)
        info = self._bare_client().get_user_info(self._token())
        for account in info.accounts or []:
            if account.account_id == self.account_id:
                cache.set(key, account.base_uri, BASE_URI_LIFE)
                return str(account.base_uri)
        raise DocuSignRefused("ACCOUNT_NOT_OF_USER")


def _check_said(envelope_id: str | None) -> None:
    """Refuse an answer that the SDK read as nothing: garbage comes with a 200, too."""
    if not envelope_id:
        raise DocuSignUnavailable("an answer without an envelope")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

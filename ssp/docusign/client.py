"""What the application asks of DocuSign, in its own words. `ssp.docusign.sdk` answers with the real SDK.

Callers take a service from `signing_service()` for each task and let its errors pass to the outbox, which
tries again. No error of this module carries personal data: ids, error codes and HTTP statuses only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from django.utils.module_loading import import_string

WhichDocument = Literal["combined", "certificate"]


class EnvelopeState(StrEnum):
    """Where an envelope is, in DocuSign's words."""

    CREATED = "created"
    SENT = "sent"
    DELIVERED = "delivered"
    SIGNED = "signed"
    COMPLETED = "completed"
    DECLINED = "declined"
    VOIDED = "voided"
    TIMED_OUT = "timedout"
    DELETED = "deleted"
    PROCESSING = "processing"

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen to the envelope."""
        return self in {self.COMPLETED, self.DECLINED, self.VOIDED, self.TIMED_OUT, self.DELETED}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What DocuSign says about one envelope at this moment. Moments are aware, UTC."""

    envelope_id: str
    state: EnvelopeState
    transaction_id: str = ""
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    declined_at: datetime | None = None
    voided_at: datetime | None = None
    reason: str = ""
    """Why it was voided or declined, as the person wrote it: personal data, never to be logged."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account of the user we act for, and where its API is."""

    account_id: str
    name: str
    base_uri: str


class DocuSignError(Exception):
    """Something went wrong between DocuSign and us."""


class DocuSignUnavailable(DocuSignError):
    """No answer, or none that DocuSign would give: try again later. What was asked may have happened."""


class RateLimited(DocuSignUnavailable):
    """Too many calls: nothing happened; try again after `retry_after`."""

    def __init__(self, error_code: str, retry_after: timedelta) -> None:
        self.error_code = error_code
        self.retry_after = retry_after
        super().__init__(f"{error_code}, again after {int(retry_after.total_seconds())} s")


class DocuSignRefused(DocuSignError):
    """DocuSign said no, and would again: a person must look at it."""

    def __init__(self, error_code: str, status: int | None = None, detail: str = "") -> None:
        self.error_code = error_code
        self.status = status
        self.detail = detail  # a code too, such as `user_not_found`: OAuth's second word
        super().__init__(f"{error_code} ({status})" if status else error_code)


class ConsentRequired(DocuSignRefused):
    """The user we act for hasn't given the integration consent yet: open `consent_url` and accept."""

    def __init__(self, consent_url: str) -> None:
        self.consent_url = consent_url
        super().__init__("consent_required", 400)


class SigningService(Protocol):
    """Sends documents to be signed.

    :raises DocuSignUnavailable, RateLimited, DocuSignRefused: any call may.
    """

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
        """Send the document to its signer, once per `transaction_id`, and return the envelope's id.

        Call it again with the same `transaction_id` after any doubt: it looks before it sends.

        :param transaction_id: a UUID stored before the first call; a new sending has a new one.
        :param contract_reference: ours, at most 100 characters, kept with the envelope.
        :param sign_anchor: the text in the document at which the signature goes; `date_anchor` likewise.
        :param client_user_id: only for embedded signing; DocuSign then sends the signer no mail.
        :param expires_after_days: how long it can be signed; DocuSign reminds the signer meanwhile.
        """

    def find_by_transaction(self, transaction_id: str) -> Envelope | None:
        """Return the envelope sent with `transaction_id`, however long ago, or None."""

    def get_status(self, envelope_id: str) -> Envelope:
        """Return what became of the envelope: the truth, whatever a webhook said."""

    def list_status_changes(
        self, *, since: datetime | None = None, envelope_ids: list[str] | None = None
    ) -> list[Envelope]:
        """Return the envelopes that changed since then, or those named; one call for many."""

    def download(self, envelope_id: str, which: WhichDocument) -> bytes:
        """Return a PDF: the signed document with what was written on it, or DocuSign's certificate."""

    def void(self, envelope_id: str, *, reason: str) -> None:
        """Withdraw an envelope that is sent or delivered; one already voided stays so.

        :raises DocuSignRefused: it was signed or declined meanwhile.
        """

    def resend(self, envelope_id: str) -> None:
        """Send the signer the mail once more.

        :raises DocuSignRefused: there is nothing left to sign.
        """

    def correct_signer(self, envelope_id: str, *, name: str, email: str) -> None:
        """Make `email` the signer's address and mail them; nothing happens if DocuSign has it already.

        :raises DocuSignRefused: there is nothing left to sign.
        """

    def accounts(self) -> list[Account]:
        """Return the accounts of the user we act for, with the address of each one's API.

        :raises ConsentRequired: the user hasn't given the integration consent.
        """

    def signing_url(
        self, envelope_id: str, *, signer_name: str, signer_email: str, client_user_id: str, return_url: str
    ) -> str:
        """Return a single-use, short-lived link for embedded signing."""


_IMPLEMENTATION = "ssp.docusign.sdk.DocuSignService"


def signing_service() -> SigningService:
    """Return a service for one task. The SDK takes 1.6 s to import, so only who asks pays for it."""
    service: SigningService = import_string(_IMPLEMENTATION)()
    return service

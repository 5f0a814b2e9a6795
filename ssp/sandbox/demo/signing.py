"""Signatures of the demo's past: the stand-in's papers, without its envelopes and mails."""

import uuid
from datetime import datetime
from typing import Any

from ssp.docusign.client import WhichDocument
from ssp.sandbox.docusign import documents
from ssp.sandbox.docusign.store import Envelope, Signer


class PaperSigning:
    """A `SigningService` for one contract that was signed long ago, as far as the services ask for it."""

    def __init__(self, *, signed_at: datetime) -> None:
        self.signed_at = signed_at.isoformat()
        self.original = b""
        self.envelope: Envelope | None = None

    def send_envelope(self, **sent: Any) -> str:
        self.original = sent["document_pdf"]
        self.envelope = Envelope(
            envelope_id=str(uuid.uuid4()),
            account_id="demo",
            status="completed",
            subject=sent["subject"],
            document_name=sent["document_name"],
            transaction_id=sent["transaction_id"],
            signers=[
                Signer(
                    recipient_id="1",
                    name=sent["signer_name"],
                    email=sent["signer_email"],
                    sign_anchors=[sent["sign_anchor"]],
                    date_anchors=[sent["date_anchor"]],
                    status="completed",
                    sent_at=self.signed_at,
                    delivered_at=self.signed_at,
                    signed_at=self.signed_at,
                )
            ],
            created_at=self.signed_at,
            changed_at=self.signed_at,
            sent_at=self.signed_at,
            delivered_at=self.signed_at,
            completed_at=self.signed_at,
        )
        return self.envelope.envelope_id

    def download(self, envelope_id: str, which: WhichDocument) -> bytes:
        assert self.envelope is not None
        if which == "certificate":
            return documents.certificate(self.envelope)
        return documents.combined(self.envelope, self.original)

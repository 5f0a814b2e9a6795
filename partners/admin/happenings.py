"""What happened to a contract and its envelopes, in words; the audit trail keeps codes."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ssp.core.models import AuditEntry

WORDS: dict[str, Promise] = {
    "contract.approved": _("Approved"),
    "contract.attested": _("Attested beside the signed paper"),
    "contract.changed": _("Numbers changed"),
    "contract.moved_in": _("Moved in from paper"),
    "contract.rejected": _("Rejected, back to draft"),
    "contract.resubmitted": _("Put before the directors again"),
    "contract.taken_back": _("Taken back"),
    "envelope.address_changed": _("Sent on to the applicant's new address"),
    "envelope.completed": _("Signed"),
    "envelope.declined": _("Signature declined"),
    "envelope.delivered": _("Opened by the signer"),
    "envelope.expired": _("Envelope expired"),
    "envelope.mail_again": _("DocuSign's e-mail asked for again"),
    "envelope.queued": _("Envelope made, to be sent"),
    "envelope.sent": _("Envelope sent"),
    "envelope.void_asked": _("Voiding asked for"),
    "envelope.void_too_late": _("Voiding came too late"),
    "envelope.voided": _("Envelope voided"),
    "partner.started": _("The partnership started"),
}


@dataclass(frozen=True)
class Happening:
    entry: AuditEntry
    words: str


def in_words(entries: list[AuditEntry]) -> list[Happening]:
    """Say each entry as a person would; a code without words stays readable as it is."""
    return [Happening(entry, str(WORDS.get(entry.action, entry.action))) for entry in entries]

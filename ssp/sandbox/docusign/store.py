"""What the stand-in remembers: envelopes, links, callbacks and faults, in a SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS envelopes (
    envelope_id TEXT PRIMARY KEY, number INTEGER NOT NULL, facts TEXT NOT NULL, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    token TEXT PRIMARY KEY, envelope_id TEXT NOT NULL, recipient_id TEXT NOT NULL,
    return_url TEXT NOT NULL, expires_at REAL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY, envelope_id TEXT NOT NULL, event TEXT NOT NULL, url TEXT NOT NULL,
    body BLOB NOT NULL, signature TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS faults (name TEXT PRIMARY KEY, times INTEGER NOT NULL);
"""


@dataclass
class Signer:
    """One signer of an envelope. Moments are ISO texts, as they are told."""

    recipient_id: str
    name: str
    email: str
    client_user_id: str = ""
    sign_anchors: list[str] = field(default_factory=list)
    date_anchors: list[str] = field(default_factory=list)
    status: str = "created"
    sent_at: str = ""
    delivered_at: str = ""
    signed_at: str = ""
    declined_at: str = ""
    declined_reason: str = ""


@dataclass
class Envelope:
    """One envelope. Statuses and moments are DocuSign's."""

    envelope_id: str
    account_id: str
    status: str
    subject: str
    document_name: str
    blurb: str = ""
    transaction_id: str = ""
    custom_fields: dict[str, str] = field(default_factory=dict)
    signers: list[Signer] = field(default_factory=list)
    event_notification: dict[str, Any] | None = None
    created_at: str = ""
    changed_at: str = ""
    sent_at: str = ""
    delivered_at: str = ""
    completed_at: str = ""
    declined_at: str = ""
    voided_at: str = ""
    voided_reason: str = ""
    expires_after_days: int = 120
    reminder_days: list[int] = field(default_factory=list)  # delay, frequency; none without reminders
    reminders_sent: int = 0

    def signer(self, recipient_id: str) -> Signer:
        return next(signer for signer in self.signers if signer.recipient_id == recipient_id)

    @property
    def is_open(self) -> bool:
        return self.status in {"sent", "delivered"}


@dataclass
class Link:
    """A way in for one signer: the mail's (lasting) or an embedded one (single use, short-lived)."""

    token: str
    envelope_id: str
    recipient_id: str
    return_url: str
    expires_at: float | None
    used: bool


@dataclass
class Callback:
    """One Connect message on its way."""

    id: int
    envelope_id: str
    event: str
    url: str
    body: bytes
    signature: str
    due_at: float
    attempts: int
    outcome: str


class Store:
    """One connection behind one lock: a stand-in has few visitors, and order matters more than speed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of it or nothing; nested ones join the outer."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # --- envelopes -------------------------------------------------------------

    def add_envelope(self, envelope: Envelope, document: bytes) -> None:
        self._all(
            "INSERT INTO envelopes SELECT ?, coalesce(max(number), 0) + 1, ?, ? FROM envelopes",
            envelope.envelope_id,
            json.dumps(asdict(envelope)),
            document,
        )

    def save_envelope(self, envelope: Envelope) -> None:
        self._all(
            "UPDATE envelopes SET facts = ? WHERE envelope_id = ?",
            json.dumps(asdict(envelope)),
            envelope.envelope_id,
        )

    def envelope(self, envelope_id: str) -> Envelope | None:
        rows = self._all("SELECT facts FROM envelopes WHERE envelope_id = ?", envelope_id.lower())
        return _envelope(rows[0]["facts"]) if rows else None

    def envelopes(self) -> list[Envelope]:
        """Every envelope, newest first."""
        return [
            _envelope(row["facts"]) for row in self._all("SELECT facts FROM envelopes ORDER BY number DESC")
        ]

    def document(self, envelope_id: str) -> bytes:
        return bytes(
            self._all("SELECT document FROM envelopes WHERE envelope_id = ?", envelope_id)[0]["document"]
        )

    # --- links -----------------------------------------------------------------

    def add_link(self, link: Link) -> None:
        self._all(
            "INSERT INTO links (token, envelope_id, recipient_id, return_url, expires_at)"
            " VALUES (?, ?, ?, ?, ?)",
            link.token,
            link.envelope_id,
            link.recipient_id,
            link.return_url,
            link.expires_at,
        )

    def link(self, token: str) -> Link | None:
        rows = self._all("SELECT * FROM links WHERE token = ?", token)
        return Link(**{**dict(rows[0]), "used": bool(rows[0]["used"])}) if rows else None

    def lasting_link(self, envelope_id: str, recipient_id: str) -> Link | None:
        rows = self._all(
            "SELECT token FROM links WHERE envelope_id = ? AND recipient_id = ? AND expires_at IS NULL",
            envelope_id,
            recipient_id,
        )
        return self.link(rows[0]["token"]) if rows else None

    def end_links(self, envelope_id: str, recipient_id: str) -> None:
        self._all("DELETE FROM links WHERE envelope_id = ? AND recipient_id = ?", envelope_id, recipient_id)

    def use_link(self, token: str) -> None:
        self._all("UPDATE links SET used = 1 WHERE token = ?", token)

    # --- callbacks ---------------------------------------------------------------

    def add_callback(
        self, *, envelope_id: str, event: str, url: str, body: bytes, signature: str, due_at: float
    ) -> None:
        self._all(
            "INSERT INTO callbacks (envelope_id, event, url, body, signature, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            envelope_id,
            event,
            url,
            body,
            signature,
            due_at,
        )

    def waiting_callbacks(self) -> list[Callback]:
        """Those not yet taken, the first due first."""
        rows = self._all("SELECT * FROM callbacks WHERE outcome = '' ORDER BY due_at, id")
        return [Callback(**dict(row)) for row in rows]

    def callbacks_of(self, envelope_id: str) -> list[Callback]:
        rows = self._all("SELECT * FROM callbacks WHERE envelope_id = ? ORDER BY id", envelope_id)
        return [Callback(**dict(row)) for row in rows]

    def callback_failed(self, callback: Callback, *, due_at: float) -> None:
        """Try it again then, and what waits behind it for the same envelope no sooner."""
        with self.transaction():
            self._all("UPDATE callbacks SET attempts = attempts + 1 WHERE id = ?", callback.id)
            self._all(
                "UPDATE callbacks SET due_at = max(due_at, ?) WHERE outcome = '' AND envelope_id = ?",
                due_at,
                callback.envelope_id,
            )

    def hurry_callbacks(self, *, due_at: float) -> None:
        self._all("UPDATE callbacks SET due_at = min(due_at, ?) WHERE outcome = ''", due_at)

    def callback_ended(self, callback: Callback, outcome: str) -> None:
        self._all(
            "UPDATE callbacks SET attempts = attempts + 1, outcome = ? WHERE id = ?", outcome, callback.id
        )

    # --- faults ------------------------------------------------------------------

    def faults(self) -> dict[str, int]:
        return {row["name"]: row["times"] for row in self._all("SELECT * FROM faults WHERE times <> 0")}

    def set_fault(self, name: str, times: int) -> None:
        self._all("INSERT OR REPLACE INTO faults (name, times) VALUES (?, ?)", name, times)

    def take_fault(self, name: str) -> bool:
        """Return whether the fault strikes now; one that strikes a number of times is counted down."""
        with self.transaction():
            times = self.faults().get(name, 0)
            if times > 0:
                self.set_fault(name, times - 1)
            return times != 0


def _envelope(facts: str) -> Envelope:
    known = json.loads(facts)
    signers = [Signer(**signer) for signer in known.pop("signers")]
    return Envelope(**known, signers=signers)

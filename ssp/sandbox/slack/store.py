"""What the stand-in remembers: one workspace in a SQLite file, written by its API and read by its page."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ssp.core import clock
from ssp.sandbox import people

TEAM = "T0SANDBOX"
BOT = "U0BOT"
LOUNGE, NEWS = "C0LOUNGE", "C0NEWS"
CHANNELS = {LOUNGE: "partner-lounge", NEWS: "partner-news"}
SCHEMA = """
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    external INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS channels (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (channel_id TEXT, user_id TEXT, PRIMARY KEY (channel_id, user_id));
CREATE TABLE IF NOT EXISTS invites (id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, email TEXT NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, ts TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (name TEXT PRIMARY KEY, times INTEGER NOT NULL);
"""


def path_in(state: Path) -> Path:
    """Return where a state directory keeps its workspace."""
    return Path(state) / "sandbox" / "slack.sqlite3"


class Workspace:
    """One connection behind one lock; another process may have the same file open."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(SCHEMA)
        with self.transaction():
            if not self.channels():
                self._furnish()

    def _furnish(self) -> None:
        """Two channels with the bot in them; SeMI's people and one guest as members of the workspace."""
        for channel_id, name in CHANNELS.items():
            self.add_channel(channel_id, name)
        for person in (*people.STAFF, people.PIETER):
            self.add_user(person.email, person.name)

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

    # --- channels and people ----------------------------------------------------

    def channels(self) -> dict[str, str]:
        """Return the channels' names by their ids."""
        return {row["id"]: row["name"] for row in self._all("SELECT id, name FROM channels ORDER BY name")}

    def add_channel(self, channel_id: str, name: str, *, with_bot: bool = True) -> None:
        self._all("INSERT INTO channels (id, name) VALUES (?, ?)", channel_id, name)
        if with_bot:
            self.put_in(channel_id, BOT)

    def add_user(self, email: str, name: str, *, external: bool = False) -> str:
        """Add a person and return their id."""
        number = len(self._all("SELECT 1 FROM users")) + 1
        user_id = f"U{number:04d}"
        self._all(
            "INSERT INTO users (id, email, name, external) VALUES (?, ?, ?, ?)",
            user_id,
            email.lower(),
            name,
            external,
        )
        return user_id

    def user(self, **by: str) -> sqlite3.Row | None:
        """Return the person of that `email` or `id`."""
        ((column, value),) = by.items()
        rows = self._all(f"SELECT * FROM users WHERE {column} = ?", value.lower() if "@" in value else value)
        return rows[0] if rows else None

    def members(self, channel_id: str) -> list[str]:
        rows = self._all("SELECT user_id FROM members WHERE channel_id = ? ORDER BY rowid", channel_id)
        return [row["user_id"] for row in rows]

    def put_in(self, channel_id: str, user_id: str) -> None:
        self._all("INSERT OR IGNORE INTO members (channel_id, user_id) VALUES (?, ?)", channel_id, user_id)

    def take_out(self, channel_id: str, user_id: str) -> None:
        self._all("DELETE FROM members WHERE channel_id = ? AND user_id = ?", channel_id, user_id)

    # --- invitations by Slack Connect -------------------------------------------

    def invites(self, channel_id: str) -> list[sqlite3.Row]:
        return self._all("SELECT * FROM invites WHERE channel_id = ? ORDER BY id", channel_id)

    def add_invite(self, channel_id: str, email: str) -> int:
        with self.transaction():
            self._all("INSERT INTO invites (channel_id, email) VALUES (?, ?)", channel_id, email.lower())
            return int(self._all("SELECT last_insert_rowid() AS id")[0]["id"])

    def accept_invite(self, number: int) -> None:
        """Let the invited person come in, as somebody of another workspace."""
        with self.transaction():
            for row in self._all("SELECT * FROM invites WHERE id = ? AND NOT accepted", number):
                known = self.user(email=row["email"])
                user_id = known["id"] if known else self.add_user(row["email"], row["email"], external=True)
                self.put_in(row["channel_id"], user_id)
                self._all("UPDATE invites SET accepted = 1 WHERE id = ?", number)

    # --- messages ---------------------------------------------------------------

    def add_message(self, channel_id: str, body: Mapping[str, Any]) -> str:
        """Keep a message and return its timestamp, which is unique in the channel."""
        with self.transaction():
            last = self._all("SELECT max(ts) AS ts FROM messages WHERE channel_id = ?", channel_id)[0]["ts"]
            ts = f"{max(clock.wall().timestamp(), float(last or 0) + 0.000_1):.6f}"
            self._all(
                "INSERT INTO messages (channel_id, ts, body) VALUES (?, ?, ?)",
                channel_id,
                ts,
                json.dumps(body),
            )
            return ts

    def messages(self, channel_id: str) -> list[dict[str, Any]]:
        """Return a channel's messages, newest first, as Slack tells them."""
        rows = self._all("SELECT * FROM messages WHERE channel_id = ? ORDER BY number DESC", channel_id)
        return [{"type": "message", "user": BOT, "ts": row["ts"], **json.loads(row["body"])} for row in rows]

    # --- faults -----------------------------------------------------------------

    def faults(self) -> dict[str, int]:
        return {row["name"]: row["times"] for row in self._all("SELECT * FROM faults WHERE times <> 0")}

    def set_fault(self, name: str, times: int) -> None:
        """Switch a fault on for that many times (-1: until taken back) or off (0)."""
        self._all("INSERT OR REPLACE INTO faults (name, times) VALUES (?, ?)", name, times)

    def clear_faults(self) -> None:
        self._all("DELETE FROM faults")

    def strikes(self, name: str) -> bool:
        """Return whether the fault strikes now; one that strikes a number of times is counted down."""
        with self.transaction():
            times = self.faults().get(name, 0)
            if times > 0:
                self.set_fault(name, times - 1)
            return times != 0

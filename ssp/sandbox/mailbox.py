"""The mailbox: an SMTP server that keeps what it is given, and the reading side of it.

A message is a file, `<received>-<n>.eml`, complete on disk before the sender hears 250. One that comes again,
by its Message-ID, is kept once and counted in a `.again` file beside it.
"""

import asyncio
import hashlib
import logging
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ssp.sandbox.clock import MovableClock

LARGEST = 30 * 1024 * 1024
NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9]+")
STAMP = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class Attachment:
    """One attached file, by its place in the message."""

    number: int
    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One received message."""

    name: str
    received_at: datetime
    message: EmailMessage
    times: int
    """How often it was received: 1, or more when it was sent again."""

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sender(self) -> str:
        return str(self.message["From"] or "")

    @property
    def recipients(self) -> list[str]:
        """The addresses it went to, as the SMTP session named them."""
        return [address for _, address in getaddresses([str(self.message["X-Envelope-To"] or "")])]

    def matches(self, *, to: str, about: str) -> bool:
        return (not to or any(to in address.lower() for address in self.recipients)) and (
            about in self.subject.lower()
        )

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def attachments(self) -> list[Attachment]:
        return [
            Attachment(
                number, part.get_filename() or f"part-{number}", part.get_content_type(), _content(part)
            )
            for number, part in enumerate(self.message.iter_attachments(), start=1)
        ]

    def _body(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""


def _content(part: Any) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()


class Mailbox:
    """The messages of one state directory."""

    def __init__(self, state: Path) -> None:
        self.folder = Path(state) / "sandbox" / "mail"
        self._clock = MovableClock(state)
        self._lock = threading.Lock()

    # --- reading ---------------------------------------------------------------

    def newest_first(self, *, to: str = "", about: str = "") -> Iterator[Mail]:
        """Yield the messages, newest first; `to` and `about` narrow by recipient and subject."""
        to, about = to.strip().lower(), about.strip().lower()
        for path in sorted(self.folder.glob("*.eml"), reverse=True):
            mail = self.get(path.stem)
            if mail and mail.matches(to=to, about=about):
                yield mail

    def get(self, name: str) -> Mail | None:
        """Return one message by its file's name, or None."""
        if not NAME.fullmatch(name):
            return None
        path = self.folder / f"{name}.eml"
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        again = path.with_suffix(".again")
        times = 1 + (len(again.read_bytes()) if again.exists() else 0)
        stamp = datetime.strptime(f"{name.partition('-')[0]}+0000", f"{STAMP}%z")
        return Mail(name, stamp, message_from_bytes(raw, policy=policy.default), times)

    # --- receiving -------------------------------------------------------------

    def keep(self, raw: bytes, *, recipients: list[str]) -> str:
        """Store a message durably and return its name; one that was here before is only counted."""
        identity = str(message_from_bytes(raw, policy=policy.default)["Message-ID"] or "").strip()
        known = self._index(identity, recipients) if identity else None
        with self._lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            if known and known.exists():
                name = known.read_text()
                with (self.folder / f"{name}.again").open("ab") as counter:
                    counter.write(b".")
                    counter.flush()
                    os.fsync(counter.fileno())
                return name
            name = self._new_name()
            head = f"X-Envelope-To: {', '.join(recipients)}\r\n".encode()
            self._write(self.folder / f"{name}.eml", head + raw)
            if known:
                known.parent.mkdir(exist_ok=True)
                self._write(known, name.encode())
            return name

    def _index(self, identity: str, recipients: list[str]) -> Path:
        key = "\n".join([identity, *sorted(address.lower() for address in recipients)])
        return self.folder / "ids" / hashlib.sha256(key.encode()).hexdigest()

    def _new_name(self) -> str:
        stamp = f"{self._clock.now():{STAMP}}"
        number = 1
        while (self.folder / f"{stamp}-{number}.eml").exists():
            number += 1
        return f"{stamp}-{number}"

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class _Receiver:
    """aiosmtpd's handler."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        await asyncio.to_thread(self._mailbox.keep, raw, recipients=list(envelope.rcpt_tos))
        return "250 OK"


def serve_smtp(mailbox: Mailbox, *, port: int) -> Controller:
    """Start receiving on a loopback port, in a thread of its own."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(
        _Receiver(mailbox),
        hostname="127.0.0.1",
        port=port,
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        ident="Sandbox mailbox",
    )
    controller.start()
    return controller

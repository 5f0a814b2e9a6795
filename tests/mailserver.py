"""A real SMTP server for tests: mail goes over a socket, as it does in production."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Inbox:
    """Collects what arrives; `refusing` makes the server answer 451, as a busy one does, and
    it knows nobody of `strangers`.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusing = False
        self.strangers: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.strangers:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            return "451 4.7.1 try again later"
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(message)  # type: ignore[arg-type]
        return "250 kept"

    def to(self, address: str) -> list[EmailMessage]:
        return [m for m in self.messages if address in str(m["To"])]


class MailServer(Controller):
    def __init__(self) -> None:
        self.inbox = Inbox()
        super().__init__(self.inbox, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:  # port 0: ask the socket which port it got
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

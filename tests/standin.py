"""The sandbox process (DocuSign stand-in, mailbox), for tests that speak to it over HTTP(S) and SMTP."""

import os
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ssp.sandbox.docusign.store import Callback, Store
from ssp.sandbox.keys import ensure_keys
from ssp.sandbox.mailbox import Mail, Mailbox
from ssp.sandbox.slack import API_PATH, BOT_TOKEN
from ssp.sandbox.slack.store import Workspace, path_in
from tests.running import ROOT, clean_environment, eventually, get


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on; held together, so that they differ."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class StandIn:
    """`python -m ssp.sandbox.serve` on a state directory and ports of its own."""

    def __init__(self, state: Path, *, connect_url: str = "http://127.0.0.1:9/") -> None:
        self.state = state
        self.oauth_port, self.api_port, self.smtp_port = free_ports(3)
        self.url = f"http://127.0.0.1:{self.api_port}"
        self.told = ensure_keys(state, oauth_port=self.oauth_port, api_port=self.api_port, web_port=9)
        self.connect_url = connect_url
        self.mailbox = Mailbox(state)
        self.log_file = state / "standin.log"

    @property
    def settings(self) -> dict[str, object]:
        """settings.DOCUSIGN for a client that shall speak to this stand-in."""
        return {
            "OAUTH_HOST": self.told["DOCUSIGN_OAUTH_HOST"],
            "INTEGRATION_KEY": self.told["DOCUSIGN_INTEGRATION_KEY"],
            "USER_ID": self.told["DOCUSIGN_USER_ID"],
            "ACCOUNT_ID": self.told["DOCUSIGN_ACCOUNT_ID"],
            "PRIVATE_KEY": self.told["DOCUSIGN_PRIVATE_KEY"],
            "CA_CERT": self.told["DOCUSIGN_CA_CERT"],
            "HMAC_KEYS": [self.told["DOCUSIGN_HMAC_KEYS"]],
            "CONNECT_URL": "",
        }

    @property
    def slack_settings(self) -> dict[str, str]:
        """settings.SLACK for a client that shall speak to this stand-in."""
        return {"BOT_TOKEN": BOT_TOKEN, "API_URL": f"{self.url}{API_PATH}"}

    @cached_property
    def slack(self) -> Workspace:
        """The Slack workspace that it serves, read and written beside it."""
        return Workspace(path_in(self.state))

    @cached_property
    def memory(self) -> Store:
        """What it remembers, read beside it."""
        return Store(self.state / "sandbox" / "docusign.sqlite3")

    def start(self) -> None:
        env = clean_environment() | {
            "SSP_ENV": "test",
            "SSP_ENV_FILE": os.devnull,
            "SSP_STATE": str(self.state),
            "SANDBOX_OAUTH_PORT": str(self.oauth_port),
            "SANDBOX_API_PORT": str(self.api_port),
            "SANDBOX_SMTP_PORT": str(self.smtp_port),
            "SANDBOX_CONNECT_URL": self.connect_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
        }
        with self.log_file.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ssp.sandbox.serve"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._answers, what="the stand-in", within=30)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log_file.read_text()
        return get(f"{self.url}/healthz")[0] == 200

    def stop(self, number: int = signal.SIGTERM) -> None:
        self._process.send_signal(number)
        self._process.wait(20)

    # --- what a person does ------------------------------------------------------

    def fail(self, name: str, times: int = 1) -> None:
        """Switch a fault on for that many calls (-1: until `heal`)."""
        assert post(f"{self.url}/faults/", {"name": name, "times": str(times)}) == 200

    def heal(self) -> None:
        assert post(f"{self.url}/faults/", {"clear": "yes"}) == 200

    def envelope_ids(self) -> list[str]:
        return [envelope.envelope_id for envelope in self.memory.envelopes()]

    def signing_link(self, envelope_id: str) -> str:
        """The link in the signer's mail."""
        link = self.memory.lasting_link(envelope_id, "1")
        assert link, "the signer has no link"
        return f"{self.url}/signing/{link.token}/"

    def sign(self, envelope_id: str) -> None:
        """Open the link and press Sign."""
        link = self.signing_link(envelope_id)
        assert get(link)[0] == 200
        assert post(f"{link}sign/", {}) == 200

    def decline(self, envelope_id: str, reason: str) -> None:
        link = self.signing_link(envelope_id)
        assert get(link)[0] == 200
        assert post(f"{link}decline/", {"reason": reason}) == 200

    def visit(self, url: str) -> "Seen":
        """Open a page as a browser does, following where it leads."""
        with urllib.request.urlopen(url, timeout=20) as answer:
            return Seen(answer.url, answer.read().decode())

    def callbacks(self, envelope_id: str) -> list[Callback]:
        return self.memory.callbacks_of(envelope_id)

    def mail_to(self, address: str, about: str = "") -> Mail:
        """The newest mail to somebody, as soon as it is there."""
        return eventually(
            lambda: next(self.mailbox.newest_first(to=address, about=about), None),
            what=f"a mail to {address}",
            within=20,
        )


@dataclass(frozen=True)
class Seen:
    """Where somebody ended up, and what they saw."""

    url: str
    text: str


def post(url: str, fields: dict[str, str]) -> int:
    """Send a form as a browser does, following where it leads; return the last status."""
    request = urllib.request.Request(url, data=urllib.parse.urlencode(fields).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        status: int = answer.status
    return status

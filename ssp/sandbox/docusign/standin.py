"""The stand-in as one object that the views of its process share."""

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ssp.sandbox.clock import MovableClock
from ssp.sandbox.docusign.connect import Connect
from ssp.sandbox.docusign.faults import Faults
from ssp.sandbox.docusign.limits import Limits
from ssp.sandbox.docusign.store import Store
from ssp.sandbox.keys import Keys, keys_of


@dataclass
class StandIn:
    """One account at DocuSign, with its keys, its memory and its clock."""

    state: Path
    oauth_port: int
    api_port: int
    connect_url: str
    store: Store = field(init=False)
    clock: MovableClock = field(init=False)
    keys: Keys = field(init=False)
    faults: Faults = field(init=False)
    connect: Connect = field(init=False)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.state / "sandbox" / "docusign.sqlite3")
        self.clock = MovableClock(self.state)
        self.keys = keys_of(self.state)
        self.faults = Faults(self.store)
        self.connect = Connect(
            self.store, self.faults, url=self.connect_url, hmac_key=self.keys.identity["hmac_key"]
        )
        self.limits = Limits(seconds=time.monotonic)

    @property
    def oauth_host(self) -> str:
        return f"127.0.0.1:{self.oauth_port}"

    @property
    def base_uri(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def now(self) -> datetime:
        """The application's moment, so that a signature happens "now" for whoever moved the clock."""
        return self.clock.now()

    def stop(self) -> None:
        self.faults.stop()
        self.connect.stop()
        self.store.close()


def said(moment: datetime) -> str:
    """Write a moment as DocuSign does: UTC, seven digits."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


_current: StandIn | None = None


def install(standin: StandIn) -> None:
    global _current
    _current = standin


def current() -> StandIn:
    """Return this process's stand-in."""
    if _current is None:
        raise RuntimeError("No stand-in is running in this process.")
    return _current


def from_environment() -> StandIn:
    """Build the stand-in that the environment describes."""
    port = os.environ.get("PORT", "8000")
    return StandIn(
        state=Path(os.environ["SSP_STATE"]),
        oauth_port=int(os.environ["SANDBOX_OAUTH_PORT"]),
        api_port=int(os.environ["SANDBOX_API_PORT"]),
        connect_url=os.environ.get("SANDBOX_CONNECT_URL") or f"http://127.0.0.1:{port}/docusign/connect/",
    )

"""A whole installation, as `./dev run` starts it, for the tests that need the real processes."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from ssp.sandbox.stack.processes import ROOT, die_with_parent
from ssp.sandbox.stack.state import is_alive

OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "SITE_URL",
    "PORT",
    "MEDIA_ROOT",
    "BEAT_TICK_SECONDS",
)
OUR_PREFIXES = ("SSP_", "DOCUSIGN_", "SLACK_", "SANDBOX_")


def eventually[T](look: Callable[[], T], *, what: str, within: float = 60.0) -> T:
    """Look until there is something to see, and return it."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {within} s for {what}"
        time.sleep(0.05)
    return seen


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def an_empty_database() -> Iterator[str]:
    """The address of a database of one's own on the test run's server."""
    name = f"other_{secrets.token_hex(4)}"
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.replace(urlsplit(server).path, f"/{name}", 1)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def get(url: str, **headers: str) -> tuple[int, str]:
    """Return the status and body of a page; (0, reason) when nobody answers."""
    request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError as failure:
        return 0, str(failure)


def clean_environment() -> dict[str, str]:
    """Return the test run's environment without what points at its own database and queue."""
    return {k: v for k, v in os.environ.items() if k not in OURS and not k.startswith(OUR_PREFIXES)}


class Installation:
    """`./dev run` on a state directory and a port of its own."""

    def __init__(self, state: Path, *, port: int, env: Mapping[str, str] | None = None) -> None:
        self.state = state
        self.url = f"http://127.0.0.1:{port}"
        self.log_file = state.with_name(f"{state.name}.log")
        self.environ = clean_environment() | {
            "SSP_ENV": "development",
            "SSP_ENV_FILE": os.devnull,
            "SSP_STATE": str(state),
            "SSP_FSYNC": "off",
            "PORT": str(port),
            **(env or {}),
        }

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with self.log_file.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ssp.sandbox.stack", "run"],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        eventually(self._ready, what="./dev run to be ready", within=120)

    def _ready(self) -> bool:
        assert self._process.poll() is None, self.log
        return "Ready in" in self.log

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.state / "processes.json").read_text())
        return found

    @property
    def told(self) -> dict[str, str]:
        """What the processes were told: DATABASE_URL, REDIS_URL and so on."""
        found: dict[str, str] = json.loads((self.state / "env.json").read_text())
        return found

    def kill(self, name: str) -> None:
        """Kill -9 one of the processes."""
        os.kill(self.pids[name], signal.SIGKILL)

    def kill_and_wait_for_another(self, name: str) -> None:
        before = self.pids[name]
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.pids.get(name, before) != before, what=f"another {name}")

    def is_working(self) -> bool:
        """Database, queue and a worker have answered."""
        return get(f"{self.url}/readyz")[0] == 200

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop, or force it to; return its exit code when all that it started is gone."""
        pids = self.pids.values()
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(60)
        eventually(lambda: not any(map(is_alive, pids)), what="every process to end", within=30)
        return code

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `./dev` command on the same state directory."""
        return subprocess.run(
            [sys.executable, "-m", "ssp.sandbox.stack", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

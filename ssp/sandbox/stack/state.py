"""The state directory: everything that one installation keeps between two runs."""

import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from ssp.sandbox.stack.processes import Failed


class Busy(Failed):
    """Another `./dev` is using this state directory."""


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Replace a file at once, readable by us alone."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(path)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class State:
    """A state directory that we hold the lock of, from `with` to its end."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self.durable = durable  # against a power cut; a kill -9 loses nothing either way
        self.environment_file = path / "env.json"
        self._processes_file = path / "processes.json"
        self._sockets_note = path / "sockets"

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = (self.path / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise Busy(f"{self.path} is in use by another ./dev") from None
        self.environment_file.unlink(missing_ok=True)
        self._outlive_the_previous_run()
        # A socket's path may have 104 bytes at most, so sockets do not live in the checkout.
        self.sockets = Path(tempfile.mkdtemp(prefix="ssp-"))
        self.sockets.chmod(0o711)
        self._sockets_note.write_text(str(self.sockets))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.sockets, ignore_errors=True)
        self._lock.close()

    def record_processes(self, pids: dict[str, int]) -> None:
        write_private(self._processes_file, dict(pids))

    def ports(self, *names: str) -> dict[str, int]:
        """Return a free loopback port for each name: the one it had before, where that is still free."""
        file = self.path / "ports.json"
        kept = json.loads(file.read_text()) if file.exists() else {}
        held = []
        for name in names:
            if name in kept and is_free(kept[name]):
                continue
            held.append(held_socket := socket.socket())
            held_socket.bind(("127.0.0.1", 0))
            kept[name] = held_socket.getsockname()[1]
        for each in held:
            each.close()
        write_private(file, kept)
        return {name: kept[name] for name in names}

    def _outlive_the_previous_run(self) -> None:
        """If it was killed with -9 a moment ago, its processes are still on their way out."""
        if not self._processes_file.exists():
            return
        pids = json.loads(self._processes_file.read_text()).values()
        give_up_at = time.monotonic() + 5
        while any(is_alive(pid) for pid in pids) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        if self._sockets_note.exists():
            shutil.rmtree(self._sockets_note.read_text(), ignore_errors=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def environment_of_active_run(path: Path) -> dict[str, str]:
    """Return what the `./dev` that holds the lock told its processes, once it has."""
    file = path / "env.json"
    give_up_at = time.monotonic() + 60
    while not file.exists():
        if time.monotonic() > give_up_at:
            raise Failed(f"{path} is in use, but what uses it does not say how to reach it.")
        time.sleep(0.1)
    environment: dict[str, str] = json.loads(file.read_text())
    return environment


def remove(path: Path) -> None:
    """Remove the state directory; refuse while something uses it."""
    if not path.exists():
        return
    if not (path / ".lock").exists() and any(path.iterdir()):
        raise Failed(f"{path} does not look like a state directory of ours; not removing it.")
    with State(path):
        shutil.rmtree(path)

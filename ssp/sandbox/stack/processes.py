"""A supervisor for one terminal: starts, prefixes output, starts again what died, stops everything.

One thread on purpose: on Linux a child dies with the *thread* that started it (PR_SET_PDEATHSIG),
which is what stops everything even when the supervisor itself is killed with -9.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

GIVE_UP_AFTER = 3  # deaths …
WITHIN_SECONDS = 10.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROOT = Path(__file__).resolve().parents[3]


class Failed(Exception):
    """Something could not be started; the message is for the person at the terminal."""


class Stopped(Exception):
    """Somebody asked us to stop."""


def say(message: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may have gone
        print(message, flush=True)


def die_with_parent(number: int) -> Callable[[], object] | None:
    """Return what a child calls before it starts, so that it gets the signal when we are gone."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, number)  # PR_SET_PDEATHSIG


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account a program runs as, when it is not ours (PostgreSQL refuses root)."""

    uid: int
    gid: int
    through: tuple[str, ...] = ()  # a command that changes the account for us

    def popen_arguments(self) -> dict[str, Any]:
        return {} if self.through else {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(kw_only=True)
class Process:
    """One program; `quiet` ones are heard only when they fail."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    stop_with: signal.Signals = signal.SIGTERM
    account: Account | None = None
    quiet: bool = False
    needed_to_the_end: bool = False  # is stopped when the others are gone
    foreground: bool = False  # owns the terminal; is not started again
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=40), init=False)
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=GIVE_UP_AFTER), init=False)
    start_again_at: float | None = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)
    _popen: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        account = self.account
        self.start_again_at = None
        self._popen = subprocess.Popen(
            [*(account.through if account else ()), *self.argv],
            cwd="/" if account else ROOT,
            env=self.env,
            stdin=None if self.foreground else subprocess.DEVNULL,
            stdout=None if self.foreground else subprocess.PIPE,
            stderr=None if self.foreground else subprocess.STDOUT,
            start_new_session=not self.foreground,  # Ctrl-C reaches us alone; we stop the rest in order
            preexec_fn=die_with_parent(self.stop_with),  # noqa: PLW1509 - we have no other thread
            **(account.popen_arguments() if account else {}),
        )

    @property
    def pid(self) -> int:
        return self._popen.pid if self._popen else 0

    @property
    def output(self) -> IO[bytes] | None:
        return self._popen.stdout if self._popen else None

    @property
    def code(self) -> int | None:
        """How it ended: None while it runs."""
        return self._popen.poll() if self._popen else None

    def hear(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            self.last_lines.append(text)
            if not self.quiet:
                say(f"{self.name:<8} | {text}")

    def ask_to_stop(self) -> None:
        if self._popen and self._popen.poll() is None:
            self._popen.send_signal(self.stop_with)

    def see_it_gone(self, *, patience: float = 15.0) -> None:
        if self._popen is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(patience)
        self._popen.kill()
        self.end_leftovers()
        self._popen.wait()

    def end_leftovers(self) -> None:
        """Kill what it started and left behind: a worker's children, who hold ports and tasks."""
        if self._popen and not self.foreground:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)


class Supervisor:
    """Keeps processes running until asked to stop."""

    def __init__(self, *, changed: Callable[[dict[str, int]], None]) -> None:
        self._processes: list[Process] = []
        self._foreground: Process | None = None
        self._selector = selectors.DefaultSelector()
        self._changed = changed
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def start(self, process: Process) -> None:
        self._processes.append(process)
        self._launch(process)

    def run(self, process: Process) -> int:
        """Run one command to its end, with the terminal, while the others are looked after."""
        process.foreground = True
        process.start()
        self._foreground = process
        try:
            self.attend(until=lambda: process.code is not None)
        finally:
            process.ask_to_stop()
            process.see_it_gone()
            self._foreground = None
        return process.code or 0

    def wait_for(self, ready: Callable[[], bool], *, what: str, patience: float = 60.0) -> None:
        give_up_at = time.monotonic() + patience

        def ready_or_late() -> bool:
            if time.monotonic() > give_up_at:
                raise Failed(f"{what} did not become ready within {patience:.0f} seconds.")
            return ready()

        self.attend(until=ready_or_late)

    def attend(self, *, until: Callable[[], bool] = lambda: False) -> None:
        while not until():
            self._listen(0.05)
            for process in self._processes:
                if process.start_again_at is None:
                    if process.code is not None:
                        self._mourn(process)
                elif time.monotonic() >= process.start_again_at:
                    self._launch(process)

    def stop(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for last in (False, True):
            wave = [process for process in self._processes if process.needed_to_the_end == last]
            for process in wave:
                process.ask_to_stop()
            for process in wave:
                process.see_it_gone()
        self._processes.clear()
        self._changed({})

    def _launch(self, process: Process) -> None:
        process.start()
        if process.output:
            os.set_blocking(process.output.fileno(), False)
            self._selector.register(process.output, selectors.EVENT_READ, process)
        self._changed({p.name: p.pid for p in self._processes})

    def _listen(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _ in self._selector.select(seconds):
            if chunk := os.read(key.fd, 65536):
                key.data.hear(chunk)
            else:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]

    def _mourn(self, process: Process) -> None:
        now = time.monotonic()
        process.end_leftovers()
        process.deaths.append(now)
        recent = [died for died in process.deaths if now - died < WITHIN_SECONDS]
        if len(recent) >= GIVE_UP_AFTER:
            self._listen(0)
            said = "\n".join(process.last_lines) if process.quiet else ""
            raise Failed(f"{process.name} keeps ending, now with {process.code}.\n{said}")
        process.start_again_at = now + 0.5 * len(recent)
        say(f"==> {process.name} ended with {process.code}; starting it again")

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._foreground:
            return  # Ctrl-C also reached the command in the foreground, which decides
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

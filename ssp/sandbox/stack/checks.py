"""What `./dev check` asks: style, types, the direction of imports, templates, migrations."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssp.sandbox.stack.processes import ROOT, say

APPS = ("ssp", "partners", "referrals", "commissions")
COMMANDS = (
    ("types", "mypy"),
    ("style", "ruff", "check", "."),
    ("format", "ruff", "format", "--check", "."),
    ("imports", "lint-imports"),
    ("templates", "djlint", "--lint", "--quiet", "templates"),
    ("settings", "manage.py", "check"),
    ("missing migrations", "manage.py", "makemigrations", "--check", "--dry-run"),
    ("unsafe migrations", "manage.py", "lintmigrations"),
)


def run(env: Mapping[str, str]) -> bool:
    """Run every check, two at a time; say each one's outcome; return whether all are content."""
    with ThreadPoolExecutor(2) as pool:
        return all([*pool.map(lambda command: _passes(command, env), COMMANDS)])


def _passes(command: tuple[str, ...], env: Mapping[str, str]) -> bool:
    subject, *argv = command
    started = time.monotonic()
    done = subprocess.run(
        [*_program(argv[0]), *argv[1:]], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    if done.returncode == 0:
        say(f"  ok    {subject} ({argv[0]}, {seconds:.1f} s)")
        return True
    output = "\n".join(f"        {line}" for line in _lines(done.stdout + done.stderr))
    say(f"  FAIL  {subject} ({' '.join(argv)}, {seconds:.1f} s)\n{output}")
    return False


def _program(name: str) -> Iterator[str]:
    if name == "manage.py":
        yield from (sys.executable, name)
    else:
        yield str(Path(sys.executable).parent / name)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]

"""Has an uploaded file opened in a process of its own (`partners/reader.py`), which it may not outlive.

Parsers of PDFs and pictures are large, written in C, and fed by strangers: what goes wrong there ends the
reader, and is an answer here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READER = Path(__file__).with_name("reader.py")
SECONDS = 30
MAX_PREVIEW = 4 * 1024 * 1024


class NoPreview(Exception):
    """The reader could make no picture of the file; the argument is a code for the record."""


@dataclass(frozen=True)
class Seen:
    """What the reader says about a file: `problem` is empty, `broken`, `active` or `huge`."""

    problem: str


@contextmanager
def on_disk(pieces: Iterable[bytes], ending: str) -> Iterator[Path]:
    """Keep a file where the reader can open it, for as long as the block takes."""
    with tempfile.NamedTemporaryFile(prefix="ssp-", suffix=ending) as copy:
        for piece in pieces:
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def _ask(verb: str, path: Path, content_type: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own program, and arguments without a shell
        [sys.executable, "-I", str(READER), verb, str(path), content_type],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={},
    )


def look(path: Path, content_type: str) -> Seen:
    """Return what the reader says about a PDF or a picture; that it died, too, is `broken`."""
    try:
        answer = _ask("look", path, content_type)
        return Seen(json.loads(answer.stdout)["problem"] if answer.returncode == 0 else "broken")
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return Seen("broken")


def draw(path: Path, content_type: str) -> bytes:
    """Return the preview of a PDF or a picture, a WebP.

    :raises NoPreview: the file is broken, too large or hostile.
    """
    try:
        answer = _ask("draw", path, content_type)
    except subprocess.TimeoutExpired as slow:
        raise NoPreview("too slow") from slow
    if answer.returncode < 0:
        raise NoPreview(f"reader ended by signal {-answer.returncode}")
    if answer.returncode:
        raise NoPreview(_last_word(answer.stderr))
    if not 0 < len(answer.stdout) <= MAX_PREVIEW:
        raise NoPreview("no picture")
    return answer.stdout


def _last_word(stderr: bytes) -> str:
    """Return the name of the exception that a traceback ends with: no text of the file goes into a record."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    name = lines[-1].partition(":")[0].rpartition(".")[2] if lines else ""
    return name if name.isidentifier() else "reader failed"

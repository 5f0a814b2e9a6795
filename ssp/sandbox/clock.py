"""The application clock's other half: an offset that a person can move, read by every process alike.

The offset lives in one small file that is replaced at once, so nobody ever reads half of it.
"""

import json
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from ssp.core import clock


class MovableClock:
    """Real time plus the offset that `$SSP_STATE/sandbox/clock.json` holds."""

    def __init__(self, state: Path) -> None:
        self.path = Path(state) / "sandbox" / "clock.json"

    def offset(self) -> timedelta:
        """Return how far the application's time is ahead of the real one."""
        try:
            return timedelta(seconds=int(json.loads(self.path.read_text())["offset_seconds"]))
        except FileNotFoundError:
            return timedelta(0)

    def now(self) -> datetime:
        """Return the application's present moment (aware, UTC)."""
        return clock.wall() + self.offset()

    def advance(self, by: timedelta) -> datetime:
        """Move the application's time forward and return it.

        :raises ValueError: it would go back; what has happened can't lie in the future.
        """
        if by < timedelta(0):
            raise ValueError("The application clock only moves forward.")
        self._store(self.offset() + by)
        return self.now()

    def move_to(self, moment: datetime) -> datetime:
        """Move the application's time forward to `moment` (aware) and return it.

        :raises ValueError: it is past.
        """
        # A whole second late rather than a fraction early: the file keeps seconds.
        return self.advance(timedelta(seconds=-((self.now() - moment) // timedelta(seconds=1))))

    def _store(self, offset: timedelta) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix="clock-")
        with os.fdopen(handle, "w") as file:
            json.dump({"offset_seconds": int(offset.total_seconds())}, file)
        Path(draft).replace(self.path)

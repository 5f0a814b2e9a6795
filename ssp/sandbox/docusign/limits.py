"""DocuSign's limits, for real: 3,000 calls an hour, bursts of 500 in 30 seconds."""

import threading
from collections import deque
from collections.abc import Callable

from ssp.sandbox.docusign.errors import ApiError

HOURLY, HOUR = 3000, 3600.0
BURST, BURST_WINDOW = 500, 30.0


class Limits:
    """Counts calls in a moving window."""

    def __init__(self, *, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def count(self) -> dict[str, str]:
        """Count a call and return the headers that say how many are left. :raises ApiError: none is."""
        with self._lock:
            now = self._seconds()
            while self._calls and self._calls[0] <= now - HOUR:
                self._calls.popleft()
            if len(self._calls) >= HOURLY:
                raise ApiError(
                    400,
                    "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
                    "The maximum number of hourly API invocations has been exceeded.",
                )
            if len(self._calls) >= BURST and self._calls[-BURST] > now - BURST_WINDOW:
                raise ApiError(
                    400,
                    "BURST_APIINVOCATION_LIMIT_EXCEEDED",
                    "The maximum number of API invocations in a burst has been exceeded.",
                )
            self._calls.append(now)
            return {"X-RateLimit-Limit": str(HOURLY), "X-RateLimit-Remaining": str(HOURLY - len(self._calls))}

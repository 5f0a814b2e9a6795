"""The one moment at which everything here is seeded and measured."""

from datetime import UTC, datetime

from ssp.core.periods import local_date

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = local_date(NOW)
LONG_AGO = datetime(2023, 1, 2, 9, 0, tzinfo=UTC)  # when every contract was signed

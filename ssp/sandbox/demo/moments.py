"""When the story happens: on the days of the pictures, moved so that its Monday is this week's."""

from datetime import date, datetime, time, timedelta

from ssp.core.periods import at_local

TOLD_ON = date(2026, 11, 23)  # the Monday on which all pictures are set


class Calendar:
    """Turns the story's days into real ones: whole weeks, so that weekdays stay what they were."""

    def __init__(self, today: date) -> None:
        monday = today - timedelta(days=today.weekday())
        self.shift = monday - TOLD_ON

    def day(self, day: int, month: int, year: int = 2026) -> date:
        """Return the date that plays the story's `day`/`month`."""
        return date(year, month, day) + self.shift

    def at(self, day: int, month: int, hour: int = 10, minute: int = 0, *, year: int = 2026) -> datetime:
        """Return the instant of an Amsterdam time on that day."""
        return at_local(self.day(day, month, year), time(hour, minute))

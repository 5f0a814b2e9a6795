"""Calendar arithmetic in the programme's time zone. No clock, no database."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def local_date(at: datetime) -> date:
    """Return the programme's calendar date at an aware instant."""
    return at.astimezone(AMSTERDAM).date()


def start_of_day(day: date) -> datetime:
    """Return the instant at which `day` begins in Amsterdam."""
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


def at_local(day: date, clock_time: time) -> datetime:
    """Return the instant of a wall-clock time in Amsterdam on `day`."""
    return datetime.combine(day, clock_time, tzinfo=AMSTERDAM)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` calendar months later, or that month's last day.

    31 August + 6 months is 28 or 29 February.
    """
    return day + relativedelta(months=months)


def add_years(day: date, years: int) -> date:
    """Return the same day `years` calendar years later (29 February becomes the 28th)."""
    return day + relativedelta(years=years)


def is_working_day(day: date) -> bool:
    """Tell whether `day` is Monday to Friday: the programme knows no holidays."""
    return day.weekday() < 5


def add_working_days(day: date, days: int) -> date:
    """Return the day `days` working days after `day` (or before it, when negative)."""
    step = 1 if days >= 0 else -1
    for _ in range(abs(days)):
        day += timedelta(days=step)
        while not is_working_day(day):
            day += timedelta(days=step)
    return day


def working_days_between(start: date, end: date) -> int:
    """Return how many working days lie after `start` up to and including `end`."""
    count, day = 0, start
    while day < end:
        day += timedelta(days=1)
        count += is_working_day(day)
    return count

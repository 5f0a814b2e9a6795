"""Each morning's mail to those of sales who asked for it: what Today lists as theirs."""

from datetime import date, datetime, time

from ssp.core import outbox
from ssp.core.models import User
from ssp.core.periods import AMSTERDAM, is_working_day, local_date
from ssp.core.preferences import who_asked_for
from ssp.core.roles import DESK_ROLES
from ssp.dashboard.mails import DIGEST
from ssp.dashboard.today import needed
from ssp.dashboard.waiting import Reader, Section

FROM, UNTIL = time(8), time(12)  # Amsterdam; a morning that was missed until noon is over


def is_morning(at: datetime) -> bool:
    """Tell whether the digests of that day are due: a working day, from 8 until noon in Amsterdam."""
    there = at.astimezone(AMSTERDAM)
    return is_working_day(there.date()) and FROM <= there.time() < UNTIL


def owe_digests(*, at: datetime) -> int:
    """Owe everybody who asked for it today's digest, once however often this runs. Returns to how many."""
    if not is_morning(at):
        return 0
    day = local_date(at).isoformat()
    of_sales = User.objects.with_role(*DESK_ROLES).values("pk")
    pks = list(who_asked_for(DIGEST).filter(pk__in=of_sales).order_by("pk").values_list("pk", flat=True))
    for pk in pks:
        outbox.enqueue(
            "dashboard.digest", key=f"digest:{pk}:{day}", payload={"user_id": pk, "on": day}, at=at
        )
    return len(pks)


def digest_for(user: User, *, on: date, at: datetime) -> list[Section]:
    """Return what their digest of `on` says; nothing when nothing waits, or when that day is over."""
    if local_date(at) != on or not user.has_any_role(*DESK_ROLES):
        return []
    return needed(Reader(user=user, mine=True), at=at)

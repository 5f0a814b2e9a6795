"""What looks like somebody trying out whom SeMI knows (C12): patterns over a partner's refusals.

Pure functions: no database, no clock. A pattern changes nothing for the partner, and nothing they could
measure: sales leads talk to them. The thresholds:

- An honest partner meets a refusal now and then. Four in an hour is a list that somebody works off.
- Partners know people, not staff lists: three people of one company refused in a week is a walk through it.
- Whoever is refused twice has mistyped or forgotten; a third time in a month waits for the answer to change.
- A similar name is held for a check, and that much can be seen (C10). Who gives up a held introduction three
  times in a month, before anybody is written to, may have wanted to see no more than that.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

IN_A_ROW, IN_A_ROW_WITHIN = 4, timedelta(hours=1)
OF_A_COMPANY, OF_A_COMPANY_WITHIN = 3, timedelta(days=7)
SAME_PERSON, SAME_PERSON_WITHIN = 3, timedelta(days=30)
GIVEN_UP, GIVEN_UP_WITHIN = 3, timedelta(days=30)
KEPT = timedelta(days=30)  # the longest that any of them looks back


@dataclass(frozen=True)
class Refused:
    """One refusal: when, and keyed hashes of who and where it was about."""

    at: datetime
    identity: str
    company: str


def patterns(refusals: Sequence[Refused], given_up: Sequence[datetime], *, at: datetime) -> dict[str, int]:
    """Return which patterns a partner's latest refusals make, each with its count.

    :param given_up: when held introductions were withdrawn before anybody had compared the names.
    """
    people_of: dict[str, set[str]] = defaultdict(set)
    asked: dict[str, int] = defaultdict(int)
    for each in refusals:
        if at - OF_A_COMPANY_WITHIN < each.at <= at:
            people_of[each.company].add(each.identity)
        if at - SAME_PERSON_WITHIN < each.at <= at:
            asked[each.identity] += 1
    counts = {
        "in_a_row": (sum(at - IN_A_ROW_WITHIN < each.at <= at for each in refusals), IN_A_ROW),
        "of_a_company": (max(map(len, people_of.values()), default=0), OF_A_COMPANY),
        "same_person": (max(asked.values(), default=0), SAME_PERSON),
        "given_up": (sum(at - GIVEN_UP_WITHIN < each <= at for each in given_up), GIVEN_UP),
    }
    return {name: count for name, (count, enough) in counts.items() if count >= enough}

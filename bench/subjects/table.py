"""The table of the desk: its first page, page 1,000 by keyset, search."""

from collections.abc import Callable

from bench.measuring import Subject
from bench.moment import TODAY
from bench.people import firm
from referrals.models import Referral
from ssp.dashboard.filters import Filters
from ssp.dashboard.table import count_of, page_of

CHAPTER = "The desk’s table"
FAR = 1000


def _first(**filters: str) -> Callable[[], object]:
    wanted = Filters(**filters)
    return lambda: page_of(wanted, on=TODAY)


def _far(**filters: str) -> Callable[[], object]:
    """Page 1,000, or the last one where there are fewer."""
    wanted = Filters(**filters)
    after = ""
    for _page in range(FAR - 1):
        following = page_of(wanted, after=after, on=TODAY).next
        if not following:
            break
        after = following
    return lambda: page_of(wanted, after=after, on=TODAY)


def _rare() -> Callable[[], object]:
    person = Referral.objects.filter(root__isnull=True).order_by("pk")[500]
    return _first(view="all", q=f"{person.first_name} {person.last_name}")


def _count() -> Callable[[], object]:
    return lambda: count_of(Filters(view="all"), on=TODAY)


SUBJECTS = [
    Subject(CHAPTER, "first page, what ends next first", lambda: _first(view="open")),
    Subject(CHAPTER, "page 1,000 of all by keyset, what ends next first", lambda: _far(view="all")),
    Subject(CHAPTER, "page 1,000 of all by keyset, by person", lambda: _far(view="all", sort="person")),
    Subject(CHAPTER, "search for a person by name", _rare),
    Subject(CHAPTER, "search for a company", lambda: _first(view="all", q=firm(17).name.split()[0])),
    Subject(CHAPTER, "search as you type, two letters", lambda: _first(view="all", q="sa")),
    Subject(CHAPTER, "counting them, up to 10,000", _count),
]

"""Views of the desk's table that people saved: one of Tom's own, one that the sales lead shares."""

from ssp.core.models import User
from ssp.dashboard.filters import NOBODY, Filters
from ssp.dashboard.services import save_view
from ssp.sandbox.demo.moments import Calendar


def save_views(when: Calendar, *, seller: User, lead: User) -> None:
    proposals = Filters(stage="proposal", columns=("use_case", "ends", "expected", "introduced", "seller"))
    save_view(name="Proposals out", filters=proposals, is_shared=False, by=seller, at=when.at(20, 11, 9))
    unassigned = Filters(seller=NOBODY, sort="registered")
    save_view(name="Nobody responsible", filters=unassigned, is_shared=True, by=lead, at=when.at(20, 11, 10))

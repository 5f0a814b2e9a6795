"""What a list of waiting work is made of: rows with age, date, owner and action, in counted sections."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Model, Q, QuerySet, Window
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals.models import Referral
from ssp.core.models import User
from ssp.core.roles import Role

SHOWN = 25  # of a section; the rest is counted
TEAM, LEADS = gettext_lazy("Sales"), gettext_lazy("Sales leads")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that waits."""

    person: str
    where: str
    tone: str
    word: str
    since: date
    due: date | None
    owner: str
    url: str
    action: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """Things of one kind, what is due first on top; `count` includes those that aren't shown."""

    name: str
    title: str
    hint: str
    rows: list[Row]
    count: int
    url: str  # where all of them are

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """For whom the list is made: `mine` leaves out what somebody else owns, never what nobody owns."""

    user: User
    mine: bool

    @property
    def leads(self) -> bool:
        return self.user.has_role(Role.SALES_LEAD)

    def owns(self, path: str) -> Q:
        """Keep rows whose owner at `path` is the reader, or nobody."""
        return Q(**{path: self.user}) | Q(**{f"{path}__isnull": True}) if self.mine else Q()


def taken[T: Model](rows: "QuerySet[T]") -> tuple[list[T], int]:
    """Return the rows to show and how many there are."""
    counted: Any = rows.annotate(waiting=Window(Count("pk")))
    found: list[T] = list(counted[:SHOWN])
    return found, getattr(found[0], "waiting", 0) if found else 0


def where_of(referral: Referral) -> str:
    return _("%(company)s, via %(partner)s") % {"company": referral.company, "partner": referral.partner}


def owner_of(user: User | None) -> str:
    return user.full_name if user else _("Nobody yet")

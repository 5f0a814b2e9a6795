"""What the address of the table says: read from a query, never trusted, and written back the short way."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

VIEWS = {
    "open": _("Open"),
    "closing": _("Closing within 30 days"),
    "no_meeting": _("No meeting yet"),
    "to_check": _("Name to check"),
    "contested": _("Contested"),
    "won": _("Won this quarter"),
    "all": _("All"),
}
STAGES = {
    "to_confirm": _("For the partner to confirm"),
    "checking": _("Name to check"),
    "registered": _("Registered, not met"),
    "not_warm": _("Not warm"),
    "warm": _("Warm, not won yet"),
    "discovery": _("Discovery"),
    "proposal": _("Proposal sent"),
    "negotiating": _("Negotiating"),
    "contract_out": _("Contract out"),
    "won": _("Won"),
    "lost": _("Lost"),
    "reseller": _("Reseller"),
    "lapsed": _("Lapsed"),
    "withdrawn": _("Withdrawn"),
    "declined": _("Not taken"),
}
CLOSING = {
    "3": _("within 3 days"),
    "14": _("within 14 days"),
    "30": _("within 30 days"),
    "60": _("within 60 days"),
    "over": _("ended already"),
}
NOBODY = "none"  # as a seller
COLUMNS = {  # the person is always shown
    "use_case": _("Use case"),
    "stage": _("Stage"),
    "ends": _("Ends"),
    "expected": _("Expected, net"),
    "partner": _("Partner"),
    "seller": _("Seller"),
    "registered": _("Registered"),
    "introduced": _("Introduced"),
    "role": _("Role"),
    "country": _("Partner’s country"),
}
SHOWN = ("use_case", "stage", "ends", "expected", "partner", "seller")
SORTS = (
    "ends",
    "person",
    "company",
    "use_case",
    "stage",
    "expected",
    "partner",
    "seller",
    "registered",
    "introduced",
)
LONGEST_SEARCH = 100
LONGEST_QUERY = 2000
ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which introductions, in which order, with which columns."""

    view: str = "open"
    q: str = ""
    seller: str = ""  # an id, or NOBODY
    partner: str = ""  # an id
    stage: str = ""
    country: str = ""
    closing: str = ""
    introduced_from: date | None = None  # the introduction meeting
    introduced_until: date | None = None
    registered_from: date | None = None
    registered_until: date | None = None
    sort: str = "ends"
    descending: bool = False
    columns: tuple[str, ...] = SHOWN
    only: tuple[int, ...] = field(default=())  # people picked by hand; never in an address

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Return what a query asks for; whatever can't be understood counts as not said."""

        def one_of(name: str, known: Any, otherwise: str = "") -> str:
            said = query.get(name, "")
            return said if said in known else otherwise

        def matching(name: str, pattern: re.Pattern[str]) -> str:
            said = query.get(name, "").strip()
            return said if pattern.fullmatch(said) else ""

        sort = query.get("sort", "")
        seller = query.get("seller", "").strip()
        chosen = [name for name in COLUMNS if name in query.getlist("col")]
        return cls(
            view=one_of("view", VIEWS, "open"),
            q=" ".join(query.get("q", "").replace("\x00", "").split())[:LONGEST_SEARCH].strip(),
            seller=seller if seller == NOBODY or ID.fullmatch(seller) else "",
            partner=matching("partner", ID),
            stage=one_of("stage", STAGES),
            country=matching("country", COUNTRY),
            closing=one_of("closing", CLOSING),
            introduced_from=_day(query.get("introduced_from", "")),
            introduced_until=_day(query.get("introduced_until", "")),
            registered_from=_day(query.get("registered_from", "")),
            registered_until=_day(query.get("registered_until", "")),
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "ends",
            descending=sort.startswith("-") and sort.removeprefix("-") in SORTS,
            columns=tuple(chosen) or SHOWN,
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What has to be said to get the same again: names and values of an address, or of hidden fields."""
        pairs = [("view", self.view)] if self.view != "open" else []
        pairs += [
            (name, value.isoformat() if isinstance(value, date) else str(value))
            for name in FILTERS
            if (value := getattr(self, name))
        ]
        if self.sort != "ends" or self.descending:
            pairs.append(("sort", f"-{self.sort}" if self.descending else self.sort))
        if self.columns != SHOWN:
            pairs += [("col", name) for name in self.columns]
        return pairs

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    @property
    def is_filtered(self) -> bool:
        return any(getattr(self, name) for name in FILTERS)

    @property
    def cleared(self) -> Self:
        """The same view, order and columns, of everybody."""
        blank: dict[str, Any] = {each.name: each.default for each in fields(self) if each.name in FILTERS}
        return replace(self, **blank)

    @property
    def without_words(self) -> Self:
        """The same without what was searched for: people's names are looked for, and kept nowhere."""
        return replace(self, q="")

    def picked(self, people: Iterable[int]) -> Self:
        """The same, of these people alone."""
        return replace(self, only=tuple(people))

    def sorted_by(self, name: str) -> Self:
        """The same, in the order of a column: upwards first, then downwards."""
        return replace(self, sort=name, descending=self.sort == name and not self.descending)


FILTERS = (
    "q",
    "seller",
    "partner",
    "stage",
    "country",
    "closing",
    "introduced_from",
    "introduced_until",
    "registered_from",
    "registered_until",
)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip()) if len(said) <= 20 else None
    except ValueError:
        return None

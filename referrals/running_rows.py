"""A spreadsheet of running referrals: what each of its rows says, before anything is compared (C9).

One row is one use case of one person: who, through which partner, what for, when they met, and the deal.
"""

import re
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import CommissionModel
from referrals.models import DealStage, Medium
from ssp.core.identity import identity_of
from ssp.core.intake import NEW, NO, YES, Column, Judgement, RowRefused
from ssp.core.money import minor_units
from ssp.core.periods import at_local
from ssp.core.tabular import Row, UnreadableCell, decimal_of, likely_date_of

LONGEST = {
    "first_name": 100, "last_name": 100, "use_case": 200, "company": 200, "title": 200, "reseller": 200,
    "customer_reference": 80,
}  # fmt: skip
LONGEST_TEXT = 4000
COLUMNS = (
    Column("partner", gettext_lazy("Partner's e-mail"), ("partner_email", "introduced_by"), True),
    Column("first_name", gettext_lazy("First name"), ("given_name", "firstname", "voornaam"), True),
    Column("last_name", gettext_lazy("Last name"), ("family_name", "surname", "achternaam"), True),
    Column("email", gettext_lazy("Work e-mail"), ("person_email", "work_email", "e_mail"), True),
    Column("company", gettext_lazy("Company"), ("company_name", "account", "organisation"), True),
    Column("title", gettext_lazy("Role"), ("job_title", "function", "position")),
    Column("relation", gettext_lazy("How they know each other"), ("relationship",)),
    Column("registered_on", gettext_lazy("Registered on"), ("registered", "registration_date"), True),
    Column("agreed", gettext_lazy("The person agreed"), ("agreement", "consent"), True),
    Column("told_on", gettext_lazy("Privacy notice sent on"), ("notice_sent_on", "informed_on")),
    Column("use_case", gettext_lazy("Use case"), ("use_case_title", "usecase"), True),
    Column("problem", gettext_lazy("The problem"), ("problem_statement", "need"), True),
    Column("data", gettext_lazy("The data")),
    Column("who_feels_it", gettext_lazy("Who feels it"), ("stakeholder",)),
    Column("expected_value", gettext_lazy("The expected value"), ("benefit",)),
    Column("defined_on", gettext_lazy("Use case defined on"), ("defined",)),
    Column("model", gettext_lazy("Commission model"), ("commission_model", "election")),
    Column("introduced_on", gettext_lazy("Introduction held on"), ("introduction_date", "met_on")),
    Column("medium", gettext_lazy("Medium"), ("how", "meeting_type")),
    Column("host", gettext_lazy("Host's e-mail"), ("host_email", "semi_host")),
    Column("window_ends_on", gettext_lazy("Last day of the window"), ("last_day", "window_end")),
    Column("stage", gettext_lazy("Stage of the deal"), ("deal_stage",)),
    Column("value", gettext_lazy("Expected, net"), ("amount", "deal_value", "expected_net")),
    Column("currency", gettext_lazy("Currency"), ("currency_code",)),
    Column("expected_on", gettext_lazy("Expected on"), ("close_date", "expected_close")),
    Column("signed_on", gettext_lazy("Signed by the customer on"), ("signed", "closed_won_on")),
    Column("customer_reference", gettext_lazy("Customer reference"), ("reference",)),
    Column("reseller", gettext_lazy("Reseller"), ("reseller_name",)),
    Column("lost_reason", gettext_lazy("Why lost"), ("reason_lost", "closed_lost_reason")),
)
MEDIA = {
    "video": Medium.VIDEO, "video_conference": Medium.VIDEO, "online": Medium.VIDEO,
    "in_person": Medium.IN_PERSON, "on_site": Medium.IN_PERSON, "face_to_face": Medium.IN_PERSON,
}  # fmt: skip
MODELS = {
    "recurring": CommissionModel.RECURRING, "recurring_revenue": CommissionModel.RECURRING,
    "first_invoice": CommissionModel.FIRST_INVOICE,
}  # fmt: skip
STAGES = {
    **{stage.value: stage for stage in DealStage}, "proposal_sent": DealStage.PROPOSAL,
    "negotiation": DealStage.NEGOTIATING, "closed_won": DealStage.WON, "closed_lost": DealStage.LOST,
}  # fmt: skip
ON_THE_HOUR = {"registered": time(9), "defined": time(9), "met": time(12), "left": time(13), "told": time(9)}


@dataclass
class Facts:
    """What a row says, normalised."""

    partner: str
    first_name: str
    last_name: str
    email: str
    company: str
    title: str
    relation: str
    registered_on: date
    told_on: date | None
    use_case: str
    problem: str
    data: str
    who_feels_it: str
    expected_value: str
    defined_on: date
    model: str
    introduced_on: date | None
    medium: str
    host: str
    window_ends_on: date | None
    stage: str
    value: Decimal | None
    currency: str
    expected_on: date | None
    signed_on: date | None
    customer_reference: str
    reseller: str
    lost_reason: str

    @property
    def identity(self) -> str:
        return identity_of(self.email)

    @property
    def has_deal(self) -> bool:
        return bool(self.stage or self.value or self.expected_on or self.signed_on or self.customer_reference)

    @property
    def person(self) -> tuple[object, ...]:
        """What every row about one person has to say alike."""
        return (
            self.partner, self.first_name, self.last_name, self.company, self.title, self.relation,
            self.registered_on, self.told_on,
        )  # fmt: skip

    @property
    def title_key(self) -> str:
        return " ".join(self.use_case.casefold().split())

    def moment(self, what: str, day: date) -> datetime:
        """Give a day of the file its hour: people met at noon, after what came before on the same day."""
        return at_local(day, ON_THE_HOUR[what])

    @property
    def as_json(self) -> dict[str, Any]:
        return {name: str(value) for name, value in asdict(self).items()}


@dataclass
class Judged(Judgement):
    """One row, what it would become, and what somebody should look at."""

    number: int
    person: str = ""
    use_case: str = ""
    partner: str = ""
    creates: list[str] = field(default_factory=list)
    outcome: str = NEW
    message: str = ""
    warnings: list[str] = field(default_factory=list)


def read_row(row: Row, judged: Judged) -> Facts | None:
    """Return what a row says, or None: then `judged` says everything that is wrong with it."""
    reader = _Reader(row)
    facts = reader.facts()
    if reader.problems:
        judged.refuse(" ".join(reader.problems))
        return None
    return facts


class _Reader:
    """Reads the cells of one row and collects what is wrong, so that it is put right in one go."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.problems: list[str] = [row.problem] if row.problem else []

    def facts(self) -> Facts | None:
        registered_on = self.day("registered_on", needed=True)
        self.agreed()
        currency = self.text("currency").upper() or "EUR"
        found = {
            "partner": self.address("partner"),
            "first_name": self.text("first_name", needed=True),
            "last_name": self.text("last_name", needed=True),
            "email": self.address("email"),
            "company": self.text("company", needed=True),
            "title": self.text("title"),
            "relation": self.text("relation"),
            "registered_on": registered_on,
            "told_on": self.day("told_on"),
            "use_case": self.text("use_case", needed=True),
            "problem": self.text("problem", needed=True),
            "data": self.text("data"),
            "who_feels_it": self.text("who_feels_it"),
            "expected_value": self.text("expected_value"),
            "defined_on": self.day("defined_on") or registered_on,
            "model": self.choice("model", MODELS),
            "introduced_on": self.day("introduced_on"),
            "medium": self.choice("medium", MEDIA),
            "host": self.address("host", needed=False),
            "window_ends_on": self.day("window_ends_on"),
            "stage": self.choice("stage", STAGES),
            "value": self.amount("value", currency),
            "currency": currency,
            "expected_on": self.day("expected_on"),
            "signed_on": self.day("signed_on"),
            "customer_reference": self.text("customer_reference"),
            "reseller": self.text("reseller"),
            "lost_reason": self.text("lost_reason"),
        }
        if not re.fullmatch(r"[A-Z]{3}", currency):
            self.problems.append(_("“%s” is no currency. Write its code, like EUR.") % currency[:10])
        return None if self.problems else Facts(**found)  # type: ignore[arg-type]

    def text(self, column: str, *, needed: bool = False) -> str:
        text = " ".join(self.row.get(column).split())
        if needed and not text:
            self.problems.append(_("%s is missing.") % _label(column))
        longest = LONGEST.get(column, 300 if column in SHORT else LONGEST_TEXT)
        if len(text) > longest:
            self.problems.append(
                _("%(column)s is longer than %(n)s characters.") % {"column": _label(column), "n": longest}
            )
        return text

    def address(self, column: str, *, needed: bool = True) -> str:
        address = self.text(column, needed=needed).lower()
        if address:
            try:
                validate_email(address)
            except ValidationError:
                self.problems.append(
                    _("“%(cell)s” under %(column)s is no e-mail address.")
                    % {"cell": address[:60], "column": _label(column)}
                )
        return address

    def day(self, column: str, *, needed: bool = False) -> date | None:
        cell = self.row.get(column)
        if not cell:
            if needed:
                self.problems.append(_("%s is missing.") % _label(column))
            return None
        try:
            return likely_date_of(cell)
        except UnreadableCell as refusal:
            self.problems.append(f"{_label(column)}: {refusal}")
            return None

    def amount(self, column: str, currency: str) -> Decimal | None:
        if not self.row.get(column):
            return None
        try:
            found = decimal_of(self.row.get(column), places=minor_units(currency))
        except (UnreadableCell, RowRefused) as refusal:
            self.problems.append(f"{_label(column)}: {refusal}")
            return None
        if not 0 <= found < Decimal(10) ** 11:
            self.problems.append(_("%s isn't an amount a deal can have.") % _label(column))
        return found

    def choice(self, column: str, choices: dict[str, Any]) -> str:
        cell = self.text(column)
        if not cell:
            return ""
        chosen = choices.get(re.sub(r"[^a-z]+", "_", cell.casefold()).strip("_"))
        if chosen is None:
            self.problems.append(
                _("“%(cell)s” under %(column)s is none of: %(choices)s.")
                % {"cell": cell[:40], "column": _label(column), "choices": ", ".join(sorted(set(choices)))}
            )
            return ""
        return str(chosen.value)

    def agreed(self) -> None:
        answer = self.row.get("agreed").casefold()
        if answer in YES:
            return
        self.problems.append(
            _("The person didn't agree to be introduced, so they can't be moved in (C11).")
            if answer in NO
            else _("“%s” under The person agreed is neither yes nor no.") % answer[:40]
        )


SHORT = {"who_feels_it", "expected_value", "reseller", "lost_reason", "customer_reference", "currency"}


def _label(column: str) -> str:
    return str(next(each.label for each in COLUMNS if each.name == column))

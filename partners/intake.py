"""A spreadsheet of partners with paper contracts: what each of its rows says, before anything is compared."""

import re
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from partners.models import BonusBasis, CapUnit, CommissionModel, Numbers
from partners.rules import normal_tax_number
from partners.words import figure
from ssp.core.identity import identity_of
from ssp.core.intake import NEW, NO, YES, Column, Judgement, RowRefused
from ssp.core.papers import file_name
from ssp.core.tabular import Row, UnreadableCell, decimal_of, likely_date_of

MAX_ROWS = 2_000
LONGEST = 200
LONGEST_TAX_NUMBER = 40
LONGEST_CAP = 100
COLUMNS = (
    Column(
        "email", gettext_lazy("E-mail address"), ("e_mail", "mail", "e_mail_address", "email_address"), True
    ),
    Column("name", gettext_lazy("Name"), ("full_name", "person", "partner", "signer", "naam"), True),
    Column("public_name", gettext_lazy("Public name"), ("display_name", "listed_as", "known_as")),
    Column("legal_name", gettext_lazy("Legal name"), ("company", "firm", "contract_party", "bedrijf"), True),
    Column("country", gettext_lazy("Country"), ("country_code", "land"), True),
    Column("tax_number", gettext_lazy("Tax number"), ("vat_number", "vat", "vat_id", "tax_id", "btw_nummer")),
    Column(
        "signed_on",
        gettext_lazy("Signed on"),
        ("signed", "date_signed", "signature_date", "contract_date", "date", "getekend_op"),
        True,
    ),
    Column("tier", gettext_lazy("Tier"), ("level", "partner_tier")),
    Column(
        "recurring",
        gettext_lazy("Percentage of recurring revenue"),
        ("recurring_percent", "recurring_revenue", "x", "recurring_percentage", "of_recurring_revenue"),
        True,
    ),
    Column(
        "first_invoice",
        gettext_lazy("Percentage of the first invoice"),
        ("first_invoice_percent", "y", "first_invoice_percentage", "of_first_invoice"),
        True,
    ),
    Column(
        "bonus",
        gettext_lazy("Bonus percentage"),
        ("bonus_percent", "z", "rar", "rar_bonus", "bonus_percentage", "recruiting_bonus"),
        True,
    ),
    Column("bonus_basis", gettext_lazy("Basis of the bonus"), ("basis", "bonus_of")),
    Column("cap", gettext_lazy("Cap"), ("cap_length", "duration", "term")),
    Column("default_model", gettext_lazy("Model without an election"), ("model", "commission_model")),
    Column(
        "listing_consent", gettext_lazy("May be listed"), ("listed", "listing", "public_listing", "consent")
    ),
    Column(
        "recruiter", gettext_lazy("Recruiter's e-mail"), ("recruiter_email", "recruited_by", "introduced_by")
    ),
    Column("slot", gettext_lazy("Recruit slot"), ("rar_slot", "recruit_order", "recruit_number", "order")),
    Column(
        "pdf",
        gettext_lazy("File name of the signed PDF"),
        ("file", "contract_file", "pdf_file", "contract"),
        True,
    ),
)
BASES = {
    "commission": BonusBasis.COMMISSION,
    "commissions": BonusBasis.COMMISSION,
    "first_invoice": BonusBasis.FIRST_INVOICE,
}
MODELS = {
    "recurring": CommissionModel.RECURRING,
    "recurring_revenue": CommissionModel.RECURRING,
    "first_invoice": CommissionModel.FIRST_INVOICE,
}
ALSO_CALLED = {"holland": "NL", "the netherlands": "NL", "uk": "GB", "great britain": "GB", "usa": "US"}
CAP = re.compile(r"(\d{1,3})\s*(year|jaar|invoice|recurring invoice)s?", re.IGNORECASE)


@dataclass
class Facts:
    """What a row says, normalised; kept with the batch, and attested beside the paper."""

    email: str
    full_name: str
    display_name: str
    legal_name: str
    country: str
    tax_number: str
    signed_on: str  # ISO 8601
    tier: str  # as written; nothing means the default
    recurring_percent: str
    first_invoice_percent: str
    bonus_percent: str
    bonus_basis: str
    cap_unit: str
    cap_count: int
    default_model: str
    listing_consent: bool
    recruiter: str  # e-mail address
    slot: int | None  # None with `slot_given`: none; without: by order of signature
    slot_given: bool
    pdf: str

    @property
    def day(self) -> date:
        return date.fromisoformat(self.signed_on)

    @property
    def identity(self) -> str:
        return identity_of(self.email)

    @property
    def numbers(self) -> dict[str, Any]:
        """The numbers of the contract, as its fields take them."""
        return {
            name: Decimal(value) if name.endswith("_percent") else value
            for name in Numbers.NUMBERS
            for value in [getattr(self, name)]
        }

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Judged(Judgement):
    """One row, what it would become, and what somebody should look at."""

    number: int
    email: str = ""
    name: str = ""
    creates: str = ""
    outcome: str = NEW
    message: str = ""
    warnings: list[str] = field(default_factory=list)


def read_row(row: Row, judged: Judged) -> Facts | None:
    """Return what a row says, or None: then `judged` says everything that is wrong with it."""
    reader = _Reader(row, judged)
    facts = reader.facts()
    if reader.problems:
        judged.refuse(" ".join(reader.problems))
        return None
    return facts


class _Reader:
    """Reads the cells of one row and collects what is wrong, so that it is put right in one go."""

    def __init__(self, row: Row, judged: Judged) -> None:
        self.row, self.judged = row, judged
        self.problems: list[str] = [row.problem] if row.problem else []

    def facts(self) -> Facts:
        name = self.text("name", needed=True)
        unit, count = self.read(self.cap) or (CapUnit.YEARS, 3)
        slot, given = self.read(self.slot) or (None, False)
        return Facts(
            email=self.address("email", needed=True),
            full_name=name,
            display_name=self.text("public_name") or name,
            legal_name=self.text("legal_name", needed=True),
            country=self.read(self.country) or "",
            tax_number=self.read(self.tax_number) or "",
            signed_on=self.read(self.signed_on) or "",
            tier=self.text("tier"),
            recurring_percent=self.read(self.percent, "recurring") or "",
            first_invoice_percent=self.read(self.percent, "first_invoice") or "",
            bonus_percent=self.read(self.percent, "bonus") or "",
            bonus_basis=self.read(self.choice, "bonus_basis", BASES, BonusBasis.COMMISSION) or "",
            cap_unit=str(unit.value),
            cap_count=count,
            default_model=self.read(self.choice, "default_model", MODELS, CommissionModel.RECURRING) or "",
            listing_consent=bool(self.read(self.consent)),
            recruiter=self.address("recruiter"),
            slot=slot,
            slot_given=given,
            pdf=file_name(self.text("pdf", needed=True)),
        )

    def read(self, how: Any, *args: Any) -> Any:
        try:
            return how(*args)
        except (RowRefused, UnreadableCell) as refusal:
            self.problems.append(str(refusal))
            return None

    def text(self, column: str, *, needed: bool = False) -> str:
        text = " ".join(self.row.get(column).split())
        if needed and not text:
            self.problems.append(_("%s is missing.") % _label(column))
        if len(text) > LONGEST:
            self.problems.append(_("%s is longer than 200 characters.") % _label(column))
        return text

    def address(self, column: str, *, needed: bool = False) -> str:
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

    def country(self) -> str:
        cell = self.text("country", needed=True)
        code = country_code(cell)
        if cell and not code:
            raise RowRefused(_("“%s” is no country we know. Write its English name or its code.") % cell[:40])
        return code

    def tax_number(self) -> str:
        number = normal_tax_number(self.row.get("tax_number"))
        if len(number) > LONGEST_TAX_NUMBER:
            raise RowRefused(_("The tax number is longer than 40 characters."))
        return number

    def signed_on(self) -> str:
        cell = self.row.get("signed_on")
        if not cell:
            raise RowRefused(_("Signed on is missing: the day on the paper."))
        return likely_date_of(cell).isoformat()

    def percent(self, column: str) -> str:
        cell = self.row.get(column)
        if not cell:
            raise RowRefused(_("%s is missing.") % _label(column))
        number = decimal_of(cell.removesuffix("%").rstrip(), places=2)
        if not 0 <= number <= 100:
            raise RowRefused(_("%s isn't between 0 and 100.") % _label(column))
        if 0 < number <= 1 and not cell.endswith("%"):
            raise RowRefused(
                _("“%(cell)s” under %(column)s can be read in two ways. Write the sign: %(percent)s.")
                % {"cell": cell[:20], "column": _label(column), "percent": f"{figure(number)}%"}
            )
        return f"{number.quantize(Decimal('0.01'))}"

    def choice(self, column: str, choices: dict[str, Any], standard: Any) -> str:
        cell = self.text(column)
        if not cell:
            self.judged.warnings.append(
                _("%(column)s isn't given: the programme's own, %(value)s, is taken.")
                % {"column": _label(column), "value": standard.label}
            )
            return str(standard.value)
        chosen = choices.get(re.sub(r"[^a-z]+", "_", cell.casefold()).strip("_"))
        if chosen is None:
            raise RowRefused(
                _("“%(cell)s” under %(column)s is none of: %(choices)s.")
                % {"cell": cell[:40], "column": _label(column), "choices": ", ".join(sorted(set(choices)))}
            )
        return str(chosen.value)

    def cap(self) -> tuple[CapUnit, int]:
        cell = self.text("cap")
        if not cell:
            self.judged.warnings.append(_("The cap isn't given: the programme's own, 3 years, is taken."))
            return CapUnit.YEARS, 3
        found = CAP.fullmatch(cell)
        if not found or not 1 <= int(found[1]) <= LONGEST_CAP:
            raise RowRefused(_("“%s” is no cap. Write it like 3 years or 12 invoices.") % cell[:40])
        unit = CapUnit.INVOICES if "invoice" in found[2].casefold() else CapUnit.YEARS
        return unit, int(found[1])

    def consent(self) -> bool:
        answer = self.row.get("listing_consent").casefold()
        if answer not in YES | NO:
            raise RowRefused(_("“%s” under May be listed is neither yes nor no.") % answer[:40])
        return answer in YES

    def slot(self) -> tuple[int | None, bool]:
        """Return the slot, and whether the file says one: a fourth recruit has none (C21)."""
        cell = self.row.get("slot").casefold()
        if not cell:
            return None, False
        if cell in {"none", "no", "-", "–", "0"}:
            return None, True
        if not (cell.isascii() and cell.isdecimal() and len(cell) <= 3):
            raise RowRefused(_("“%s” is no recruit slot. Write 1, 2, 3 or none.") % cell[:40])
        return (int(cell) if int(cell) <= 3 else None), True


def _label(column: str) -> str:
    return str(next(each.label for each in COLUMNS if each.name == column))


@cache
def _countries() -> dict[str, str]:
    known = {str(name).casefold(): str(code) for code, name in countries}
    return {**known, **{code.casefold(): code for code in known.values()}, **ALSO_CALLED}


def country_code(cell: str) -> str:
    """Return the two-letter code of a country given by its English name or code, or nothing."""
    return _countries().get(cell.casefold().strip(), "")

"""A CRM's export of contacts: which column is which, and which rows can be used (C10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ssp.core import tabular
from ssp.core.identity import identity_of
from ssp.core.intake import Column, mapped

TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "herr", "frau", "dhr", "mevr", "ir", "ing"})

# Ours, and what CRMs call it, folded as tabular.fold does; the first that a file has is taken.
COLUMNS = (
    Column(
        "email",
        gettext_lazy("E-mail address"),
        (
            "person_email",
            "person_email_work",
            "e_mail",
            "email_address",
            "e_mail_address",
            "work_email",
            "business_email",
            "primary_email",
            "email_work",
            "email_1",
            "e_mail_1_value",
            "mail",
            "e_mailadres",
            "e_mail_adresse",
            "person_email_other",
            "person_email_home",
        ),
        needed=True,
    ),
    Column(
        "first_name",
        gettext_lazy("First name"),
        ("person_first_name", "firstname", "given_name", "forename", "voornaam", "vorname", "first"),
    ),
    Column(
        "last_name",
        gettext_lazy("Last name"),
        ("person_last_name", "lastname", "surname", "family_name", "achternaam", "nachname", "last"),
    ),
    Column(
        "full_name",
        gettext_lazy("Whole name, in one column"),
        ("person_name", "name", "contact_name", "contact", "display_name"),
    ),
    Column(
        "company_name",
        gettext_lazy("Company"),
        (
            "company",
            "person_organization",
            "organization_name",
            "account_name",
            "account",
            "organization",
            "organisation",
            "associated_company",
            "primary_associated_company",
            "primary_associated_company_name",
            "employer",
            "bedrijf",
            "firma",
        ),
    ),
    Column(
        "web",
        gettext_lazy("Website"),
        (
            "website",
            "website_url",
            "company_domain_name",
            "organization_website",
            "domain",
            "url",
            "homepage",
        ),
    ),
)

# Headings by which a CRM's export gives itself away; two of them are enough.
CRMS = {
    "HubSpot": frozenset(
        {
            "record_id",
            "associated_company",
            "primary_associated_company",
            "associated_company_ids",
            "contact_owner",
            "lifecycle_stage",
            "lead_status",
            "marketing_contact_status",
        }
    ),
    "Salesforce": frozenset(
        {"account_name", "contact_id", "account_id", "contact_owner_alias", "lead_source", "last_name"}
    ),
    "Pipedrive": frozenset(
        {
            "person_name",
            "person_email",
            "person_email_work",
            "person_organization",
            "person_id",
            "person_owner",
            "organization_name",
        }
    ),
}


@dataclass(frozen=True)
class RowProblem:
    row: int
    reason: str


@dataclass(frozen=True)
class Person:
    """A row that can be used."""

    row: int
    identity: str
    email: str
    first_name: str
    last_name: str
    company_name: str
    web: str


def recognise_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return {ours: folded heading} of what is recognised; the first of a column's names wins."""
    found = {tabular.fold(header) for header in headers}
    names = {column.name: next((name for name in column.headings if name in found), "") for column in COLUMNS}
    return {ours: name for ours, name in names.items() if name}


def crm_of(headers: Sequence[str]) -> str:
    """Return the CRM whose export has such headings, or nothing."""
    found = {tabular.fold(header) for header in headers}
    best = max(CRMS, key=lambda crm: len(CRMS[crm] & found))
    return best if len(CRMS[best] & found) >= 2 else ""


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name: "Doe, Jane" is turned round, "Dr. Jan van der Berg" keeps his particles."""
    if name.count(",") == 1:
        last, _comma, first = name.partition(",")
        return first.strip(), last.strip()
    words = name.split()
    while len(words) > 1 and re.sub(r"\W", "", words[0].casefold()) in TITLES:
        words.pop(0)
    return (words[0], " ".join(words[1:])) if words else ("", "")


def judge(table: tabular.Table, mapping: dict[str, str]) -> tuple[list[Person], list[RowProblem]]:
    """Return the people of a file, each once (a later row replaces an earlier one), and its unusable rows."""
    people: dict[str, Person] = {}
    problems: list[RowProblem] = []
    for row in table.rows:
        ours = mapped(row, mapping)
        email = ours.get("email")
        if ours.problem:
            problems.append(RowProblem(row.number, ours.problem))
        elif not email:
            problems.append(RowProblem(row.number, _("There is no e-mail address.")))
        elif not _is_email(email):
            problems.append(RowProblem(row.number, _("The e-mail address can’t be one.")))
        else:
            person = _person(ours, email)
            people[person.identity] = person
    return list(people.values()), problems


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def _person(row: tabular.Row, email: str) -> Person:
    first, last = row.get("first_name"), row.get("last_name")
    if not (first or last):
        first, last = split_name(row.get("full_name"))
    return Person(
        row=row.number,
        identity=identity_of(email),
        email=email,
        first_name=first[:200],
        last_name=last[:200],
        company_name=row.get("company_name")[:300],
        web=row.get("web"),
    )

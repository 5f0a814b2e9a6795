"""Known contacts: a CRM's export in, whole or not at all (C10)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals import rules
from referrals.models import ContactImport, KnownContact
from ssp.core import audit, tabular
from ssp.core.identity import identity_of
from ssp.core.models import User

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
REPORTED = 1000
BATCH = 2000

COLUMNS: dict[str, tuple[str, ...]] = {  # ours: what CRMs call it, folded as tabular.fold does
    "email": (
        "email",
        "e_mail",
        "email_address",
        "e_mail_address",
        "work_email",
        "business_email",
        "primary_email",
        "email_1",
        "e_mail_1_value",
        "mail",
        "e_mailadres",
        "e_mail_adresse",
    ),
    "first_name": ("first_name", "firstname", "given_name", "forename", "voornaam", "vorname", "first"),
    "last_name": ("last_name", "lastname", "surname", "family_name", "achternaam", "nachname", "last"),
    "full_name": ("full_name", "name", "contact_name", "contact", "display_name"),
    "company_name": (
        "company_name",
        "company",
        "account_name",
        "account",
        "organization",
        "organisation",
        "organization_name",
        "associated_company",
        "primary_associated_company",
        "employer",
        "bedrijf",
        "firma",
    ),
    "web": ("web", "website", "website_url", "company_domain_name", "domain", "url", "homepage"),
}


class ContactsTooLarge(tabular.UnreadableTable):
    message = gettext_lazy(
        "The file is larger than 20 MB, so nothing was imported. Split it and import the "
        "parts one after the other."
    )


class NoEmailColumn(tabular.UnknownColumns):
    """The file as a whole can't be used: it names what was found and what is needed."""


@dataclass(frozen=True)
class RowProblem:
    row: int
    reason: str


@dataclass(frozen=True)
class ContactReport:
    """What became of a file."""

    new: int
    known: int
    problems: tuple[RowProblem, ...]
    columns: dict[str, str]  # ours: the file's own
    encoding: str
    contact_import: ContactImport | None

    @property
    def refused(self) -> int:
        return len(self.problems)


def _columns_of(table: tabular.Table) -> dict[str, str]:
    found = {tabular.fold(header): header for header in table.headers}
    mapping = {ours: next((name for name in names if name in found), "") for ours, names in COLUMNS.items()}
    if not mapping["email"]:
        raise NoEmailColumn(
            _(
                "The file has no column for the e-mail address, so nothing was imported. It has: %(found)s. "
                "Needed: email (also called %(also)s). Useful: first_name, last_name, company_name, web."
            )
            % {
                "found": ", ".join(table.headers)[:500] or "–",
                "also": ", ".join(COLUMNS["email"][1:6]),
            }
        )
    return {ours: name for ours, name in mapping.items() if name}


def _website_domain(web: str) -> str:
    host = web.strip().casefold().removeprefix("https://").removeprefix("http://").split("/", 1)[0]
    host = host.split(":", 1)[0].removeprefix("www.")
    return host if "." in host and host not in rules.FREE_MAIL else ""


def _contacts(
    table: tabular.Table, columns: dict[str, str], problems: list[RowProblem], *, at: datetime
) -> Iterator[KnownContact]:
    for row in table.rows:
        cells = {ours: row.get(name) for ours, name in columns.items()}
        email = cells["email"]
        if row.problem:
            problems.append(RowProblem(row.number, row.problem))
        elif not email:
            problems.append(RowProblem(row.number, _("There is no e-mail address.")))
        elif not _is_email(email):
            problems.append(RowProblem(row.number, _("The e-mail address can’t be one.")))
        else:
            yield _contact(email, cells, at=at)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def _contact(email: str, cells: dict[str, str], *, at: datetime) -> KnownContact:
    first, last = cells.get("first_name", ""), cells.get("last_name", "")
    if not (first or last):
        first, _space, last = cells.get("full_name", "").partition(" ")
    company = cells.get("company_name", "")
    return KnownContact(
        identity=identity_of(email),
        first_name=first[:200],
        last_name=last[:200],
        email=email,
        company_name=company[:300],
        company_key=rules.company_key(company)[:300],
        name_key=rules.name_key(first, last)[:400],
        domain=(rules.company_domain(email) or _website_domain(cells.get("web", "")))[:200],
        known_since=at,
    )


def import_known_contacts(
    *, content: bytes, file_name: str, by: User | None, at: datetime, dry_run: bool = False
) -> ContactReport:
    """Import a CSV or XLSX of people SeMI knows, in one transaction; somebody already known stays as
    they are.

    :raises tabular.UnreadableTable: the file as a whole can't be used, in words.
    """
    if len(content) > MAX_BYTES:
        raise ContactsTooLarge
    table = tabular.read_table(content, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    columns = _columns_of(table)
    problems: list[RowProblem] = []
    contacts = {contact.identity: contact for contact in _contacts(table, columns, problems, at=at)}
    headers = {tabular.fold(header): header for header in table.headers}
    shown = {ours: headers[name] for ours, name in columns.items()}
    good = len(table.rows) - len(problems)
    with transaction.atomic():
        record = ContactImport.objects.create(
            file_name=file_name[:200],
            sha256=hashlib.sha256(content).hexdigest(),
            imported_by=by,
            imported_at=at,
            rows_refused=len(problems),
            report=[{"row": p.row, "reason": p.reason} for p in problems[:REPORTED]],
        )
        new = _insert(list(contacts.values()), record)
        record.rows_new, record.rows_known = new, good - new
        record.save(update_fields=["rows_new", "rows_known"])
        audit.record("contacts.imported", record, by=by, at=at, new=new, refused=len(problems))
        if dry_run:
            transaction.set_rollback(True)
    return ContactReport(
        new=new,
        known=good - new,
        problems=tuple(problems),
        columns=shown,
        encoding=table.encoding,
        contact_import=None if dry_run else record,
    )


def _insert(contacts: list[KnownContact], record: ContactImport) -> int:
    """Insert those whose identity isn't there yet; returns how many."""
    for start in range(0, len(contacts), BATCH):
        for contact in contacts[start : start + BATCH]:
            contact.imported_in = record
        KnownContact.objects.bulk_create(contacts[start : start + BATCH], ignore_conflicts=True)
    return record.contacts.count()

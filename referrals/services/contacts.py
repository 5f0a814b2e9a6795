"""Known contacts: a CRM's export is previewed, imported as it was shown, and undone as a whole (C10)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals import permissions, rules
from referrals.contact_files import COLUMNS, Person, RowProblem, judge, recognise_columns
from referrals.errors import (
    AlreadyImported,
    AlreadyUndone,
    ContactsChanged,
    ImportedBeforeUndo,
    NothingToImport,
    PreviewGone,
    StillImporting,
)
from referrals.models import ContactImport, ContactSighting, KnownContact
from ssp.core import audit, outbox, tabular
from ssp.core.batches import fingerprint, pack, unpack
from ssp.core.intake import check_mapping
from ssp.core.locks import one_after_another
from ssp.core.models import User

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
BATCH = 5000
KEPT = timedelta(days=7)  # how long a preview that nobody imports is kept
TURN = "referrals.known_contacts"  # whoever adds or removes known contacts waits for the one before


class ContactsTooLarge(tabular.UnreadableTable):
    message = gettext_lazy(
        "The file is larger than 20 MB, so nothing was imported. Split it and import the "
        "parts one after the other."
    )


class NoEmailColumn(tabular.UnknownColumns):
    """The file as a whole can't be used: it names what was found and what is needed."""


@dataclass(frozen=True)
class Plan:
    """What would become of a file's rows as things stand."""

    people: list[Person]
    known_identities: frozenset[str]
    good: int
    problems: tuple[RowProblem, ...]
    mapping: dict[str, str]

    @property
    def new(self) -> int:
        return len(self.people) - len(self.known_identities)

    @property
    def known(self) -> int:
        """Rows of people known already, or a second time in the file."""
        return self.good - self.new

    @property
    def refused(self) -> int:
        return len(self.problems)

    @property
    def shown(self) -> str:
        """The mark of what a preview shows; `commit_contacts` wants the same."""
        new = [each.identity for each in self.people if each.identity not in self.known_identities]
        return fingerprint([self.mapping, new, self.good, [each.row for each in self.problems]])


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


# --- before ------------------------------------------------------------------------
@transaction.atomic
def upload_contacts(*, content: bytes, file_name: str, by: User | None, at: datetime) -> ContactImport:
    """Keep a CSV or XLSX for its preview; nobody is known by it yet.

    :raises NotAllowed: not of sales.  :raises tabular.UnreadableTable: the file can't be used, in words.
    """
    _check_may_import(by)
    if len(content) > MAX_BYTES:
        raise ContactsTooLarge
    table = tabular.read_table(content, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    record = ContactImport.objects.create(
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=pack(table),
        mapping=recognise_columns(table.headers),
        uploaded_by=by,
        uploaded_at=at,
    )
    audit.record("contacts.uploaded", record, by=by, at=at, rows=len(table.rows))
    return record


@transaction.atomic
def map_contacts(*, record: ContactImport, mapping: Mapping[str, str], by: User | None, at: datetime) -> None:
    """Say which column of a preview is which.

    :raises NotAllowed, PreviewGone, AlreadyImported:
    :raises ColumnsUnclear: the e-mail address is left open, or a column is used twice.
    """
    _check_may_import(by)
    record = _locked_preview(record)
    known = {column.name for column in COLUMNS}
    chosen = {name: tabular.fold(heading) for name, heading in mapping.items() if name in known and heading}
    check_mapping(chosen, table_of(record).headers, COLUMNS)
    record.mapping = chosen
    record.save(update_fields=["mapping"])
    audit.record("contacts.mapped", record, by=by, at=at)


@transaction.atomic
def discard_contacts(*, record: ContactImport, by: User | None, at: datetime) -> None:
    """Delete a preview: it concerns people, and nobody needs it.

    :raises NotAllowed, PreviewGone:  :raises AlreadyImported: what was imported stays listed.
    """
    _check_may_import(by)
    record = _locked_preview(record)
    audit.record("contacts.discarded", record, by=by, at=at)
    record.delete()


@transaction.atomic
def forget_old_previews(*, at: datetime) -> None:
    """Delete previews that nobody imported for a week."""
    old = ContactImport.objects.filter(imported_at=None, uploaded_at__lt=at - KEPT)
    for record in old.select_for_update(skip_locked=True).defer("content"):
        audit.record("contacts.forgotten", record, by=None, at=at)
        record.delete()


def table_of(record: ContactImport) -> tabular.Table:
    """Return the rows of a file that isn't imported yet."""
    return unpack(bytes(record.content))


def plan_of(record: ContactImport, table: tabular.Table | None = None) -> Plan:
    """Judge every row of a preview as things stand now; saves nothing.

    :raises NoEmailColumn: somebody must say which column is the e-mail address.
    """
    table = table or table_of(record)
    if not record.mapping.get("email"):
        raise NoEmailColumn(
            _(
                "The file has no column for the e-mail address, so nothing was imported. It has: %(found)s. "
                "Needed: email (also called %(also)s). Useful: first_name, last_name, company_name, web."
            )
            % {
                "found": ", ".join(table.headers)[:500] or "–",
                "also": ", ".join(COLUMNS[0].synonyms[2:7]),
            }
        )
    people, problems = judge(table, record.mapping)
    known: set[str] = set()
    for start in range(0, len(people), BATCH):
        identities = [each.identity for each in people[start : start + BATCH]]
        known.update(KnownContact.objects.filter(identity__in=identities).values_list("identity", flat=True))
    return Plan(people, frozenset(known), len(table.rows) - len(problems), tuple(problems), record.mapping)


def imported_before(record: ContactImport) -> ContactImport | None:
    """Return the latest import of the very same file that stands."""
    same = ContactImport.objects.filter(sha256=record.sha256, imported_at__isnull=False, undone_at=None)
    return same.exclude(pk=record.pk).defer("content", "report").order_by("-pk").first()


# --- the import ----------------------------------------------------------------------
@transaction.atomic
def commit_contacts(*, record: ContactImport, shown: str, by: User | None, at: datetime) -> None:
    """Import exactly what was previewed; a worker does it, some thousand people at a time.

    :param shown: the mark of the preview (`Plan.shown`).
    :raises NotAllowed, PreviewGone:  :raises AlreadyImported: a second press.
    :raises ContactsChanged: others were imported or undone since.  :raises NothingToImport: the same file.
    """
    _check_may_import(by)
    one_after_another(TURN)
    record = _locked_preview(record)
    plan = plan_of(record)
    if plan.shown != shown:
        raise ContactsChanged
    _begin(record, plan, by=by, at=at)
    _owe_batch(record, at=at)


def _begin(record: ContactImport, plan: Plan, *, by: User | None, at: datetime) -> None:
    if not plan.new and (not plan.known or imported_before(record)):
        raise NothingToImport
    record.imported_by, record.imported_at = by, at
    record.rows_total, record.rows_known, record.rows_refused = len(plan.people), plan.good, plan.refused
    record.report = [{"row": each.row, "reason": each.reason} for each in plan.problems]
    record.save()
    audit.record("contacts.imported", record, by=by, at=at, new=plan.new, refused=plan.refused)


def _owe_batch(record: ContactImport, *, at: datetime) -> None:
    outbox.enqueue(
        "referrals.contacts_batch",
        key=f"contacts-batch:{record.pk}:{record.rows_done}",
        payload={"import_id": record.pk, "start": record.rows_done},
        at=at,
    )


@transaction.atomic
def import_batch(*, import_id: int, start: int, at: datetime) -> None:
    """Import the next people of a file, and owe those after them. A repeat finds its work done."""
    one_after_another(TURN)
    record = ContactImport.objects.select_for_update().get(pk=import_id)
    if record.state != "importing" or record.rows_done != start:
        return
    people, _problems = judge(table_of(record), record.mapping)
    _take(record, people[start : start + BATCH], at=at)
    if record.finished_at is None:
        _owe_batch(record, at=at)


def _take(record: ContactImport, people: list[Person], *, at: datetime) -> None:
    """Save who isn't known yet, note who is, and how far the file is."""
    there = dict(
        KnownContact.objects.filter(identity__in=[each.identity for each in people]).values_list(
            "identity", "pk"
        )
    )
    new = [
        _contact(each, record, at=record.imported_at or at) for each in people if each.identity not in there
    ]
    KnownContact.objects.bulk_create(new, batch_size=1000)
    ContactSighting.objects.bulk_create(
        [ContactSighting(contact_id=pk, contact_import=record) for pk in there.values()], batch_size=2000
    )
    record.rows_done += len(people)
    record.rows_new += len(new)
    record.rows_known -= len(new)
    if record.rows_done == record.rows_total:
        record.finished_at, record.content = at, b""
    record.save(update_fields=["rows_done", "rows_new", "rows_known", "finished_at", "content"])


def _website_domain(web: str) -> str:
    host = web.strip().casefold().removeprefix("https://").removeprefix("http://").split("/", 1)[0]
    host = host.split(":", 1)[0].removeprefix("www.")
    return host if "." in host and host not in rules.FREE_MAIL else ""


def _contact(person: Person, record: ContactImport, *, at: datetime) -> KnownContact:
    return KnownContact(
        identity=person.identity,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        company_name=person.company_name,
        company_key=rules.company_key(person.company_name)[:300],
        name_key=rules.name_key(person.first_name, person.last_name)[:400],
        domain=(rules.company_domain(person.email) or _website_domain(person.web))[:200],
        known_since=at,
        imported_in=record,
    )


def import_known_contacts(
    *, content: bytes, file_name: str, by: User | None, at: datetime, dry_run: bool = False
) -> ContactReport:
    """Import a file in one transaction, without preview or worker: for the command line.

    :raises tabular.UnreadableTable: the file as a whole can't be used, in words.
    """
    with transaction.atomic():
        one_after_another(TURN)
        record = upload_contacts(content=content, file_name=file_name, by=by, at=at)
        table = table_of(record)
        plan = plan_of(record, table)
        done = False
        if not dry_run and (plan.new or (plan.known and not imported_before(record))):
            _begin(record, plan, by=by, at=at)
            for start in range(0, len(plan.people), BATCH):
                _take(record, plan.people[start : start + BATCH], at=at)
            done = True
        if not done:
            transaction.set_rollback(True)
    headers = {tabular.fold(header): header for header in table.headers}
    return ContactReport(
        new=plan.new,
        known=plan.known,
        problems=plan.problems,
        columns={ours: headers[name] for ours, name in plan.mapping.items()},
        encoding=table.encoding,
        contact_import=record if done else None,
    )


# --- after ---------------------------------------------------------------------------
def can_undo(record: ContactImport) -> bool:
    return record.state == "imported" and record.uploaded_at is not None


def would_be_forgotten(record: ContactImport) -> int:
    """Count the people whom this import alone brought."""
    confirmed = ContactSighting.objects.filter(contact=OuterRef("pk"))
    return record.contacts.filter(~Exists(confirmed)).count()


@transaction.atomic
def undo_import(*, record: ContactImport, by: User | None, at: datetime) -> int:
    """Take a whole import back: who is known by it alone is known no more; return how many.

    Whom another import had too belongs to that one from now on. Referrals keep the evidence of their day.

    :raises NotAllowed, PreviewGone, StillImporting, AlreadyUndone, ImportedBeforeUndo:
    """
    _check_may_import(by)
    one_after_another(TURN)
    record = _locked(record)
    if record.undone_at is not None:
        raise AlreadyUndone
    if record.finished_at is None:
        raise StillImporting
    if record.uploaded_at is None:
        raise ImportedBeforeUndo
    record.sightings.all().delete()  # type: ignore[attr-defined]
    others = ContactSighting.objects.filter(contact=OuterRef("pk")).order_by("pk")
    record.contacts.filter(Exists(others)).update(imported_in=Subquery(others.values("contact_import")[:1]))
    ContactSighting.objects.filter(contact__imported_in=F("contact_import")).delete()
    removed, _each = record.contacts.all().delete()
    record.undone_by, record.undone_at, record.rows_undone = by, at, removed
    record.save(update_fields=["undone_by", "undone_at", "rows_undone"])
    audit.record("contacts.undone", record, by=by, at=at, removed=removed)
    return removed


def _check_may_import(by: User | None) -> None:
    """Let sales, administrators, and the operator at the command line (None)."""
    if by is not None:
        permissions.check_keeps_contacts(by)


def _locked(record: ContactImport) -> ContactImport:
    row = ContactImport.objects.select_for_update().filter(pk=record.pk).first()
    if row is None:
        raise PreviewGone
    return row


def _locked_preview(record: ContactImport) -> ContactImport:
    row = _locked(record)
    if row.imported_at is not None:
        raise AlreadyImported
    return row

"""A file of known contacts from its preview to its undoing (C10)."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from openpyxl import Workbook

from referrals.contact_files import crm_of, split_name
from referrals.errors import (
    AlreadyImported,
    AlreadyUndone,
    ContactsChanged,
    ImportedBeforeUndo,
    NotEligible,
    NothingToImport,
    StillImporting,
)
from referrals.models import ContactImport, KnownContact, Referral
from referrals.services import contacts
from referrals.services.registration import register_referral
from ssp.core.errors import NotAllowed
from ssp.core.intake import ColumnsUnclear
from ssp.core.models import AuditEntry
from tests.factories.referrals import active_partner, person, registered
from tests.integration.referrals.conftest import deliver_all
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C10")]
JANE_AND_JO = b"Email,First Name\njane@acme.example,Jane\njo@acme.example,Jo\n"
JO_AND_AN = b"Email,First Name\njo@acme.example,Jo\nan@acme.example,An\n"


def upload(content: bytes) -> ContactImport:
    return contacts.upload_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)


def commit(record: ContactImport) -> None:
    contacts.commit_contacts(record=record, shown=contacts.plan_of(record).shown, by=None, at=MONDAY)


def imported(content: bytes) -> ContactImport:
    record = upload(content)
    commit(record)
    deliver_all()
    record.refresh_from_db()
    return record


def undo(record: ContactImport) -> int:
    return contacts.undo_import(record=record, by=None, at=MONDAY)


def emails() -> set[str]:
    return set(KnownContact.objects.values_list("email", flat=True))


# --- columns -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("crm", "heads", "row"),
    [
        (
            "HubSpot",
            "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company,Website URL",
            "1,Jane,Doe,jane@acme.example,,Tom,Acme,https://www.acme.example/",
        ),
        (
            "Salesforce",
            "First Name,Last Name,Title,Account Name,Email,Contact Owner Alias",
            "Jane,Doe,CTO,Acme,jane@acme.example,tbran",
        ),
        (
            "Pipedrive",
            "Person - ID,Person - Name,Person - Email - Work,Person - Email - Home,Person - Organization",
            "7,Jane Doe,jane@acme.example,j@home.example,Acme",
        ),
    ],
)
def test_a_crms_export_is_recognised_by_itself(crm: str, heads: str, row: str) -> None:
    record = upload(f"{heads}\n{row}\n".encode())
    assert crm_of(contacts.table_of(record).headers) == crm
    (jane,) = contacts.plan_of(record).people
    assert (jane.first_name, jane.last_name, jane.company_name) == ("Jane", "Doe", "Acme")
    assert jane.email == "jane@acme.example"


def test_a_spreadsheet_is_read_like_a_csv() -> None:
    book = Workbook()
    book.active.append(["E-mail", "Naam"])
    book.active.append(["jane@acme.example", "Jane"])
    out = BytesIO()
    book.save(out)
    assert contacts.plan_of(upload(out.getvalue())).new == 1


def test_columns_that_nobody_recognises_are_mapped_by_hand() -> None:
    record = upload(b"Adres,Wie\njane@acme.example,Jane van der Berg\n")
    with pytest.raises(contacts.NoEmailColumn):
        contacts.plan_of(record)
    with pytest.raises(ColumnsUnclear):
        contacts.map_contacts(record=record, mapping={"full_name": "Wie"}, by=None, at=MONDAY)
    contacts.map_contacts(record=record, mapping={"email": "Adres", "full_name": "Wie"}, by=None, at=MONDAY)
    record.refresh_from_db()
    commit(record)
    deliver_all()
    assert KnownContact.objects.get().last_name == "van der Berg"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jane Doe", ("Jane", "Doe")),
        ("Doe, Jane", ("Jane", "Doe")),
        ("Dr. Jan van der Berg", ("Jan", "van der Berg")),
        ("Cher", ("Cher", "")),
        ("", ("", "")),
    ],
)
def test_a_whole_name_is_split(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


# --- preview and import --------------------------------------------------------------
def test_a_preview_makes_nobody_known_and_counts_what_would_happen() -> None:
    imported(JANE_AND_JO)
    plan = contacts.plan_of(upload(JO_AND_AN + b"no-address,X\n"))
    assert (plan.new, plan.known, [each.row for each in plan.problems]) == (1, 1, [4])
    assert emails() == {"jane@acme.example", "jo@acme.example"}


def test_a_second_press_imports_nothing_twice() -> None:
    record = upload(JANE_AND_JO)
    commit(record)
    with pytest.raises(AlreadyImported):
        commit(record)
    deliver_all()
    assert KnownContact.objects.count() == 2


def test_what_changed_since_the_preview_is_shown_again_first() -> None:
    record = upload(JANE_AND_JO)
    shown = contacts.plan_of(record).shown
    imported(JO_AND_AN)
    with pytest.raises(ContactsChanged):
        contacts.commit_contacts(record=record, shown=shown, by=None, at=MONDAY)
    assert "jane@acme.example" not in emails()


def test_the_same_file_twice_changes_nothing_and_says_so() -> None:
    imported(JANE_AND_JO)
    with pytest.raises(NothingToImport):
        commit(upload(JANE_AND_JO))


def test_a_long_file_goes_in_by_batches_and_a_repeat_of_one_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contacts, "BATCH", 2)
    rows = "".join(f"p{n}@acme.example\n" for n in range(5))
    record = upload(f"email\n{rows}".encode())
    commit(record)
    contacts.import_batch(import_id=record.pk, start=0, at=MONDAY)
    contacts.import_batch(import_id=record.pk, start=0, at=MONDAY)
    record.refresh_from_db()
    assert (record.rows_done, record.rows_total, record.state) == (2, 5, "importing")
    with pytest.raises(StillImporting):
        undo(record)
    deliver_all()
    record.refresh_from_db()
    assert (record.rows_new, record.rows_known, record.state) == (5, 0, "imported")


def test_the_file_itself_is_forgotten_once_it_is_in() -> None:
    assert bytes(imported(JANE_AND_JO).content) == b""


def test_a_preview_nobody_imports_is_forgotten_after_a_week() -> None:
    kept = imported(JANE_AND_JO)
    upload(JO_AND_AN)
    contacts.forget_old_previews(at=MONDAY + contacts.KEPT)
    assert ContactImport.objects.count() == 2
    contacts.forget_old_previews(at=MONDAY + contacts.KEPT * 2)
    assert ContactImport.objects.get() == kept


# --- undo ----------------------------------------------------------------------------
def test_undo_removes_whom_this_import_alone_brought_and_stays_listed() -> None:
    first, second = imported(JANE_AND_JO), imported(JO_AND_AN)
    assert contacts.would_be_forgotten(first) == 1
    assert undo(first) == 1
    assert emails() == {"jo@acme.example", "an@acme.example"}
    first.refresh_from_db()
    assert (first.state, first.undone_at, first.rows_undone) == ("undone", MONDAY, 1)

    assert undo(second) == 2  # it took over whom the first had brought
    assert emails() == set()


def test_undo_of_who_only_confirmed_removes_nobody_of_the_first() -> None:
    imported(JANE_AND_JO)
    assert undo(imported(JO_AND_AN)) == 1
    assert emails() == {"jane@acme.example", "jo@acme.example"}


def test_an_undone_file_can_be_imported_again() -> None:
    undo(imported(JANE_AND_JO))
    assert imported(JANE_AND_JO).rows_new == 2


def test_a_second_undo_is_told_so() -> None:
    record = imported(JANE_AND_JO)
    undo(record)
    with pytest.raises(AlreadyUndone):
        undo(record)


def test_a_name_held_meanwhile_keeps_its_evidence_and_the_person_is_free() -> None:
    record = imported(b"email,first_name,last_name,company\njane@acme.example,Jane,Doe,Acme\n")
    partner, other = active_partner(), active_partner("Other")
    jane = person(email="jane@acme.example", first_name="Jane", last_name="Doe")
    with pytest.raises(NotEligible):
        register_referral(partner=partner, person=jane, by=partner.user, at=MONDAY)
    held = registered(email="jdoe@acme.example", first_name="Jane", last_name="Doe")
    assert len(held.evidence["similar_contacts"]) == 1

    undo(record)
    assert Referral.objects.get(pk=held.pk).evidence == held.evidence
    free = register_referral(partner=other, person=jane, by=other.user, at=MONDAY)
    assert free.evidence["known_contact"] is False


def test_an_import_from_before_there_was_undo_is_left_alone() -> None:
    record = imported(JANE_AND_JO)
    ContactImport.objects.update(uploaded_at=None)
    with pytest.raises(ImportedBeforeUndo):
        undo(record)


def test_the_database_keeps_who_another_import_confirmed() -> None:
    imported(JANE_AND_JO)
    imported(JO_AND_AN)
    with pytest.raises(IntegrityError), transaction.atomic():
        KnownContact.objects.all().delete()
        transaction.get_connection().check_constraints()


def test_the_trail_names_nobody() -> None:
    undo(imported(JANE_AND_JO))
    trail = list(AuditEntry.objects.filter(action__startswith="contacts."))
    assert [each.action for each in trail] == ["contacts.uploaded", "contacts.imported", "contacts.undone"]
    assert not any("acme" in str(each.data) for each in trail)


def test_only_sales_imports_and_undoes() -> None:
    stranger = active_partner().user
    record = imported(JANE_AND_JO)
    with pytest.raises(NotAllowed):
        contacts.upload_contacts(content=JO_AND_AN, file_name="x.csv", by=stranger, at=MONDAY)
    with pytest.raises(NotAllowed):
        contacts.undo_import(record=record, by=stranger, at=MONDAY)

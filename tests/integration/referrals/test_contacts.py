"""Known contacts from a CRM's export: whole or not at all, in whatever encoding it comes (C10)."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from referrals.models import KnownContact
from referrals.services.contacts import (
    ContactReport,
    ContactsTooLarge,
    NoEmailColumn,
    import_known_contacts,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C10")]
ROWS = "first_name,last_name,company_name,email\n"
ROWS += "José,Peña,Ætna,jose@aetna.example\nJane,Doe,Acme,jane@acme.example\n"


def take(content: bytes, *, dry_run: bool = False) -> ContactReport:
    return import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY, dry_run=dry_run)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_file_is_read_in_the_encoding_it_comes_in(encoding: str) -> None:
    assert take(ROWS.encode(encoding)).new == 2
    assert KnownContact.objects.get(email="jose@aetna.example").last_name == "Peña"


def test_twice_in_a_row_doubles_nothing() -> None:
    take(ROWS.encode())
    again = take(ROWS.encode())
    assert (again.new, again.known) == (0, 2)
    assert KnownContact.objects.count() == 2


def test_a_dry_run_writes_nothing() -> None:
    assert take(ROWS.encode(), dry_run=True).new == 2
    assert not KnownContact.objects.exists()


def test_a_file_without_an_address_column_says_what_it_has_and_what_is_needed() -> None:
    with pytest.raises(NoEmailColumn, match=r"It has: name, phone\. Needed: email"):
        take(b"name,phone\nJane,1\n")


def test_a_file_that_is_too_large_imports_nothing() -> None:
    with pytest.raises(ContactsTooLarge, match="20 MB"):
        take(b"x" * (50 * 1024 * 1024))


def test_rows_that_cannot_be_taken_are_named_and_the_others_are_imported() -> None:
    report = take(
        b"email,first_name\n,Jane\n"
        b"=cmd|' /C calc'!A0,John\nok@acme.example,=1+1\nno-address,Jo\nan@acme.example,An\n"
    )
    assert [p.row for p in report.problems] == [2, 3, 4, 5]
    assert report.new == 1


@pytest.mark.parametrize(
    "header", ["First Name;Last Name;E-mail Address;Account Name", "Vorname;Nachname;Mail;Firma"]
)
def test_names_of_columns_are_recognised(header: str) -> None:
    take(f"{header}\nJane;Doe;jane@acme.example;Acme GmbH\n".encode())
    contact = KnownContact.objects.get()
    assert (contact.name_key, contact.company_key, contact.domain) == ("doe jane", "acme", "acme.example")


def test_the_command_imports_five_hundred_people_nobody_here_wrote(tmp_path: Path) -> None:
    given = Path(__file__).parents[3].parent / "shared" / "data" / "contacts-us-500.csv"
    if given.exists():
        file = given
    else:
        file = tmp_path / "crm.csv"
        file.write_text(
            "first_name,last_name,company_name,email,web\n"
            + "".join(f"A,B{n},C{n},p{n}@c{n}.example,x\n" for n in range(500))
        )
    out = StringIO()
    call_command("import_known_contacts", str(file), stdout=out)
    assert "Imported 500 new contacts" in out.getvalue()
    call_command("import_known_contacts", str(file), stdout=out)
    assert KnownContact.objects.count() == 500


def test_the_command_says_why_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        call_command("import_known_contacts", str(tmp_path / "nothing.csv"))

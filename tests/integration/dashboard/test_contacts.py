"""The desk's pages of known contacts (C10): hand in, look, press, follow, undo; and the admin's."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from referrals.models import ContactImport, KnownContact
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import seller
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday"), pytest.mark.clause("C10")]
FILE = b"Email,Name\njane@acme.example,Jane Doe\nno-address,Jo\n"


@pytest.fixture
def desk() -> Client:
    return signed_in(seller())


def hand_in(desk: Client, content: bytes = FILE) -> ContactImport:
    desk.post(reverse("desk:contacts"), {"file": SimpleUploadedFile("crm.csv", content)})
    return ContactImport.objects.latest("pk")


def page(desk: Client, name: str, record: ContactImport) -> str:
    return desk.get(reverse(f"desk:{name}", args=[record.pk]), follow=True).content.decode()


def import_it(desk: Client, record: ContactImport) -> None:
    url = reverse("desk:contact_import", args=[record.pk])
    shown = desk.get(url).context["plan"].shown
    desk.post(reverse("desk:contact_commit", args=[record.pk]), {"shown": shown})


def test_sales_looks_imports_follows_and_undoes(desk: Client) -> None:
    record = hand_in(desk)
    preview = page(desk, "contact_import", record)
    assert "Import 1 contact" in preview
    assert "The e-mail address can’t be one." in preview
    assert not KnownContact.objects.exists()

    import_it(desk, record)
    assert "0 of 1 people gone through" in page(desk, "contact_import", record)
    deliver_all()
    assert "1 new, 0 known, 1 refused" in page(desk, "contact_import", record)

    assert "Remove 1 contact" in page(desk, "contact_undo", record)
    assert KnownContact.objects.count() == 1  # looking removes nobody
    desk.post(reverse("desk:contact_undo", args=[record.pk]))
    assert not KnownContact.objects.exists()
    assert "undid this import" in page(desk, "contact_import", record)
    assert "undone by" in desk.get(reverse("desk:contacts")).content.decode()


def test_a_file_of_unknown_columns_leads_to_the_mapping(desk: Client) -> None:
    record = hand_in(desk, b"Adres,Wie\njane@acme.example,Jane Doe\n")
    assert "Which column is which?" in page(desk, "contact_import", record)
    url = reverse("desk:contact_columns", args=[record.pk])
    assert "Choose the column that holds the e-mail address." in desk.post(url, {}).content.decode()
    desk.post(url, {"email": "adres", "full_name": "wie"})
    assert "Import 1 contact" in page(desk, "contact_import", record)


def test_the_report_names_rows_and_reasons_and_nobody(desk: Client) -> None:
    record = hand_in(desk)
    before = page(desk, "contact_report", record)
    assert "3,The e-mail address can’t be one." in before
    assert "no-address" not in before
    import_it(desk, record)
    assert page(desk, "contact_report", record) == before


def test_a_deleted_preview_is_gone_and_an_import_is_not(desk: Client) -> None:
    gone, kept = hand_in(desk), hand_in(desk)
    import_it(desk, kept)
    for record in (gone, kept):
        desk.post(reverse("desk:contact_discard", args=[record.pk]))
    assert ContactImport.objects.get() == kept


def test_the_same_file_again_says_that_there_is_nothing_to_import(desk: Client) -> None:
    import_it(desk, hand_in(desk))
    deliver_all()
    assert "This very file was imported on" in page(desk, "contact_import", hand_in(desk))


def test_administrators_import_and_undo_from_the_admin_and_directors_only_look(desk: Client) -> None:
    admin = signed_in(UserFactory(roles=[Role.ADMINISTRATOR]))
    director = signed_in(UserFactory(roles=[Role.DIRECTOR]))
    for name in ("knowncontact", "contactimport"):
        there = reverse(f"admin:referrals_{name}_changelist")
        assert reverse("desk:contacts") in admin.get(there).content.decode()
        assert reverse("desk:contacts") not in director.get(there).content.decode()
    record = hand_in(admin)
    import_it(admin, record)
    deliver_all()
    assert KnownContact.objects.exists()

    admin.post(reverse("desk:contact_undo", args=[record.pk]))

    assert not KnownContact.objects.exists()
    assert director.get(reverse("desk:contacts")).status_code == 403


def test_administrators_find_a_contact_by_any_spelling_of_the_address(desk: Client) -> None:
    import_it(desk, hand_in(desk))
    deliver_all()
    admin = signed_in(UserFactory(roles=[Role.ADMINISTRATOR]))
    contacts = reverse("admin:referrals_knowncontact_changelist")
    assert "Doe" in admin.get(contacts, {"q": "Jane+crm@ACME.example"}).content.decode()
    assert "Doe" not in admin.get(contacts, {"q": "jo@acme.example"}).content.decode()
    imports = admin.get(reverse("admin:referrals_contactimport_changelist")).content.decode()
    assert "crm.csv" in imports
    record = ContactImport.objects.get()
    change = reverse("admin:referrals_contactimport_change", args=[record.pk])
    assert "Save" not in admin.get(change).content.decode()
    assert desk.get(contacts).status_code in {302, 403}

"""Two at once at the known contacts (C10): imports, undoes, and one of each."""

from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import IntegrityError

from referrals.errors import AlreadyImported, AlreadyUndone
from referrals.models import ContactImport, KnownContact
from referrals.services import contacts
from ssp.core import outbox
from ssp.core.models import AuditEntry
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C10")]
FILE = b"email\njane@acme.example\njo@acme.example\n"
OTHER = b"email\njo@acme.example\nan@acme.example\n"


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)


def imported(content: bytes) -> ContactImport:
    report = contacts.import_known_contacts(content=content, file_name="x.csv", by=None, at=MONDAY)
    assert report.contact_import
    return report.contact_import


def test_two_presses_at_once_import_once() -> None:
    record = contacts.upload_contacts(content=FILE, file_name="x.csv", by=None, at=MONDAY)
    shown = contacts.plan_of(record).shown
    press = partial(contacts.commit_contacts, record=record, shown=shown, by=None, at=MONDAY)
    results = at_once(press, press)
    assert sorted(type(each) for each in results if each) == [AlreadyImported]


def test_two_undoes_at_once_remove_once() -> None:
    press = partial(contacts.undo_import, record=imported(FILE), by=None, at=MONDAY)
    results = at_once(press, press)
    assert 2 in results
    assert any(isinstance(each, AlreadyUndone) for each in results)


def test_an_import_and_an_undo_at_once_leave_everybody_of_the_import_known() -> None:
    for _try in range(5):
        first = imported(FILE)
        results = at_once(
            partial(contacts.undo_import, record=first, by=None, at=MONDAY), partial(imported, OTHER)
        )
        assert not any(isinstance(each, Exception) for each in results), results
        assert set(KnownContact.objects.values_list("email", flat=True)) == {
            "jo@acme.example",
            "an@acme.example",
        }
        contacts.undo_import(record=ContactImport.objects.latest("pk"), by=None, at=MONDAY)


# --- without the guard ---------------------------------------------------------------
@pytest.fixture
def no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for their turn."""
    monkeypatch.setattr(contacts, "one_after_another", lambda turn: None)


@pytest.fixture
def no_lock(no_turns: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for the import's row: both have read it before either goes on."""
    gate = Barrier(2)

    def read(record: ContactImport) -> ContactImport:
        row = ContactImport.objects.get(pk=record.pk)
        gate.wait(timeout=60)
        return row

    monkeypatch.setattr(contacts, "_locked", read)


@pytest.mark.usefixtures("no_lock")
def test_without_turns_and_lock_two_presses_import_twice() -> None:
    record = contacts.upload_contacts(content=FILE, file_name="x.csv", by=None, at=MONDAY)
    shown = contacts.plan_of(record).shown
    press = partial(contacts.commit_contacts, record=record, shown=shown, by=None, at=MONDAY)

    at_once(press, press)

    assert AuditEntry.objects.filter(action="contacts.imported").count() == 2


def test_without_turns_and_lock_two_undoes_are_two(
    request: pytest.FixtureRequest,
) -> None:
    record = imported(FILE)
    request.getfixturevalue("no_lock")
    press = partial(contacts.undo_import, record=record, by=None, at=MONDAY)

    at_once(press, press)

    assert AuditEntry.objects.filter(action="contacts.undone").count() == 2


@pytest.mark.usefixtures("no_turns")
def test_without_turns_an_undo_pulls_an_import_the_ground_away(monkeypatch: pytest.MonkeyPatch) -> None:
    first = imported(FILE)
    has_looked, is_undone, real = Event(), Event(), contacts._contact

    def after_the_undo(*args: Any, **kwargs: Any) -> KnownContact:
        has_looked.set()  # who is known already was read; now they go
        is_undone.wait(timeout=60)
        return real(*args, **kwargs)

    def undo() -> None:
        has_looked.wait(timeout=60)
        contacts.undo_import(record=first, by=None, at=MONDAY)
        is_undone.set()

    monkeypatch.setattr(contacts, "_contact", after_the_undo)
    _undone, of_the_import = at_once(undo, partial(imported, OTHER))

    assert isinstance(of_the_import, IntegrityError)
    assert not KnownContact.objects.exists()

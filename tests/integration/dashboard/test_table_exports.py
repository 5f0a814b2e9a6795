"""The table as a file: exactly what is filtered, calculated by no spreadsheet, taken by who asked alone."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from referrals.models import Company, Deal
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, RoleGrant, User
from ssp.core.roles import Role
from ssp.dashboard import services, table
from ssp.dashboard.models import TableExport
from ssp.dashboard.tasks import forget_table_exports
from tests.factories.core import UserFactory
from tests.factories.referrals import confirmed_warm, registered, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
EXPORT = "/desk/table/export/"


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def desk(tom: User) -> Client:
    return signed_in(tom)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are many."""
    monkeypatch.setattr(services, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(services, "COUNT_EVERY", 1)


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig"), newline="")))


def prepared(desk: Client, file_format: str = "csv", **said: str) -> TableExport:
    registered(last_name="Pohl", company_name="Halden Retail")
    registered(last_name="Novak", company_name="Danubia")
    desk.post(EXPORT, {"format": file_format, **said})
    return TableExport.objects.get()


# --- what is in it --------------------------------------------------------------------------
def test_a_csv_has_what_is_filtered_in_the_columns_that_are_shown(desk: Client) -> None:
    registered(last_name="Novak", company_name="Danubia")
    case = confirmed_warm(
        registered(at=MONDAY - timedelta(days=22), last_name="Pohl", company_name="Halden Retail"),
        starts_at=MONDAY - timedelta(days=21),
    )
    Deal.objects.filter(use_case=case).update(expected_net=Decimal("48000.5"))

    answer = desk.post(EXPORT, {"format": "csv", "q": "halden", "col": ["stage", "ends", "expected"]})

    assert rows_of(answer) == [
        {
            "Person": "Mila Pohl",
            "Company": "Halden Retail",
            "Stage": "Discovery",
            "Ends on": "2027-05-02",
            "What ends": "Window",
            "Expected, net": "48000.50",
            "Currency": "EUR",
        }
    ]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="introductions-2026-11-23.csv"'
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_sheet_has_dates_and_amounts_that_are_some(desk: Client) -> None:
    case = confirmed_warm(starts_at=MONDAY - timedelta(days=21))
    Deal.objects.filter(use_case=case).update(expected_net=Decimal(1200))

    answer = desk.post(EXPORT, {"format": "xlsx", "col": ["ends", "expected"]})

    sheet = load_workbook(io.BytesIO(content(answer))).active
    head, row = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert head == ["Person", "Company", "Ends on", "What ends", "Expected, net", "Currency"]
    assert (row[2].date(), row[4], row[5]) == (date(2027, 5, 2), 1200, "EUR")


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "@SUM(A1)", "+1", "-2+3", "\tx", "=cmd|'/c'!A0"])
def test_no_spreadsheet_calculates_a_cell(desk: Client, name: str) -> None:
    person = registered()
    Company.objects.filter(pk=person.company_id).update(name=name)

    (row,) = rows_of(desk.post(EXPORT, {"format": "csv"}))
    sheet = load_workbook(io.BytesIO(content(desk.post(EXPORT, {"format": "xlsx"})))).active

    assert row["Company"] == f"'{name}"
    assert (sheet["B2"].data_type, sheet["B2"].value) == ("s", name)


def test_what_no_sheet_can_hold_is_left_out(desk: Client) -> None:
    person = registered()
    Company.objects.filter(pk=person.company_id).update(name="A\x0bcme\x01")
    sheet = load_workbook(io.BytesIO(content(desk.post(EXPORT, {"format": "xlsx"})))).active
    assert sheet["B2"].value == "Acme"


def test_chosen_rows_alone_are_exported(desk: Client) -> None:
    chosen, _other = registered(last_name="Pohl"), registered(last_name="Novak")
    answer = desk.post(EXPORT, {"format": "csv", "picked": "1", "row": chosen.pk})
    assert [row["Person"] for row in rows_of(answer)] == ["Mila Pohl"]


def test_rows_come_by_a_cursor_of_the_database_piece_by_piece(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        registered()
    whole = table.every_line
    monkeypatch.setattr(table, "every_line", lambda *args, **more: whole(*args, **more, at_once=2))
    with CaptureQueriesContext(connection) as made:
        assert len(rows_of(desk.post(EXPORT, {"format": "csv"}))) == 5
    assert sum("IN (" in query["sql"] and '"referrals_usecase"."id"' in query["sql"] for query in made) == 3


# --- what is refused, and what is written down ----------------------------------------------
@pytest.mark.parametrize("said", [{"format": "csv", "q": "nobody"}, {"format": "csv", "picked": "1"}])
def test_nothing_makes_no_file(desk: Client, said: dict[str, str]) -> None:
    registered()
    answer = desk.post(EXPORT, said, follow=True)
    assert "othing was exported" in answer.text or "nothing to export" in answer.text
    assert not TableExport.objects.exists()


def test_far_too_many_rows_are_refused(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ROWS_AT_MOST", 1)
    registered(), registered()
    assert "nothing was exported" in desk.post(EXPORT, {"format": "csv"}, follow=True).text


def test_an_unknown_format_changes_nothing(desk: Client) -> None:
    registered()
    assert desk.post(EXPORT, {"format": "exe"}).status_code == 302


def test_who_exported_how_much_is_audited_and_nobodys_name(desk: Client, tom: User) -> None:
    registered(last_name="Pohl")
    content(desk.post(EXPORT, {"format": "csv", "q": "pohl"}))

    entry = AuditEntry.objects.get(action="table.exported")

    assert (entry.by, entry.data) == (tom, {"rows": 1, "format": "csv", "prepared": False})
    assert TableExport.objects.get().query == ""


def test_looking_exports_nothing(desk: Client) -> None:
    assert desk.get(EXPORT).status_code == 405


# --- large ones -------------------------------------------------------------------------------
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@pytest.mark.usefixtures("large")
def test_a_large_file_is_prepared_and_taken_by_who_asked(desk: Client, file_format: str) -> None:
    row = prepared(desk, file_format)
    waiting = desk.get(reverse("desk:exports")).text
    too_early = desk.get(reverse("desk:export_file", args=[row.pk]))

    deliver_all()

    assert "0 of 2 rows written" in waiting
    assert too_early.status_code == 404
    assert "Download 2 rows" in desk.get(reverse("desk:exports")).text
    taken = content(desk.get(reverse("desk:export_file", args=[row.pk])))
    row.refresh_from_db()
    assert (row.rows, row.query, row.size) == (2, "", len(taken))
    assert taken.startswith(b"PK" if file_format == "xlsx" else "\ufeffPerson".encode())


@pytest.mark.usefixtures("large")
def test_a_prepared_file_is_nobody_elses(desk: Client) -> None:
    row = prepared(desk)
    deliver_all()
    for other in (seller("Priya Nair"), UserFactory(roles=[Role.FINANCE])):
        client = signed_in(other)
        assert client.get(reverse("desk:export_file", args=[row.pk])).status_code == 404
        assert row.file_name not in client.get(reverse("desk:exports")).text


@pytest.mark.usefixtures("large")
def test_the_page_tells_how_far_a_file_is(desk: Client) -> None:
    row = prepared(desk)
    services._tell(row, 1)
    page = desk.get(reverse("desk:exports"), headers={"HX-Request": "true"}).text
    assert "1 of 2 rows written" in page
    assert "every 2s" in page
    assert "<html" not in page


@pytest.mark.usefixtures("large")
def test_pressed_twice_one_file_is_prepared(desk: Client) -> None:
    prepared(desk)
    desk.post(EXPORT, {"format": "csv"})
    assert TableExport.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="dashboard.table_export").count() == 1


@pytest.mark.usefixtures("large")
def test_a_worker_killed_after_the_file_was_stored_leaves_one_file(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = prepared(desk)
    with monkeypatch.context() as patch:
        patch.setattr(TableExport, "save", killed)
        with pytest.raises(Killed), transaction.atomic():
            services.prepare_file(export_id=row.pk, at=MONDAY)

    services.prepare_file(export_id=row.pk, at=MONDAY)
    services.prepare_file(export_id=row.pk, at=MONDAY + timedelta(hours=1))

    row.refresh_from_db()
    assert row.finished_at == MONDAY
    assert default_storage.listdir("exports")[1] == [row.file.name.removeprefix("exports/")]


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture
def a_day_later() -> Iterator[None]:
    yield
    clock.install(clock.wall)


@pytest.mark.usefixtures("large", "a_day_later")
def test_a_day_later_file_and_row_are_gone(desk: Client) -> None:
    row = prepared(desk)
    deliver_all()
    clock.install(lambda: MONDAY + timedelta(hours=23))
    forget_table_exports()
    assert desk.get(reverse("desk:export_file", args=[row.pk])).status_code == 200

    clock.install(lambda: MONDAY + timedelta(days=1))
    assert desk.get(reverse("desk:export_file", args=[row.pk])).status_code == 404
    forget_table_exports()

    assert default_storage.listdir("exports")[1] == []
    assert not TableExport.objects.exists()


@pytest.mark.usefixtures("large")
def test_who_left_gets_no_file_any_more(desk: Client, tom: User) -> None:
    row = prepared(desk)
    RoleGrant.objects.filter(user=tom).update(ended_at=MONDAY)
    deliver_all()
    assert not TableExport.objects.exists()
    assert desk.get(reverse("desk:export_file", args=[row.pk])).status_code == 403


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "broken",
    [{"finished_at": MONDAY}, {"expires_at": MONDAY + timedelta(days=2)}, {"format": "exe"}],
)
def test_the_database_keeps_an_export_in_order(desk: Client, broken: dict[str, Any]) -> None:
    row = prepared(desk, q="mila")
    with pytest.raises(IntegrityError), transaction.atomic():
        TableExport.objects.filter(pk=row.pk).update(**broken)

"""What people keep at the desk: views of the table, and files of it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.cache import cache
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import QueryDict

from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.dashboard import exports, table
from ssp.dashboard.errors import NothingToExport, TooManyRows, TooManyViews, ViewNameTaken, ViewNeedsName
from ssp.dashboard.filters import LONGEST_QUERY, Filters
from ssp.dashboard.models import KEPT, SavedView, TableExport, where_exports_lie
from ssp.dashboard.permissions import READERS, check_can_change_view, check_reads

VIEWS_AT_MOST = 40  # a person
ROWS_AT_MOST = 200_000  # of a file
ROWS_AT_ONCE = 10_000  # more are prepared by a worker
COUNT_EVERY = 500  # rows


# --- views ---------------------------------------------------------------------------
@transaction.atomic
def save_view(*, name: str, filters: Filters, is_shared: bool, by: User, at: datetime) -> SavedView:
    """Keep filters, columns and order under a name of one's own; never the words of a search.

    They may be a person's name, and would outlive the person's objection (*People's data*).

    :raises NotAllowed:  :raises ViewNeedsName, ViewNameTaken, TooManyViews: what to do about it.
    """
    check_reads(by)
    one_after_another(f"dashboard.views:{by.pk}")
    if by.saved_views.count() >= VIEWS_AT_MOST:
        raise TooManyViews
    query = filters.without_words.query[:LONGEST_QUERY]
    with constraint_as("saved_view_name_once_per_person", ViewNameTaken), transaction.atomic():
        view = SavedView.objects.create(
            owner=by, name=_named(name), query=query, is_shared=is_shared, saved_at=at
        )
    audit.record("saved_view.saved", view, by=by, at=at, shared=is_shared)
    return view


@transaction.atomic
def change_view(*, view: SavedView, name: str, is_shared: bool, by: User, at: datetime) -> SavedView:
    """Rename a view, and share it or no longer.

    :raises NotAllowed: somebody else's.  :raises ViewNeedsName, ViewNameTaken:
    """
    view = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
    check_can_change_view(by, view)
    view.name, view.is_shared = _named(name), is_shared
    with constraint_as("saved_view_name_once_per_person", ViewNameTaken), transaction.atomic():
        view.save(update_fields=["name", "is_shared"])
    audit.record("saved_view.changed", view, by=by, at=at, shared=is_shared)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: User, at: datetime) -> None:
    """Delete a view. Twice is once.

    :raises NotAllowed: somebody else's.
    """
    check_can_change_view(by, view)
    there = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if there is not None:
        check_can_change_view(by, there)
        audit.record("saved_view.deleted", there, by=by, at=at, shared=there.is_shared)
        there.delete()


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())[:60]
    if not name:
        raise ViewNeedsName
    return name


# --- files ----------------------------------------------------------------------------
@transaction.atomic
def export_table(*, filters: Filters, file_format: str, by: User, at: datetime) -> TableExport:
    """Note an export of what is filtered: sent at once, or prepared by a worker when it is large.

    :raises NotAllowed, NothingToExport, TooManyRows:
    """
    check_reads(by)
    on = local_date(at)
    rows = table.count_of(filters, on=on, at_most=ROWS_AT_MOST)
    if not rows:
        raise NothingToExport
    if rows > ROWS_AT_MOST:
        raise TooManyRows
    whole: dict[str, Any] = {"format": file_format, "on": on, "rows": rows}
    if rows <= ROWS_AT_ONCE or filters.only:  # people picked by hand are few, and in no address
        export = TableExport.objects.create(
            **whole, requested_by=by, requested_at=at, finished_at=at, expires_at=at + KEPT
        )
    else:
        export = _prepared_once(whole, filters, by=by, at=at)
    audit.record(
        "table.exported", export, by=by, at=at, rows=rows, format=file_format, prepared=export.is_prepared
    )
    return export


def _prepared_once(whole: dict[str, Any], filters: Filters, *, by: User, at: datetime) -> TableExport:
    """Owe a file, or return the same one that is being prepared already: pressed twice is asked once."""
    export, created = TableExport.objects.get_or_create(
        requested_by=by,
        format=whole["format"],
        query=filters.query[:LONGEST_QUERY],
        is_prepared=True,
        finished_at=None,
        defaults={**whole, "requested_at": at, "expires_at": at + KEPT},
    )
    if created:
        outbox.enqueue(
            "dashboard.table_export",
            key=f"table-export:{export.pk}",
            payload={"export_id": export.pk},
            at=at,
        )
    return export


@transaction.atomic
def prepare_file(*, export_id: int, at: datetime) -> None:
    """Write the file of a large export. A repeat finds it written; what nobody may fetch any more isn't."""
    rows = TableExport.objects.select_related("requested_by").select_for_update(of=("self",), no_key=True)
    export = rows.filter(pk=export_id).first()  # held: nobody deletes it while its file is written
    if export is None or export.finished_at is not None or export.expires_at <= at:
        return
    if not export.requested_by.has_any_role(*READERS):
        export.delete()
        return
    filters = Filters.read(QueryDict(export.query))
    counter = Counter(table.every_line(filters, on=export.on), lambda n: _tell(export, n))
    with TemporaryFile() as file:
        write(file, counter, filters, export.format)
        export.size = file.tell()
        file.seek(0)
        export.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        name = where_exports_lie(export, "")
        default_storage.delete(name)  # of a try that was killed
        export.file.name = default_storage.save(name, File(file))
    export.rows, export.finished_at, export.query = counter.n, at, ""
    export.save(update_fields=["rows", "finished_at", "query", "size", "sha256", "file"])


def write(file: IO[bytes], lines: Iterator[table.Line], filters: Filters, file_format: str) -> None:
    """Write the rows to a file."""
    if file_format == "xlsx":
        exports.write_xlsx(file, lines, filters.columns)
    else:
        file.writelines(exports.csv_pieces(lines, filters.columns))


class Counter(Iterator[table.Line]):
    """Passes rows on, and says how many there were."""

    def __init__(self, lines: Iterator[table.Line], tell: Callable[[int], None]) -> None:
        self.lines, self.tell, self.n = lines, tell, 0

    def __next__(self) -> table.Line:
        line = next(self.lines)
        self.n += 1
        if self.n % COUNT_EVERY == 0:
            self.tell(self.n)
        return line


def _progress(export: TableExport) -> str:
    return f"table-export:{export.pk}:rows"


def _tell(export: TableExport, n: int) -> None:
    """Say outside of the transaction how far a file is; without a cache nobody is told, and it goes on."""
    with suppress(Exception):
        cache.set(_progress(export), n, timeout=3600)


def rows_done(export: TableExport) -> int:
    """Return how many rows of a file are written, as far as it is known."""
    if export.finished_at is not None:
        return export.rows
    try:
        return min(int(cache.get(_progress(export)) or 0), export.rows)
    except Exception:
        return 0


def forget_old_files(*, at: datetime) -> None:
    """Delete files a day after they were asked for, and the notes of what was sent at once.

    First the file, then its row: whoever is killed in between finds the row again.
    """
    with transaction.atomic():
        for export in TableExport.objects.over(at=at).select_for_update(skip_locked=True):
            if export.is_prepared:
                default_storage.delete(where_exports_lie(export, ""))
            export.delete()

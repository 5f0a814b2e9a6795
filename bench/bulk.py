"""Rows by the hundred thousand: COPY for what is new, one UPDATE for what changes. Every trigger fires."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import NOT_PROVIDED, Model

FIRST = 1000


def copy(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, each of the same fields; whatever else there is gets its default.

    After the first of them the table is analysed: triggers keep the plan that they made first, and one that
    was made for an empty table takes minutes in a full one.
    """
    coming = iter(rows)
    first = next(coming, None)
    if first is None:
        return
    given = [model._meta.get_field(name) for name in first]
    rest = [
        field
        for field in model._meta.concrete_fields
        if field not in given and not field.generated and not field.primary_key and not _filled(field)
    ]
    defaults = tuple(field.get_db_prep_save(field.get_default(), connection) for field in rest)
    columns = ", ".join(f'"{field.column}"' for field in (*given, *rest))
    with connection.cursor() as cursor:
        statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
        for lot in (islice(chain([first], coming), FIRST), coming):
            with cursor.copy(statement) as copied:
                for row in lot:
                    copied.write_row((*row.values(), *defaults))
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')


def _filled(field: Any) -> bool:
    return field.db_default is not NOT_PROVIDED


def reset_sequences(*models: type[Model]) -> None:
    """Let new rows be numbered after those that came with their number."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


@contextmanager
def indexed_afterwards(model: type[Model]) -> Iterator[None]:
    """Take a table's plain indexes away and build them anew from their own definitions: that is much quicker.

    What a constraint rests on stays: no row gets in that the constraints would refuse.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.indexname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
                 JOIN pg_index x ON x.indexrelid = c.oid
                WHERE i.tablename = %s AND i.schemaname = 'public' AND NOT x.indisunique""",
            [table],
        )
        plain = cursor.fetchall()
        for name, _definition in plain:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no index while foreign keys wait to be checked
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _name, definition in plain:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")

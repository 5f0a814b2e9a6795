"""One at a time, across all processes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def one_after_another(name: str) -> None:
    """Wait for whoever called this with the same name, until the end of their transaction; then hold it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(name)])


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Tell whether nobody else is inside the block of this name; never waits.

    PostgreSQL holds the lock and lets it go with the connection, so a process that dies keeps nobody out.
    """
    key = _key(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def alone_until_commit(name: str) -> bool:
    """Keep everybody else out of `name` until this transaction ends; False when somebody is in. Never waits.

    For work whose effects the next one must see: the lock goes with the commit, not before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_key(name)])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)

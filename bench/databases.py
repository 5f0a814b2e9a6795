"""Databases of the benchmark's own, beside the one that the environment names: nothing is written to that."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

PREFIX = "ssp_bench_"
EMPTY = f"{PREFIX}empty"


def name_of(referrals: int) -> str:
    return f"{PREFIX}{referrals}"


@contextmanager
def at(name: str) -> Iterator[None]:
    """Let Django's connection lead to another database of the same server."""
    before = connection.settings_dict["NAME"]
    _lead_to(name)
    try:
        yield
    finally:
        _lead_to(before)


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def make(*names: str) -> None:
    """Make databases anew, migrated and without a row; what an earlier run left there is dropped."""
    _create(EMPTY)
    with at(EMPTY):
        call_command("migrate", interactive=False, verbosity=0)
    for name in names:
        _create(name, template=EMPTY)


def drop(*names: str) -> None:
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _create(name: str, *, template: str = "template0") -> None:
    drop(name)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

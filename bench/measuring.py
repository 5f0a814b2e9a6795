"""How long something takes in two databases, side by side, and by which indexes PostgreSQL does it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import connection, transaction

from bench import databases

ROUNDS, TIMES = 3, 4
BIG = 5000  # rows; reading a smaller table from end to end is nothing to speak of
Call = Callable[[], object]
Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """Something people wait for. `prepare` looks up whatever it needs and returns what is measured."""

    chapter: str
    name: str
    prepare: Callable[[], Call]


@dataclass
class Plans:
    """What the statements of one call read, and how."""

    statements: int = 0
    buffers: int = 0  # pages of 8 kB, from memory or disk
    indexes: set[str] = field(default_factory=set)
    whole_tables: set[str] = field(default_factory=set)  # big ones, read from end to end
    heaviest: Plan = field(default_factory=dict)

    def add(self, plan: Plan, big: frozenset[str]) -> None:
        self.statements += 1
        self.buffers += buffers_of(plan)
        for _depth, node in nodes_of(plan):
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in big:
                self.whole_tables.add(node["Relation Name"])
            elif "Index Name" in node:
                self.indexes.add(node["Index Name"])
        if not self.heaviest or buffers_of(plan) > buffers_of(self.heaviest):
            self.heaviest = plan


@dataclass(frozen=True)
class Measured:
    subject: Subject
    small: float  # seconds
    large: float
    small_plans: Plans
    plans: Plans

    @property
    def ratio(self) -> float:
        return self.large / self.small


def measure(subject: Subject, *, small: str, large: str) -> Measured:
    """Measure in turns, so that whatever else the machine does meets both; the median counts."""
    took: dict[str, list[float]] = {small: [], large: []}
    calls: dict[str, Call] = {}
    plans: dict[str, Plans] = {}
    for name in (small, large):
        with databases.at(name), _undone():
            calls[name] = subject.prepare()
            plans[name] = plans_of(calls[name])
    for _round in range(ROUNDS):
        for name in (small, large):
            with databases.at(name):
                _seconds(calls[name])  # a new connection knows nothing yet
                took[name] += [_seconds(calls[name]) for _ in range(TIMES)]
    return Measured(subject, median(took[small]), median(took[large]), plans[small], plans[large])


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _seconds(call: Call) -> float:
    with _undone():
        started = time.perf_counter()
        call()
        return time.perf_counter() - started


# --- plans ----------------------------------------------------------------------------
def plans_of(call: Call) -> Plans:
    """Make the call once, then ask PostgreSQL how it answers each SELECT of it."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("(").startswith("SELECT") and "set_config" not in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    plans, big = Plans(), _big_tables()
    with _undone():
        with connection.execute_wrapper(listen):
            call()
        with connection.cursor() as cursor:
            for sql, params in asked:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                plans.add(_parsed(cursor.fetchone()), big)
    return plans


def _parsed(row: Sequence[Any]) -> Plan:
    said = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    return dict(said[0]["Plan"])


def _big_tables() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG])
        return frozenset(name for (name,) in cursor.fetchall())


def buffers_of(plan: Plan) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def nodes_of(plan: Plan, depth: int = 0) -> Iterator[tuple[int, Plan]]:
    """Yield the nodes that were carried out, from the top down."""
    if plan.get("Actual Loops", 1):
        yield depth, plan
        for part in plan.get("Plans", ()):
            yield from nodes_of(part, depth + 1)


def shape_of(plan: Plan) -> str:
    """Return a plan as an indented list: what was done, on what, how many rows came of it, pages read."""
    lines = []
    for depth, node in nodes_of(plan):
        on = node.get("Index Name") or node.get("Relation Name") or ""
        rows = round(node["Actual Rows"] * node["Actual Loops"])
        what = f"{node['Node Type']} {on}".strip()
        lines.append(f"{'  ' * depth}{what}: {rows:,} rows, {buffers_of(node):,} pages")
    return "\n".join(lines)

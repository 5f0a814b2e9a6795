"""A file that somebody handed in, as it is kept between its preview and the moment it is applied."""

import hashlib
import json
import zlib
from typing import Any

from django.db import models

from ssp.core.models import User
from ssp.core.tabular import Row, Table


class Batch(models.Model):
    """One file: who handed it in, which column is which, and what became of its rows.

    Nothing of it takes effect before `committed_at`.
    """

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)
    mapping = models.JSONField(default=dict)  # {column: folded heading}
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    committed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    committed_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=list)  # the rows, as they were judged when the file was applied

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.file_name


def fingerprint(report: Any) -> str:
    """Return a short name for what a preview showed: applying asks for the same, or shows it again."""
    return hashlib.sha256(json.dumps(report, sort_keys=True, default=str).encode()).hexdigest()[:32]


# --- rows, as they are kept between preview and import: read once, however the file was written -------------
def pack(table: Table) -> bytes:
    """Return a table's rows as they are kept."""
    rows = [[row.number, row.cells, row.problem] for row in table.rows]
    text = json.dumps({"headers": table.headers, "encoding": table.encoding, "rows": rows})
    return zlib.compress(text.encode(), 3)


def unpack(content: bytes) -> Table:
    """Return what `pack` kept."""
    kept = json.loads(zlib.decompress(content))
    rows = tuple(Row(number, cells, problem) for number, cells, problem in kept["rows"])
    return Table(tuple(kept["headers"]), rows, kept["encoding"])

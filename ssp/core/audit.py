"""What happened, by whom, to which row. Ids only: audit never carries a personal field."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Model, QuerySet

from ssp.core.models import AuditEntry, User


def record(
    action: str, target: Model, *, by: User | None, at: datetime, **data: int | str | bool | None
) -> None:
    """Write one audit entry in the caller's transaction. `data` holds ids, dates and codes."""
    AuditEntry.objects.create(
        at=at, by=by, action=action, target_type=target._meta.label_lower, target_id=target.pk, data=data
    )


def record_each(
    action: str, targets: Sequence[Model], *, by: User | None, at: datetime, **data: int | str | bool | None
) -> None:
    """Write one audit entry about each of `targets`, as `record` does, in one statement."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=at, by=by, action=action, target_type=each._meta.label_lower, target_id=each.pk, data=data
        )
        for each in targets
    )


def trail(target: Model) -> QuerySet[AuditEntry]:
    """Return everything recorded about `target`, newest first."""
    return (
        AuditEntry.objects.filter(target_type=target._meta.label_lower, target_id=target.pk)
        .select_related("by")
        .order_by("-at", "-pk")
    )

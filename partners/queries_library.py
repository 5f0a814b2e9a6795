"""Reads of the resource library: a page of it as a partner sees it, and who fetched what (C13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Prefetch, QuerySet

from partners.models import Partner
from partners.models.library import (
    IS_NEW_FOR,
    Resource,
    ResourceDownload,
    ResourceFolder,
    ResourceQuerySet,
    ResourceVersion,
)

A_PAGE = 24


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A resource as one partner sees it: its versions, newest first, and the newest they have of it."""

    resource: Resource
    versions: Sequence[ResourceVersion]
    has: int = 0
    is_new: bool = False

    @property
    def newest(self) -> ResourceVersion:
        return self.versions[0]

    @property
    def older(self) -> Sequence[ResourceVersion]:
        return self.versions[1:]

    @property
    def is_behind(self) -> bool:
        return 0 < self.has < self.newest.number


def listed(*, words: str = "", kind: str = "", folder: int | None = None) -> ResourceQuerySet:
    """Return the resources that partners see and that match, in their order."""
    found = Resource.objects.listed().in_order()
    if words:
        found = found.matching(words)
    if kind:
        found = found.filter(kind=kind)
    if folder is not None:
        found = found.filter(folder_id=folder)
    return found


def shown(resources: "QuerySet[Resource]", partner: Partner, *, at: datetime) -> list[Shown]:
    """Return those resources as `partner` sees them, in three queries however many there are."""
    with_preview = ResourceVersion.objects.select_related("preview", "restored_from").order_by("-number")
    rows = list(resources.prefetch_related(Prefetch("versions", queryset=with_preview)))
    had = dict(
        ResourceDownload.objects.filter(partner=partner, version__resource__in=rows)
        .values_list("version__resource_id")
        .annotate(Max("version__number"))
    )
    return [_as_seen(row, had.get(row.pk, 0), at) for row in rows]


def _as_seen(row: Resource, has: int, at: datetime) -> Shown:
    versions = list(row.versions.all())
    is_new = has == 0 and versions[0].uploaded_at > at - IS_NEW_FOR
    return Shown(resource=row, versions=versions, has=has, is_new=is_new)


def folders_with_resources() -> QuerySet[ResourceFolder]:
    """Return the folders in which partners see something."""
    return ResourceFolder.objects.filter(resources__in=Resource.objects.listed()).distinct()


def versions_with_counts(resource: Resource) -> "QuerySet[Any]":
    """Return a resource's versions, newest first, with `downloads_counted` and `partners_counted`."""
    return (
        resource.versions.select_related("uploaded_by", "restored_from", "preview")
        .annotate(
            downloads_counted=Count("downloads"), partners_counted=Count("downloads__partner", distinct=True)
        )
        .order_by("-number")
    )


def downloads_by_partner(resource: Resource) -> "QuerySet[ResourceDownload, Any]":
    """Return who fetched a resource: how often, the newest version they have, and when last."""
    return (
        ResourceDownload.objects.filter(version__resource=resource)
        .values("partner_id", "partner__display_name")
        .annotate(times=Count("pk"), newest=Max("version__number"), last_at=Max("at"))
        .order_by("-last_at")
    )

"""The resource library's writes: publish, replace, archive, count (C13)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO

from django.conf import settings
from django.core.files import File
from django.db import transaction

from partners.errors.library import (
    LibraryClosed,
    ResourceArchived,
    SameAsNewest,
    TitleTaken,
    VersionIsNewest,
)
from partners.inspection import Inspected, inspect
from partners.models import Partner
from partners.models.library import (
    ONE_DOWNLOAD,
    Resource,
    ResourceDownload,
    ResourceFolder,
    ResourceVersion,
)
from partners.permissions_library import check_can_publish
from ssp.core import audit, outbox
from ssp.core.errors import constraint_as
from ssp.core.models import User


def lock_resource(resource: Resource) -> Resource:
    """Return the resource as it is now, held until the transaction ends."""
    return Resource.objects.select_for_update().get(pk=resource.pk)


@contextmanager
def _stored(file: IO[bytes], seen: Inspected) -> Iterator[str]:
    """Store a file for the rows that the block writes, and take it away again if they aren't written.

    A process that is killed in between leaves a file that no row names, never a row without its file.
    """
    field = ResourceVersion._meta.get_field("file")
    name = field.storage.save(
        field.generate_filename(ResourceVersion(), seen.name), File(file), max_length=field.max_length
    )
    try:
        yield name
    except BaseException:
        field.storage.delete(name)
        raise


@transaction.atomic
def save_folder(*, folder: ResourceFolder, by: User, at: datetime) -> ResourceFolder:
    """Keep a folder, new or with another name or place.

    :raises NotPublisher: C13.
    """
    check_can_publish(by)
    folder.save()
    audit.record("resource_folder.saved", folder, by=by, at=at, position=folder.position)
    return folder


def publish_resource(
    *,
    folder: ResourceFolder,
    title: str,
    kind: str,
    file: IO[bytes],
    file_name: str,
    description: str = "",
    position: int = 100,
    by: User,
    at: datetime,
) -> Resource:
    """Put a new resource with its first version into the library.

    :raises NotPublisher, FileRefused, TitleTaken: C13.
    """
    check_can_publish(by)
    seen = inspect(file, name=file_name, max_bytes=settings.LIBRARY_MAX_BYTES)
    with _stored(file, seen) as name, transaction.atomic():
        with constraint_as("resource_title_once_per_folder", TitleTaken):
            resource = Resource.objects.create(
                folder=folder,
                title=title,
                description=description,
                kind=kind,
                position=position,
                created_at=at,
            )
        _write_version(resource, seen, name, changed="", by=by, at=at)
        audit.record("resource.published", resource, by=by, at=at, folder=folder.pk)
    return resource


def add_version(
    *, resource: Resource, file: IO[bytes], file_name: str, changed: str, by: User, at: datetime
) -> ResourceVersion:
    """Make a file the newest version of a resource; earlier ones stay.

    The file is checked and stored before the resource is locked, so nobody waits for a large upload.

    :param changed: what changed, for the partners who have the version before.
    :raises NotPublisher, FileRefused, ResourceArchived, SameAsNewest: C13.
    """
    check_can_publish(by)
    seen = inspect(file, name=file_name, max_bytes=settings.LIBRARY_MAX_BYTES)
    with _stored(file, seen) as name, transaction.atomic():
        resource = _changeable(resource)
        if resource.versions.get(number=resource.latest).sha256 == seen.sha256:
            raise SameAsNewest
        return _write_version(resource, seen, name, changed=changed, by=by, at=at)


@transaction.atomic
def restore_version(*, version: ResourceVersion, by: User, at: datetime) -> ResourceVersion:
    """Make an older version's file the newest version again; the ones between stay.

    :raises NotPublisher, ResourceArchived, VersionIsNewest: C13.
    """
    check_can_publish(by)
    resource = _changeable(version.resource)
    if resource.versions.get(number=resource.latest).sha256 == version.sha256:
        raise VersionIsNewest
    seen = Inspected(type=version.type, name=version.file_name, size=version.size, sha256=version.sha256)
    return _write_version(
        resource, seen, str(version.file.name), changed="", by=by, at=at, restored_from=version
    )


def _changeable(resource: Resource) -> Resource:
    locked = lock_resource(resource)
    if locked.archived_at is not None:
        raise ResourceArchived
    return locked


def _write_version(
    resource: Resource,
    seen: Inspected,
    name: str,
    *,
    changed: str,
    by: User,
    at: datetime,
    restored_from: ResourceVersion | None = None,
) -> ResourceVersion:
    """Write the next version of a resource that this transaction holds, and owe its preview."""
    resource.latest += 1
    version = ResourceVersion.objects.create(
        resource=resource,
        number=resource.latest,
        changed=changed,
        file=name,
        file_name=seen.name,
        content_type=seen.type.content_type,
        size=seen.size,
        sha256=seen.sha256,
        restored_from=restored_from,
        uploaded_by=by,
        uploaded_at=at,
    )
    resource.save(update_fields=["latest"])
    audit.record("resource.version_added", resource, by=by, at=at, version=version.pk, number=version.number)
    if seen.type.has_preview:
        outbox.enqueue(
            "partners.resource_preview",
            key=f"resource_version:{version.pk}:preview",
            payload={"version_id": version.pk},
            at=at,
        )
    return version


@transaction.atomic
def edit_resource(
    *,
    resource: Resource,
    folder: ResourceFolder,
    title: str,
    description: str,
    kind: str,
    position: int,
    by: User,
    at: datetime,
) -> Resource:
    """Say something else about a resource, or move it to another folder or place.

    :raises NotPublisher, ResourceArchived, TitleTaken: C13.
    """
    check_can_publish(by)
    resource = _changeable(resource)
    was = resource.folder_id
    resource.folder, resource.title, resource.description = folder, title, description
    resource.kind, resource.position = kind, position
    with constraint_as("resource_title_once_per_folder", TitleTaken), transaction.atomic():
        resource.save(update_fields=["folder", "title", "description", "kind", "position"])
    audit.record("resource.edited", resource, by=by, at=at, folder=folder.pk, folder_before=was)
    return resource


@transaction.atomic
def archive_resource(*, resource: Resource, by: User, at: datetime) -> Resource:
    """Take a resource out of the library; its versions and counts are kept. Twice is once.

    :raises NotPublisher: C13.
    """
    check_can_publish(by)
    resource = lock_resource(resource)
    if resource.archived_at is None:
        resource.archived_at = at
        resource.save(update_fields=["archived_at"])
        audit.record("resource.archived", resource, by=by, at=at)
    return resource


@transaction.atomic
def bring_back_resource(*, resource: Resource, by: User, at: datetime) -> Resource:
    """Put an archived resource back where it was. Twice is once.

    :raises NotPublisher, TitleTaken: C13.
    """
    check_can_publish(by)
    resource = lock_resource(resource)
    if resource.archived_at is not None:
        resource.archived_at = None
        with constraint_as("resource_title_once_per_folder", TitleTaken), transaction.atomic():
            resource.save(update_fields=["archived_at"])
        audit.record("resource.brought_back", resource, by=by, at=at)
    return resource


def count_download(
    *, version: ResourceVersion, partner: Partner, goes_on: bool = False, at: datetime
) -> None:
    """Count that a partner fetched a version, once a minute at most, however often and at once it is called.

    One statement and no lock: the constraint `download_counted_once` decides.

    :param goes_on: the request asks for a later part of the file, which belongs to a download that was
        counted when it began. Where none was, it counts.
    :raises LibraryClosed: the partnership ended meanwhile; nothing is counted, and nothing may be sent.
    """
    if goes_on and version.downloads.filter(partner=partner).exists():
        return
    download = ResourceDownload(version=version, partner=partner, at=at, again_from=at + ONE_DOWNLOAD)
    with constraint_as("download_by_an_active_partner", LibraryClosed), transaction.atomic():
        ResourceDownload.objects.bulk_create([download], ignore_conflicts=True)

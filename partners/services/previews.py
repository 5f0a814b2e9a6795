"""Previews of the library's versions, made by a worker (C13)."""

from datetime import datetime
from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image

from partners import apart
from partners.inspection import pieces
from partners.models.library import ResourcePreview, ResourceVersion


def make_preview(*, version: ResourceVersion, at: datetime) -> ResourcePreview:
    """Make the small picture of a version, or record why there is none; what exists already is kept.

    A file of which no picture can be made is no failure: it is written down, and not tried again. A storage
    that can't be reached raises, and the outbox tries later.
    """
    found = ResourcePreview.objects.filter(version=version).first()
    if found is not None:
        return found
    same = ResourcePreview.objects.filter(version__sha256=version.sha256).first()
    if same is not None:  # an older version that came back: its picture is there
        return ResourcePreview.objects.create(
            version=version,
            file=same.file.name,
            width=same.width,
            height=same.height,
            problem=same.problem,
            made_at=at,
        )
    preview = ResourcePreview(version=version, made_at=at)
    try:
        content = _drawn(version)
    except apart.NoPreview as why:
        preview.problem = str(why)[:80]
    else:
        with Image.open(BytesIO(content), formats=["WEBP"]) as picture:  # our own; only its head is read
            preview.width, preview.height = picture.size
        preview.file.save("preview.webp", ContentFile(content), save=False)
    preview.save()
    return preview


def _drawn(version: ResourceVersion) -> bytes:
    with version.file.open("rb") as file, apart.on_disk(pieces(file), version.type.ending) as path:
        return apart.draw(path, version.content_type)

"""What the outbox delivers for the resource library."""

import structlog

from partners.models.library import ResourceVersion
from partners.services.previews import make_preview
from ssp.core import clock, outbox
from ssp.core.models import OutboxMessage

log = structlog.get_logger(__name__)


@outbox.handles("partners.resource_preview")
def draw_preview(message: OutboxMessage) -> None:
    """Make a version's preview; a worker that died over it left nothing, and the next one begins again."""
    version = ResourceVersion.objects.get(pk=message.payload["version_id"])
    preview = make_preview(version=version, at=clock.now())
    if preview.problem:
        log.warning("library.no_preview", resource_version_id=version.pk, problem=preview.problem)

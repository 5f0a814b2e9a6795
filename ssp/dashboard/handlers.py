"""What the outbox delivers for the desk."""

from ssp.core import clock
from ssp.core.models import OutboxMessage
from ssp.core.outbox import handles
from ssp.dashboard.services import prepare_file


@handles("dashboard.table_export")
def write_file_of_table(message: OutboxMessage) -> None:
    prepare_file(export_id=int(message.payload["export_id"]), at=clock.now())

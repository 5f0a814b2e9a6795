"""What the outbox delivers for the desk."""

from datetime import date

from django.conf import settings
from django.urls import reverse

from ssp.core import clock, emails, reader
from ssp.core.links import absolute
from ssp.core.models import OutboxMessage, User
from ssp.core.outbox import handles
from ssp.dashboard.digest import digest_for
from ssp.dashboard.mails import DIGEST
from ssp.dashboard.services import prepare_file
from ssp.dashboard.today import first_due
from ssp.dashboard.waiting import Section

ROWS = 10  # of a section; the page has them all


@handles("dashboard.digest")
def send_digest(message: OutboxMessage) -> None:
    """Send one morning's list as it is now; a mail that is late by a day isn't sent any more."""
    user = User.objects.get(pk=message.payload["user_id"])
    on = date.fromisoformat(str(message.payload["on"]))
    with reader.reading(user, language=settings.LANGUAGE_CODE):
        sections = digest_for(user, on=on, at=clock.now())
        if sections:
            context = _context(user, sections)
            emails.send(DIGEST.template, to=[user.email], context=context, key=message.key)


def _context(user: User, sections: list[Section]) -> emails.Context:
    return {
        "user": user,
        "count": sum(section.count for section in sections),
        "first_due": first_due(sections),
        "sections": [
            {
                "title": section.title,
                "count": section.count,
                "rows": section.rows[:ROWS],
                "more": section.count - len(section.rows[:ROWS]),
            }
            for section in sections
        ],
        "url": absolute(reverse("desk:today")),
    }


@handles("dashboard.table_export")
def write_file_of_table(message: OutboxMessage) -> None:
    prepare_file(export_id=int(message.payload["export_id"]), at=clock.now())

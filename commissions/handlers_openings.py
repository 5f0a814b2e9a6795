"""What the outbox delivers about opening balances."""

from django.urls import reverse

from commissions.openings import openings_of
from partners.models import Partner
from ssp.core import emails, links, outbox
from ssp.core.models import OutboxMessage


@outbox.handles("commissions.openings_told")
def mail_openings(message: OutboxMessage) -> None:
    """Tell a partner what moved in of theirs by one file; nothing, if all of it was taken back meanwhile."""
    partner = Partner.objects.select_related("user").get(pk=message.payload["partner_id"])
    openings = list(openings_of(partner).filter(opening_import=message.payload["import_id"]))
    if not openings:
        return
    emails.send(
        "commissions/emails/openings_entered",
        to=[partner.user.email],
        context={
            "openings": openings,
            "name": partner.user.first_name,
            "url": links.absolute(reverse("commissions:earnings")),
        },
        key=message.key,
    )

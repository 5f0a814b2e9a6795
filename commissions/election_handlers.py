"""What the outbox delivers about elections."""

from django.urls import reverse

from commissions.models import ElectionChange
from ssp.core import emails, links, outbox
from ssp.core.models import OutboxMessage


@outbox.handles("commissions.election_changed")
def mail_changed_election(message: OutboxMessage) -> None:
    """Tell the partner by which model a use case pays now, and the director's reason."""
    change = ElectionChange.objects.select_related("director", "use_case__partner__user").get(
        pk=message.payload["change_id"]
    )
    user = change.use_case.partner.user
    emails.send(
        "commissions/emails/election_changed",
        to=[user.email],
        context={
            "change": change,
            "use_case": change.use_case,
            "name": user.first_name,
            "url": links.absolute(reverse("referrals:election", args=[change.use_case_id])),
        },
        key=message.key,
    )

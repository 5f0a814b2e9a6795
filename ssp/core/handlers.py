"""What the outbox delivers for core."""

from django.urls import reverse

from ssp.core import emails
from ssp.core.links import absolute, token_of
from ssp.core.models import OutboxMessage, StaffInvitation
from ssp.core.outbox import handles


@handles("core.staff_invitation")
def send_staff_invitation(message: OutboxMessage) -> None:
    invitation = StaffInvitation.objects.get(pk=message.payload["invitation_id"])
    if invitation.accepted_at:
        return
    link = absolute(reverse("core:join_staff", args=[token_of("staff", invitation.token_salt)]))
    emails.send(
        "core/emails/staff_invitation",
        to=[invitation.email],
        context={"invitation": invitation, "link": link},
        key=message.key,
    )

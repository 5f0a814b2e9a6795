"""What the outbox delivers about bank accounts."""

from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse

from commissions.bank import warned_addresses
from commissions.models import BankDetails, PayoutRun
from partners.models import Partner
from ssp.core import emails, links, outbox
from ssp.core.models import OutboxMessage


@outbox.handles("commissions.bank_details_entered")
def warn_of_a_new_account(message: OutboxMessage) -> None:
    """Tell the partner, at every address that was theirs lately, which account was entered."""
    details = BankDetails.objects.select_related("partner__user").get(pk=message.payload["bank_details_id"])
    before = BankDetails.objects.of(details.partner).filter(pk__lt=details.pk).first()
    emails.send(
        "commissions/emails/bank_details_entered",
        to=warned_addresses(details),
        context={
            "details": details,
            "before": before,
            "name": details.partner.user.first_name,
            "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            "url": links.absolute(reverse("commissions:bank_account")),
        },
        key=message.key,
    )


@outbox.handles("commissions.bank_details_wanted")
def ask_for_an_account(message: OutboxMessage) -> None:
    """Ask a partner where their money goes, unless they have said so since."""
    partner = Partner.objects.select_related("user").get(pk=message.payload["partner_id"])
    if BankDetails.objects.of(partner).exists():
        return
    run = PayoutRun.objects.get(pk=message.payload["run_id"])
    emails.send(
        "commissions/emails/bank_details_wanted",
        to=[partner.user.email],
        context={
            "name": partner.user.first_name,
            "run": run,
            "url": links.absolute(reverse("commissions:bank_account")),
        },
        key=message.key,
    )

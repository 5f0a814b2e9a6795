"""Where a partner's money goes: entered by them alone, right after proving who they are, and told by mail."""

from datetime import datetime, timedelta

from django.db import transaction

from commissions.errors_payout import NotYourAccount, ProofTooOld, SameAccount
from commissions.models import BankDetails, FormerAddress
from commissions.rules.accounts import FREEZE, PROOF_LASTS, Account
from partners.models import Partner
from ssp.core import audit, outbox
from ssp.core.models import User

FORMER_ADDRESSES_KEPT = timedelta(days=7)  # longer than 72 hours: a mail may be late


@transaction.atomic
def enter_bank_details(
    *, partner: Partner, account: Account, proved_at: datetime | None, by: User, at: datetime
) -> BankDetails:
    """Enter where a partner's payouts go; the first payout to it waits for 72 hours, and a mail says so.

    :param proved_at: when the person proved with a password or second factor that it is them.
    :raises NotYourAccount: somebody else's.  :raises ProofTooOld: no proof, or more than five minutes ago.
    :raises SameAccount: nothing would change.
    """
    if partner.user_id != by.pk:
        raise NotYourAccount
    if proved_at is None or not at - PROOF_LASTS <= proved_at <= at:
        raise ProofTooOld
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    known = BankDetails.objects.of(partner).first()
    if known is not None and _is_same(known, account):
        raise SameAccount
    details = BankDetails(
        partner=partner,
        kind=BankDetails.Kind.IBAN if account.is_iban else BankDetails.Kind.OTHER,
        holder=account.holder,
        masked=account.masked,
        bic=account.bic,
        routing=account.routing,
        country=account.country,
        entered_by=by,
        proved_at=proved_at,
        entered_at=at,
    )
    details.number = account.number
    details.save()
    audit.record("bank_details.entered", details, by=by, at=at, partner=partner.pk, first=known is None)
    outbox.enqueue(
        "commissions.bank_details_entered",
        key=f"bank_details:{details.pk}:entered",
        payload={"bank_details_id": details.pk},
        at=at,
    )
    return details


def _is_same(known: BankDetails, account: Account) -> bool:
    ours = (known.number, known.is_iban, known.holder, known.bic, known.routing, known.country)
    return ours == (
        account.number, account.is_iban, account.holder, account.bic, account.routing, account.country,
    )  # fmt: skip


def warned_addresses(details: BankDetails) -> list[str]:
    """Return to whom an account's entry is told: the partner's address, and those it had within 72 hours.

    Whoever took an account over may have changed its address first, or right afterwards.
    """
    former = FormerAddress.objects.filter(
        user_id=details.partner.user_id, replaced_at__gte=details.recorded_at - FREEZE
    )
    found = [details.partner.user.email, *former.order_by("pk").values_list("email", flat=True)]
    return list({address.lower(): address for address in found}.values())


def forget_former_addresses(*, at: datetime) -> int:
    """Delete what no warning needs any more; `at` is real time. Return how many there were."""
    deleted, _rows = FormerAddress.objects.filter(replaced_at__lt=at - FORMER_ADDRESSES_KEPT).delete()
    return deleted

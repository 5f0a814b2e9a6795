"""Where a partner's money goes: entered by them alone, right after proving who they are, and told by mail."""

from datetime import datetime

from django.db import transaction

from commissions.errors_payout import NotYourAccount, ProofTooOld, SameAccount
from commissions.models import BankDetails
from commissions.rules.accounts import PROOF_LASTS, Account
from partners.models import Partner
from ssp.core import audit, outbox
from ssp.core.models import User


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

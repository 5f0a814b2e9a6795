"""Opening balances, as two people entered them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from commissions.models import Opening, OpeningImport, OpeningSum
from commissions.openings import enter
from referrals.models import Deal
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY


def an_opening(
    deal: Deal,
    earned: str = "0",
    paid: str = "0",
    *,
    as_of: date,
    currency: str = "EUR",
    at: datetime = MONDAY,
    **fields: Any,
) -> Opening:
    """Return what a deal earned before this system; what is open is in the ledger."""
    values = {"cap_starts_on": None, "recurring_before": 0, "first_taken": False, **fields}
    contract = deal.use_case.partner.contracts.filter(status="signed").order_by("signed_at", "pk")[0]
    with transaction.atomic():
        record = OpeningImport.objects.create(
            file_name="openings.csv",
            sha256="0" * 64,
            content=b"",
            uploaded_by=UserFactory(roles=[Role.FINANCE]),
            uploaded_at=at,
            committed_by=UserFactory(roles=[Role.DIRECTOR]),
            committed_at=at,
        )
        opening = Opening.objects.create(
            opening_import=record, deal=deal, contract=contract, as_of=as_of, recorded_at=at, **values
        )
        each = OpeningSum.objects.create(
            opening=opening, currency=currency, earned=Decimal(earned), paid=Decimal(paid)
        )
        if each.open:
            enter(opening, each, amount=each.open, due=each.open, at=at)
    return opening

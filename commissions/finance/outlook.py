"""What becomes payable in the coming months, and what would if customers paid.

Entries that are held have their day. What open invoices would bring is an estimate by the rules that write
the ledger (`forecast`), as if each were paid in full on the day asked about. It is never added to
what is owed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from commissions import rules
from commissions.finance import invoice_list
from commissions.forecast import Expected, if_paid
from commissions.models import Commission
from partners.models import Partner
from referrals.models import Deal

ZERO = Decimal(0)
AT_MOST = 200  # deals that an estimate works out: those whose invoices wait longest


@dataclass(frozen=True)
class Becoming:
    """What becomes payable in a month, in one currency."""

    currency: str
    month: date
    amount: Decimal


def becoming_payable(*, on: date) -> list[Becoming]:
    """Return the entries held on a day by the month in which they become payable."""
    rows = (
        Commission.objects.held(on=on)
        .unpaid()
        .annotate(month=TruncMonth("payable_on"))
        .order_by("currency", "month")
        .values("currency", "month")
        .annotate(total=Sum("amount"))
    )
    return [Becoming(row["currency"], row["month"], row["total"]) for row in rows]


def payable_now(*, on: date) -> dict[str, Decimal]:
    """Return {currency: what is payable on a day and in no payout}."""
    rows = Commission.objects.payable(on=on).order_by("currency").values("currency")
    return {row["currency"]: row["total"] for row in rows.annotate(total=Sum("amount"))}


@dataclass(frozen=True)
class Waiting:
    """An open invoice and what would be written for a partner if it were paid."""

    partner: Partner
    expected: Expected
    open_gross: Decimal

    @property
    def is_bonus(self) -> bool:
        return self.expected.kind == rules.BONUS


@dataclass(frozen=True)
class Estimate:
    """What open invoices would bring, and of how many deals it wasn't worked out."""

    rows: Sequence[Waiting]
    left_out: int
    payable_on: date  # of what would be paid on the day asked about

    @property
    def sums(self) -> dict[str, Decimal]:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            sums[row.expected.currency] += row.expected.amount
        return dict(sorted(sums.items()))


def estimate(*, on: date, at_most: int = AT_MOST) -> Estimate:
    """Return what the open invoices of deals would bring if they were paid in full on a day."""
    unpaid: Any = invoice_list.unpaid_of_deals().order_by("issued_on", "pk")
    waiting = list(unpaid.values_list("pk", "deal_id", "open_gross"))
    amounts = {pk: open_gross for pk, _deal, open_gross in waiting}
    deals = list(dict.fromkeys(deal for _pk, deal, _open in waiting))
    related = ("use_case__referral__company", "use_case__partner__recruiter")
    chosen = Deal.objects.select_related(*related).in_bulk(deals[:at_most])
    rows = []
    for deal in chosen.values():
        owner = deal.use_case.partner
        for expected in if_paid(deal, on=on, bonuses=True):
            receiver = owner.recruiter if expected.kind == rules.BONUS else owner
            if receiver:
                rows.append(Waiting(receiver, expected, amounts.get(expected.invoice.pk, ZERO)))
    rows.sort(
        key=lambda row: (row.expected.currency, row.expected.invoice.issued_on, row.expected.invoice.pk)
    )
    return Estimate(rows, max(len(deals) - at_most, 0), rules.payable_on(on, Decimal(1)))

"""What partners earned in a period beside the revenue of their deals: by partner, by tier, by deal.

An entry is in the period of the day it was earned. Revenue is net of VAT: invoices by their date, credit
notes and payments by theirs; a payment's net is its share of the invoice's. A bonus is earned by the
recruiter, and by deal it stands with the sale that it is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.db import connection

from partners.models import Partner, Tier
from referrals.models import UseCase

ZERO = Decimal(0)
By = Literal["partner", "tier", "deal"]
TOLD_APART: dict[By, str] = {"partner": "partner_id", "tier": "tier_id", "deal": "use_case_id"}

FIGURES = """
    WITH tiers AS (
        SELECT DISTINCT ON (partner_id) partner_id, tier_id FROM partners_contract
         WHERE status = 'signed' ORDER BY partner_id, signed_at DESC, id DESC
    ), rows AS (
        SELECT c.currency, c.partner_id, c.use_case_id, c.amount AS earned,
               CASE WHEN c.kind = 'bonus' THEN c.amount ELSE 0 END AS bonus,
               CASE WHEN c.kind = 'opening' THEN c.amount ELSE 0 END AS opening,
               CASE WHEN p.paid_on IS NOT NULL THEN c.amount ELSE 0 END AS paid,
               0::numeric AS invoiced, 0::numeric AS credited, 0::numeric AS received
          FROM commissions_commission c
          LEFT JOIN commissions_payoutentry e ON e.commission_id = c.id AND e.released_at IS NULL
          LEFT JOIN commissions_payout p ON p.id = e.payout_id
         WHERE c.earned_on BETWEEN %(since)s AND %(until)s
         UNION ALL
        SELECT i.currency, u.partner_id, u.id, 0, 0, 0, 0, i.net, 0, 0
          FROM commissions_invoice i JOIN referrals_deal d ON d.id = i.deal_id
          JOIN referrals_usecase u ON u.id = d.use_case_id
         WHERE i.issued_on BETWEEN %(since)s AND %(until)s
         UNION ALL
        SELECT i.currency, u.partner_id, u.id, 0, 0, 0, 0, 0,
               CASE WHEN f.kind = 'credit' THEN f.net ELSE 0 END,
               CASE f.kind WHEN 'payment' THEN f.gross WHEN 'refund' THEN -f.gross ELSE 0 END
                   * i.net / nullif(i.gross, 0)
          FROM commissions_fact f JOIN commissions_invoice i ON i.id = f.invoice_id
          JOIN referrals_deal d ON d.id = i.deal_id JOIN referrals_usecase u ON u.id = d.use_case_id
         WHERE f.happened_on BETWEEN %(since)s AND %(until)s AND f.kind IN ('credit', 'payment', 'refund')
    ), summed AS (
        SELECT currency, {key}, sum(earned) AS earned, sum(bonus) AS bonus,
               sum(opening) AS opening, sum(paid) AS paid,
               sum(invoiced) AS invoiced, sum(credited) AS credited, coalesce(sum(received), 0) AS received
          FROM rows LEFT JOIN tiers USING (partner_id)
         GROUP BY currency, {key}
    ), placed AS (
        SELECT *, row_number() OVER (
                   PARTITION BY currency ORDER BY earned DESC, invoiced DESC, {key}) AS place
          FROM summed
    )
    SELECT currency, {key}, earned, bonus, opening, paid, invoiced, credited, received
      FROM placed WHERE place <= %(limit)s ORDER BY currency, place
"""


@dataclass(frozen=True)
class Figures:
    """What one partner, tier or deal earned and brought in, in one currency."""

    currency: str
    key: int | None
    label: str
    earned: Decimal
    bonus: Decimal
    opening: Decimal  # of it from before this system: the revenue is from before, too
    paid: Decimal
    invoiced: Decimal
    credited: Decimal
    received: Decimal  # not rounded, so that every grouping adds up to the same

    @property
    def open(self) -> Decimal:
        """Earned in the period and not transferred yet."""
        return self.earned - self.paid

    @property
    def rate(self) -> Decimal | None:
        """Commission as a percentage of what customers paid; bonuses and opening balances aside."""
        return _percent(self.earned - self.bonus - self.opening, self.received)

    @property
    def bonus_share(self) -> Decimal | None:
        """Bonuses as a percentage of everything earned."""
        return _percent(self.bonus, self.earned)


def _percent(part: Decimal, of: Decimal) -> Decimal | None:
    return round(part * 100 / of, 2) if of > 0 else None


EVERYTHING = 1_000_000


def figures(by: By, *, since: date, until: date, limit: int = EVERYTHING) -> list[Figures]:
    """Return the figures of a period, both days included, by currency, whoever earned most first.

    :param limit: rows of each currency.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIGURES.format(key=TOLD_APART[by]), {"since": since, "until": until, "limit": limit})
        rows = cursor.fetchall()
    labels = _labels(by, {row[1] for row in rows if row[1] is not None})
    found = []
    for currency, key, *sums in rows:
        label = labels.get(key, "–")
        found.append(Figures(currency, key, label, *sums))
    return found


def total(rows: Sequence[Figures], label: str = "") -> Figures:
    """Return the sum of figures of one currency."""

    def of(name: str) -> Decimal:
        return sum((getattr(row, name) for row in rows), ZERO)

    names = ("earned", "bonus", "opening", "paid", "invoiced", "credited", "received")
    return Figures(rows[0].currency, None, label, *(of(name) for name in names))


def _labels(by: By, keys: set[int]) -> dict[Any, str]:
    if by == "partner":
        return {pk: str(partner) for pk, partner in Partner.objects.in_bulk(keys).items()}
    if by == "tier":
        return {pk: str(tier) for pk, tier in Tier.objects.in_bulk(keys).items()}
    cases = UseCase.objects.filter(pk__in=keys).select_related("referral__company")
    return {case.pk: _deal(case) for case in cases}


def _deal(case: UseCase) -> str:
    company = f"{case.referral.company.name} · " if case.referral else ""
    return f"{company}{case.title}"

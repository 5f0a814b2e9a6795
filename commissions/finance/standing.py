# ruff: noqa: S608 - SQL of constants alone; what people choose goes in as parameters
"""What is owed to partners, as it stood at the end of any day.

Only what was known by then counts, so the same day gives the same answer whenever somebody asks: an entry
from the moment it was recorded, a place in a payout from the moment the run was prepared until it was freed,
and a transfer from the moment it was marked (the audit has it), with the bank's day. What was recorded later
about an earlier day belongs to later days.

Everything comes from one statement: the months, the partners and the ages add up to the same, to the cent.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection

from partners.models import Partner
from ssp.core.periods import start_of_day

ZERO = Decimal(0)
AGES = (30, 60, 90)  # days since an entry became payable; older ones are the last band
PAID_IN_AUDIT = "payout.paid"

ENTRIES = f"""
    WITH payouts AS MATERIALIZED (
        SELECT p.id, p.paid_on <= %(on)s
               AND coalesce((SELECT min(a.at) FROM core_auditentry a
                              WHERE a.target_type = 'commissions.payout' AND a.target_id = p.id
                                AND a.action = '{PAID_IN_AUDIT}') < %(over)s, true) AS is_paid
          FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
         WHERE r.prepared_at < %(over)s
    ), places AS (
        SELECT e.commission_id, p.is_paid
          FROM commissions_payoutentry e JOIN payouts p ON p.id = e.payout_id
         WHERE e.released_at IS NULL OR e.released_at >= %(over)s
    ), entries AS (
        SELECT c.currency, c.partner_id, date_trunc('month', c.earned_on)::date AS month, c.amount,
               CASE WHEN places.is_paid THEN 'paid'
                    WHEN places.commission_id IS NOT NULL THEN 'in_payout'
                    WHEN c.payable_on > %(on)s THEN 'held' ELSE 'payable' END AS state,
               %(on)s::date - c.payable_on AS days, c.kind
          FROM commissions_commission c LEFT JOIN places ON places.commission_id = c.id
         WHERE c.recorded_at < %(over)s
    )"""
SUMS = f"""{ENTRIES}, aged AS (
        SELECT currency, state, month, partner_id, CASE WHEN state = 'payable'
                    THEN width_bucket(days, ARRAY[0, {", ".join(str(n + 1) for n in AGES)}]) END AS age,
               sum(amount) AS amount,
               coalesce(sum(amount) FILTER (WHERE kind = 'opening' AND state <> 'paid'), 0) AS before
          FROM entries GROUP BY 1, 2, 3, 4, 5
    )
    SELECT GROUPING(month, partner_id, age), currency, state, month, partner_id, age, sum(amount), sum(before)
      FROM aged
     GROUP BY GROUPING SETS ((currency, state, month), (currency, state, partner_id), (currency, state, age))
     ORDER BY currency, month, partner_id, age
"""
# In GROUPING's number the bit of what is told apart is off.
BY_MONTH, BY_PARTNER = 0b011, 0b101  # the others are by age


@dataclass
class Sums:
    """Where the money stands; `payable` may be negative: it carries forward."""

    held: Decimal = ZERO
    payable: Decimal = ZERO
    in_payout: Decimal = ZERO
    paid: Decimal = ZERO
    before: Decimal = ZERO  # of what is owed, what moved in as open from before this system

    @property
    def earned(self) -> Decimal:
        return self.owed + self.paid

    @property
    def owed(self) -> Decimal:
        """What SeMI owes: everything earned that isn't transferred."""
        return self.held + self.payable + self.in_payout

    @property
    def each(self) -> tuple[Decimal, ...]:
        """The sums in the order of the columns."""
        return (self.held, self.payable, self.in_payout, self.owed, self.paid, self.earned)

    def add(self, state: str, amount: Decimal, before: Decimal) -> None:
        setattr(self, state, getattr(self, state) + amount)
        self.before += before


@dataclass
class Standing:
    """One currency at the end of a day."""

    currency: str
    total: Sums = field(default_factory=Sums)
    months: dict[date, Sums] = field(default_factory=dict)  # by the month in which it was earned
    partners: dict[Partner, Sums] = field(default_factory=dict)
    ages: list[Decimal] = field(default_factory=lambda: [ZERO] * (len(AGES) + 1))  # of what is payable

    @property
    def by_balance(self) -> list[tuple[Partner, Sums]]:
        """The partners, whoever is owed most first."""
        return sorted(self.partners.items(), key=lambda each: (-each[1].owed, str(each[0]), each[0].pk))


def end_of(on: date) -> dict[str, date | datetime]:
    """Return the parameters of `ENTRIES`: a day, and the instant at which it is over."""
    return {"on": on, "over": start_of_day(on + timedelta(days=1))}


def standing(on: date) -> list[Standing]:
    """Return what was earned, paid and owed at the end of a day, per currency: never summed across them."""
    found: dict[str, Standing] = {}
    with connection.cursor() as cursor:
        cursor.execute(SUMS, end_of(on))
        rows = cursor.fetchall()
    partners = Partner.objects.in_bulk({row[4] for row in rows if row[4] is not None})
    for told_apart, currency, state, month, partner_id, age, amount, before in rows:
        here = found.setdefault(currency, Standing(currency))
        if told_apart == BY_MONTH:
            here.months.setdefault(month, Sums()).add(state, amount, before)
            here.total.add(state, amount, before)
        elif told_apart == BY_PARTNER:
            here.partners.setdefault(partners[partner_id], Sums()).add(state, amount, before)
        elif age is not None:
            here.ages[age - 1] += amount
    return list(found.values())

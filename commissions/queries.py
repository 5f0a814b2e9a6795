"""What a partner earned and what can be paid: states are derived from facts, never stored."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet, Sum

from commissions.models import BankDetails, Commission, Payout, PayoutEntry, PayoutRun
from partners.models import Partner


class State(StrEnum):
    HELD = "held"
    PAYABLE = "payable"
    IN_PAYOUT = "in_payout"
    PAID = "paid"

    @property
    def tone(self) -> str:
        return {"held": "moving", "payable": "good", "in_payout": "moving", "paid": "closed"}[self]


ZERO = Decimal(0)
EXPLAINED = (  # what the explanation of an entry reads
    "invoice",
    "fact__invoice",
    "opening__opening",
    "contract",
    "use_case__referral__company",
    "use_case__partner",
    "source_entry",
)
LIVE_PLACES = PayoutEntry.objects.filter(released_at__isnull=True).select_related("payout__run")


def entries(partner: Partner) -> QuerySet[Commission]:
    """Return a partner's ledger, newest first, with all that explains it."""
    return (
        Commission.objects.owned_by(partner)
        .select_related(*EXPLAINED)
        .prefetch_related(Prefetch("payout_entries", queryset=LIVE_PLACES, to_attr="places"))
        .order_by("-earned_on", "-pk")
    )


def payout_of(entry: Commission) -> Payout | None:
    """Return the payout an entry is in; failed and returned ones aside."""
    places = getattr(entry, "places", None)
    if places is None:
        places = list(LIVE_PLACES.filter(commission=entry))
    return places[0].payout if places else None


def state_of(entry: Commission, *, on: date) -> State:
    """Return where an entry stands on that day."""
    payout = payout_of(entry)
    if payout is not None:
        return State.PAID if payout.paid_on else State.IN_PAYOUT
    return State.HELD if entry.payable_on > on else State.PAYABLE


@dataclass
class Earned:
    """One currency of one partner, as it stands on a day. `payable` may be negative: it carries forward."""

    currency: str
    earned: Decimal = ZERO
    paid: Decimal = ZERO
    in_payout: Decimal = ZERO
    payable: Decimal = ZERO
    held: Decimal = ZERO
    held_until: date | None = None  # when the first held entry becomes payable
    paid_on: date | None = None  # the last transfer
    payouts: int = 0

    @property
    def coming(self) -> Decimal:
        """What the next payouts hold, as far as it is payable."""
        return self.payable + self.in_payout

    def of(self, state: str) -> Decimal:
        """Return the sum of the entries in a state; of all of them for none."""
        sums = {
            "held": self.held,
            "payable": self.payable,
            "in_payout": self.in_payout,
            "coming": self.coming,
            "paid": self.paid,
        }
        return sums.get(state, self.earned)


def earned_summary(partner: Partner, on: date) -> list[Earned]:
    """Return what a partner earned, per currency: never summed across them. Empty before the first entry."""
    summaries: dict[str, Earned] = {}
    places = {
        place.commission_id: place.payout
        for place in LIVE_PLACES.filter(commission__partner=partner).select_related("payout")
    }
    paid: defaultdict[str, set[int]] = defaultdict(set)
    for pk, currency, amount, payable_on in (
        Commission.objects.owned_by(partner)
        .values_list("pk", "currency", "amount", "payable_on")
        .order_by("currency")
    ):
        summary = summaries.setdefault(currency, Earned(currency))
        summary.earned += amount
        payout = places.get(pk)
        if payout is not None and payout.paid_on:
            summary.paid += amount
            summary.paid_on = max(filter(None, [summary.paid_on, payout.paid_on]))
            paid[currency].add(payout.pk)
        elif payout is not None:
            summary.in_payout += amount
        elif payable_on > on:
            summary.held += amount
            summary.held_until = min(filter(None, [summary.held_until, payable_on]))
        else:
            summary.payable += amount
    for currency, payouts in paid.items():
        summaries[currency].payouts = len(payouts)
    return list(summaries.values())


def balance(partner: Partner, currency: str, on: date) -> Decimal:
    """Return what could be paid on that day: payable entries in no payout. Negative carries forward."""
    return sum_of(Commission.objects.owned_by(partner).filter(currency=currency).payable(on=on))


def sum_of(rows: QuerySet[Commission]) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def currencies() -> list[str]:
    """Return the currencies of the ledger."""
    return list(Commission.objects.order_by("currency").values_list("currency", flat=True).distinct())


# --- payouts ------------------------------------------------------------------
def payouts_under_way(partner: Partner) -> QuerySet[Payout]:
    """Return a partner's payouts that are approved and not transferred yet, with the account they go to."""
    return (
        Payout.objects.filter(
            partner=partner, run__approved_at__isnull=False, paid_on__isnull=True, failed_at__isnull=True
        )
        .select_related("bank_details")
        .order_by("pk")
    )


def not_arrived(partner: Partner) -> Payout | None:
    """Return the last transfer to the account that the partner still has, if it didn't arrive there."""
    account = BankDetails.objects.of(partner).first()
    if account is None:
        return None
    sent = Payout.objects.filter(bank_details=account, statement_sequence__isnull=False)
    last = sent.order_by("pk").last()
    return last if last and last.failed_at else None


def runs_told(runs: QuerySet[PayoutRun]) -> QuerySet[PayoutRun]:
    """Return runs with what became of their payouts: `size`, and how many of them are which.

    `total` is what they transfer, VAT included, without what was set aside, failed or came back.
    """
    aside = Q(payouts__failed_at__isnull=False, payouts__statement_sequence__isnull=True)
    paid = Q(payouts__paid_on__isnull=False, payouts__returned_on__isnull=True)
    failed = Q(payouts__failed_at__isnull=False, payouts__returned_on__isnull=True) & ~aside
    return runs.annotate(
        size=Count("payouts"),
        aside=Count("payouts", filter=aside),
        paid=Count("payouts", filter=paid),
        returned=Count("payouts", filter=Q(payouts__returned_on__isnull=False)),
        failed=Count("payouts", filter=failed),
        waiting=Count("payouts", filter=Q(payouts__paid_on__isnull=True, payouts__failed_at__isnull=True)),
        paid_last=Max("payouts__paid_on", filter=paid),
        total=Sum(F("payouts__entries_total") + F("payouts__vat"), filter=Q(payouts__failed_at__isnull=True)),
    )


def statements(partner: Partner) -> QuerySet[Payout]:
    """Return a partner's statements, newest first."""
    return Payout.objects.filter(partner=partner, statement_sequence__isnull=False).order_by(
        "-statement_year", "-statement_sequence"
    )


def payouts_before(payout: Payout) -> QuerySet[Payout]:
    """Return what a partner's statement counts as paid before: as things stood when it was approved.

    A transfer that fails, or a run that is approved, afterwards changes no statement.
    """
    approved_at = payout.run.approved_at
    numbered = Q(statement_year__lt=payout.statement_year) | Q(
        statement_year=payout.statement_year, statement_sequence__lt=payout.statement_sequence
    )
    return Payout.objects.filter(numbered, partner=payout.partner, currency=payout.currency).filter(
        Q(failed_at__isnull=True) | Q(failed_at__gt=approved_at)
    )

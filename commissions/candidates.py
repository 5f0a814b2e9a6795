"""Who would be paid in a currency, and who not: each with the reason, and the day on which that changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from commissions.models import BankDetails, Commission, Payout, TaxStatus
from commissions.rules.accounts import first_day_with, paid_anyway_from
from partners.models import Partner
from ssp.core.money import format_money, round_half_even
from ssp.core.periods import AMSTERDAM, local_date
from ssp.core.templatetags.ssp import day

ZERO = Decimal(0)


@dataclass(frozen=True)
class Reason:
    """Why a partner gets nothing now, and the day on which that changes by itself."""

    code: str
    text: str
    changes_on: date | None = None


@dataclass
class Candidate:
    """One partner in a preview at a moment: what would be paid, or why nothing is."""

    partner: Partner
    entries: list[Commission]  # payable, in no payout
    held: list[Commission]
    tax: TaxStatus | None
    bank: BankDetails | None
    currency: str
    at: datetime
    came_back: Payout | None = None  # the last transfer to this account, when it didn't arrive

    @property
    def total(self) -> Decimal:
        return sum((entry.amount for entry in self.entries), ZERO)

    @property
    def held_total(self) -> Decimal:
        return sum((entry.amount for entry in self.held), ZERO)

    @property
    def held_until(self) -> date | None:
        return min((entry.payable_on for entry in self.held), default=None)

    @property
    def vat_percent(self) -> Decimal:
        return self.tax.vat_percent if self.tax else ZERO

    @property
    def vat(self) -> Decimal:
        return round_half_even(self.total * self.vat_percent / 100, self.currency)

    @property
    def would_be_paid(self) -> Decimal:
        return self.total + self.vat

    @property
    def minimum(self) -> Decimal:
        """The least that is paid: nothing when the partnership is over, since little more may come."""
        if not self.partner.is_active(at=self.at):
            return ZERO
        return minimum_in(self.currency)

    @property
    def paid_anyway_from(self) -> date | None:
        oldest = min((entry.payable_on for entry in self.entries if entry.amount > 0), default=None)
        return paid_anyway_from(oldest) if oldest else None

    @property
    def is_carried_forward(self) -> bool:
        """Tell whether the balance itself keeps this partner out, whatever else is missing."""
        if self.total <= 0:
            return True
        anyway = self.paid_anyway_from
        is_old = anyway is not None and anyway <= local_date(self.at)
        return self.total < self.minimum and not is_old

    @property
    def is_paid(self) -> bool:
        return not self.reasons

    @property
    def waits_for_tax(self) -> bool:
        """Tell whether a payout waits for finance to confirm the tax status."""
        return not self.is_carried_forward and not self.has_tax

    @property
    def waits_for_account(self) -> bool:
        return not self.is_carried_forward and not (self.bank and self.bank.rests(at=self.at))

    @property
    def lacks_account(self) -> bool:
        """Tell whether there is something to pay, and the partner never said where to."""
        return not self.is_carried_forward and self.bank is None

    @property
    def has_tax(self) -> bool:
        return self.tax is not None and self.tax.is_of(self.partner)

    @property
    def reasons(self) -> list[Reason]:
        """Say all that keeps this partner out; nothing when they are paid."""
        if self.is_carried_forward:
            return [self._balance()]
        found = []
        if not self.has_tax:
            found.append(self._tax())
        if self.waits_for_account:
            found.append(self._account())
        return found

    @property
    def why_not(self) -> str:
        return " ".join(reason.text for reason in self.reasons)

    def _balance(self) -> Reason:
        on = self._reaches_on()
        if not self.entries:
            return Reason("held", _("Everything is held."), on or self.held_until)
        then = " " + _("With what is held, it is paid from %(day)s.") % {"day": day(on)} if on else ""
        if self.total < 0:
            text = _("The balance is negative: it carries forward and is netted in the next payout.")
            return Reason("negative", text + then, on)
        if self.total == 0:
            return Reason("zero", _("The entries add up to zero: they wait for the next payout.") + then, on)
        last = self.paid_anyway_from  # however small, so this has a last day whatever comes
        text = _("Below the minimum of %(minimum)s: carried forward, and paid by %(day)s at the latest.") % {
            "minimum": format_money(self.minimum, self.currency),
            "day": day(last),
        }
        return Reason("small", text + then, min(filter(None, [on, last]), default=None))

    def _reaches_on(self) -> date | None:
        coming = [(entry.payable_on, entry.amount) for entry in self.held]
        return first_day_with(self.minimum, now=self.total, coming=coming)

    def _tax(self) -> Reason:
        if self.tax is None:
            return Reason("tax", _("The tax status isn’t confirmed, so the VAT isn’t known."))
        return Reason(
            "tax",
            _(
                "The tax status is to be confirmed anew: the partner’s country, tax number or legal name "
                "isn’t what it was."
            ),
        )

    def _account(self) -> Reason:
        if self.bank is None:
            return Reason("account", _("The partner hasn’t said where the money goes."))
        from_day = local_date(self.bank.rests_from)
        return Reason(
            "frozen",
            _("The bank account %(account)s is new: payouts go to it from %(moment)s, after 72 hours.")
            % {"account": self.bank.masked, "moment": _moment(self.bank.rests_from)},
            from_day,
        )


def _moment(at: datetime) -> str:
    from_day = day(local_date(at))
    return _("%(day)s, %(time)s") % {"day": from_day, "time": f"{at.astimezone(AMSTERDAM):%H:%M}"}


def minimum_in(currency: str) -> Decimal:
    """Return the least that is paid out in a currency; nothing where none is set."""
    return Decimal(settings.PAYOUT_MINIMUMS.get(currency, 0))


def candidates(currency: str, *, at: datetime, partners: Iterable[int] | None = None) -> list[Candidate]:
    """Return every partner with something unpaid in a currency: those who would be paid, and the others."""
    on = local_date(at)
    rows = (
        Commission.objects.filter(currency=currency)
        .unpaid()
        .select_related("partner", "invoice", "use_case__referral__company")
        .order_by("partner__display_name", "partner_id", "earned_on", "pk")
    )
    if partners is not None:
        rows = rows.filter(partner__in=partners)
    by_partner: dict[Partner, list[Commission]] = {}
    for row in rows:
        by_partner.setdefault(row.partner, []).append(row)
    taxes = {tax.partner_id: tax for tax in TaxStatus.objects.filter(partner__in=list(by_partner))}
    newest = BankDetails.objects.newest().filter(partner__in=list(by_partner))
    banks = {each.partner_id: each for each in newest}
    last = Payout.objects.filter(bank_details__in=banks.values(), statement_sequence__isnull=False)
    sent = {payout.bank_details_id: payout for payout in last.order_by("pk")}
    failed = {bank: payout for bank, payout in sent.items() if payout.failed_at}
    return [
        Candidate(
            came_back=failed.get(banks[partner.pk].pk) if partner.pk in banks else None,
            partner=partner,
            entries=[row for row in unpaid if row.payable_on <= on],
            held=[row for row in unpaid if row.payable_on > on],
            tax=taxes.get(partner.pk),
            bank=banks.get(partner.pk),
            currency=currency,
            at=at,
        )
        for partner, unpaid in by_partner.items()
    ]

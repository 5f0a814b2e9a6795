"""Each euro explained: what an entry is for, how it was worked out, when it comes and how long it goes on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions import queries
from commissions.models import Commission, CommissionKind, Fact, Opening, OpeningSum
from commissions.queries import State
from ssp.core.money import format_money
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day, percent


@dataclass(frozen=True)
class Step:
    """A line of the sum."""

    label: str
    value: str


@dataclass(frozen=True)
class Explained:
    """An entry as its partner reads it."""

    entry: Commission
    state: State
    state_word: str
    title: str
    subtitle: str
    rule: str
    amount: str
    steps: list[Step]
    total_label: str
    when: str
    how_long: str
    clause: str
    clause_text: str
    for_desk: bool = False  # whoever reads it isn't the partner

    @property
    def statement_number(self) -> str:
        """The document of the payout that the entry is in; nothing before the approval."""
        payout = queries.payout_of(self.entry)
        return payout.statement_number if payout else ""

    @property
    def brief(self) -> str:
        """How it was worked out, in one line, as a statement has it."""
        if self.entry.opening is not None:
            return _("from before this system: %(earned)s earned, %(paid)s paid") % {
                "earned": _money(self.entry, self.entry.opening.earned),
                "paid": _money(self.entry, self.entry.opening.paid),
            }
        return f"{percent(self.entry.rate_percent)} × {self._counted}"

    @property
    def source(self) -> str:
        """What the entry rests on: the fact and the contract; of a recruit's sale, only its entry."""
        entry, facts = self.entry, {"contract": _signed(self.entry), "entry": str(self.entry)}
        recruit = _("a recruit’s") if self.for_desk else _("your recruit’s")
        if entry.opening is not None:
            facts["day"] = day(entry.opening.opening.as_of)
            return _("Entry %(entry)s, opening balance as of %(day)s; contract of %(contract)s.") % facts
        if entry.source_entry_id is not None:
            facts |= {"source": str(entry.source_entry), "whose": recruit}
            return _("Entry %(entry)s, from %(whose)s entry %(source)s; contract of %(contract)s.") % facts
        if entry.kind == CommissionKind.BONUS:
            facts["whose"] = recruit
            return _("Entry %(entry)s, from %(whose)s sale; contract of %(contract)s.") % facts
        assert entry.fact is not None  # constraint: only an opening has none
        facts |= {
            "invoice": entry.fact.invoice.reference,
            "kind": entry.fact.get_kind_display(),
            "fact": entry.fact.reference,
            "day": day(entry.fact.happened_on),
        }
        return (
            _("Entry %(entry)s, invoice %(invoice)s: %(kind)s %(fact)s of %(day)s; contract of %(contract)s.")
            % facts
        )

    @property
    def _counted(self) -> str:
        money = format_money(Decimal(_figure(self.entry, "counted", "commission")), self.entry.currency)
        if Decimal(_figure(self.entry, "before")):
            before = format_money(Decimal(_figure(self.entry, "before")), self.entry.currency)
            return _("%(counted)s, less %(before)s entered before") % {"counted": money, "before": before}
        return money


def explain(entry: Commission, *, on: date, code: bool = False, for_desk: bool = False) -> Explained:
    """Explain an entry of `queries.entries` on a day.

    :param code: write currencies as codes, as lists of mixed currencies need it.
    :param for_desk: speak of the partner, to finance and directors, instead of to them.
    """
    if entry.opening is not None:
        return _explain_opening(entry, entry.opening, on=on, code=code, for_desk=for_desk)
    bonus = entry.kind == CommissionKind.BONUS
    state = queries.state_of(entry, on=on)
    return Explained(
        entry=entry,
        state=state,
        state_word=_state_word(entry, state),
        title=_recruit(entry, for_desk=for_desk) if bonus else _company(entry),
        subtitle=_bonus_subtitle(entry) if bonus else _subtitle(entry),
        rule=_rule(entry),
        amount=format_money(entry.amount, entry.currency, code=code),
        steps=_bonus_steps(entry, for_desk=for_desk) if bonus else _steps(entry, for_desk=for_desk),
        total_label=_("Bonus, rounded once") if bonus else _("Commission, rounded once"),
        when=_when(entry, state),
        how_long=_how_long(entry, for_desk=for_desk),
        clause="C20" if bonus else "C5",
        clause_text=_clause_text(entry),
        for_desk=for_desk,
    )


def _explain_opening(
    entry: Commission, before: OpeningSum, *, on: date, code: bool, for_desk: bool
) -> Explained:
    """Explain the balance with which a deal moved in (ADR 22)."""
    opening, state, undone = before.opening, queries.state_of(entry, on=on), not entry.due
    as_of = day(opening.as_of)
    return Explained(
        entry=entry,
        state=state,
        state_word=_state_word(entry, state),
        title=_company(entry),
        subtitle=_("%(use_case)s · from before this system, as of %(day)s")
        % {"use_case": entry.use_case.title, "day": as_of},
        rule=_("Opening balance, taken back") if undone else _("Opening balance"),
        amount=format_money(entry.amount, entry.currency, code=code),
        steps=[Step(_("Entered as open before, and taken back by finance"), _money(entry, before.open))]
        if undone
        else [
            Step(_("Earned before this system, by %s") % as_of, _money(entry, before.earned)),
            Step(
                _("Less what was paid to the partner before")
                if for_desk
                else _("Less what was paid to you before"),
                _money(entry, -before.paid),
            ),
        ],
        total_label=_("Taken back") if undone else _("Open balance, entered once"),
        when=_when(entry, state),
        how_long=_opening_how_long(opening),
        clause="C5",
        clause_text=_(
            "What a deal earned before this system was worked out and partly paid by hand. SeMI’s finance "
            "entered what was still open, and a second person approved it. The caps go on from there."
        ),
        for_desk=for_desk,
    )


def _opening_how_long(opening: Opening) -> str:
    if opening.recurring_before:
        return ngettext(
            "It is paid once. %(n)d recurring invoice was counted before this system.",
            "It is paid once. %(n)d recurring invoices were counted before this system.",
            opening.recurring_before,
        ) % {"n": opening.recurring_before}
    if opening.cap_starts_on:
        return _("It is paid once. The cap runs from %s, the first service day before this system.") % day(
            opening.cap_starts_on
        )
    return _("It is paid once.")


def _recruit(entry: Commission, *, for_desk: bool) -> str:
    recruit = entry.use_case.partner.display_name
    if for_desk:
        return _("%(recruit)s, recruit of %(partner)s") % {"recruit": recruit, "partner": entry.partner}
    return _("%s, your recruit") % recruit


def _company(entry: Commission) -> str:
    referral = entry.use_case.referral
    return referral.company.name if referral else entry.use_case.title


def _money(entry: Commission, amount: Decimal | str) -> str:
    return format_money(Decimal(amount), entry.currency)


def _figure(entry: Commission, *names: str) -> str:
    return next((str(entry.why[name]) for name in names if name in entry.why), "0")


def _state_word(entry: Commission, state: State) -> str:
    payout = queries.payout_of(entry)
    if state is State.HELD:
        return _("Held until %s") % day(entry.payable_on)
    if state is State.PAYABLE:
        return _("Payable")
    if state is State.PAID and payout:
        return _("Paid %s") % day(payout.paid_on)
    return _("In a payout")


def _happened(entry: Commission) -> str:
    fact, kinds = entry.fact, Fact.Kind
    assert fact is not None  # constraint: only an opening has none
    if fact.invoice_id != entry.invoice_id:
        return _("after a change to invoice %s") % fact.invoice.reference
    return {
        kinds.PAYMENT: _("payment of %s incl. VAT") % _money(entry, fact.gross),
        kinds.REFUND: _("refund of %s incl. VAT") % _money(entry, fact.gross),
        kinds.CREDIT: _("credit note of %s net") % _money(entry, fact.net),
        kinds.INVOICE: _("the invoice came in"),
        kinds.MATCH: _("the invoice was matched to the deal"),
    }[kinds(fact.kind)]


def _subtitle(entry: Commission) -> str:
    assert entry.invoice is not None  # constraint: only an opening has none
    return _("%(use_case)s · invoice %(invoice)s, %(what)s") % {
        "use_case": entry.use_case.title,
        "invoice": entry.invoice.reference,
        "what": _happened(entry),
    }


def _bonus_subtitle(entry: Commission) -> str:
    if entry.contract.bonus_basis == "first_invoice":
        return _("Bonus on the first invoice of a sale")
    of = entry.source_entry.amount if entry.source_entry else Decimal(_figure(entry, "of"))
    return _("Bonus on a commission of %s") % _money(entry, of)


def _rule(entry: Commission) -> str:
    rate = percent(entry.rate_percent)
    if entry.kind == CommissionKind.RECURRING:
        return _("%s of recurring") % rate
    if entry.kind == CommissionKind.FIRST_INVOICE:
        return _("%s of first invoice") % rate
    if entry.contract.bonus_basis == "first_invoice":
        return _("%s of their first invoice") % rate
    return _("%s of their entry") % rate


def _steps(entry: Commission, *, for_desk: bool) -> list[Step]:
    why, invoice = entry.why, entry.invoice
    assert invoice is not None  # constraint: only an opening has none
    steps = [
        Step(
            _("Invoice %(number)s of %(day)s, net of VAT")
            % {"number": invoice.reference, "day": day(invoice.issued_on)},
            _money(entry, _figure(entry, "invoice_net")),
        )
    ]
    less = {
        "one_off": _("Less one-off lines: they don’t count for recurring"),
        "credits": _("Less credit notes"),
        "outside_cap": _outside(why),
    }
    steps += [
        Step(label, _money(entry, why[name])) for name, label in less.items() if Decimal(why.get(name, 0))
    ]
    steps.append(Step(_counted_label(entry), _money(entry, _figure(entry, "eligible"))))
    return [*steps, *_share_and_rate(entry, for_desk=for_desk)]


def _outside(why: dict[str, str]) -> str:
    if "days" in why:
        return _("Less service after the last day that counts: %(inside)s of %(days)s days count") % {
            "inside": why["days_inside"],
            "days": why["days"],
        }
    return _("Less service beyond what the contract covers")


def _counted_label(entry: Commission) -> str:
    why = entry.why
    if entry.kind == CommissionKind.RECURRING and "service_from" in why:
        return _("Recurring, service %(first)s to %(last)s") % {
            "first": day(date.fromisoformat(why["service_from"])),
            "last": day(date.fromisoformat(why["service_to"])),
        }
    if entry.kind == CommissionKind.FIRST_INVOICE and not why.get("is_first", True):
        return _("It isn’t the first invoice any more")
    return _("What counts")


def _share_and_rate(entry: Commission, *, for_desk: bool) -> list[Step]:
    paid, remains = entry.paid_numerator, entry.paid_denominator
    share = (paid / remains * 100).quantize(Decimal("0.01")) if remains else Decimal(0)
    counted = Decimal(_figure(entry, "counted"))
    steps = [
        Step(
            _("Share paid by %(day)s: %(paid)s of %(gross)s incl. VAT")
            % {"day": day(entry.earned_on), "paid": _money(entry, paid), "gross": _money(entry, remains)},
            f"× {percent(share)} = {_money(entry, counted)}",
        ),
        _rate_step(entry, counted, for_desk=for_desk),
    ]
    return [*steps, *_before(entry)]


def _signed(entry: Commission) -> str:
    return day(local_date(entry.contract.signed_at)) if entry.contract.signed_at else ""


def _rate_step(entry: Commission, base: Decimal, *, for_desk: bool) -> Step:
    signed = _signed(entry)
    return Step(
        _("Rate of %(partner)s, contract of %(day)s") % {"partner": entry.partner, "day": signed}
        if for_desk
        else _("Your rate, contract of %s") % signed,
        f"× {percent(entry.rate_percent)} = {_money(entry, base * entry.rate_percent / 100)}",
    )


def _before(entry: Commission) -> list[Step]:
    before = Decimal(_figure(entry, "before"))
    return (
        [Step(_("Less what was entered before for this invoice"), _money(entry, -before))] if before else []
    )


def _bonus_steps(entry: Commission, *, for_desk: bool) -> list[Step]:
    if entry.contract.bonus_basis == "first_invoice":
        counted = Decimal(_figure(entry, "counted"))
        label = _("Net of the first invoice that counts, as far as it is paid")
    else:
        counted = Decimal(_figure(entry, "commission"))
        label = _("Their commission on this invoice so far")
    rate = _rate_step(entry, counted, for_desk=for_desk)
    return [Step(label, _money(entry, counted)), rate, *_before(entry)]


def _when(entry: Commission, state: State) -> str:
    payout = queries.payout_of(entry)
    if payout and payout.paid_on:
        return _("It was paid on %(day)s, with statement %(number)s.") % {
            "day": day(payout.paid_on),
            "number": payout.statement_number,
        }
    if payout and payout.statement_number:
        return _("It is in the payout of statement %s, which is approved.") % payout.statement_number
    if payout:
        return _("It is in a payout that waits for its approval.")
    if entry.amount < 0 and state is not State.HELD:
        return _("It counts at once and is netted in the next payout.")
    if state is State.HELD and entry.opening_id is not None:
        return _("It is payable from %s, 30 days after the day up to which it was reckoned.") % day(
            entry.payable_on
        )
    if state is State.HELD:
        return _(
            "It is payable from %s, 30 days after the day it was earned, and goes into the first payout "
            "after that."
        ) % day(entry.payable_on)
    return _("It has been payable since %s and goes into the next payout.") % day(entry.payable_on)


def _how_long(entry: Commission, *, for_desk: bool) -> str:
    if entry.kind == CommissionKind.BONUS:
        return (
            _("It lasts while the recruit’s sales pay.")
            if for_desk
            else _("It lasts while your recruit’s sales pay.")
        )
    if entry.kind == CommissionKind.FIRST_INVOICE:
        return _("It is paid once: no later invoice of this use case pays.")
    if place := entry.why.get("place"):
        return _("This is invoice %(place)s of %(count)s that count.") % {
            "place": place,
            "count": entry.why["cap_count"],
        }
    if last := entry.why.get("cap_ends_on"):
        return _("The last service day that counts is %s.") % day(date.fromisoformat(last))
    return ""


def _clause_text(entry: Commission) -> str:
    if entry.kind == CommissionKind.BONUS:
        return _(
            "A partner who introduces a new partner receives a percentage when that partner sells, both "
            "ways: what is taken back there is taken back here."
        )
    if entry.kind == CommissionKind.FIRST_INVOICE:
        return _(
            "A percentage of the first invoice, once per use case, earned in proportion to what the customer "
            "paid, on net amounts only."
        )
    return _(
        "A percentage of recurring revenue for a limited time per use case, earned in proportion to what the "
        "customer paid, on net amounts only."
    )

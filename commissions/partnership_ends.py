"""What the end of a partnership means for money: what was earned stays, and what still will be (*Ending*)."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from commissions import rules
from commissions.cases import cases_of
from commissions.models import Commission, CommissionKind, Opening
from commissions.queries import earned_summary
from partners.consequences import Consequence, Leaving, Line, provides
from partners.models import CapUnit, Partner
from partners.queries import first_end_for_cause
from referrals.models import Deal, DealStage, UseCaseOutcome
from ssp.core.money import format_money
from ssp.core.templatetags.ssp import day


@provides("won", place=15)
def won(leaving: Leaving) -> list[Consequence]:
    """Use cases won in time: after a notice they run to their cap, for cause they stop."""
    deals = _paying(leaving.partner)
    if not deals:
        return []
    caps = _caps(deals, on=leaving.today)
    lines = []
    for deal in deals:
        cap = caps.get(deal.use_case_id)
        if leaving.for_cause:
            text = _("What the customer pays from now on earns nothing.")
        else:
            text = _how_long(deal, cap, theirs=leaving.theirs)
        referral = deal.use_case.referral
        company = f"{referral.company.name}: " if referral else ""
        fact: dict[str, int | str] = {"use_case": deal.use_case_id, "signed_on": str(deal.signed_on)}
        if cap:
            fact["cap_ends_on"] = cap.isoformat()
        lines.append(
            Line(
                what=f"{company}{deal.use_case.title}",
                text=text,
                on=leaving.last_on if leaving.for_cause else cap,
                fact=fact,
            )
        )
    title = _("Won use cases that stop paying") if leaving.for_cause else _("Won use cases that keep paying")
    return [Consequence(name="won", title=title, stays=not leaving.for_cause, lines=lines)]


def _paying(partner: Partner) -> list[Deal]:
    """Return the partner's deals that were won in time and that no earlier end for cause stopped."""
    rows = (
        Deal.objects.filter(
            use_case__partner=partner, stage=DealStage.WON, use_case__outcome=UseCaseOutcome.OPEN
        )
        .select_related("use_case__referral__company", "use_case__partner__recruiter")
        .order_by("signed_on", "pk")
    )
    return [
        deal
        for deal in rows
        if deal.is_within_window()
        and deal.use_case.referral
        and first_end_for_cause(partner, since=deal.use_case.referral.registered_at) is None
    ]


def _caps(deals: Sequence[Deal], *, on: date) -> dict[int, date]:
    """Return {use case: last service day that counts}, as far as it is known on that day.

    Invoices say where a cap in years starts, paid or not, or what was reckoned before this system. Its
    length is that of the contract of the latest entry, or of the one in force.
    """
    cases = cases_of(deals)
    entries = Commission.objects.by_facts().filter(
        use_case__in=[deal.use_case_id for deal in deals], kind=CommissionKind.RECURRING
    )
    by_contract = dict(entries.order_by("pk").values_list("use_case_id", "contract_id"))
    caps = {}
    for deal in deals:
        case = cases.get(deal.pk)
        last = (
            rules.last_service_day(case, on=on, contract=by_contract.get(deal.use_case_id)) if case else None
        )
        if last:
            caps[deal.use_case_id] = last
    for opening in Opening.objects.living().filter(deal__in=deals).select_related("deal", "contract"):
        contract, case_id = opening.contract, opening.deal.use_case_id
        if opening.deal_id not in cases and opening.cap_starts_on and contract.cap_unit == CapUnit.YEARS:
            caps[case_id] = rules.cap_ends_on(opening.cap_starts_on, contract.cap_count)
    return caps


def _how_long(deal: Deal, cap: date | None, *, theirs: bool) -> str:
    if deal.use_case.model == CommissionKind.FIRST_INVOICE:
        return _("A share of the first invoice, as the customer pays it.")
    if cap and theirs:
        return _("You keep earning on service days up to its cap.")
    if cap:
        return _("It earns on service days up to its cap.")
    return _("The cap runs from the first service day, as the contract says.")


@provides("money", place=40)
def money(leaving: Leaving) -> list[Consequence]:
    """What was earned stays earned, in each currency."""
    lines = []
    summaries = earned_summary(leaving.partner, leaving.today)
    for each in summaries:

        def shown(amount: object, currency: str = each.currency) -> str:
            return format_money(amount, currency, code=len(summaries) > 1)  # type: ignore[arg-type]

        parts = [
            _("%(sum)s payable") % {"sum": shown(each.payable)} if each.payable else "",
            _("%(sum)s in a payout that is prepared") % {"sum": shown(each.in_payout)}
            if each.in_payout
            else "",
            _("%(sum)s held until %(day)s") % {"sum": shown(each.held), "day": day(each.held_until)}
            if each.held
            else "",
            _("%(sum)s paid out already") % {"sum": shown(each.paid)} if each.paid else "",
        ]
        lines.append(
            Line(
                what=_("%(sum)s earned") % {"sum": shown(each.earned)},
                text=", ".join(filter(None, parts)),
                fact={
                    "currency": each.currency,
                    "earned": str(each.earned),
                    "payable": str(each.payable),
                    "in_payout": str(each.in_payout),
                    "held": str(each.held),
                },
            )
        )
    if not lines:
        return []
    return [
        Consequence(
            name="money",
            title=_("What was earned stays earned"),
            text=_("It is paid out as ever. A refund or a credit note still takes its part back."),
            stays=True,
            lines=lines,
        )
    ]

"""Karl's deal in kroner: it moved in, its payout came back, and the next run waits for its approval."""

from decimal import Decimal

from commissions.models import Payout
from commissions.openings import approve_openings, plan_of, shown_by, upload_openings
from commissions.payouts import approve_payout_run, mark_paid, mark_returned, prepare_payout_run
from commissions.services import confirm_tax_status
from partners.models import Partner
from ssp.core.models import User
from ssp.sandbox.demo.banking import enters_account
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.money import bring_in
from ssp.sandbox.demo.openings import HEADINGS, Won, deal_won_long_ago
from ssp.sandbox.demo.scenes import Teller

FORMER_ACCOUNT = "DK2400400440009817"  # made up; closed when the transfer arrives


def a_payout_comes_back(karl: Teller, when: Calendar, *, host: User, finance: User, approver: User) -> None:
    """Thyborg's balance of August and its invoice of September: paid once, sent back, prepared anew."""
    thyborg = Won("Service-manual search", "Mette", "Thyborg Maskiner", "THYBORG-2026", (9, 3), (7, 4))
    deal_won_long_ago(karl, thyborg, when, host=host, currency="DKK")
    _moves_in(when, finance=finance, approver=approver)
    quarter = f"{when.day(1, 9)},{when.day(30, 11)}"
    rows = [
        f"invoice,SI-2026-0405,,Thyborg Maskiner,THYBORG-2026,{when.day(1, 9)},DKK,24000.00,24000.00,"
        f"Service-manual search,yes,{quarter}",
        f"payment,P-2026-0405,SI-2026-0405,,,{when.day(18, 9)},DKK,,24000.00,,,,",
    ]
    bring_in(rows, name="invoices-kroner.csv", by=finance, at=when.at(21, 9))
    partner = karl.partner
    enters_account(partner, FORMER_ACCOUNT, at=when.at(14, 9))
    _taxed(partner, when, by=finance)
    run = prepare_payout_run(currency="DKK", by=finance, at=when.at(1, 10, 11))
    approve_payout_run(run=run, by=approver, at=when.at(2, 10, 9))
    payout = Payout.objects.get(run=run)
    mark_paid(payout=payout, paid_on=when.day(5, 10), by=finance, at=when.at(5, 10, 16))
    mark_returned(
        payout=payout,
        returned_on=when.day(8, 10),
        reason="The account is closed.",
        by=finance,
        at=when.at(8, 10, 15),
    )


def the_next_run_waits(when: Calendar, *, finance: User) -> None:
    """On Friday, to the account that Karl entered since; another person looks at it on Monday."""
    prepare_payout_run(currency="DKK", by=finance, at=when.at(20, 11, 16))


def _moves_in(when: Calendar, *, finance: User, approver: User) -> None:
    row = f"THYBORG-2026,{when.day(31, 8)},DKK,18600.00,12400.00,yes,{when.day(1, 5)},1"
    content = "\n".join([HEADINGS, row, ""]).encode()
    record = upload_openings(
        content=content, file_name="Commissions in kroner.csv", by=finance, at=when.at(7, 9, 10)
    )
    at = when.at(8, 9, 9)
    approve_openings(record=record, shown=shown_by(plan_of(record, at=at)), vouched=True, by=approver, at=at)


def _taxed(partner: Partner, when: Calendar, *, by: User) -> None:
    confirm_tax_status(
        partner=partner,
        vat_percent=Decimal(0),
        note="",
        treatment="reverse_charge",
        postal_address="Havnegade 31\n8000 Aarhus",
        tax_number="DK28194057",
        by=by,
        at=when.at(15, 9),
    )

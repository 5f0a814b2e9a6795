"""Two deals of Karl's that were in a spreadsheet until October: one moved in, one waits for approval."""

from dataclasses import dataclass

from commissions.openings import approve_openings, plan_of, shown_by, upload_openings
from partners.models import CommissionModel
from referrals.services.deals import update_deal, win_deal
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.scenes import Teller, deal_of, host_says_warm

HEADINGS = (
    "Customer reference,Reckoned up to,Currency,Earned before,Paid before,First invoice taken,Cap start,"
    "Invoices counted"
)


@dataclass(frozen=True)
class Won:
    """A deal that was won in spring: what for, with whom, and on which days."""

    title: str
    person: str
    company: str
    reference: str
    met: tuple[int, int]
    signed: tuple[int, int]


def deal_won_long_ago(karl: Teller, won: Won, when: Calendar, *, host: User, currency: str = "EUR") -> None:
    """Tell of a deal from its definition to its signature."""
    case = karl.defines(won.title, "It is sorted by hand, twice a day.", at=when.at(*won.met, 8))
    karl.elects(case, CommissionModel.RECURRING, at=when.at(*won.met, 9))
    email = f"{won.person.lower()}.berg@{won.company.split()[0].lower()}.example"
    person = (f"{won.person} Berg", "Head of Operations", won.company, email)
    referral = karl.registers(*person, at=when.at(*won.met, 10), use_cases=[case])
    meeting = karl.books(
        referral, host, at=when.at(*won.met, 11), starts_at=when.at(*won.met, 14), use_cases=[case]
    )
    host_says_warm(meeting, at=when.at(*won.met, 17), discussed=[case])
    deal = deal_of(case)
    update_deal(
        deal=deal,
        expected_net=None,
        expected_on=None,
        currency=currency,
        customer_reference=won.reference,
        reseller_name="",
        by=host,
        at=when.at(*won.signed, 9),
    )
    win_deal(deal=deal, signed_on=when.day(*won.signed), by=host, at=when.at(*won.signed, 15))


def openings_move_in(karl: Teller, when: Calendar, *, host: User, finance: User, approver: User) -> None:
    """Sundt was approved and is held until the end of November; Vestby is looked at today."""
    for won in (
        Won("Claims triage", "Ida", "Sundt Marine", "SUNDT-2026", (16, 3), (20, 4)),
        Won("Order intake", "Jon", "Vestby Foods", "VESTBY-2026", (23, 3), (4, 5)),
    ):
        deal_won_long_ago(karl, won, when, host=host)
    until, start = when.day(31, 10), when.day(1, 5)
    sundt = f"SUNDT-2026,{until},EUR,1860.00,1240.00,yes,{start},2"
    vestby = f"VESTBY-2026,{until},EUR,915.50,600.00,yes,{when.day(1, 6)},1"
    first = upload_openings(
        content=_file(sundt), file_name="Commissions until October.csv", by=finance, at=when.at(9, 11, 10)
    )
    approve_openings(
        record=first,
        shown=shown_by(plan_of(first, at=when.at(10, 11, 9))),
        vouched=True,
        by=approver,
        at=when.at(10, 11, 9),
    )
    upload_openings(
        content=_file(sundt, vestby),
        file_name="Commissions until October, Vestby added.csv",
        by=finance,
        at=when.at(20, 11, 16),
    )


def _file(*rows: str) -> bytes:
    return "\n".join([HEADINGS, *rows, ""]).encode()

"""What renewals would bring until the cap; the sums are by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from commissions.rules import FIRST_INVOICE, RECURRING, Bill, Case, Happening, Line, Terms
from commissions.rules.renewals import outlook

D = Decimal
STARTED = date(2026, 9, 1)
TODAY = date(2026, 11, 25)
TERMS = Terms(1, date(2026, 3, 1), D(10), D(25), D(10))
pytestmark = pytest.mark.clause("C5")


def service(net: str, first: date, last: date, *, pk: int = 1) -> Bill:
    return Bill(pk, f"SI-{pk}", first, "EUR", D(net), D(net), (Line(pk * 10, D(net), True, first, last),))


def year(net: str = "12000", first: date = STARTED, *, pk: int = 1) -> Bill:
    return service(net, first, first.replace(year=first.year + 1) - timedelta(days=1), pk=pk)


def a_case(*bills: Bill, facts: tuple[Happening, ...] = (), **more: object) -> Case:
    came = tuple(Happening(bill.id * 100, bill.id, "invoice", bill.issued_on) for bill in bills)
    return replace(Case(RECURRING, bills, (*came, *facts), (TERMS,)), **more)


def amounts(case: Case, on: date = TODAY) -> list[Decimal]:
    found = outlook(case, on=on)
    return [renewal.amount for renewal in found.renewals] if found else []


def test_a_year_renews_until_the_third_is_over() -> None:
    found = outlook(a_case(year()), on=TODAY)

    assert found is not None
    assert [(r.service_from, r.amount) for r in found.renewals] == [
        (date(2027, 9, 1), D(1200)),
        (date(2028, 9, 1), D(1200)),
    ]
    assert (found.cap_ends_on, found.amount) == (date(2029, 8, 31), D(2400))


def test_the_last_renewal_counts_by_its_days_inside() -> None:
    # the cap runs from 1 September 2026; the second line is the one that renews from January to January
    case = a_case(service("100", STARTED, date(2026, 9, 30)), year("36500", date(2027, 1, 1), pk=2))

    # 2028 whole: 3,650; of 2029 the 243 days to 31 August: 10% × 36,500 × 243/365 = 2,430
    assert amounts(case, on=date(2027, 2, 1)) == [D(3650), D(2430)]


def test_months_renew_by_the_month() -> None:
    case = a_case(
        service("100", STARTED, date(2026, 9, 30)),
        service("100", date(2026, 10, 1), date(2026, 10, 31), pk=2),
    )

    assert amounts(case) == [D(10)] * 34  # 36 months are two that are known and 34 to come


def test_what_goes_on_already_isnt_renewed_beside_it() -> None:
    case = a_case(year(), year("15000", date(2027, 9, 1), pk=2))

    assert amounts(case) == [D(1500)]  # the third year, as the second


def test_two_lines_with_terms_of_their_own_renew_each() -> None:
    case = a_case(year(), year("1000", date(2027, 3, 1), pk=2))

    # the first twice more; the second in March 2028 whole, and in March 2029 to 31 August: 184/365
    assert amounts(case) == [D(1200), D(100), D(1200), D("50.41")]


def test_lines_of_one_invoice_that_end_together_renew_on_one() -> None:
    one = year()
    both = replace(
        one, net=D(13000), gross=D(13000), lines=(*one.lines, replace(one.lines[0], id=11, net=D(1000)))
    )

    assert amounts(a_case(both)) == [D(1300), D(1300)]


def test_what_was_credited_isnt_renewed() -> None:
    credit = Happening(900, 1, "credit", TODAY, D(2000), D(2000), line=10)

    assert amounts(a_case(year(), facts=(credit,))) == [D(1000), D(1000)]


def test_what_ended_long_ago_isnt_renewed() -> None:
    assert amounts(a_case(year()), on=date(2027, 11, 29)) == [D(1200), D(1200)]  # its invoice may be late
    assert amounts(a_case(year()), on=date(2027, 12, 1)) == []


def test_a_cap_in_invoices_leaves_so_many() -> None:
    terms = replace(TERMS, cap_unit="invoices", cap_count=3)
    found = outlook(a_case(year(), contracts=(terms,)), on=TODAY)

    assert found is not None
    assert ([r.amount for r in found.renewals], found.cap_ends_on) == ([D(1200), D(1200)], None)


def test_after_the_cap_nothing_comes() -> None:
    assert amounts(a_case(service("36000", STARTED, date(2029, 8, 31)))) == []


@pytest.mark.parametrize(
    "stopped", [{"model": FIRST_INVOICE}, {"pays": False}, {"ended_for_cause_on": TODAY}, {"contracts": ()}]
)
def test_what_pays_once_or_not_at_all_has_no_outlook(stopped: dict[str, object]) -> None:
    assert outlook(a_case(year(), **stopped), on=TODAY) is None


def test_it_goes_by_the_contract_in_force() -> None:
    later = replace(TERMS, contract=2, signed_on=date(2026, 11, 1), recurring_percent=D(15))

    assert amounts(a_case(year(), contracts=(TERMS, later))) == [D(1800), D(1800)]


@pytest.mark.parametrize("last", [date.max, date(3026, 9, 1), date(9980, 1, 1)])
def test_a_service_of_ages_breaks_nothing(last: date) -> None:
    terms = replace(TERMS, cap_unit="invoices", cap_count=99)

    assert amounts(a_case(service("100", STARTED, last))) == []
    assert len(amounts(a_case(service("100", STARTED, last), contracts=(terms,)))) <= 8

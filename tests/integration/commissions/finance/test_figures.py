"""What needs finance, what is coming, and what partners earned beside the revenue of their deals."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from commissions import forecast, payouts
from commissions.finance import by_partner, needs, outlook
from commissions.finance.invoice_list import InvoiceFilters, page_of
from commissions.models import PayoutRun, TaxStatus
from ssp.core.periods import at_local
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.factories.finance import a_payment, a_run, all_paid
from tests.factories.partners import PartnerFactory
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
DAY = date(2027, 1, 12)
YEAR = {"since": date(2027, 1, 1), "until": date(2027, 12, 31)}


def at(day: date) -> datetime:
    return at_local(day, MONDAY.time())


def days(n: int) -> date:
    return DAY + timedelta(days=n)


# --- by partner, tier, deal ----------------------------------------------------------------
def test_a_partner_is_shown_with_revenue_and_effective_rate() -> None:
    partner = PartnerFactory()
    invoice = a_payment(partner, on=DAY, net="1000", gross="1210", paid="605", at=at(DAY))
    happens(invoice, "credit", "121", on=days(1), net=Decimal(100))

    (row,) = by_partner.figures("partner", **YEAR)

    assert (row.key, row.label) == (partner.pk, str(partner))
    assert (row.earned, row.paid, row.open) == (50, 0, 50)
    assert (row.invoiced, row.credited, row.received) == (1000, 100, 500)
    assert row.rate == 10


def test_a_bonus_is_the_recruiters_and_the_deals_and_in_no_rate() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    a_payment(recruit, on=DAY, at=at(DAY))

    rows = {row.key: row for row in by_partner.figures("partner", **YEAR)}
    (deal,) = by_partner.figures("deal", **YEAR)

    assert (rows[recruiter.pk].earned, rows[recruiter.pk].bonus, rows[recruiter.pk].rate) == (10, 10, None)
    assert rows[recruiter.pk].bonus_share == 100
    assert (deal.earned, deal.bonus, deal.rate) == (110, 10, 10)


def test_what_was_transferred_of_a_period_is_paid() -> None:
    a_payment(on=DAY, at=at(DAY))
    all_paid(a_run(at=at(days(31))), at=at(days(32)))
    a_payment(on=days(33), at=at(days(33)))

    sums = by_partner.total(by_partner.figures("partner", **YEAR))

    assert (sums.earned, sums.paid, sums.open) == (200, 100, 100)


def test_partners_tiers_and_deals_add_up_to_the_same_in_each_period() -> None:
    recruiter = PartnerFactory()
    for n in range(3):
        recruit = PartnerFactory(recruiter=recruiter, bonus_slot=n + 1)
        a_payment(recruit, on=days(40 * n), net="333.33", gross="403.33", paid="100", at=at(days(40 * n)))

    whole = by_partner.total(by_partner.figures("partner", **YEAR))
    for by in ("tier", "deal"):
        assert by_partner.total(by_partner.figures(by, **YEAR)) == whole  # type: ignore[arg-type]
    halves = [
        by_partner.total(by_partner.figures("partner", since=since, until=until)).earned
        for since, until in ((YEAR["since"], days(20)), (days(21), YEAR["until"]))
    ]
    assert sum(halves) == whole.earned


def test_only_so_many_deals_are_asked_for_and_the_largest_come() -> None:
    for net in ("100", "300", "200"):
        a_payment(on=DAY, net=net, at=at(DAY))

    assert [row.invoiced for row in by_partner.figures("deal", **YEAR, limit=2)] == [300, 200]


# --- what is coming ------------------------------------------------------------------------
def test_what_is_held_becomes_payable_in_its_month() -> None:
    a_payment(on=DAY, at=at(DAY))
    a_payment(on=days(25), at=at(days(25)))
    a_payment(on=DAY, net="1005", currency="JPY", at=at(DAY))

    assert outlook.becoming_payable(on=days(25)) == [
        outlook.Becoming("EUR", date(2027, 2, 1), Decimal("100.000")),
        outlook.Becoming("EUR", date(2027, 3, 1), Decimal("100.000")),
        outlook.Becoming("JPY", date(2027, 2, 1), Decimal("100.000")),
    ]
    assert outlook.payable_now(on=days(30)) == {"EUR": 100, "JPY": 100}


def test_the_estimate_is_that_of_the_partners_and_their_recruiters_bonus() -> None:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    an_invoice(a_won_deal(partner=recruit), "1000", gross="1210", on=DAY)
    an_invoice(a_won_deal(partner=recruiter), "500", on=DAY)
    an_invoice(None, "700", on=DAY)

    found = outlook.estimate(on=DAY)

    told = [each for partner in (recruiter, recruit) for each in forecast.coming(partner, on=DAY)]
    own = [row.expected for row in found.rows if not row.is_bonus]
    assert sorted((each.invoice.pk, each.amount) for each in own) == sorted(
        (each.invoice.pk, each.amount) for each in told
    )
    (bonus,) = [row for row in found.rows if row.is_bonus]
    assert (bonus.partner, bonus.expected.amount, bonus.open_gross) == (recruiter, 10, 1210)
    assert found.sums == {"EUR": 160}
    assert found.payable_on == days(30)


def test_an_estimate_of_very_many_deals_says_how_many_it_leaves_out() -> None:
    for n in range(3):
        an_invoice(a_won_deal(), "100", on=days(n))

    found = outlook.estimate(on=days(9), at_most=2)

    assert (len(found.rows), found.left_out) == (2, 1)
    assert {row.expected.invoice.issued_on for row in found.rows} == {days(0), days(1)}


# --- what needs us -------------------------------------------------------------------------
def needed(today: date) -> dict[str, needs.Need]:
    return {need.name: need for need in needs.needs_of(today)}


def test_nothing_waits_at_first() -> None:
    assert needed(DAY) == {}


def test_invoices_without_a_deal_wait_with_their_amounts_and_age() -> None:
    for n in range(7):
        an_invoice(None, "100", on=days(n))
    an_invoice(None, "30", on=days(2), currency="USD")

    need = needed(days(9))["without_deal"]

    assert (need.count, need.amounts, need.since) == (8, {"EUR": 700, "USD": 30}, DAY)
    assert [row.since for row in need.rows] == [days(0), days(1), days(2), days(2), days(3)]
    assert all(row.by_finance for row in need.rows)


def test_unpaid_invoices_wait_by_age_with_the_commission_that_waits_for_them() -> None:
    for age in (5, 30, 31, 91):
        an_invoice(a_won_deal(), "1000", gross="1210", on=days(-age))
    an_invoice(None, "999", on=DAY)

    need = needed(DAY)["unpaid"]

    assert (need.count, need.amounts) == (4, {"EUR": 4840})
    assert [(row.what, row.amounts["EUR"]) for row in need.rows] == [
        ("more than 90 days old", 1210),
        ("31 to 60 days old", 1210),
        ("0 to 30 days old", 2420),
    ]
    assert "EUR 400.00" in need.text


@pytest.mark.parametrize("band", range(4))
def test_a_bands_link_shows_what_it_counts(band: int) -> None:
    for age in (0, 30, 31, 60, 61, 90, 91, 400):
        an_invoice(a_won_deal(), "1", on=days(-age))

    row = needed(DAY)["unpaid"].rows[3 - band]

    filters = InvoiceFilters.read(QueryDict(row.url.partition("?")[2]))
    assert len(page_of(filters).rows) == row.amounts["EUR"] == 2


def test_a_run_waits_for_its_approval_and_then_for_its_transfer() -> None:
    a_payment(on=DAY, at=at(DAY))
    run = a_run(at=at(days(31)), vat_percent="21", approved=False)

    before = needed(days(33))
    assert before["runs"].amounts == {"EUR": 121}
    assert before["runs"].since == days(31)
    assert "transfers" not in before

    approved = a_run_of(run)
    after = needed(days(33))
    assert "runs" not in after
    assert after["transfers"].amounts == {"EUR": 121}
    all_paid(approved, at=at(days(33)))
    assert "transfers" not in needed(days(33))


def a_run_of(run: PayoutRun) -> PayoutRun:
    return payouts.approve_payout_run(run=run, by=UserFactory(roles=[Role.DIRECTOR]), at=at(days(32)))


def test_a_partner_with_something_payable_waits_for_their_tax_status() -> None:
    partner = PartnerFactory()
    a_payment(partner, on=DAY, at=at(DAY))

    assert "tax" not in needed(days(29))
    need = needed(days(30))["tax"]
    assert (need.rows[0].what, need.amounts, need.since) == (partner.display_name, {"EUR": 100}, days(30))
    assert not TaxStatus.objects.exists()


def test_a_month_that_is_over_waits_to_be_closed() -> None:
    a_payment(on=DAY, at=at(DAY))

    assert "months" not in needed(date(2027, 1, 31))
    assert needed(date(2027, 2, 1))["months"].amounts == {"EUR": 100}


def test_another_module_tells_what_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "_providers", {})

    @needs.provides("contested", place=25)
    def contested(today: date) -> needs.Need | None:
        return needs.Need(name="contested", title="Contested", text="", count=1, since=today)

    assert [need.name for need in needs.needs_of(DAY)] == ["contested"]
    with pytest.raises(RuntimeError):
        needs.provides("contested", place=1)(lambda today: None)

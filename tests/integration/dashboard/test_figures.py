"""The figures: what each counts, that filters combine, and that the money is the ledger's."""

import csv
import io
import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commissions import accrual
from commissions.models import Commission
from commissions.queries import earned_summary
from partners.models import Partner
from referrals.models import Referral
from referrals.rules import Answer
from referrals.services.confirmations import answer_confirmation
from referrals.services.deals import lose_deal, win_deal
from ssp.core.roles import Role
from ssp.dashboard import figure_tables
from ssp.dashboard.figures import Scope, Spread, cohort_of, ledger_of, reasons_of
from tests.factories.commissions import an_invoice
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    asked,
    confirmed_warm,
    held,
    linked,
    registered,
    seller,
    two_needs,
    use_case,
    warm,
)
from tests.integration.commissions.test_random_histories import a_case, something_happens
from tests.integration.dashboard.test_desk import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
TODAY = MONDAY.date()
SINCE, UNTIL = TODAY - timedelta(days=100), TODAY + timedelta(days=100)


def scope(**fields: Any) -> Scope:
    return Scope(**{"since": SINCE, "until": UNTIL, **fields})


def not_warm(referral: Referral, reason: str = "No need this year.") -> None:
    meeting = held(referral)
    answer = Answer(kind="not_warm", medium="video", reason=reason)
    answer_confirmation(confirmation=asked(meeting), answer=answer, by=meeting.host, at=meeting.ends_at)


def won(referral: Referral, *, met_after: int = 2, signed_after: int = 30) -> None:
    case = confirmed_warm(referral, starts_at=referral.registered_at + timedelta(days=met_after))
    assert case.window_starts_on
    signed_on = case.window_starts_on + timedelta(days=signed_after)
    at = MONDAY + timedelta(days=400)
    win_deal(deal=case.deal, signed_on=signed_on, by=seller(), at=at)


def days_ago(n: int) -> Any:
    return MONDAY - timedelta(days=n)


@pytest.fixture
def desk() -> Client:
    return signed_in(seller())


# --- the funnel -------------------------------------------------------------------
def test_the_funnel_follows_the_people_registered_in_the_period() -> None:
    partner = active_partner()
    registered(partner)
    not_warm(registered(partner, at=days_ago(9)))
    confirmed_warm(registered(partner, at=days_ago(8)))
    won(registered(partner, at=days_ago(50)))

    steps = cohort_of(scope()).whole

    assert (steps.registered, steps.accepted, steps.met, steps.warm, steps.won) == (4, 4, 3, 2, 1)


def test_the_period_is_made_of_amsterdam_days_first_and_last_included() -> None:
    partner = active_partner()
    late = registered(partner, at=MONDAY.replace(hour=23, minute=30))  # 00:30 the next day in Amsterdam

    assert late.registered_on == TODAY + timedelta(days=1)
    assert cohort_of(scope(since=TODAY, until=TODAY)).whole.registered == 0
    day_after = TODAY + timedelta(days=1)
    assert cohort_of(scope(since=day_after, until=day_after)).whole.registered == 1


def test_what_was_won_too_late_is_won_and_not_in_time() -> None:
    won(registered(at=days_ago(50)), signed_after=30)
    won(registered(at=days_ago(50)), signed_after=220)

    steps = cohort_of(scope()).whole

    assert (steps.won, steps.in_time) == (2, 1)


def test_somebody_won_twice_is_one_person() -> None:
    partner = active_partner()
    referral = registered(partner, at=days_ago(50))
    use_case(partner, at=days_ago(50), referral=referral, title="Second")
    meeting = held(referral)
    answer_confirmation(
        confirmation=asked(meeting), answer=warm(meeting), by=meeting.host, at=meeting.ends_at
    )
    for case in referral.use_cases.all():
        win_deal(deal=case.deal, signed_on=meeting.held_on, by=seller(), at=MONDAY)

    steps = cohort_of(scope()).whole

    assert (steps.registered, steps.won) == (1, 1)
    assert steps.to_close and steps.to_close.of == 2


# --- how fast ---------------------------------------------------------------------
def test_days_are_a_median_with_its_quartiles() -> None:
    for met_after in (2, 4, 6, 8, 20):
        won(registered(at=days_ago(60)), met_after=met_after, signed_after=met_after * 2)

    steps = cohort_of(scope()).whole

    assert (steps.to_meeting, steps.to_close) == (Spread(4, 6, 8, of=5), Spread(8, 12, 16, of=5))


# --- told apart -------------------------------------------------------------------
def two_partners() -> tuple[Partner, Partner]:
    ines, pieter = active_partner("Ines Marchetti"), active_partner("Pieter Vos")
    Partner.objects.filter(pk=pieter.pk).update(country="BE")
    won(registered(ines, at=days_ago(60)))
    registered(ines)
    not_warm(registered(pieter, at=days_ago(30)))
    return ines, pieter


def test_partners_tiers_countries_and_sources_add_up_to_the_whole() -> None:
    two_partners()

    cohort = cohort_of(scope())

    for groups in cohort.by.values():
        assert sum(group.steps.registered for group in groups) == cohort.whole.registered == 3
        assert sum(group.steps.won for group in groups) == cohort.whole.won == 1
    assert {(g.key, g.steps.registered) for g in cohort.by["country"]} == {("NL", 2), ("BE", 1)}


def test_filters_combine() -> None:
    ines, pieter = two_partners()

    assert cohort_of(scope(partner=ines.pk)).whole.registered == 2
    assert cohort_of(scope(partner=ines.pk, country="BE")).whole.registered == 0
    assert cohort_of(scope(partner=pieter.pk, country="BE", source="partner")).whole.registered == 1
    assert cohort_of(scope(source="desk")).whole.registered == 0
    host = seller()
    Referral.objects.filter(partner=pieter).update(seller=host)
    assert cohort_of(scope(seller=host.pk)).whole.registered == 1
    tier = ines.contracts.get().tier
    assert cohort_of(scope(tier=tier.pk)).whole.registered == 3
    assert cohort_of(scope(tier=tier.pk + 1000)).whole.registered == 0


# --- why not ----------------------------------------------------------------------
def test_reasons_are_counted_and_those_alike_are_one() -> None:
    not_warm(registered(at=days_ago(10)), "No budget.")
    not_warm(registered(at=days_ago(10)), "no budget")
    not_warm(registered(at=days_ago(10)), "Chose another product")
    lost = confirmed_warm(registered(at=days_ago(30)))
    lose_deal(deal=lost.deal, reason="Too expensive", by=seller(), at=MONDAY)

    found = reasons_of(scope())

    assert [n for _said, n in found["not_warm"].rows] == [2, 1]
    assert found["lost"].rows == [("Too expensive", 1)]
    assert found["status"].rows == [("not_warm", 3)]


# --- money ------------------------------------------------------------------------
def a_ledger(seed: int) -> list[Partner]:
    """Histories of several partners in several currencies, with refunds, credits and bonuses."""
    dice = random.Random(seed)
    partners: list[Partner] = []
    for _ in range(3):
        deal = a_case(dice)
        invoices = [an_invoice(deal, "1000")]
        for _turn in range(14):
            something_happens(dice, deal, invoices)
        accrual.accrue_deal(deal.pk, at=MONDAY + timedelta(days=900))
        recruit = deal.use_case.partner
        assert recruit.recruiter
        partners += [recruit, recruit.recruiter]
    return partners


@pytest.mark.clause("C5")
@pytest.mark.parametrize("seed", [3, 8])
def test_the_commission_is_the_ledgers_to_the_cent(seed: int) -> None:
    partners = a_ledger(seed)
    everything = scope(since=date(2020, 1, 1), until=date(2040, 1, 1))

    table = figure_tables.commission_by_partner(everything)

    told = {(row[0].value, row[1].value): row[2].value for row in table.rows}
    by_ledger = {
        (partner.display_name, each.currency): each.earned
        for partner in partners
        for each in earned_summary(partner, date(2040, 1, 1))
    }
    assert len({currency for _name, currency in told}) > 1
    assert told == by_ledger


@pytest.mark.clause("C5")
def test_months_and_halves_of_a_period_add_up_to_the_whole() -> None:
    a_ledger(13)
    first, last = (Commission.objects.order_by(order).first() for order in ("earned_on", "-earned_on"))
    assert first and last
    middle = first.earned_on + (last.earned_on - first.earned_on) / 2

    def sums(since: date, until: date) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for each in figure_tables.commission_over_time(scope(since=since, until=until)):
            for row in each.rows:
                found[row[1].value] = found.get(row[1].value, Decimal(0)) + row[2].value
        return found

    whole = sums(first.earned_on, last.earned_on)
    halves = [sums(first.earned_on, middle), sums(middle + timedelta(days=1), last.earned_on)]
    assert whole == {
        currency: sum((half.get(currency, Decimal(0)) for half in halves), Decimal(0)) for currency in whole
    }


@pytest.mark.clause("C5")
def test_the_filters_of_the_commission_combine() -> None:
    recruit = a_ledger(21)[0]
    everything = {"since": date(2020, 1, 1), "until": date(2040, 1, 1)}
    mine = ledger_of(scope(**everything, partner=recruit.pk, country=recruit.country, source="partner"))

    assert set(mine) == set(Commission.objects.filter(partner=recruit))
    assert not ledger_of(scope(**everything, partner=recruit.pk, source="desk")).exists()
    assert not ledger_of(scope(**everything, partner=recruit.pk, seller=10**6)).exists()
    tier = recruit.contracts.get().tier_id
    assert ledger_of(scope(**everything, partner=recruit.pk, tier=tier)).count() == mine.count()


# --- the page ---------------------------------------------------------------------
def test_the_page_keeps_its_whole_choice_in_its_address(desk: Client) -> None:
    ines, _pieter = two_partners()

    page = desk.get(reverse("desk:figures"), {"from": SINCE, "until": UNTIL, "partner": ines.pk}).text

    assert f"by-partner.csv?from={SINCE}&amp;until={UNTIL}&amp;partner={ines.pk}" in page
    assert f"from=2026-10-01&amp;until=2026-12-31&amp;partner={ines.pk}" in page
    assert "Pieter Vos" in page  # to choose
    assert "1 registered, 0 warm, 0 won" not in page


def test_without_a_choice_the_last_twelve_months_are_shown(desk: Client) -> None:
    registered(at=days_ago(365))
    registered(at=days_ago(363))

    page = desk.get(reverse("desk:figures")).text

    assert 'value="2025-11-24"' in page
    assert "1 registered, 0 warm, 0 won" in page


@pytest.mark.parametrize(
    "asked_for",
    [
        {"from": "2026-12-01", "until": "2026-01-01"},
        {"from": "yesterday"},
        {"partner": "99999999999999999999"},
        {"country": "\x00"},
        {"tier": "x' OR 1=1"},
    ],
)
def test_what_cant_be_understood_is_said_and_no_figure_guessed(
    desk: Client, asked_for: dict[str, str]
) -> None:
    answer = desk.get(reverse("desk:figures"), asked_for)

    assert answer.status_code == 200
    assert "to correct" in answer.text
    assert "<figure" not in answer.text
    assert desk.get(reverse("desk:figures_export", args=["funnel"]), asked_for).status_code == 404


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_each_figure_is_a_file_that_no_spreadsheet_calculates(desk: Client) -> None:
    partner = active_partner()
    Partner.objects.filter(pk=partner.pk).update(display_name="=HYPERLINK(0)")
    not_warm(registered(partner, at=days_ago(10)), "+cmd")

    names = [f.name for chapter in figure_tables.all_of(scope()) for f in chapter.figures]
    files = {
        name: desk.get(reverse("desk:figures_export", args=[name]), {"from": SINCE, "until": UNTIL})
        for name in names
    }

    assert {answer.status_code for answer in files.values()} == {200}
    assert rows_of(files["by-partner"])[1][0] == "'=HYPERLINK(0)"
    assert rows_of(files["why-not-warm"])[1][0] == "'+cmd"
    assert rows_of(files["funnel"])[1] == ["Registered", "1", "100.0", ""]


@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.FINANCE, Role.DIRECTOR])
def test_sales_finance_and_directors_read_the_figures(role: Role) -> None:
    client = signed_in(UserFactory(roles=[role]))
    assert client.get(reverse("desk:figures")).status_code == 200


@pytest.mark.parametrize("role", [Role.PARTNER, Role.ADMINISTRATOR])
def test_nobody_else_does(role: Role) -> None:
    client = signed_in(UserFactory(roles=[role]))
    assert client.get(reverse("desk:figures")).status_code == 403
    assert client.get(reverse("desk:figures_export", args=["funnel"])).status_code == 403


def test_more_people_and_partners_are_no_more_queries(desk: Client) -> None:
    registered()
    desk.get(reverse("desk:figures"))
    with CaptureQueriesContext(connection) as few:
        desk.get(reverse("desk:figures"))
    for _ in range(4):
        won(registered(at=days_ago(40)))
    with CaptureQueriesContext(connection) as many:
        desk.get(reverse("desk:figures"))

    assert len(many) == len(few)


def test_what_the_system_closed_is_said_in_words_too(desk: Client) -> None:
    linked(*two_needs())

    page = desk.get(reverse("desk:figures")).text

    assert "The same need was introduced before (C18)" in page
    assert "same_need" not in page

"""What a figure or a word promises: the rows behind it, the contest beside it, the person it speaks to."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from commissions import contests, payouts
from commissions.models import Commission, PayoutRun
from partners.models import Partner
from ssp.core import clock
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.commissions import bank_details
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_pages import AT, a_paid_invoice, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
EARNINGS = "commissions:earnings"


@pytest.fixture(autouse=True)
def much_later() -> Iterator[None]:
    clock.install(lambda: AT)
    yield
    clock.install(clock.wall)


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory(display_name="Ines Marchetti")


@pytest.fixture
def femke() -> User:
    return UserFactory(full_name="Femke Bakker", roles=[Role.FINANCE])


@pytest.fixture
def noah() -> User:
    return UserFactory(full_name="Noah Visser", roles=[Role.FINANCE])


def approved(femke: User, noah: User) -> PayoutRun:
    run = payouts.prepare_payout_run(currency="EUR", by=femke, at=AT)
    return payouts.approve_payout_run(run=run, by=noah, at=AT)


# --- the earnings page --------------------------------------------------------------
def test_the_row_of_a_contested_entry_says_until_when_and_leads_to_the_thread(ines: Partner) -> None:
    a_paid_invoice(ines)
    entry = Commission.objects.order_by("pk")[0]
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=ines.user, at=AT)

    page = signed_in(ines.user).get(reverse(EARNINGS)).content.decode()

    assert f'href="{reverse("commissions:contested", args=[contest.pk])}"' in page
    assert "Contested, answer by" in page
    assert f'href="{reverse("commissions:contest", args=[entry.pk])}"' not in page  # it waits already


def test_the_row_of_an_answered_entry_says_so_and_leads_to_the_answer(ines: Partner, femke: User) -> None:
    a_paid_invoice(ines)
    entry = Commission.objects.order_by("pk")[0]
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=ines.user, at=AT)
    contests.answer_contest(contest=contest, agreed=False, answer="They didn't.", by=femke, at=AT)

    page = signed_in(ines.user).get(reverse(EARNINGS)).content.decode()

    assert "Answered: not agreed" in page
    assert "Read the answer" in page
    assert "Contested, answer by" not in page


def rows_behind(client: Client, label: str) -> tuple[str, Decimal]:
    """Return a figure of the first currency, and the sum of the rows that its link lists."""
    summary = client.get(reverse(EARNINGS)).context["summaries"][0]
    figure = next(each for each in summary["kpis"] if each["label"] == label)
    listed = client.get(figure["url"]).context
    return figure["value"], sum((e.entry.amount for e in listed["entries"]), Decimal(0))


@pytest.mark.parametrize("label", ["Earned", "Paid out", "In the next payout", "Held"])
def test_each_figure_links_to_exactly_what_it_sums(
    label: str, ines: Partner, femke: User, noah: User
) -> None:
    a_paid_invoice(ines)
    approved(femke, noah)  # one entry is in a payout, one is held
    a_paid_invoice(ines)  # and now one more is payable, one more held
    a_paid_invoice(ines, currency="USD")

    value, listed = rows_behind(signed_in(ines.user), label)

    assert value == f"EUR {listed:,.2f}"
    assert listed or label == "Paid out"


def test_a_list_ends_with_its_own_sum(ines: Partner) -> None:
    a_paid_invoice(ines)

    page = signed_in(ines.user).get(reverse(EARNINGS), {"state": "held"})

    assert [(page.context["total_label"], each["amount"]) for each in page.context["totals"]] == [
        ("Held", "€630.00")
    ]


@pytest.mark.parametrize("currency", ["XXX", "'", "usd"])
def test_a_currency_that_is_none_of_theirs_shows_all(currency: str, ines: Partner) -> None:
    a_paid_invoice(ines)
    a_paid_invoice(ines, currency="USD")

    page = signed_in(ines.user).get(reverse(EARNINGS), {"currency": currency})

    assert len(page.context["entries"]) == 4


def test_a_transfer_that_didnt_arrive_asks_for_a_look_at_the_account(
    ines: Partner, femke: User, noah: User
) -> None:
    a_paid_invoice(ines)
    payout = approved(femke, noah).payouts.get()
    mine, words = signed_in(ines.user), f"The payout of statement {payout.statement_number} didn’t arrive"
    assert words not in mine.get(reverse(EARNINGS)).text
    payouts.mark_failed(payout=payout, reason="Closed.", by=femke, at=AT)
    assert words in mine.get(reverse(EARNINGS)).text

    bank_details(ines, at=AT, number="NL20INGB0001234567")

    assert words not in mine.get(reverse(EARNINGS)).text


# --- finance's pages ----------------------------------------------------------------
def test_finance_reads_of_the_partner_and_the_partner_of_themselves(ines: Partner, femke: User) -> None:
    a_paid_invoice(ines)
    entry = Commission.objects.order_by("pk")[0]
    contest = contests.contest_entry(entry=entry, text="They paid more.", by=ines.user, at=AT)

    desk = signed_in(femke).get(reverse("commissions:contested_entry", args=[contest.pk])).content.decode()
    own = signed_in(ines.user).get(reverse("commissions:contested", args=[contest.pk])).content.decode()

    assert "Rate of Ines Marchetti, contract of" in desk
    assert "Your rate" not in desk
    assert "Your rate, contract of" in own
    for page in (desk, own):
        assert f"Entry {entry}, invoice" in page  # where it comes from


def test_finance_reads_of_a_recruit_by_both_names(femke: User) -> None:
    recruiter = PartnerFactory(display_name="Ines Marchetti")
    a_paid_invoice(PartnerFactory(display_name="Pieter Vos", recruiter=recruiter, bonus_slot=1))
    bonus = Commission.objects.filter(partner=recruiter).order_by("pk")[0]
    contest = contests.contest_entry(entry=bonus, text="Too little.", by=recruiter.user, at=AT)

    page = signed_in(femke).get(reverse("commissions:contested_entry", args=[contest.pk])).content.decode()

    assert "Pieter Vos, recruit of Ines Marchetti" in page
    assert "your recruit" not in page


def told(client: Client, run: PayoutRun) -> str:
    """Return the words of a run in the list of runs."""
    page = client.get(reverse("commissions:payouts")).content.decode()
    row = page.split(f'href="{reverse("commissions:payout_run", args=[run.pk])}"')[1].split("</tr>")[0]
    return " ".join(row.split())


def test_a_run_says_what_became_of_its_transfers(femke: User, noah: User) -> None:
    for _each in range(3):
        a_paid_invoice()
    run = approved(femke, noah)
    desk, today = signed_in(femke), clock.today()
    first, second, third = run.payouts.order_by("pk")

    assert ">Approved, to be paid<" in told(desk, run)
    payouts.mark_paid(payout=first, paid_on=today, by=femke, at=AT)
    assert ">1 of 3 paid<" in told(desk, run)
    payouts.mark_failed(payout=second, reason="The account is closed.", by=femke, at=AT)
    payouts.mark_paid(payout=third, paid_on=today, by=femke, at=AT)
    assert ">2 of 3 paid<" in told(desk, run)
    assert ">1 failed<" in told(desk, run)
    payouts.mark_returned(payout=third, returned_on=today, reason="Sent back.", by=femke, at=AT)
    assert ">1 came back<" in told(desk, run)
    assert ">1 of 3 paid<" in told(desk, run)


def test_a_run_whose_transfers_all_arrived_says_when(femke: User, noah: User) -> None:
    a_paid_invoice()
    run = approved(femke, noah)
    payouts.mark_run_paid(run=run, paid_on=clock.today(), by=femke, at=AT + timedelta(hours=1))

    assert f">Paid on {clock.today():%-d %b %Y}<" in told(signed_in(femke), run)


@pytest.mark.parametrize("who", ["waits", "returned"])
def test_a_run_that_pays_nothing_yet_says_why(who: str, femke: User, noah: User) -> None:
    a_paid_invoice()
    run = payouts.prepare_payout_run(currency="EUR", by=femke, at=AT)
    if who == "returned":
        payouts.return_payout_run(run=run, by=noah, at=AT)

    words = "Waits for approval" if who == "waits" else "Returned, nothing is paid"
    assert f">{words}<" in told(signed_in(femke), run)

"""The calculator's pages: in public by the terms in force, for one's own use case by one's contract (C5)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from referrals.models import UseCase
from tests.factories.partners import PartnerFactory, ProgramTermsFactory
from tests.factories.referrals import registered, use_case

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5"), pytest.mark.usefixtures("at_monday")]
ADDRESS = "/what-if/"
FIGURES = {"yearly": "20000", "one_off": "1000", "years": "2", "per_year": "1", "currency": "EUR"}


@pytest.fixture
def case() -> UseCase:
    partner = PartnerFactory(
        numbers={"recurring_percent": Decimal("12.5"), "first_invoice_percent": Decimal(20)}
    )
    return use_case(partner, referral=registered(partner))


@pytest.fixture
def portal(case: UseCase) -> Client:
    client = Client()
    client.force_login(case.partner.user, backend="ssp.core.auth.RoleBackend")
    return client


def own(case: UseCase) -> str:
    return reverse("commissions:compare", args=[case.pk])


# --- in public ---------------------------------------------------------------------------------------
def test_anybody_works_out_a_sale_by_the_terms_in_force(client: Client) -> None:
    ProgramTermsFactory()

    page = client.get(ADDRESS, FIGURES)

    assert page.context["rows"][-1]["recurring_so_far"] == "€4,000.00"  # 2 × 10% × 20,000
    assert page.context["rows"][-1]["once_so_far"] == "€5,250.00"  # 25% × 21,000
    assert "25% of the first invoice pays more, by €1,250.00." in page.text
    assert "Net of VAT, invoiced in advance, paid in full, nothing credited." in page.text


def test_without_figures_it_shows_an_example(client: Client) -> None:
    ProgramTermsFactory()

    page = client.get(ADDRESS).text

    assert "pays more until year 3" in page
    assert "€10,800.00" in page


def test_without_terms_it_is_closed_politely(client: Client) -> None:
    page = client.get(ADDRESS, FIGURES)

    assert page.status_code == 200
    assert "hasn’t published terms yet" in page.text
    assert "%" not in page.context.get("verdict", "")


def test_the_programme_leads_there_while_terms_are_in_force(client: Client) -> None:
    assert ADDRESS not in client.get("/").text
    ProgramTermsFactory()
    assert ADDRESS in client.get("/").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"yearly": "lots"}, "Enter an amount in figures"),
        ({"yearly": "-1"}, "Enter an amount of 0 or more."),
        ({"yearly": "1e30"}, "below 100 million"),
        ({"yearly": "NaN"}, "Enter an amount in figures"),
        ({"years": "99999"}, "Select a valid choice"),
        ({"per_year": "7"}, "Select a valid choice"),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({"yearly": "10.5", "currency": "JPY"}, "In JPY an amount has 0 decimals."),
    ],
)
def test_figures_that_make_no_sense_are_answered(client: Client, wrong: dict[str, str], said: str) -> None:
    ProgramTermsFactory()

    page = client.get(ADDRESS, {**FIGURES, **wrong})

    assert page.status_code == 200
    assert said in page.text
    assert "rows" not in page.context


@pytest.mark.parametrize("figures", [{"yearly": "0", "one_off": "0"}, {"per_year": "0"}, {"one_off": ""}])
def test_any_sale_that_makes_sense_is_worked_out(client: Client, figures: dict[str, str]) -> None:
    ProgramTermsFactory()

    assert client.get(ADDRESS, {**FIGURES, **figures}).context["verdict"]


# --- for a use case of one's own -----------------------------------------------------------------------
def test_a_partner_compares_by_the_numbers_they_signed(case: UseCase, portal: Client) -> None:
    ProgramTermsFactory()

    page = portal.get(own(case), FIGURES)

    assert page.context["rows"][-1]["recurring_so_far"] == "€5,000.00"  # 2 × 12.5% × 20,000
    assert page.context["rows"][-1]["once_so_far"] == "€4,200.00"  # 20% × 21,000
    assert reverse("referrals:election", args=[case.pk]) in page.text


def test_the_election_leads_to_the_comparison(case: UseCase, portal: Client) -> None:
    assert own(case) in portal.get(reverse("referrals:election", args=[case.pk])).text


def test_the_earnings_name_what_is_still_to_choose(case: UseCase, portal: Client) -> None:
    assert own(case) in portal.get(reverse("commissions:earnings")).text


def test_another_partners_use_case_is_not_there(case: UseCase) -> None:
    stranger = Client()
    stranger.force_login(PartnerFactory().user, backend="ssp.core.auth.RoleBackend")

    assert stranger.get(own(case)).status_code == 404


@pytest.mark.parametrize("address", [lambda case: ADDRESS, own], ids=["public", "own"])
def test_it_only_answers(case: UseCase, portal: Client, address: Callable[[UseCase], str]) -> None:
    assert portal.post(address(case), FIGURES).status_code == 405

"""Terms: looked at before they are entered, never dated into what was agreed (C5)."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from partners.errors import TermsOfThatDay, TermsRewriteHistory
from partners.models import Contract, ProgramTerms
from partners.services.terms import enter_terms
from ssp.core.models import AuditEntry, User
from tests.factories.partners import (
    ApplicantFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    TierFactory,
)
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C5"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
SignIn = Callable[[User], Client]
ADD = reverse("admin:partners_programterms_add")
TODAY = MONDAY.date()


def answers(effective_on: date, **changed: Any) -> dict[str, Any]:
    return {
        "tier": TierFactory().pk,
        "effective_on": effective_on.isoformat(),
        "recurring_percent": "9",
        "first_invoice_percent": "25",
        "bonus_percent": "10",
        "bonus_basis": "commission",
        "cap_unit": "years",
        "cap_count": "3",
        "default_model": "recurring",
        **changed,
    }


def new_terms(effective_on: date) -> ProgramTerms:
    standing = ProgramTermsFactory.build(effective_on=effective_on, tier=TierFactory())
    standing.entered_at = None
    return standing


def enter(effective_on: date) -> ProgramTerms:
    return enter_terms(terms=new_terms(effective_on), by=DirectorFactory(), at=MONDAY)


@pytest.fixture
def contract() -> Contract:
    """A contract made today on the terms in force since 1 January."""
    return ContractFactory(created_at=MONDAY)


# --- what may be entered --------------------------------------------------------------
def test_terms_are_entered_for_tomorrow(contract: Contract) -> None:
    terms = enter(TODAY + timedelta(days=1))

    assert ProgramTerms.objects.in_force(on=TODAY) == contract.terms
    assert ProgramTerms.objects.in_force(on=TODAY + timedelta(days=1)) == terms
    assert AuditEntry.objects.get(action="terms.entered").target_id == terms.pk


@pytest.mark.parametrize("days", [0, 1, 30])
def test_terms_are_not_dated_before_a_contract_that_was_made_on_others(contract: Contract, days: int) -> None:
    with pytest.raises(TermsRewriteHistory):
        enter(TODAY - timedelta(days=days))


def test_terms_are_dated_today_while_nobody_applied_today() -> None:
    ContractFactory(created_at=MONDAY - timedelta(days=1))

    assert enter(TODAY).pk


def test_terms_slip_in_before_later_ones_that_nobody_used(contract: Contract) -> None:
    ProgramTermsFactory(effective_on=TODAY + timedelta(days=30))

    assert enter(TODAY + timedelta(days=10)).pk


def test_there_is_one_version_for_a_day(contract: Contract) -> None:
    with pytest.raises(TermsOfThatDay):
        enter(contract.terms.effective_on)


def test_the_database_refuses_terms_that_rewrite_history(contract: Contract) -> None:
    with pytest.raises(IntegrityError, match="terms_do_not_rewrite_history"):
        ProgramTermsFactory(effective_on=TODAY)


def test_another_tier_has_a_history_of_its_own(contract: Contract) -> None:
    assert ProgramTermsFactory(tier=TierFactory(name="Gold", is_default=False), effective_on=TODAY).pk


# --- the page -------------------------------------------------------------------------
def test_the_form_begins_with_the_numbers_in_force(sign_in: SignIn, contract: Contract) -> None:
    text = sign_in(DirectorFactory()).get(ADD).text

    assert 'value="25.00"' in text


def test_the_preview_shows_what_changes_and_saves_nothing(sign_in: SignIn, contract: Contract) -> None:
    text = sign_in(DirectorFactory()).post(ADD, answers(TODAY + timedelta(days=8))).text

    assert "<strong>9%</strong> (changes)" in text
    assert "From 1 Dec 2026" in text
    assert ProgramTerms.objects.count() == 1


def test_the_preview_names_the_contracts_that_keep_their_numbers(sign_in: SignIn, contract: Contract) -> None:
    signed = PartnerFactory().contracts.get()

    text = sign_in(DirectorFactory()).post(ADD, answers(TODAY + timedelta(days=8))).text

    assert "1 signed contract keeps the numbers it was signed with." in text
    assert "1 contract on its way keeps the terms it was made on." in text
    assert contract.number in text
    assert signed.number in text


def test_confirmed_terms_are_entered(sign_in: SignIn, contract: Contract) -> None:
    director = DirectorFactory()
    confirmed = answers(TODAY + timedelta(days=8), compared=contract.terms.pk, confirm="1")

    sign_in(director).post(ADD, confirmed)

    entered = ProgramTerms.objects.latest("effective_on")
    assert (entered.recurring_percent, entered.entered_by) == (Decimal(9), director)


def test_what_was_compared_with_older_terms_is_shown_again(sign_in: SignIn, contract: Contract) -> None:
    newer = ProgramTermsFactory(effective_on=TODAY + timedelta(days=1), recurring_percent=8)
    confirmed = answers(TODAY + timedelta(days=8), compared=contract.terms.pk, confirm="1")

    text = sign_in(DirectorFactory()).post(ADD, confirmed).text

    assert f'name="compared" value="{newer.pk}"' in text
    assert ProgramTerms.objects.count() == 2


def test_one_may_go_back_and_change_something(sign_in: SignIn, contract: Contract) -> None:
    text = sign_in(DirectorFactory()).post(ADD, answers(TODAY + timedelta(days=8), change="1")).text

    assert 'value="9"' in text
    assert "See what changes" in text


def test_a_day_that_is_over_is_refused_on_the_form(sign_in: SignIn, contract: Contract) -> None:
    text = sign_in(DirectorFactory()).post(ADD, answers(TODAY)).text

    assert "Contracts were made on or after that day" in text


def test_the_list_says_which_hold_now_and_which_will(sign_in: SignIn, contract: Contract) -> None:
    ProgramTermsFactory(effective_on=date(2025, 1, 1))
    ProgramTermsFactory(effective_on=date(2026, 12, 1))

    text = sign_in(DirectorFactory()).get(reverse("admin:partners_programterms_changelist")).text

    assert "Now, since 1 Jan 2026" in text
    assert "From 1 Dec 2026" in text
    assert "Before, from 1 Jan 2025" in text


def test_terms_that_somebody_used_can_not_be_posted_over(sign_in: SignIn, contract: Contract) -> None:
    used = reverse("admin:partners_programterms_change", args=[contract.terms_id])

    sign_in(DirectorFactory()).post(used, answers(TODAY + timedelta(days=8), confirm="1"))

    contract.terms.refresh_from_db()
    assert contract.terms.recurring_percent == Decimal(10)


def test_only_directors_keep_tiers(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())

    client.post(reverse("admin:partners_tier_add"), {"name": "Gold"})

    assert AuditEntry.objects.filter(action="tier.kept").count() == 1
    assert sign_in(ApplicantFactory().user).get(reverse("admin:partners_tier_add")).status_code == 302

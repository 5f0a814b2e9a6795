"""Directors in the admin: the queue, the review, the numbers, the terms (C5, C6)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from partners.models import Contract, ContractReview, ContractStatus, ProgramTerms
from partners.services.contracts import review_contract
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicantFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    TierFactory,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
SignIn = Callable[[User], Client]


def page(name: str, contract: Contract) -> str:
    return reverse(f"admin:partners_contract_{name}", args=[contract.pk])


def press(client: Client, contract: Contract, decision: str, **fields):
    data = {"decision": decision, "version": contract.version, "reason": "", **fields}
    return client.post(page("review", contract), data, follow=True)


@pytest.fixture
def contract() -> Contract:
    return ContractFactory()


@pytest.mark.clause("C6")
def test_the_queue_shows_what_waits_and_why_the_rest_does_not(sign_in: SignIn, contract: Contract) -> None:
    director = DirectorFactory()
    recruited = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory(user=director)))

    text = sign_in(director).get(reverse("admin:partners_contract_changelist")).text

    assert f"Review {contract.number}" in text
    assert f"Review {recruited.number}" not in text
    assert "You recruited this applicant" in text


@pytest.mark.clause("C6")
def test_two_directors_approve_in_the_admin_and_it_is_sent(sign_in: SignIn, contract: Contract) -> None:
    first, second = DirectorFactory.create_batch(2)
    said = press(sign_in(first), contract, "approved").text
    assert "It now waits for a second director." in said

    said = press(sign_in(second), contract, "approved").text

    contract.refresh_from_db()
    assert "The contract is on its way to DocuSign." in said
    assert contract.status == ContractStatus.SENDING


@pytest.mark.clause("C6")
def test_another_directors_word_is_shown_after_my_own(sign_in: SignIn, contract: Contract) -> None:
    first = DirectorFactory(full_name="Bram de Jong")
    me = DirectorFactory()
    review_contract(
        contract=contract,
        director=first,
        decision=ContractReview.Decision.APPROVED,
        reason="",
        version=1,
        at=MONDAY,
    )
    client = sign_in(me)
    assert "Bram de Jong" not in client.get(page("review", contract)).text

    press(client, contract, "approved")

    assert "Bram de Jong" in client.get(page("review", contract)).text


@pytest.mark.clause("C6")
def test_rejecting_without_a_reason_says_what_is_missing(sign_in: SignIn, contract: Contract) -> None:
    text = press(sign_in(DirectorFactory()), contract, "rejected").text

    assert "Say why" in text
    assert not contract.reviews.exists()


@pytest.mark.clause("C6")
def test_a_superuser_who_is_the_applicant_is_refused_when_posting_past_the_page(sign_in: SignIn) -> None:
    director = DirectorFactory(is_superuser=True)
    own = ContractFactory(partner=ApplicantFactory(user=director))
    client = sign_in(director)
    assert "Approve version" not in client.get(page("review", own)).text

    text = press(client, own, "approved").text

    assert "This is your own contract" in text
    assert not own.reviews.exists()


@pytest.mark.clause("C6")
def test_an_approval_of_a_version_that_changed_meanwhile_is_refused(
    sign_in: SignIn, contract: Contract
) -> None:
    client = sign_in(DirectorFactory())
    Contract.objects.filter(pk=contract.pk).update(version=2)

    text = press(client, contract, "approved", version=1).text

    assert "This contract changed while you were reading" in text


@pytest.mark.clause("C6")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SALES_LEAD, Role.FINANCE, Role.SALES])
@pytest.mark.parametrize("name", ["review", "numbers", "resubmit", "resend", "decline", "preview"])
def test_only_directors_open_a_contract(sign_in: SignIn, contract: Contract, role: Role, name: str) -> None:
    response = sign_in(UserFactory(roles=[role], is_superuser=True)).get(page(name, contract))

    assert response.status_code == 403


@pytest.mark.clause("C6")
def test_the_review_highlights_what_differs_from_the_standard(sign_in: SignIn, contract: Contract) -> None:
    client = sign_in(DirectorFactory())
    numbers = {name: getattr(contract, name) for name in Contract.NUMBERS}

    client.post(page("numbers", contract), {**numbers, "recurring_percent": "12.5", "version": 1})

    contract.refresh_from_db()
    assert (contract.version, contract.recurring_percent) == (2, Decimal("12.5"))
    text = client.get(page("review", contract)).text
    assert "<strong>12.5%</strong> (differs)" in text


@pytest.mark.clause("C6")
def test_the_preview_is_a_pdf_marked_as_a_draft(sign_in: SignIn, contract: Contract) -> None:
    response = sign_in(DirectorFactory()).get(page("preview", contract))

    assert response.headers["Content-Type"] == "application/pdf"
    assert b"".join(response.streaming_content).startswith(b"%PDF-")


@pytest.mark.clause("C6")
def test_a_returned_contract_is_put_before_the_directors_again(sign_in: SignIn, contract: Contract) -> None:
    client = sign_in(DirectorFactory())
    press(client, contract, "rejected", reason="The cap is wrong.")
    assert "It came back: The cap is wrong." in client.get(page("review", contract)).text

    client.post(page("resubmit", contract))

    contract.refresh_from_db()
    assert (contract.status, contract.version) == (ContractStatus.IN_REVIEW, 2)


@pytest.mark.clause("C5")
def test_a_director_enters_terms(sign_in: SignIn) -> None:
    director, tier = DirectorFactory(), TierFactory()

    sign_in(director).post(
        reverse("admin:partners_programterms_add"),
        {
            "confirm": "1",
            "tier": tier.pk,
            "effective_on": "2026-12-01",
            "recurring_percent": "9",
            "first_invoice_percent": "20",
            "bonus_percent": "8",
            "bonus_basis": "commission",
            "cap_unit": "years",
            "cap_count": "3",
            "default_model": "recurring",
        },
    )

    assert ProgramTerms.objects.get().entered_by == director


@pytest.mark.clause("C5")
def test_terms_in_use_are_read_only_in_the_admin(sign_in: SignIn, contract: Contract) -> None:
    client = sign_in(DirectorFactory())
    unused = ProgramTermsFactory(effective_on="2027-01-01")

    used_page = client.get(reverse("admin:partners_programterms_change", args=[contract.terms_id])).text
    unused_page = client.get(reverse("admin:partners_programterms_change", args=[unused.pk])).text

    assert 'name="recurring_percent"' not in used_page
    assert 'name="recurring_percent"' in unused_page


@pytest.mark.clause("C5")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SALES_LEAD, Role.FINANCE])
def test_only_directors_enter_terms(sign_in: SignIn, role: Role) -> None:
    response = sign_in(UserFactory(roles=[role])).get(reverse("admin:partners_programterms_add"))

    assert response.status_code == 403


def test_a_list_is_headed_by_what_it_lists(sign_in: SignIn) -> None:
    text = sign_in(DirectorFactory()).get(reverse("admin:partners_partner_changelist")).text

    assert "<h1>Partners</h1>" in text
    assert "Select partner" not in text


def test_what_happened_is_said_in_words(sign_in: SignIn, contract: Contract) -> None:
    director = sign_in(DirectorFactory())
    press(director, contract, "rejected", reason="The country is wrong.")

    happened = director.get(page("review", contract)).text.partition("What happened")[2]

    assert "Rejected, back to draft" in happened
    assert "contract.rejected" not in happened

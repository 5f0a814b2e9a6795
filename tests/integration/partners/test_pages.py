"""The public pages, the application, recruits and papers, as people use them."""

import hashlib
import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from partners.models import Application, ContractDocument, ProgramTerms, RecruitInvitation
from partners.services.recruits import invite_recruit
from ssp.core.links import token_of
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicationFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
)
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
SignIn = Callable[[User], Client]
ANSWERS = {
    "display_name": "Pieter Vos",
    "legal_name": "Vos & Partners",
    "country": "BE",
    "tax_number": "BE 0123.456.789",
    "knows_field": "Ten years of document search.",
    "can_open": "Ports and pharma.",
    "listing_consent": "on",
}


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.mark.clause("C5")
def test_the_programme_page_says_the_numbers_with_examples(client: Client, terms: ProgramTerms) -> None:
    text = text_of(client.get("/"))

    assert "10% of recurring revenue for up to 3 years" in text
    assert "25% of the first invoice" in text
    assert "€1,200.00 of each year's payment. That is €3,600.00 in all." in text


@pytest.mark.clause("C5")
def test_the_foot_of_a_public_page_leads_a_phone_to_what_its_top_bar_leaves_out(client: Client) -> None:
    foot = client.get(reverse("partners:programme")).text.partition("<footer")[2]

    for name in ("partners:guides", "partners:directory"):
        assert f'href="{reverse(name)}"' in foot


def test_without_terms_the_page_says_that_applications_are_closed(client: Client) -> None:
    text = text_of(client.get("/"))

    assert "Applications are closed" in text
    assert "What you get" in text


def test_a_stranger_who_applies_makes_an_account_first(client: Client) -> None:
    response = client.get(reverse("partners:apply"))

    assert response.headers["Location"] == f"{reverse('account_signup')}?next={reverse('partners:apply')}"


@pytest.mark.clause("C6")
def test_a_person_applies_and_reads_what_happens_next(sign_in: SignIn, terms: ProgramTerms) -> None:
    client = sign_in(UserFactory())

    response = client.post(
        "/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"}, follow=True
    )

    assert "We aim to decide by Mon 30 Nov 2026" in text_of(response)
    assert Application.objects.get().tax_number == "BE0123456789"


@pytest.mark.clause("C6")
def test_the_applicant_gets_a_confirmation_and_directors_their_task(
    sign_in: SignIn, terms: ProgramTerms
) -> None:
    user, director = UserFactory(), DirectorFactory()
    sign_in(user).post("/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"})

    deliver_kind("partners.application_submitted")
    deliver_kind("partners.contract_waits")

    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        ([user.email], "Your application to the sales partnership arrived"),
        ([director.email], "Pieter Vos: a contract waits for your review"),
    ]


@pytest.mark.clause("C5")
def test_an_application_without_the_yes_to_the_terms_is_not_sent(
    sign_in: SignIn, terms: ProgramTerms
) -> None:
    response = sign_in(UserFactory()).post("/apply/", {**ANSWERS, "terms": terms.pk, "send": "1"})

    assert "Tick this to accept the numbers" in response.text
    assert not Application.objects.exclude(status="draft").exists()


@pytest.mark.clause("C5")
def test_terms_that_changed_meanwhile_are_shown_again(sign_in: SignIn, terms: ProgramTerms) -> None:
    newer = ProgramTermsFactory(effective_on=MONDAY.date(), recurring_percent=7)

    response = sign_in(UserFactory()).post(
        "/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"}
    )

    assert "The terms changed while you were reading" in response.text
    assert "7% of recurring revenue" in text_of(response)
    assert f'name="terms" value="{newer.pk}"' in response.text
    assert " checked" not in response.text.split("id_accepts_terms")[-1].split(">")[0]


def test_a_draft_may_be_incomplete_and_is_kept(sign_in: SignIn, terms: ProgramTerms) -> None:
    client = sign_in(UserFactory())

    client.post("/apply/", {"legal_name": "Vos & Partners", "save": "1"})

    assert "Vos &amp; Partners" in client.get("/apply/").text


@pytest.mark.clause("C6")
def test_an_applicant_who_opens_partner_pages_is_led_to_the_application(
    sign_in: SignIn, terms: ProgramTerms
) -> None:
    client = sign_in(UserFactory())
    assert client.get("/recruits/").headers["Location"] == "/apply/"
    client.post("/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"})

    assert client.get("/recruits/").headers["Location"] == "/application/"


# --- invitations -----------------------------------------------------------------------
@pytest.mark.clause("C20")
def test_a_partner_invites_and_the_mail_leads_to_a_page_that_says_who(
    sign_in: SignIn, client: Client, terms: ProgramTerms
) -> None:
    partner = PartnerFactory()
    sign_in(partner.user).post("/recruits/", {"email": "pieter@vos.example"})
    deliver_kind("partners.recruit_invited")
    (letter,) = mail.outbox
    link = re.search(r"/join/[^/\s]+/", str(letter.body))[0]

    stranger = Client()
    page = stranger.get(link)

    assert letter.to == ["pieter@vos.example"]
    assert f"{partner.display_name} invites you" in text_of(page)
    assert RecruitInvitation.objects.get().used_at is None


@pytest.mark.clause("C20")
def test_who_follows_the_link_applies_as_a_recruit(terms: ProgramTerms) -> None:
    partner, user = PartnerFactory(), UserFactory(email="pieter@vos.example")
    invitation = invite_recruit(partner=partner, email=user.email, by=partner.user, at=MONDAY)
    browser = Client()
    browser.force_login(user, backend="ssp.core.auth.RoleBackend")
    browser.post(reverse("partners:join", args=[token_of("recruit", invitation.token_salt)]))
    assert f"{partner.display_name} invited you" in text_of(browser.get("/apply/"))

    browser.post("/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"})

    assert Application.objects.get().partner.recruiter == partner


@pytest.mark.clause("C20")
def test_a_link_of_somebody_else_makes_no_recruit(terms: ProgramTerms, sign_in: SignIn) -> None:
    invitation = RecruitInvitationFactory(email="pieter@vos.example")
    browser = sign_in(UserFactory())
    link = reverse("partners:join", args=[token_of("recruit", invitation.token_salt)])
    assert "for another address" in browser.get(link).text
    browser.post(link)

    browser.post("/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"})

    assert Application.objects.get().partner.recruiter is None


@pytest.mark.clause("C22")
def test_the_own_address_is_refused_on_the_form(sign_in: SignIn) -> None:
    partner = PartnerFactory()

    response = sign_in(partner.user).post("/recruits/", {"email": partner.user.email.upper()})

    assert "nobody recruits themself" in response.text
    assert not RecruitInvitation.objects.exists()


@pytest.mark.clause("C21")
def test_recruits_show_three_places_and_who_has_them(sign_in: SignIn) -> None:
    partner = PartnerFactory()
    recruit = PartnerFactory(recruiter=partner, bonus_slot=1)

    text = text_of(sign_in(partner.user).get("/recruits/"))

    assert "1 of 3" in text
    assert recruit.display_name in text


@pytest.mark.clause("C20")
def test_a_withdrawn_invitation_no_longer_opens(sign_in: SignIn) -> None:
    partner = PartnerFactory()
    invitation = RecruitInvitationFactory(recruiter=partner)

    sign_in(partner.user).post(reverse("partners:revoke", args=[invitation.pk]))

    link = reverse("partners:join", args=[token_of("recruit", invitation.token_salt)])
    assert Client().get(link).status_code == 410


def test_another_partners_invitation_does_not_exist(sign_in: SignIn) -> None:
    invitation = RecruitInvitationFactory()

    response = sign_in(PartnerFactory().user).post(reverse("partners:revoke", args=[invitation.pk]))

    assert response.status_code == 404


# --- papers ----------------------------------------------------------------------------
@pytest.fixture
def paper() -> ContractDocument:
    contract, content = PartnerFactory().contracts.get(), b"%PDF-1.7 signed"
    paper = ContractDocument(
        contract=contract,
        version=1,
        kind="signed",
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=MONDAY,
    )
    paper.file.save("signed.pdf", ContentFile(content), save=False)
    paper.save()
    return paper


@pytest.mark.clause("C6")
def test_a_partner_reads_their_signed_contract(sign_in: SignIn, paper: ContractDocument) -> None:
    response = sign_in(paper.contract.partner.user).get(reverse("partners:document", args=[paper.pk]))

    assert b"".join(response.streaming_content) == b"%PDF-1.7 signed"
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.clause("C6")
@pytest.mark.parametrize("roles", [[Role.PARTNER], [Role.SALES], [Role.FINANCE], [Role.ADMINISTRATOR]])
def test_for_others_a_contracts_papers_do_not_exist(
    sign_in: SignIn, paper: ContractDocument, roles: list[Role]
) -> None:
    response = sign_in(UserFactory(roles=roles)).get(reverse("partners:document", args=[paper.pk]))

    assert response.status_code == 404


def test_a_changed_file_is_not_handed_out(sign_in: SignIn, paper: ContractDocument) -> None:
    with paper.file.storage.open(paper.file.name, "wb") as file:
        file.write(b"%PDF-1.7 forged")

    with pytest.raises(ValueError, match="what was stored"):
        sign_in(DirectorFactory()).get(reverse("partners:document", args=[paper.pk]))


@pytest.mark.parametrize("state", ["submitted", "rejected"])
def test_the_status_page_always_says_what_is_next(sign_in: SignIn, terms: ProgramTerms, state: str) -> None:
    application = ApplicationFactory()
    client = sign_in(application.applicant)
    client.post("/apply/", {**ANSWERS, "accepts_terms": "on", "terms": terms.pk, "send": "1"})
    if state == "rejected":
        found = Application.objects.get()
        found.rejection_reason = "Too far from search."
        found.reject()
        found.save()

    text = text_of(client.get("/application/"))

    expected = {"submitted": "Nothing for you to do", "rejected": "Too far from search."}
    assert expected[state] in text

"""Directors' and applicants' pages about an envelope: what they show, and what each button does (C6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from partners.models import Contract, ContractStatus, Envelope
from partners.services.signature import void_envelope
from ssp.core import clock
from ssp.core.models import RoleGrant, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, ApplicationFactory, ContractFactory, DirectorFactory
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6"), pytest.mark.usefixtures("at_monday")]
SignIn = Callable[[User], Client]
LATER = MONDAY + timedelta(hours=2)


@pytest.fixture
def queued(courier: Courier) -> Contract:
    application = ApplicationFactory()
    partner = ApplicantFactory(user=application.applicant)
    contract = ContractFactory(partner=partner)
    application.partner, application.terms, application.submitted_at = partner, contract.terms, MONDAY
    application.submit()
    application.save()
    approve_twice(contract)
    return contract


@pytest.fixture
def sent(queued: Contract) -> Contract:
    deliver_kind("partners.send_envelope")
    clock.install(lambda: LATER)
    queued.refresh_from_db()
    return queued


@pytest.fixture
def director(sign_in: SignIn) -> Client:
    return sign_in(DirectorFactory())


def page(contract: Contract, name: str = "review") -> str:
    return reverse(f"admin:partners_contract_{name}", args=[contract.pk])


def moves(contract: Contract, address: str) -> None:
    user = contract.partner.user
    EmailAddress.objects.filter(user=user).update(email=address)
    User.objects.filter(pk=user.pk).update(email=address)


def envelope_of(contract: Contract) -> Envelope:
    return contract.envelopes.latest("pk")


# --- directors -----------------------------------------------------------------------------
def test_the_contracts_page_names_who_signs_until_when(director: Client, sent: Contract) -> None:
    text = director.get(page(sent)).content.decode()

    assert sent.partner.user.email in text
    assert "22 Dec 2026" in text


def test_a_director_voids_with_a_reason(director: Client, sent: Contract) -> None:
    empty = director.post(page(sent, "void"), {"reason": ""})
    done = director.post(page(sent, "void"), {"reason": "The cap is wrong."}, follow=True)

    assert "reason" in empty.context["form"].errors
    assert "Being voided for 0" in done.content.decode()
    assert envelope_of(sent).void_reason == "The cap is wrong."


def test_what_happened_names_who_asked_for_the_void(director: Client, sent: Contract) -> None:
    keeper = DirectorFactory(full_name="Vera Keeper")
    void_envelope(contract=sent, reason="Wrong cap", by=keeper, at=LATER)
    text = director.get(page(sent)).content.decode()

    assert "Voiding asked for" in text
    assert "Vera Keeper" in text


def test_a_page_left_open_voids_nothing_twice(director: Client, sent: Contract) -> None:
    director.post(page(sent, "void"), {"reason": "First"})
    again = director.post(page(sent, "void"), {"reason": "Second"})

    assert "is being voided already" in again.content.decode()
    assert envelope_of(sent).void_reason == "First"


def test_looking_at_a_button_presses_nothing(director: Client, sent: Contract) -> None:
    for name in ("void", "mail_again", "correct_address", "take_back"):
        director.get(page(sent, name))

    envelope = envelope_of(sent)
    assert (envelope.void_asked_at, envelope.resent_at, envelope.correction_asked_at) == (None, None, None)


def test_a_director_has_it_mailed_again(director: Client, sent: Contract, courier: Courier) -> None:
    director.post(page(sent, "mail_again"))
    deliver_kind("partners.resend_mail")

    assert courier.mailed == ["envelope-0"]


def test_the_new_address_is_offered_and_sent_to(director: Client, sent: Contract, courier: Courier) -> None:
    moves(sent, "new@people.example")
    offered = director.get(page(sent)).content.decode()
    director.post(page(sent, "correct_address"))
    deliver_kind("partners.correct_signer")

    assert "Send it to new@people.example instead" in offered
    assert courier.addresses == {"envelope-0": "new@people.example"}


def test_no_address_can_be_typed_in(director: Client, sent: Contract) -> None:
    director.post(page(sent, "correct_address"), {"email": "director@semi.example", "address": "x@y.example"})

    assert envelope_of(sent).signer_email == sent.partner.user.email


def test_a_voided_contract_is_taken_back_with_a_reason(director: Client, sent: Contract) -> None:
    void_envelope(contract=sent, reason="Wrong cap", by=DirectorFactory(), at=LATER)
    deliver_kind("partners.void_envelope")
    director.post(page(sent, "take_back"), {"reason": "Another cap", "version": "1"})

    sent.refresh_from_db()
    assert (sent.status, sent.version) == (ContractStatus.DRAFT, 2)


def test_what_can_not_be_done_now_leads_back_with_the_reason(director: Client, sent: Contract) -> None:
    told = director.get(page(sent, "take_back"), follow=True)

    assert "Void the envelope first" in told.content.decode()


def test_a_sending_shows_its_age_on_both_pages(director: Client, queued: Contract, courier: Courier) -> None:
    courier.out_of_order = True
    deliver_kind("partners.send_envelope")
    clock.install(lambda: MONDAY + timedelta(minutes=42))

    for address in (page(queued), reverse("admin:partners_contract_changelist")):
        text = director.get(address).content.decode().replace("\xa0", " ")
        assert "Sending for 42 minutes." in text


@pytest.mark.parametrize("name", ["void", "mail_again", "correct_address", "take_back"])
def test_a_director_presses_nothing_on_their_own_contract(sign_in: SignIn, sent: Contract, name: str) -> None:
    moves(sent, "new@people.example")
    RoleGrant.objects.create(user=sent.partner.user, role=Role.DIRECTOR, granted_at=MONDAY)
    User.objects.filter(pk=sent.partner.user_id).update(is_staff=True)
    client = sign_in(User.objects.get(pk=sent.partner.user_id))
    client.post(page(sent, name), {"reason": "Mine", "version": "1"})

    envelope = envelope_of(sent)
    assert (envelope.void_asked_at, envelope.resent_at, envelope.correction_asked_at) == (None, None, None)


@pytest.mark.parametrize("name", ["void", "mail_again", "correct_address", "take_back"])
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.DIRECTOR, Role.PARTNER)])
def test_other_roles_are_kept_out(sign_in: SignIn, sent: Contract, name: str, role: Role) -> None:
    client = sign_in(UserFactory(roles=[role], is_superuser=True))

    assert client.post(page(sent, name), {"reason": "x"}).status_code == 403


# --- applicants ------------------------------------------------------------------------------
STATUS = "/application/"


def test_the_applicants_page_names_the_last_day(sign_in: SignIn, sent: Contract) -> None:
    text = sign_in(sent.partner.user).get(STATUS).content.decode()

    assert "The last day to sign is Tue 22 Dec 2026." in text


def test_an_applicant_has_it_mailed_again(sign_in: SignIn, sent: Contract, courier: Courier) -> None:
    told = sign_in(sent.partner.user).post(reverse("partners:signature"), {"do": "again"}, follow=True)
    deliver_kind("partners.resend_mail")

    assert "DocuSign sends you its e-mail again" in told.content.decode()
    assert courier.mailed == ["envelope-0"]


def test_an_applicant_who_moved_has_it_sent_there(sign_in: SignIn, sent: Contract, courier: Courier) -> None:
    moves(sent, "new@people.example")
    client = sign_in(User.objects.get(pk=sent.partner.user_id))
    offered = client.get(STATUS).content.decode()
    client.post(reverse("partners:signature"), {"do": "correct", "email": "else@people.example"})
    deliver_kind("partners.correct_signer")

    assert "Send it to new@people.example" in offered
    assert courier.addresses == {"envelope-0": "new@people.example"}


def test_a_stranger_moves_nobodys_signature(sign_in: SignIn, sent: Contract) -> None:
    answer = sign_in(UserFactory()).post(reverse("partners:signature"), {"do": "again"})

    assert answer.status_code == 404
    assert envelope_of(sent).resent_at is None


def test_a_refusal_is_shown(sign_in: SignIn, sent: Contract) -> None:
    client = sign_in(sent.partner.user)
    client.post(reverse("partners:signature"), {"do": "again"})
    told = client.post(reverse("partners:signature"), {"do": "again"}, follow=True)

    assert "less than an hour ago" in told.content.decode()


def test_nonsense_is_refused(sign_in: SignIn, sent: Contract) -> None:
    assert sign_in(sent.partner.user).post(reverse("partners:signature"), {"do": "sign"}).status_code == 400


def test_an_outage_is_told_kindly(sign_in: SignIn, queued: Contract) -> None:
    clock.install(lambda: MONDAY + timedelta(minutes=45))
    text = sign_in(queued.partner.user).get(STATUS).content.decode().replace("\xa0", " ")

    assert "hasn&#x27;t taken your contract since" in text
    assert "you needn&#x27;t do anything" in text


def test_an_applicant_is_asked_to_leave_a_withdrawn_contract(sign_in: SignIn, sent: Contract) -> None:
    void_envelope(contract=sent, reason="The cap is wrong.", by=DirectorFactory(), at=LATER)
    text = sign_in(sent.partner.user).get(STATUS).content.decode()

    assert "We are withdrawing this contract" in text
    assert "The cap is wrong." in text

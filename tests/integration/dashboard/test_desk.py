"""The referral desk: who may see it, and what sales does there."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from referrals.models import Deal, Introduction, Referral, ReferralStatus
from referrals.services.contacts import import_known_contacts
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    asked,
    confirmed_warm,
    held,
    registered,
    sales_lead,
    seller,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    TOTP.activate(user, generate_totp_secret())
    return client


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def desk(tom: User) -> Client:
    return signed_in(tom)


@pytest.fixture
def deal() -> Deal:
    """Introduced on Mon 2 Nov 2026; the last day to sign is 2 May 2027."""
    return confirmed_warm(starts_at=MONDAY - timedelta(days=21)).deal


def test_the_desk_shows_what_waits_and_every_introduction(desk: Client) -> None:
    referral = registered(at=MONDAY - timedelta(days=4), last_name="Novak")
    asked(held(referral))
    page = desk.get(reverse("desk:home")).content.decode()
    assert "Mila Novak" in page
    assert "Waiting for the host’s answer" in page


@pytest.mark.parametrize("view", ["open", "closing", "no_meeting", "to_check", "contested", "won"])
def test_each_saved_view_answers(desk: Client, deal: Deal, view: str) -> None:
    answer = desk.get(reverse("desk:home"), {"view": view, "q": "Ostrava", "seller": "none"})
    assert answer.status_code == 200


def test_the_search_finds_people_by_company(desk: Client) -> None:
    registered(company_name="Halden Retail", last_name="Pohl")
    registered(company_name="Danubia Bank", last_name="Popescu")
    page = desk.get(reverse("desk:home"), {"q": "halden"}).content.decode()
    assert "Pohl" in page
    assert "Popescu" not in page


@pytest.mark.parametrize(
    "name", ["desk:home", "desk:confirmations", "desk:deals", "desk:contacts", "desk:register"]
)
def test_a_partner_has_no_desk(name: str) -> None:
    client = Client()
    client.force_login(active_partner().user)
    assert client.get(reverse(name)).status_code == 403


def test_finance_reads_deals_and_changes_none(deal: Deal) -> None:
    client = signed_in(UserFactory(roles=[Role.FINANCE]))
    assert client.get(reverse("desk:deal", args=[deal.pk])).status_code == 200
    refused = client.post(reverse("desk:deal_won", args=[deal.pk]), {"signed_on": "2026-11-20"})
    assert refused.status_code == 403


@pytest.mark.clause("C2")
def test_marking_a_deal_won_says_that_it_was_in_time(desk: Client, deal: Deal) -> None:
    answer = desk.post(reverse("desk:deal_won", args=[deal.pk]), {"signed_on": "2026-11-20"}, follow=True)
    deal.refresh_from_db()
    assert deal.stage == "won"
    assert "in time" in answer.content.decode()


@pytest.mark.clause("C2")
def test_a_signature_to_come_is_refused_on_the_form(desk: Client, deal: Deal) -> None:
    answer = desk.post(reverse("desk:deal_won", args=[deal.pk]), {"signed_on": "2026-11-24"})
    assert "lies in the future" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.stage == "discovery"


@pytest.mark.clause("C17")
def test_a_deal_may_name_a_reseller_and_is_still_won_in_time(desk: Client, deal: Deal) -> None:
    desk.post(reverse("desk:deal", args=[deal.pk]), {"currency": "EUR", "reseller_name": "Wederverkoop BV"})
    desk.post(reverse("desk:deal_won", args=[deal.pk]), {"signed_on": MONDAY.date().isoformat()})
    deal.refresh_from_db()
    assert (deal.reseller_name, deal.is_within_window()) == ("Wederverkoop BV", True)
    assert deal.use_case.is_open  # C19's closing is for those who become resellers themselves


def test_sales_keeps_what_it_expects_of_a_deal(desk: Client, deal: Deal) -> None:
    url = reverse("desk:deal", args=[deal.pk])
    desk.post(url, {"expected_net": "48000", "currency": "EUR", "customer_reference": "HAL-1"})
    deal.refresh_from_db()
    assert (deal.expected_net, deal.customer_reference) == (48000, "HAL-1")
    desk.post(reverse("desk:deal_move", args=[deal.pk]), {"stage": "proposal"})
    deal.refresh_from_db()
    assert deal.stage == "proposal"


def test_an_expected_amount_is_shown_so_that_it_can_be_saved_again(desk: Client, deal: Deal) -> None:
    Deal.objects.filter(pk=deal.pk).update(expected_net="22800.000", currency="EUR")
    form = desk.get(reverse("desk:deal", args=[deal.pk])).context["deal_form"]
    shown = {name: form[name].value() or "" for name in form.fields}

    answer = desk.post(reverse("desk:deal", args=[deal.pk]), shown | {"customer_reference": "ACME-1"})

    assert answer.status_code == 302
    deal.refresh_from_db()
    assert (deal.expected_net, deal.customer_reference) == (22800, "ACME-1")


def test_an_expected_amount_has_no_more_decimals_than_its_currency(desk: Client, deal: Deal) -> None:
    answer = desk.post(reverse("desk:deal", args=[deal.pk]), {"expected_net": "10.5", "currency": "JPY"})
    assert "JPY has fewer decimals" in answer.content.decode()


def test_a_deal_is_lost_with_a_reason(desk: Client, deal: Deal) -> None:
    desk.post(reverse("desk:deal_lost", args=[deal.pk]), {"lost_reason": "No budget this year"})
    deal.refresh_from_db()
    assert (deal.stage, deal.lost_reason) == ("lost", "No budget this year")


@pytest.mark.clause("C10")
def test_sales_compares_a_similar_name_and_accepts_it(desk: Client) -> None:
    crm = b"email,first_name,last_name,company\njane@acme.example,Jane,Doe,Acme\n"
    import_known_contacts(content=crm, file_name="crm.csv", by=None, at=MONDAY)
    referral = registered(email="jdoe@acme.example", first_name="Jane", last_name="Doe")
    url = reverse("desk:referral", args=[referral.pk])
    assert "jane@acme.example" in desk.get(url).content.decode()

    desk.post(reverse("desk:check_name", args=[referral.pk]), {"answer": "accept"})
    assert Referral.objects.get(pk=referral.pk).status == ReferralStatus.REGISTERED


@pytest.mark.clause("C10")
def test_both_records_stand_side_by_side_with_why_they_look_alike(desk: Client) -> None:
    crm = b"email,first_name,last_name,company\nrobert@acme.example,Robert,Smith,Acme\n"
    import_known_contacts(content=crm, file_name="crm.csv", by=None, at=MONDAY)
    rob = registered(email="rob@acme.example", first_name="Rob", last_name="Smith-Jones")
    bob = registered(email="bob@acme.example", first_name="Bob", last_name="Smith")

    page = desk.get(reverse("desk:referral", args=[bob.pk])).content.decode()

    assert [
        text for text in ("robert@acme.example", "rob@acme.example", "bob@acme.example") if text not in page
    ] == []
    assert "Both first names are forms of one name" in page
    assert "One has a second last name that the other lacks." in page
    assert f"Introduced by {rob.partner}" in page


@pytest.mark.clause("C10")
def test_a_check_from_before_reasons_were_kept_still_shows_both(desk: Client) -> None:
    crm = b"email,first_name,last_name,company\njane@acme.example,Jane,Doe,Acme\n"
    import_known_contacts(content=crm, file_name="crm.csv", by=None, at=MONDAY)
    referral = registered(email="jdoe@acme.example", first_name="Jane", last_name="Doe")
    evidence = {key: value for key, value in referral.evidence.items() if not key.startswith("why_")}
    Referral.objects.filter(pk=referral.pk).update(evidence=evidence)
    page = desk.get(reverse("desk:referral", args=[referral.pk])).content.decode()
    assert "The name is the same, and the company." in page


def test_a_seller_logs_a_meeting_already_held(desk: Client, tom: User) -> None:
    referral = registered(at=MONDAY - timedelta(days=10))
    case = referral.use_cases.get()
    data = {
        "host": tom.pk,
        "on": "2026-11-20",
        "starts_at": "15:00",
        "minutes": "45",
        "medium": "video",
        "place": "https://meet.example/x",
        "use_cases": [case.pk],
    }
    answer = desk.post(reverse("desk:referral_log", args=[referral.pk]), data)
    assert answer.status_code == 302
    assert Introduction.objects.get().held_on.isoformat() == "2026-11-20"


@pytest.mark.clause("C11")
def test_a_seller_registers_somebody_for_a_partner(desk: Client) -> None:
    partner = active_partner()
    data = {
        "partner": partner.pk,
        "first_name": "Mila",
        "last_name": "Novak",
        "email": "mila@ostrava.example",
        "company_name": "Ostrava Rail",
        "relation": "Met at a fair.",
    }
    assert desk.post(reverse("desk:register"), data).status_code == 302
    assert Referral.objects.get().awaits_partner


@pytest.mark.clause("C10")
def test_the_upload_reports_each_row_it_did_not_take(desk: Client) -> None:
    crm = b"First Name,Last Name,E-mail\nJane,Doe,jane@acme.example\nJohn,Roe,\n=1+1,Poe,poe@acme.example\n"
    file = SimpleUploadedFile("crm.csv", crm)
    answer = desk.post(reverse("desk:contacts"), {"file": file}, follow=True)
    page = answer.content.decode()
    assert "There is no e-mail address." in page
    assert "A cell holds a formula" in page
    assert answer.context["plan"].new == 1


def test_a_sales_lead_answers_for_a_silent_host_and_a_seller_may_not(desk: Client) -> None:
    introduction = held(registered(at=MONDAY - timedelta(days=5)))
    row = asked(introduction)
    url = reverse("desk:confirmation_answer", args=[row.pk])
    data = {"answer": "warm", "medium": "video", "use_cases": [introduction.use_cases.get().pk]}
    desk.post(url, data)
    row.refresh_from_db()
    assert row.answered_at is None

    assert signed_in(sales_lead()).post(url, data).status_code == 302
    row.refresh_from_db()
    assert row.answer == "warm"

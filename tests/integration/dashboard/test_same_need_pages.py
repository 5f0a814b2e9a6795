"""The page on which a sales lead links two use cases, and what each partner reads afterwards (C18, C17)."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.test import Client
from django.urls import reverse

from referrals.models import UseCase, UseCaseLink
from referrals.services.deals import update_deal
from referrals.services.links import take_back_link
from ssp.core.models import User
from tests.factories.referrals import (
    active_partner,
    confirmed_warm,
    linked,
    registered,
    sales_lead,
    seller,
    two_needs,
)
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import deliver_all
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C18"), pytest.mark.usefixtures("at_monday")]


@pytest.fixture
def sofie() -> User:
    return sales_lead()


@pytest.fixture
def desk(sofie: User) -> Client:
    return signed_in(sofie)


def address(case: UseCase) -> str:
    return reverse("desk:link", args=[case.pk])


def test_both_are_side_by_side_with_their_meetings_and_what_linking_does(desk: Client) -> None:
    _ines, pieter = two_needs()

    page = desk.get(address(pieter)).text

    assert "Ana Reis" in page
    assert "Bo Lundqvist" in page
    assert "Tue 3 Nov 2026" in page
    assert "Fri 6 Nov 2026" in page
    assert "by Ines Marchetti pays: its meeting began first" in page
    assert not UseCaseLink.objects.exists()


def test_a_sales_lead_links_them_on_the_page_and_takes_it_back(desk: Client) -> None:
    ines, pieter = two_needs()

    answer = desk.post(address(pieter), {"other": ines.pk, "reason": "One project."}, follow=True)

    link = UseCaseLink.objects.get()
    assert (link.paying, link.duplicate, link.reason) == (ines, pieter, "One project.")
    assert "the one by Ines Marchetti pays" in answer.text
    back = reverse("desk:unlink", args=[link.pk])
    assert "to correct" in desk.post(back, {"reason": ""}).text
    desk.post(back, {"reason": "Two projects."})
    link.refresh_from_db()
    assert not link.is_live
    assert "was taken back already" in desk.post(back, {"reason": "Again."}).text


def test_pressed_twice_it_is_one_link(desk: Client) -> None:
    ines, pieter = two_needs()
    desk.post(address(pieter), {"other": ines.pk, "reason": "One project."})

    again = desk.post(address(pieter), {"other": ines.pk, "reason": "One project."})

    assert again.status_code == 200
    assert UseCaseLink.objects.count() == 1


def test_what_no_candidate_is_cant_be_named(desk: Client) -> None:
    ines, _pieter = two_needs()
    elsewhere = confirmed_warm()

    page = desk.post(address(ines), {"other": elsewhere.pk, "reason": "x"}).text

    assert "to correct" in page
    assert not UseCaseLink.objects.exists()


def test_a_seller_may_not_and_a_get_takes_nothing_back(desk: Client) -> None:
    ines, pieter = two_needs()
    link = linked(ines, pieter)
    tom = signed_in(seller())

    assert tom.get(address(ines)).status_code == 403
    assert tom.post(reverse("desk:unlink", args=[link.pk]), {"reason": "x"}).status_code == 403
    assert desk.get(reverse("desk:unlink", args=[link.pk])).status_code == 405


def test_a_lead_who_is_one_of_the_two_is_told_that_another_decides() -> None:
    ines, pieter = two_needs()
    theirs = ines.partner.user
    theirs.role_grants.create(role="sales_lead", granted_at=MONDAY)
    client = signed_in(theirs)

    for case, other in ((ines, pieter), (pieter, ines)):
        page = client.post(address(case), {"other": other.pk, "reason": "Mine."}).text
        assert "introduction of your own" in page
    assert not UseCaseLink.objects.exists()


def test_the_page_says_what_was_earned_and_that_a_lapsed_one_can_hardly_pay(desk: Client) -> None:
    _ines, pieter = two_needs(starts_at=MONDAY - timedelta(days=200))

    assert "But its window ended on" in desk.get(address(pieter)).text


# --- what the partners see -------------------------------------------------------------
def words_of(mail: EmailMessage) -> str:
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return " ".join([mail["Subject"], *parts])


SECRETS = {"ines": ("Pieter", "Bo Lundqvist", "Vos"), "pieter": ("Ines", "Ana Reis", "Marchetti")}


def test_neither_partner_learns_about_the_other(inbox: Inbox) -> None:
    ines, pieter = two_needs()
    deliver_all()
    inbox.messages.clear()
    reason = "Ana Reis told Ines what Bo Lundqvist told Pieter."
    linked(ines, pieter, reason=reason)
    deliver_all()

    for case, name in ((ines, "ines"), (pieter, "pieter")):
        assert case.referral
        client = signed_in(case.partner.user)
        pages = [
            client.get(reverse("referrals:detail", args=[case.referral.pk])).text,
            client.get(reverse("referrals:list")).text,
            client.get(reverse("referrals:use_case", args=[case.pk])).text,
            client.get(reverse("portal:home")).text,
        ]
        mails = [words_of(mail) for mail in inbox.to(case.partner.user.email)]
        assert len(mails) == 1
        for text in (*pages, *mails):
            assert not any(secret in text for secret in (*SECRETS[name], "told Ines", "told Pieter"))
        assert client.get(address(case)).status_code == 403


def test_the_partner_who_is_not_paid_reads_why_and_what_stays(inbox: Inbox) -> None:
    ines, pieter = two_needs()
    assert pieter.referral
    deliver_all()
    inbox.messages.clear()
    link = linked(ines, pieter)
    deliver_all()

    page = signed_in(pieter.partner.user).get(pieter.referral.get_absolute_url()).text

    assert "began before the one about this use case" in page
    assert "Closed: the same need as another" in page
    (mail,) = inbox.to(pieter.partner.user.email)
    assert "is closed" in mail["Subject"]
    inbox.messages.clear()
    take_back_link(link=link, reason="Two needs.", by=sales_lead("Mats Holm"), at=MONDAY)
    deliver_all()
    (mail,) = inbox.to(pieter.partner.user.email)
    assert "is open again" in mail["Subject"]
    assert inbox.to(ines.partner.user.email) == []


def test_a_link_taken_back_before_the_letters_went_out_is_no_news_of_a_link(inbox: Inbox) -> None:
    ines, pieter = two_needs()
    deliver_all()
    inbox.messages.clear()
    link = linked(ines, pieter)
    take_back_link(link=link, reason="A slip.", by=sales_lead("Mats Holm"), at=MONDAY)

    deliver_all()

    assert inbox.to(ines.partner.user.email) == []
    assert ["open again" in mail["Subject"] for mail in inbox.to(pieter.partner.user.email)] == [True]


# --- resellers (C17) ---------------------------------------------------------------------
@pytest.mark.clause("C17")
def test_a_reseller_is_shown_to_the_partner_with_who_named_it_and_when() -> None:
    referral = registered(active_partner(), at=MONDAY - timedelta(days=9))
    case = confirmed_warm(referral)
    values = {"expected_net": None, "expected_on": None, "currency": "EUR", "customer_reference": ""}
    for name in ("Wederverkoop BV", "Wederverkoop BV"):  # saved twice: named once
        update_deal(deal=case.deal, reseller_name=name, by=seller("Tom Brandt"), at=MONDAY, **values)

    page = signed_in(referral.partner.user).get(referral.get_absolute_url()).text

    assert "Wederverkoop BV takes part as a reseller" in page
    assert page.count("Named by Tom Brandt. The deal pays the same (C17).") == 1


@pytest.mark.clause("C17")
def test_a_reseller_taken_out_again_is_shown_no_more() -> None:
    referral = registered(active_partner(), at=MONDAY - timedelta(days=9))
    case = confirmed_warm(referral)
    values = {"expected_net": None, "expected_on": None, "currency": "EUR", "customer_reference": ""}
    for name in ("Wederverkoop BV", ""):
        update_deal(deal=case.deal, reseller_name=name, by=seller(), at=MONDAY, **values)

    page = signed_in(referral.partner.user).get(referral.get_absolute_url()).text

    assert "Wederverkoop" not in page

"""The partner's pages about referrals, as a browser asks for them."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.models import Partner
from referrals import queries
from referrals.models import Introduction, KnownContact, Referral, UseCase
from referrals.rules import Answer
from referrals.services.claims import object_to_contact
from referrals.services.confirmations import answer_confirmation
from referrals.services.contacts import import_known_contacts
from referrals.services.registration import register_referral
from ssp.core.identity import identity_of
from ssp.core.models import AuditEntry, OutboxMessage
from tests.factories.referrals import (
    active_partner,
    asked,
    held,
    person,
    registered,
    seller,
    use_case,
)
from tests.integration.referrals.conftest import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
JANE = {
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane.doe@acme.example",
    "company_name": "Acme",
    "title": "Head of Data",
    "relation": "We built a library together.",
    "agreed": "on",
}
NEED = {
    "title": "Search in manuals",
    "problem": "Nobody finds anything.",
    "data": "40,000 manuals",
    "who_feels_it": "Support",
    "expected_value": "Two hours a day",
}


def text_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def fill_in(client: Client, person: dict[str, str] = JANE, need: dict[str, Any] = NEED) -> None:
    client.post(reverse("referrals:register"), person)
    client.post(reverse("referrals:register_use_case"), need)


def send(client: Client) -> HttpResponse:
    return client.post(reverse("referrals:register_send"))


# --- registering ------------------------------------------------------------------
@pytest.mark.clause("C11")
def test_a_person_is_registered_in_three_steps_and_only_the_last_one_writes(
    ines: Partner, portal: Client
) -> None:
    first = portal.post(reverse("referrals:register"), JANE)
    second = portal.post(reverse("referrals:register_use_case"), NEED)
    last = portal.get(reverse("referrals:register_send"))

    assert first.headers["Location"] == reverse("referrals:register_use_case")
    assert second.headers["Location"] == reverse("referrals:register_send")
    assert "jane.doe@acme.example" in last.text
    assert "Search in manuals" in last.text
    assert not Referral.objects.exists()
    assert not UseCase.objects.exists()

    done = send(portal)

    referral = Referral.objects.get(partner=ines)
    case = referral.use_cases.get()
    assert done.headers["Location"] == referral.get_absolute_url()
    assert (referral.person_name, referral.email) == ("Jane Doe", "jane.doe@acme.example")
    assert (case.title, case.defined_at) == ("Search in manuals", MONDAY)
    page = text_of(portal.get(referral.get_absolute_url()))
    assert "Jane is registered. Hold the first meeting by Fri 22 Jan 2027." in page


@pytest.mark.clause("C11")
def test_steps_are_taken_in_order(portal: Client) -> None:
    to_use_case = portal.get(reverse("referrals:register_use_case"))
    to_send = portal.post(reverse("referrals:register_send"))

    assert to_use_case.headers["Location"] == to_send.headers["Location"] == reverse("referrals:register")


@pytest.mark.clause("C11")
def test_a_shared_address_is_told_at_the_first_step(portal: Client) -> None:
    page = portal.post(reverse("referrals:register"), {**JANE, "email": "info@acme.example"})

    assert page.status_code == 200
    assert "info@acme.example is a shared address" in text_of(page)


@pytest.mark.clause("C11")
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("info@acme.example", "info@acme.example is a shared address"),
        ("jane@", "Enter a valid email address"),
        ("jane@gmail.com", "A free mail provider is no company"),
        ("jane.doe@Acme.example", "Their company is recognised by acme.example"),
        ("jane@semi.technology", "This address belongs to SeMI"),
    ],
)
def test_what_an_address_tells_by_itself_is_said_while_typing(
    portal: Client, settings: Any, typed: str, told: str
) -> None:
    settings.OWN_DOMAINS = ["semi.technology"]
    assert told in text_of(portal.post(reverse("referrals:register_email"), {"email": typed}))


@pytest.mark.clause("C11")
def test_ones_own_address_is_told_while_typing(ines: Partner, portal: Client) -> None:
    answer = portal.post(reverse("referrals:register_email"), {"email": ines.user.email})
    assert 'class="problem"' in answer.text


@pytest.mark.clause("C12")
def test_nobody_is_looked_up_while_typing(portal: Client) -> None:
    """Known, owned or new: the same words after the same work, and no work on people at all."""
    registered(active_partner("Owner"), email="jane.doe@acme.example", company_name="Acme")
    content = b"email,first_name,last_name,company\nkim@acme.example,Kim,Doe,Acme\n"
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)
    portal.get(reverse("referrals:register"))

    answers = []
    for address in ("jane.doe@acme.example", "kim@acme.example", "new@acme.example"):
        with CaptureQueriesContext(connection) as done:
            answers.append(portal.post(reverse("referrals:register_email"), {"email": address}).content)
        assert not [each["sql"] for each in done if "referrals_" in each["sql"]]

    assert len(set(answers)) == 1


@pytest.mark.clause("C8")
def test_a_use_case_that_is_about_nobody_yet_is_chosen(ines: Partner, portal: Client) -> None:
    mine, others = use_case(ines), use_case(active_partner("Other"))

    portal.post(reverse("referrals:register"), JANE)
    refused = portal.post(reverse("referrals:register_use_case"), {"existing": others.pk})
    portal.post(reverse("referrals:register_use_case"), {"existing": mine.pk})
    send(portal)

    assert refused.status_code == 200
    mine.refresh_from_db()
    assert mine.referral == Referral.objects.get(partner=ines)
    assert UseCase.objects.filter(partner=ines).count() == 1


@pytest.mark.clause("C8")
def test_a_use_case_taken_meanwhile_is_chosen_again(ines: Partner, portal: Client) -> None:
    mine = use_case(ines)
    fill_in(portal, need={"existing": str(mine.pk)})
    register_referral(partner=ines, person=person(), use_cases=[mine], by=ines.user, at=MONDAY)

    response = send(portal)

    assert response.headers["Location"] == reverse("referrals:register_use_case")
    assert Referral.objects.count() == 1


@pytest.mark.clause("C8")
def test_a_refused_registration_leaves_no_use_case_behind(portal: Client) -> None:
    register_referral(
        partner=(other := active_partner("Other")),
        person=person(email=JANE["email"]),
        by=other.user,
        at=MONDAY,
    )
    fill_in(portal)
    send(portal)

    assert not UseCase.objects.exists()
    assert Referral.objects.count() == 1


@pytest.mark.clause("C8")
def test_a_use_case_that_fails_leaves_no_registration_behind(
    portal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError

    fill_in(portal)
    monkeypatch.setattr("referrals.services.registration.define_use_case", fails)
    portal.raise_request_exception = False

    assert send(portal).status_code == 500
    assert not Referral.objects.exists()
    assert not OutboxMessage.objects.exists()


# --- the neutral answer (C12) -------------------------------------------------------
def seen(response: HttpResponse) -> dict[str, object]:
    """Everything the partner can see of an answer, but what is new in each."""
    headers = {k: v for k, v in response.headers.items() if k.lower() not in {"x-request-id", "set-cookie"}}
    masked = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "TOKEN", response.text)
    masked = re.sub(r"/referrals/refusals/\d+/", "/referrals/refusals/N/", masked)  # each has its own number
    return {
        "status": response.status_code,
        "headers": {k: v for k, v in headers.items() if k != "Content-Length"},
        "cookies": sorted(response.cookies),
        "messages": [str(m) for m in get_messages(response.wsgi_request)],
        "body": re.sub(r"nonce-[\w-]+|nonce=\"[^\"]+\"", "NONCE", masked),
    }


@pytest.mark.clause("C12")
def test_known_claimed_lost_and_barred_get_one_and_the_same_page(
    portal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = active_partner("Other")
    identity = identity_of(JANE["email"])
    fill_in(portal)

    contact = KnownContact.objects.create(identity=identity, email=JANE["email"], known_since=MONDAY)
    known = seen(send(portal))
    contact.delete()

    claim = register_referral(
        partner=other, person=person(email=JANE["email"], first_name="Janet"), by=other.user, at=MONDAY
    )
    claimed = seen(send(portal))

    with monkeypatch.context() as patched:
        real = queries.what_semi_knew
        patched.setattr(
            queries, "what_semi_knew", lambda *a, **k: {**real(*a, **k), "live_claim": False}
        )  # both looked before either wrote
        lost = seen(send(portal))

    object_to_contact(referral=claim, at=MONDAY)
    barred = seen(send(portal))

    assert "We can’t take this introduction" in str(known["body"])
    assert known["status"] == 200
    assert claimed == known
    assert lost == known
    assert barred == known
    assert AuditEntry.objects.filter(action="referral.refused").count() == 4
    assert Referral.objects.count() == 1


@pytest.mark.clause("C12")
def test_the_refusal_names_no_cause_and_nobody_else(portal: Client) -> None:
    other = active_partner("Odile Other")
    register_referral(partner=other, person=person(email=JANE["email"]), by=other.user, at=MONDAY)
    fill_in(portal)

    page = send(portal).text

    assert "Odile" not in page
    assert "Novak" not in page
    assert "already" not in page.lower()


# --- another partner's rows ------------------------------------------------------------
@pytest.fixture
def everything(ines: Partner) -> dict[str, int]:
    """One of each that a URL names, all of them Ines's."""
    referral = registered(ines)
    question = asked(held(referral), who="partner")
    host = question.introduction.confirmations.get(asked="host")
    answer_confirmation(
        confirmation=host,
        answer=Answer(kind="not_warm", reason="No use case."),
        by=question.introduction.host,
        at=question.asked_at,
    )
    return {
        "detail": referral.pk,
        "confirm_registration": referral.pk,
        "withdraw": referral.pk,
        "propose": referral.pk,
        "election": referral.use_cases.get().pk,
        "move": question.introduction_id,
        "cancel": question.introduction_id,
        "answer": question.pk,
        "contest": host.pk,
    }


PAGES = ["detail", "withdraw", "propose", "election", "move", "cancel", "answer", "contest"]


@pytest.mark.parametrize("name", PAGES)
def test_a_partner_opens_their_own(portal: Client, everything: dict[str, int], name: str) -> None:
    assert portal.get(reverse(f"referrals:{name}", args=[everything[name]])).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "confirm_registration"])
def test_another_partners_row_is_not_there(everything: dict[str, int], name: str) -> None:
    stranger = signed_in(active_partner("Stranger"))
    before = state()
    own, nowhere = (reverse(f"referrals:{name}", args=[pk]) for pk in (everything[name], 999_999))
    form = {"agreed": "on", "reason": "x", "model": "recurring", "answer": "warm"}

    if name != "confirm_registration":  # that one takes a POST alone, whoever asks
        assert stranger.get(own).status_code == 404
        assert stranger.get(own).text == stranger.get(nowhere).text
    if name != "detail":
        assert stranger.post(own, form).status_code == 404
    assert state() == before


def test_a_use_case_is_defined_for_ones_own_person_alone(ines: Partner) -> None:
    referral = registered(ines)
    stranger = signed_in(active_partner("Stranger"))
    url = f"{reverse('referrals:define_use_case')}?referral={referral.pk}"
    before = state()

    assert stranger.get(url).status_code == 404
    assert stranger.post(url, NEED).status_code == 404
    assert state() == before


def test_another_partners_use_case_can_not_be_brought_to_a_meeting(ines: Partner, portal: Client) -> None:
    referral, others = registered(ines), use_case(active_partner("Other"))
    meeting = {
        "host": seller().pk,
        "on": "2026-11-25",
        "starts_at": "10:00",
        "minutes": "45",
        "medium": "video",
        "place": "https://meet.example/1",
        "use_cases": [others.pk],
    }

    page = portal.post(reverse("referrals:propose", args=[referral.pk]), meeting)

    assert page.status_code == 200
    assert not Introduction.objects.exists()


@pytest.mark.parametrize("name", PAGES)
def test_nobody_signed_in_is_led_to_the_sign_in(
    client: Client, everything: dict[str, int], name: str
) -> None:
    response = client.get(reverse(f"referrals:{name}", args=[everything[name]]))
    assert response.headers["Location"].startswith(reverse("account_login"))


def state() -> list[object]:
    """What would differ had anything been written."""
    return [
        list(Referral.objects.order_by("pk").values_list()),
        list(UseCase.objects.order_by("pk").values_list()),
        list(Introduction.objects.order_by("pk").values_list()),
        AuditEntry.objects.count(),
        OutboxMessage.objects.count(),
    ]

"""A company's page and a partner's page: what sales reads before they call somebody (C18)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals import rules
from referrals.models import KnownContact, Referral
from referrals.rules import Answer
from referrals.services.confirmations import answer_confirmation
from ssp.dashboard import records
from tests.factories.partners import ApplicantFactory, ended
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, registered, seller, warm
from tests.integration.dashboard.test_desk import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C18"), pytest.mark.usefixtures("at_monday")]
TODAY = MONDAY.date()


@pytest.fixture
def desk() -> Client:
    return signed_in(seller())


def known(last_name: str, **fields: str) -> None:
    KnownContact.objects.create(
        identity=last_name,
        first_name="Otto",
        last_name=last_name,
        email=f"{last_name}@there.example",
        known_since=MONDAY,
        **fields,
    )


def page_of(desk: Client, kind: str, pk: int) -> str:
    return desk.get(reverse(f"desk:{kind}", args=[pk])).text


def test_a_company_shows_everyone_inside_it_and_whose_they_are(desk: Client) -> None:
    one = registered(active_partner("Ines Marchetti"), email="ana@acme.example", last_name="Reis")
    registered(active_partner("Pieter Vos"), email="bo@acme.example", last_name="Lund")
    registered(active_partner("Karl Jensen"), email="cy@other.example", last_name="Adler")

    page = page_of(desk, "company", one.company_id)

    assert all(name in page for name in ("Mila Reis", "Ines Marchetti", "Mila Lund", "Pieter Vos"))
    assert "Adler" not in page


def test_a_company_shows_whom_we_knew_there_by_its_domain_or_name(desk: Client) -> None:
    known("Knownhere", domain="acme.example")
    known("Namesake", company_key=rules.company_key("Acme"))
    known("Elsewhere", domain="other.example")
    referral = registered(email="ana@acme.example", company_name="Acme")

    page = page_of(desk, "company", referral.company_id)

    assert "Otto Knownhere" in page
    assert "Otto Namesake" in page
    assert "Elsewhere" not in page


def test_a_company_shows_its_use_cases_and_where_they_stand(desk: Client) -> None:
    case = confirmed_warm(starts_at=MONDAY - timedelta(days=21))
    assert case.referral

    page = page_of(desk, "company", case.referral.company_id)

    assert case.title in page
    assert "2 May 2027" in page


def test_a_partner_shows_how_far_their_people_came(desk: Client) -> None:
    partner = active_partner()
    registered(partner)
    met = held(registered(partner, at=MONDAY - timedelta(days=10)))
    not_warm = Answer(kind="not_warm", medium="video", reason="No need this year.")
    answer_confirmation(confirmation=asked(met), answer=not_warm, by=met.host, at=met.ends_at)
    confirmed_warm(registered(partner, at=MONDAY - timedelta(days=9)))
    registered(partner, at=MONDAY - timedelta(days=400))

    done = records.performance_of(partner, on=TODAY)

    assert (done.registered, done.met, done.warm, done.won) == (3, 2, 1, 0)
    assert "in the last 12 months" in page_of(desk, "partner", partner.pk)


def test_a_partner_shows_how_promptly_people_were_met_and_questions_answered() -> None:
    partner = active_partner()
    first, second = (registered(partner, at=MONDAY - timedelta(days=days)) for days in (20, 30))
    confirmed_warm(first, starts_at=first.registered_at + timedelta(days=2))
    late = held(second, starts_at=second.registered_at + timedelta(days=8))
    question = asked(late, who="partner")
    answer_confirmation(
        confirmation=question, answer=warm(late), by=partner.user, at=question.asked_at + timedelta(days=1)
    )
    answer_confirmation(
        confirmation=late.confirmations.get(asked="host"),
        answer=warm(late),
        by=late.host,
        at=question.asked_at + timedelta(days=2),
    )

    steps = records.performance_of(partner, on=TODAY)
    last, proposed, met, answered, signed = records.promptness_of(partner, steps, on=TODAY)

    assert (last.value, last.context) == ("20 days", "on 3 Nov 2026")
    assert (proposed.value, signed.value) == ("–", "–")
    assert (met.value, met.context) == ("5 days", "median of 2")
    assert (answered.value, answered.context) == ("1 day", "1 time")


def test_a_partner_without_meetings_has_no_promptness_yet() -> None:
    partner = active_partner()
    steps = records.performance_of(partner, on=TODAY)
    assert [each.value for each in records.promptness_of(partner, steps, on=TODAY)] == ["–"] * 5


def test_who_left_is_shown_as_such_and_who_never_began_is_nobody(desk: Client) -> None:
    left = active_partner()
    ended(left, at=MONDAY - timedelta(days=3), kind="notice")

    assert "Partnership ended" in page_of(desk, "partner", left.pk)
    assert desk.get(reverse("desk:partner", args=[ApplicantFactory().pk])).status_code == 404


@pytest.mark.parametrize("kind", ["company", "partner"])
def test_more_people_are_no_more_queries(desk: Client, kind: str) -> None:
    partner = active_partner()
    first = registered(partner, email="a@acme.example")
    address = reverse(f"desk:{kind}", args=[first.company_id if kind == "company" else partner.pk])
    desk.get(address)
    with CaptureQueriesContext(connection) as few:
        desk.get(address)
    for n in range(5):
        confirmed_warm(registered(partner, email=f"p{n}@acme.example"))
    with CaptureQueriesContext(connection) as many:
        desk.get(address)

    assert Referral.objects.filter(company=first.company).count() == 6
    assert len(many) <= len(few) + 1  # one more: now there are deals to ask for

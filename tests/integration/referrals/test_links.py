"""The two pages that mails lead to, without a sign-in: the question of C14 and the objection of C11."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.models import Partner
from referrals import rules
from referrals.errors import NotEligible, ReferralNotOpen
from referrals.models import Confirmation, Introduction, Referral, UseCase, UseCaseComment
from referrals.services.claims import withdraw_referral
from referrals.services.comments import comment_on_use_case
from referrals.services.introductions import book_introduction
from referrals.services.registration import register_referral
from ssp.core.links import token_of
from ssp.core.models import AuditEntry
from ssp.core.periods import local_date, start_of_day
from tests.factories.referrals import active_partner, asked, confirmed_warm, held, person, registered, seller
from tests.integration.referrals.conftest import SetClock
from tests.integration.referrals.test_pages import state, text_of
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
WARM = {"answer": "warm", "medium": "video"}


@pytest.fixture
def question(ines: Partner, set_clock: SetClock) -> Confirmation:
    """The host's, and the clock stands an hour after it was put."""
    introduction = held(
        registered(ines, email="mila@ostrava.example", title="CTO", relation="Old friends"),
        host=seller("Tom Brandt"),
    )
    row = asked(introduction)
    set_clock(row.asked_at + timedelta(hours=1))
    return row


def link(row: Confirmation) -> str:
    return reverse("referrals:confirm", args=[token_of("confirmation", row.token_salt)])


def objection_link(referral: Referral) -> str:
    return reverse("referrals:object", args=[token_of("objection", referral.objection_salt)])


def warm(row: Confirmation) -> dict[str, object]:
    return {**WARM, "use_cases": [case.pk for case in row.introduction.use_cases.all()]}


def everything() -> list[object]:
    return [*state(), list(Confirmation.objects.order_by("pk").values_list())]


# --- opening ------------------------------------------------------------------------
@pytest.mark.clause("C14")
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_question_changes_nothing(client: Client, question: Confirmation, method: str) -> None:
    before = everything()

    responses = [getattr(client, method)(link(question)) for _ in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 200]
    assert everything() == before


@pytest.mark.clause("C11")
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_objection_changes_nothing(client: Client, question: Confirmation, method: str) -> None:
    before = everything()

    response = getattr(client, method)(objection_link(question.introduction.referral))

    assert response.status_code == 200
    assert everything() == before


@pytest.mark.parametrize("name", ["confirm", "object"])
def test_an_unknown_link_is_not_there(client: Client, question: Confirmation, name: str) -> None:
    other = "objection" if name == "confirm" else "confirmation"
    salt = question.introduction.referral.objection_salt if name == "confirm" else question.token_salt

    for token in ("x", "a" * 43, token_of(other, salt)):
        url = reverse(f"referrals:{name}", args=[token])
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404


def test_the_links_are_kept_out_of_caches_and_referrers(client: Client, question: Confirmation) -> None:
    ours = client.get(link(question))
    theirs = client.get(objection_link(question.introduction.referral))

    assert ours.headers["Cache-Control"] == theirs.headers["Cache-Control"] == "no-store"
    assert ours.headers["Referrer-Policy"] == "same-origin"
    assert theirs.headers["Referrer-Policy"] == "no-referrer"


def test_a_button_needs_the_pages_own_token(question: Confirmation) -> None:
    strict = Client(enforce_csrf_checks=True)
    before = everything()

    assert strict.post(link(question), warm(question)).status_code == 403
    assert strict.post(objection_link(question.introduction.referral)).status_code == 403
    assert everything() == before


def shows(response: HttpResponse, *words: str) -> list[str]:
    return [word for word in words if word in response.text]


def test_the_question_shows_no_more_than_is_needed(client: Client, question: Confirmation) -> None:
    partner = question.introduction.referral.partner
    secrets = ("mila@ostrava.example", "Old friends", partner.user.email, question.introduction.host.email)

    page = client.get(link(question))

    assert shows(page, *secrets, "10%", "/referrals/", "/desk/") == []
    assert "Mila Novak" in text_of(page)


def test_the_objection_shows_who_passed_on_what_and_no_more(client: Client, question: Confirmation) -> None:
    referral = question.introduction.referral
    secrets = ("mila@ostrava.example", "Novak", "Old friends", referral.partner.user.email, "Tom Brandt")

    page = client.get(objection_link(referral))

    assert shows(page, *secrets, "/referrals/", "/desk/") == []
    assert "Ines Marchetti passed your name, work e-mail, role and company" in text_of(page)


# --- answering ------------------------------------------------------------------------
@pytest.mark.clause("C14")
def test_the_button_answers_once(client: Client, question: Confirmation) -> None:
    first = client.post(link(question), warm(question))
    after = everything()
    second = client.post(link(question), {"answer": "not_warm", "reason": "Second thoughts"})

    assert first.headers["Location"] == link(question)
    assert second.status_code == 200
    assert "Answered on 25 Nov 2026: Warm." in text_of(second)
    assert everything() == after
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("warm", question.introduction.host)


@pytest.mark.clause("C2")
def test_a_second_warm_meeting_shows_the_window_that_runs_already(
    client: Client, question: Confirmation, set_clock: SetClock
) -> None:
    client.post(link(question), warm(question))
    later = asked(
        held(question.introduction.referral, starts_at=question.introduction.starts_at + timedelta(days=7))
    )
    set_clock(later.asked_at)

    page = client.post(link(later), warm(later), follow=True)

    assert "the last day to sign a deal is Tue 25 May 2027" in text_of(page)


@pytest.mark.clause("C14")
def test_the_partner_who_comes_later_reads_that_it_is_decided(client: Client, question: Confirmation) -> None:
    mine = question.introduction.confirmations.get(asked="partner")
    client.post(link(question), warm(question))
    after = everything()

    opened, pressed = client.get(link(mine)), client.post(link(mine), warm(mine))

    for page in (opened, pressed):
        assert page.status_code == 200
        assert "One answer counts. A partner may contest it" in text_of(page)
    assert everything() == after


@pytest.mark.clause("C14")
def test_an_answer_that_is_not_whole_is_asked_for_again(client: Client, question: Confirmation) -> None:
    before = everything()

    for wrong in ({}, WARM, {"answer": "not_warm"}, {"answer": "nonsense"}, {**warm(question), "medium": ""}):
        assert client.post(link(question), wrong).status_code == 200
    assert everything() == before


@pytest.mark.clause("C14")
def test_an_expired_link_says_so_and_answers_nothing(
    client: Client, question: Confirmation, set_clock: SetClock
) -> None:
    set_clock(start_of_day(rules.partner_decides_on(local_date(question.asked_at))))
    before = everything()

    opened, pressed = client.get(link(question)), client.post(link(question), warm(question))

    for page in (opened, pressed):
        assert page.status_code == 200
        assert "This link has expired." in text_of(page)
    assert everything() == before


@pytest.mark.clause("C14")
def test_a_link_holds_until_the_last_minute_of_its_last_day(
    client: Client, question: Confirmation, set_clock: SetClock
) -> None:
    set_clock(start_of_day(rules.partner_decides_on(local_date(question.asked_at))) - timedelta(minutes=1))

    client.post(link(question), warm(question))

    question.refresh_from_db()
    assert question.decides


# --- objecting -------------------------------------------------------------------------
@pytest.fixture
def mila(ines: Partner) -> Referral:
    """Registered, with a meeting to come."""
    referral = registered(ines, email="mila@ostrava.example", title="CTO", relation="Old friends")
    tom = seller("Tom Brandt")
    book_introduction(
        referral=referral,
        host=tom,
        starts_at=MONDAY + timedelta(days=3),
        ends_at=MONDAY + timedelta(days=3, hours=1),
        medium="video",
        place="https://meet.example/1",
        use_cases=referral.use_cases.all(),
        by=tom,
        at=MONDAY,
    )
    return referral


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_an_objection_removes_the_person_and_stops_the_meeting(client: Client, mila: Referral) -> None:
    response = client.post(objection_link(mila), follow=True)

    assert "Your details are removed" in text_of(response)
    mila.refresh_from_db()
    fields = (mila.first_name, mila.last_name, mila.email, mila.title, mila.relation)
    assert fields == ("", "", "", "", "")
    assert (mila.objected_at, mila.is_live) == (MONDAY, False)
    assert Introduction.objects.get().status == "cancelled"


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_an_objection_removes_what_was_written_beside_their_use_case(client: Client, mila: Referral) -> None:
    use_case = UseCase.objects.create(
        partner=mila.partner, referral=mila, title="Search", problem="Nobody finds it.", defined_at=MONDAY
    )
    comment = UseCaseComment.objects.create(
        use_case=use_case, author=mila.partner.user, text="Mila told me more.", written_at=MONDAY
    )

    client.post(objection_link(mila))

    comment.refresh_from_db()
    assert comment.text == ""
    with pytest.raises(ReferralNotOpen):
        comment_on_use_case(use_case=use_case, text="And more.", by=mila.partner.user, at=MONDAY)


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_a_second_press_and_the_old_link_are_harmless(client: Client, mila: Referral) -> None:
    client.post(objection_link(mila))
    after = everything()

    response = client.post(objection_link(mila), follow=True)

    assert response.status_code == 200
    assert everything() == after


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_who_objected_is_not_registered_again_by_anyone(
    client: Client, ines: Partner, mila: Referral
) -> None:
    client.post(objection_link(mila))

    for partner in (ines, active_partner("Other")):
        with pytest.raises(NotEligible) as refusal:
            register_referral(
                partner=partner, person=person(email="Mila@Ostrava.example"), by=partner.user, at=MONDAY
            )
        assert str(refusal.value) == "We can’t take this introduction."


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_everybody_who_ever_registered_the_person_forgets_them(
    client: Client, ines: Partner, mila: Referral
) -> None:
    withdraw_referral(referral=mila, by=ines.user, at=MONDAY)
    other = active_partner("Other")
    again = register_referral(
        partner=other, person=person(email="mila@ostrava.example"), by=other.user, at=MONDAY
    )

    client.post(objection_link(mila))  # the older link

    again.refresh_from_db()
    mila.refresh_from_db()
    assert not again.is_live
    assert Referral.objects.filter(email__gt="").count() == 0
    assert AuditEntry.objects.filter(action="referral.objected").count() == 2


@pytest.mark.clause("C11")
@pytest.mark.usefixtures("at_monday")
def test_who_objected_after_a_warm_meeting_is_barred_for_their_own_partner_too(
    client: Client, ines: Partner
) -> None:
    case = confirmed_warm(registered(ines, email="mila@ostrava.example"))
    assert case.referral is not None
    client.post(objection_link(case.referral))

    with pytest.raises(NotEligible) as refusal:
        register_referral(partner=ines, person=person(email="mila@ostrava.example"), by=ines.user, at=MONDAY)

    assert str(refusal.value) == "We can’t take this introduction."

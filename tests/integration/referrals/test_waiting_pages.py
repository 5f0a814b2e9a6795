"""The pages of proposed times and appeals, as partner and as sales see them (C12)."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from partners.models import Partner
from referrals.models import Appeal, Introduction, Proposal, Referral, Refusal
from referrals.services.deadlines import remind_of_claims
from referrals.services.disputes import open_dispute
from referrals.services.proposals import propose_times
from ssp.core.models import OutboxMessage, User
from tests.factories.referrals import active_partner, registered, sales_lead, seller
from tests.integration.referrals.conftest import SetClock, deliver_all, signed_in
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C12")]
LASTS = timedelta(minutes=45)


@pytest.fixture(autouse=True)
def at_monday(set_clock: SetClock) -> None:
    """The application clock stands at MONDAY."""


@pytest.fixture
def mila(ines: Partner) -> Referral:
    return registered(ines)


def desk(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    if not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, generate_totp_secret())
    return client


def proposed(referral: Referral, *days: int) -> Proposal:
    return propose_times(
        referral=referral,
        times=[(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day) + LASTS) for day in days],
        host=None,
        medium="video",
        place="",
        use_cases=referral.use_cases.all(),
        by=referral.partner.user,
        at=MONDAY,
    )


def two_times(referral: Referral) -> dict[str, object]:
    on = (MONDAY + timedelta(days=2)).date().isoformat()
    return {
        "on": on,
        "starts_at": "10:00",
        "on_2": on,
        "starts_at_2": "14:00",
        "minutes": "45",
        "medium": "video",
        "place": "",
        "host": "",
        "use_cases": [case.pk for case in referral.use_cases.all()],
    }


def test_a_partner_proposes_two_times_to_whoever_is_free(portal: Client, mila: Referral) -> None:
    seller("Tom Brandt")
    url = reverse("referrals:propose", args=[mila.pk])
    assert "How busy the hosts are" in portal.get(url).text

    page = portal.post(url, two_times(mila), follow=True)

    assert "Your times are with SeMI" in page.text
    proposal = Proposal.objects.get()
    assert (proposal.host, proposal.times.count()) == (None, 2)
    assert not Introduction.objects.exists()


def test_a_date_without_its_time_is_asked_for(portal: Client, mila: Referral) -> None:
    data = {**two_times(mila), "starts_at_2": ""}
    page = portal.post(reverse("referrals:propose", args=[mila.pk]), data)
    assert "Enter the time as well" in page.text
    assert not Proposal.objects.exists()


def test_sales_takes_a_time_and_names_the_place(mila: Referral) -> None:
    tom, proposal = seller("Tom Brandt"), proposed(mila, 2, 3)
    client, url = desk(tom), reverse("desk:proposal", args=[proposal.pk])
    assert client.get(url).status_code == 200
    assert "Mila" in client.get(reverse("desk:proposals")).text

    time = proposal.times.all()[1]
    client.post(url, {"take-time": time.pk, "take-host": tom.pk, "take-place": "https://meet.example/7"})

    meeting = Introduction.objects.get()
    assert (meeting.starts_at, meeting.place, meeting.host) == (time.starts_at, "https://meet.example/7", tom)


def test_sales_answers_with_other_times_and_the_partner_takes_one(portal: Client, mila: Referral) -> None:
    tom, proposal = seller("Tom Brandt"), proposed(mila, 2)
    answer = {
        "other": "1",
        "other-on": (MONDAY + timedelta(days=4)).date().isoformat(),
        "other-starts_at": "11:00",
        "other-minutes": "45",
        "other-host": tom.pk,
        "other-medium": "video",
        "other-place": "https://meet.example/8",
    }
    desk(tom).post(reverse("desk:proposal", args=[proposal.pk]), answer)
    theirs = Proposal.objects.get(by_partner=False)
    url = reverse("referrals:times", args=[theirs.pk])
    assert "Take this time" in portal.get(url).text

    portal.post(url, {"time": theirs.times.get().pk})

    assert Introduction.objects.get().place == "https://meet.example/8"


@pytest.mark.parametrize("name", ["times", "times_back"])
def test_another_partners_times_are_not_there(mila: Referral, name: str) -> None:
    proposal = proposed(mila, 2)
    stranger = signed_in(active_partner("Stranger"))
    assert stranger.post(reverse(f"referrals:{name}", args=[proposal.pk])).status_code == 404
    assert Proposal.objects.get().is_open


def test_a_partner_takes_their_times_back(portal: Client, mila: Referral) -> None:
    proposal = proposed(mila, 2)
    portal.post(reverse("referrals:times_back", args=[proposal.pk]))
    assert Proposal.objects.get().answer == "taken_back"


def test_sales_books_at_once_what_was_agreed_otherwise(mila: Referral) -> None:
    tom = seller("Tom Brandt")
    data = {**two_times(mila), "host": tom.pk, "place": "https://meet.example/9"}
    desk(tom).post(reverse("desk:referral_book", args=[mila.pk]), data)
    assert Introduction.objects.get().proposed_by == tom


# --- mails ---------------------------------------------------------------------------------
def test_who_was_asked_for_gets_the_times_and_else_the_leads(inbox: Inbox, mila: Referral) -> None:
    lead = sales_lead()
    proposed(mila, 2)
    deliver_all()

    (mail,) = inbox.to(lead.email)
    assert "proposes times for Mila" in str(mail["Subject"])


def test_a_partner_is_reminded_once_at_14_and_once_at_3_days(inbox: Inbox, mila: Referral) -> None:
    deliver_all()
    inbox.messages.clear()
    for day in range(44, 62):
        for _ in range(2):
            remind_of_claims(at=MONDAY + timedelta(days=day))
    deliver_all()

    subjects = [str(mail["Subject"]) for mail in inbox.to(mila.partner.user.email)]
    assert [subject.split(": ")[1] for subject in subjects] == ["14 days left to meet", "3 days left to meet"]


def test_who_has_proposed_times_is_not_reminded(mila: Referral) -> None:
    proposed(mila, 50)
    assert remind_of_claims(at=MONDAY + timedelta(days=57)) == 0


# --- appeals and disputes -----------------------------------------------------------------
def refusal_for(partner: Partner) -> Refusal:
    owner = registered(email="jane@acme.example", first_name="Jane", last_name="Doe", company_name="Acme")
    return Refusal.objects.create(partner=partner, identity=owner.identity, refused_at=MONDAY)


APPEAL = {
    "text": "She asked me.",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@acme.example",
    "company_name": "Acme",
    "title": "",
    "relation": "Old friends.",
    "agreed": "on",
}


def test_a_partner_appeals_and_a_lead_answers_with_a_reason_they_never_read(
    portal: Client, ines: Partner
) -> None:
    refusal, lead = refusal_for(ines), sales_lead()
    url = reverse("referrals:appeal", args=[refusal.pk])
    assert portal.get(url).status_code == 200
    assert "Appeal with the sales leads" in portal.post(url, APPEAL, follow=True).text
    appeal = Appeal.objects.get()
    staff = reverse("desk:appeal", args=[appeal.pk])
    assert "Who owns the person now" in desk(lead).get(staff).text

    desk(lead).post(staff, {"decision": "refuse", "reason": "Owned since June."})

    appeal.refresh_from_db()
    assert (appeal.accepted, appeal.decided_by) == (False, lead)
    before = portal.get(reverse("referrals:refusals")).text
    assert "Appeal with the sales leads" in before  # until the promised day
    assert "Owned" not in before


def test_another_partners_refusal_is_not_there(ines: Partner) -> None:
    refusal, stranger = refusal_for(ines), signed_in(active_partner("Stranger"))
    url = reverse("referrals:appeal", args=[refusal.pk])
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, APPEAL).status_code == 404


def test_rulings_are_found_by_person_address_partner_and_company(ines: Partner) -> None:
    mine = registered(ines, company_name="Acme", email="a@acme.example", first_name="Aldo")
    other = registered(company_name="Acme", email="b@acme.example", first_name="Bea", last_name="Quist")
    tom, lead = seller("Tom Brandt"), sales_lead()
    dispute = open_dispute(one=mine, other=other, question="Whose?", by=tom, at=MONDAY)
    page = reverse("desk:dispute", args=[dispute.pk])
    assert "You can’t rule on this" in desk(tom).get(page).text
    desk(tom).post(page, {"ruling": "both", "reason": "No."})
    desk(lead).post(page, {"ruling": "both", "reason": "Two departments."})

    dispute.refresh_from_db()
    assert (dispute.ruling, dispute.ruled_by) == ("both", lead)
    found = [
        page in desk(tom).get(reverse("desk:disputes"), {"state": "ruled", "q": q}).text
        for q in ("Quist", "b@acme.example", "Ines", "acme", "nobody")
    ]
    assert found == [True, True, True, True, False]
    assert page not in desk(tom).get(reverse("desk:disputes")).text


def test_outbox_messages_about_appeals_carry_no_name(portal: Client, ines: Partner) -> None:
    portal.post(reverse("referrals:appeal", args=[refusal_for(ines).pk]), APPEAL)
    payload = OutboxMessage.objects.get(kind="referrals.appealed").payload
    assert set(payload) == {"appeal_id", "at"}

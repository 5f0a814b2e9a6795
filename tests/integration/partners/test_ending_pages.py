"""The pages about the end of a partnership, on both sides; and what a former partner may still do."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from partners.models import Application, Ending, Partner
from partners.services.endings import (
    end_partnerships,
    give_notice,
    propose_end_for_cause,
    take_notice_back,
)
from ssp.core import clock
from ssp.core.models import OutboxMessage, User
from ssp.core.periods import start_of_day
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import ContractFactory, DirectorFactory, PartnerFactory, ended
from tests.factories.referrals import confirmed_warm, held, registered
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("at_monday", "empty_cache"),
    pytest.mark.clause("C6"),
]
SignIn = Callable[[User], Client]
LAST_ON = date(2026, 12, 31)
OVER = start_of_day(date(2027, 1, 1))
END = reverse("partners:partnership_end")
HOME = reverse("partners:partnership")


@pytest.fixture
def ines() -> Partner:
    return PartnerFactory(started_at=MONDAY - timedelta(days=200))


def seal_on(page: str) -> str:
    return page.partition('name="seal" value="')[2].partition('"')[0]


# --- the partner's side ---------------------------------------------------------------
def test_a_partner_reads_what_follows_and_then_gives_notice(sign_in: SignIn, ines: Partner) -> None:
    window = confirmed_warm(registered(ines)).window_ends_on
    client = sign_in(ines.user)

    read = client.get(END, {"last_on": "2026-12-31"}).text
    assert not Ending.objects.exists()
    said = client.post(END, {"last_on": "2026-12-31", "seal": seal_on(read)}, follow=True).text

    assert "Windows that keep running" in read
    assert f"{window.day} {window:%b %Y}" in read
    assert "Until the end of Thu 31 Dec 2026 you are a partner" in said
    ending = Ending.objects.get()
    assert ending.last_on == LAST_ON
    assert ending.evidence["windows"]["facts"][0]["window_ends_on"] == window.isoformat()


def test_the_evidence_that_is_kept_names_nobody(ines: Partner) -> None:
    referral = held(registered(ines)).referral

    ending = give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)

    kept = str(ending.evidence)
    assert str(referral.pk) in kept
    assert referral.last_name not in kept
    assert referral.company.name not in kept


def test_what_changed_since_it_was_read_is_shown_again(sign_in: SignIn, ines: Partner) -> None:
    client = sign_in(ines.user)
    read = client.get(END, {"last_on": "2026-12-31"}).text
    registered(ines)

    said = client.post(END, {"last_on": "2026-12-31", "seal": seal_on(read)}).text

    assert "Something changed while you were reading" in said
    assert not Ending.objects.exists()


def test_a_day_in_the_past_is_told_at_the_field(sign_in: SignIn, ines: Partner) -> None:
    said = sign_in(ines.user).get(END, {"last_on": "2026-11-22"}).text

    assert "Choose today or a later day." in said
    assert "Show what it means" in said


def test_a_partner_takes_notice_back(sign_in: SignIn, ines: Partner) -> None:
    give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)

    said = sign_in(ines.user).post(reverse("partners:partnership_keep"), follow=True).text

    assert "Your partnership goes on as before." in said
    assert "End my partnership" in said


def test_semis_notice_is_not_the_partners_to_take_back(sign_in: SignIn, ines: Partner) -> None:
    give_notice(partner=ines, last_on=LAST_ON, reason="We stop.", by=DirectorFactory(), at=MONDAY)
    client = sign_in(ines.user)

    said = client.post(reverse("partners:partnership_keep"), follow=True).text

    assert "SeMI gave notice." in said
    assert Ending.objects.standing().exists()


def test_the_page_shows_the_contract_in_plain_words(sign_in: SignIn) -> None:
    partner = PartnerFactory(numbers={"recurring_percent": 12})

    said = sign_in(partner.user).get(HOME).text

    assert "12% of recurring revenue for up to 3 years" in said


# --- a former partner's pages, one by one ---------------------------------------------
READS = [
    "portal:home",
    "partners:partnership",
    "partners:recruits",
    "referrals:list",
    "commissions:earnings",
    "commissions:earnings_statements",
    "commissions:earnings_export",
    "partners:apply",  # to come back
]
IS_LED_AWAY = [
    "referrals:register",
    "referrals:register_use_case",
    "referrals:register_send",
    "referrals:define_use_case",
    "partners:partnership_end",
    "partners:partnership_keep",
]


@pytest.fixture
def former(sign_in: SignIn, ines: Partner) -> Client:
    ended(ines, at=MONDAY - timedelta(days=2))
    return sign_in(ines.user)


@pytest.mark.parametrize("name", READS)
def test_a_former_partner_still_reads(former: Client, name: str) -> None:
    assert former.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", IS_LED_AWAY)
def test_a_former_partner_begins_nothing_new(former: Client, name: str, method: str) -> None:
    answer = getattr(former, method)(reverse(name))

    assert (answer.status_code, answer.headers["Location"]) == (302, HOME)


def test_an_application_that_led_to_a_partnership_that_is_over_leads_there(
    former: Client, ines: Partner
) -> None:
    Application.objects.bulk_create(
        [
            Application(
                applicant=ines.user,
                partner=ines,
                terms=ines.contracts.get().terms,
                status="accepted",
                created_at=MONDAY,
                submitted_at=MONDAY,
            )
        ]
    )

    assert former.get(reverse("partners:application")).headers["Location"] == HOME


def test_a_former_partner_is_told_on_every_page_and_offered_nothing_new(former: Client) -> None:
    said = former.get(reverse("portal:home")).text

    assert "Your partnership ended on 21 Nov 2026." in said
    assert "Introduce someone" not in said


def test_a_last_day_that_is_over_is_told_as_past(sign_in: SignIn, ines: Partner) -> None:
    give_notice(
        partner=ines, last_on=MONDAY.date() - timedelta(days=3), by=ines.user, at=MONDAY - timedelta(days=9)
    )
    end_partnerships(at=MONDAY)

    assert "You gave notice. The last day was Fri 20 Nov 2026." in sign_in(ines.user).get(HOME).text


def test_a_former_partner_invites_nobody(former: Client, ines: Partner) -> None:
    said = former.post(reverse("partners:recruits"), {"email": "pieter@vos.example"}).text

    assert "Your partnership has ended" in said
    assert not ines.invitations.exists()


def test_a_former_partner_works_on_what_still_runs(sign_in: SignIn, ines: Partner) -> None:
    referral = confirmed_warm(registered(ines, at=MONDAY - timedelta(days=9))).referral
    ended(ines, at=MONDAY - timedelta(days=1))
    client = sign_in(ines.user)

    assert "opens no new one" in client.get(reverse("referrals:propose", args=[referral.pk])).text
    assert client.get(reverse("referrals:detail", args=[referral.pk])).status_code == 200


def test_of_somebody_elses_partnership_there_is_nothing_to_see(sign_in: SignIn, ines: Partner) -> None:
    give_notice(partner=PartnerFactory(), last_on=LAST_ON, reason="-", by=DirectorFactory(), at=MONDAY)

    assert "Notice was given" not in sign_in(ines.user).get(HOME).text


# --- the directors' side --------------------------------------------------------------
def start(partner: Partner) -> str:
    return reverse("admin:partners_ending_start", args=[partner.pk])


def decide(ending: Ending) -> str:
    return reverse("admin:partners_ending_decide", args=[ending.pk])


def test_a_director_reads_and_then_gives_notice(sign_in: SignIn, ines: Partner) -> None:
    client = sign_in(DirectorFactory())
    asked = {"kind": "notice", "last_on": "2026-12-31", "reason": "We stop here."}

    read = client.post(start(ines), asked).text
    assert not Ending.objects.exists()
    client.post(start(ines), {**asked, "seal": seal_on(read)})

    assert "What ends with the last day" in read
    assert Ending.objects.get().side == "semi"


def test_two_directors_end_it_for_cause_in_the_admin(sign_in: SignIn, ines: Partner) -> None:
    first, second = DirectorFactory.create_batch(2)
    client = sign_in(first)
    asked = {"kind": "cause", "reason": "They broke the rules."}
    client.post(start(ines), {**asked, "seal": seal_on(client.post(start(ines), asked).text)})
    ending = Ending.objects.get()
    alone = client.post(decide(ending), {"press": "confirm", "seal": ""}, follow=True).text
    assert "You proposed this yourself." in alone
    client = sign_in(second)

    read = client.get(decide(ending)).text
    client.post(decide(ending), {"press": "confirm", "seal": seal_on(read)})

    ines.refresh_from_db()
    assert ines.end_kind == "cause"


def test_a_director_drops_a_proposal(sign_in: SignIn, ines: Partner) -> None:
    ending = propose_end_for_cause(partner=ines, reason="Why.", by=DirectorFactory(), at=MONDAY)

    said = sign_in(DirectorFactory()).post(decide(ending), {"press": "drop"}, follow=True).text

    assert "The proposal is dropped." in said


def test_a_notice_without_a_day_or_a_reason_is_told(sign_in: SignIn, ines: Partner) -> None:
    said = sign_in(DirectorFactory()).post(start(ines), {"kind": "notice", "seal": "x"}).text

    assert "A notice names its last day." in said
    assert "Say why" in said


def test_a_director_with_an_interest_is_told_why_not(sign_in: SignIn) -> None:
    director = DirectorFactory()
    partner = PartnerFactory(recruiter=PartnerFactory(user=director), bonus_slot=1)

    assert "You recruited this partner" in sign_in(director).get(start(partner)).text


@pytest.mark.parametrize("role", [Role.SALES_LEAD, Role.FINANCE, Role.ADMINISTRATOR])
def test_only_directors_see_endings(sign_in: SignIn, ines: Partner, role: Role) -> None:
    ending = give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)
    client = sign_in(UserFactory(roles=[role]))

    for address in (
        start(ines),
        decide(ending),
        reverse("admin:partners_ending_changelist"),
        reverse("admin:partners_ending_change", args=[ending.pk]),
    ):
        assert client.get(address).status_code == 403


def test_whoever_reviews_the_next_contract_is_warned_of_an_end_for_cause(
    sign_in: SignIn, ines: Partner
) -> None:
    ended(ines, at=MONDAY - timedelta(days=30), kind="cause")
    contract = ContractFactory(partner=ines)

    said = sign_in(DirectorFactory()).get(reverse("admin:partners_contract_review", args=[contract.pk])).text

    assert "SeMI ended it for cause" in said
    assert "They broke the rules." in said


# --- the mails ------------------------------------------------------------------------
def test_a_notice_is_confirmed_to_both_sides(ines: Partner) -> None:
    director = DirectorFactory()
    give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)

    deliver_kind("partners.notice_given")

    told = {each.to[0]: each for each in mail.outbox}
    assert "Your partnership ends with 31 Dec 2026" in told[ines.user.email].subject
    assert f"{ines.display_name}: the partnership ends with" in told[director.email].subject


def test_a_notice_that_was_taken_back_is_not_confirmed_as_running(ines: Partner) -> None:
    ending = give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)
    take_notice_back(ending=ending, by=ines.user, at=MONDAY)

    deliver_kind("partners.notice_given")
    deliver_kind("partners.notice_taken_back")

    assert [each.subject for each in mail.outbox if each.to == [ines.user.email]] == [
        "Your partnership goes on"
    ]


def test_a_proposal_goes_to_the_other_directors_and_not_to_the_partner(ines: Partner) -> None:
    first, second = DirectorFactory.create_batch(2)
    propose_end_for_cause(partner=ines, reason="They broke the rules.", by=first, at=MONDAY)

    deliver_kind("partners.cause_proposed")

    assert second.email in [each.to[0] for each in mail.outbox]
    assert not {first.email, ines.user.email} & {each.to[0] for each in mail.outbox}


def test_when_the_day_is_over_both_sides_are_told_what_runs_on(ines: Partner) -> None:
    confirmed_warm(registered(ines))
    give_notice(partner=ines, last_on=LAST_ON, by=ines.user, at=MONDAY)
    clock.install(lambda: OVER)
    end_partnerships(at=OVER)

    deliver_kind("partners.ended")

    told = next(each for each in mail.outbox if each.to == [ines.user.email])
    assert told.subject == "Your partnership ended on 31 Dec 2026"
    assert "Windows that keep running" in told.body
    assert OutboxMessage.objects.filter(kind="partners.ended", done_at__isnull=True).count() == 0


def test_the_filters_of_the_endings_read_as_words(sign_in: SignIn, ines: Partner) -> None:
    give_notice(partner=ines, last_on=MONDAY.date(), by=ines.user, at=MONDAY)

    text = sign_in(DirectorFactory()).get(reverse("admin:partners_ending_changelist")).text

    assert "By who ended it" in text
    assert "By by" not in text

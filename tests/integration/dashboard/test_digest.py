"""The morning's mail: to who asked for it, once, with what Today lists as theirs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from referrals.services.claims import withdraw_referral
from referrals.services.registration import assign_seller
from ssp.core.mail_kinds import all_kinds
from ssp.core.models import MutedMail, OutboxMessage, User, WantedMail
from ssp.core.preferences import set_mail, stop_token, wants
from ssp.core.roles import Role
from ssp.dashboard.digest import owe_digests
from ssp.dashboard.mails import DIGEST
from ssp.dashboard.tasks import send_digests
from ssp.dashboard.today import needed
from ssp.dashboard.waiting import Reader
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, registered, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.integration.referrals.conftest import SetClock, deliver_all, set_clock
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db]
EIGHT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # Monday, in Amsterdam
__all__ = ["set_clock"]


def wanting(user: User) -> User:
    set_mail(user=user, kind=DIGEST, wanted=True, at=MONDAY)
    return user


@pytest.fixture
def tom(inbox: Inbox, set_clock: SetClock) -> User:
    """Somebody of sales who asked for it and has one person to meet; nothing else is owed."""
    user = wanting(seller())
    assign_seller(referral=registered(at=MONDAY - timedelta(days=7)), seller=user, by=user, at=MONDAY)
    deliver_all()
    set_clock(EIGHT)
    return user


def owed() -> int:
    return OutboxMessage.objects.filter(kind="dashboard.digest").count()


# --- when ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "is_due"),
    [
        (EIGHT - timedelta(seconds=1), False),
        (EIGHT, True),
        (EIGHT + timedelta(hours=4, seconds=-1), True),
        (EIGHT + timedelta(hours=4), False),
        (EIGHT - timedelta(days=1), False),  # Sunday
        (EIGHT + timedelta(days=4), True),  # Friday
        (EIGHT + timedelta(days=5), False),  # Saturday
        (datetime(2027, 3, 26, 7, 0, tzinfo=UTC), True),  # 8:00 before the clocks change
        (datetime(2027, 3, 29, 6, 0, tzinfo=UTC), True),  # and after
        (datetime(2027, 3, 29, 5, 59, tzinfo=UTC), False),
    ],
)
def test_it_is_due_on_working_days_from_eight_in_amsterdam(at: datetime, is_due: bool) -> None:
    wanting(seller())

    assert (owe_digests(at=at), owed()) == (is_due, is_due)


def test_however_often_the_task_runs_it_is_one_mail_a_day(
    tom: User, inbox: Inbox, set_clock: SetClock
) -> None:
    for minutes in (0, 5, 60):
        set_clock(EIGHT + timedelta(minutes=minutes))
        send_digests()
        deliver_all()
    set_clock(EIGHT + timedelta(days=1))
    send_digests()
    deliver_all()

    assert len(inbox.to(tom.email)) == 2


def test_a_digest_that_comes_a_day_late_is_not_sent(tom: User, inbox: Inbox, set_clock: SetClock) -> None:
    send_digests()
    set_clock(EIGHT + timedelta(days=1))
    deliver_all()

    assert inbox.to(tom.email) == []


# --- to whom ---------------------------------------------------------------------------
def test_nobody_gets_it_unasked(inbox: Inbox) -> None:
    sofie = seller()

    assert (owe_digests(at=EIGHT), wants(sofie, DIGEST)) == (0, False)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.DIRECTOR])
def test_it_is_for_sales(role: Role) -> None:
    wanting(UserFactory(roles=[role]))

    assert owe_digests(at=EIGHT) == 0


def test_who_left_sales_gets_none_though_it_was_owed(tom: User, inbox: Inbox) -> None:
    send_digests()
    tom.role_grants.update(ended_at=EIGHT)
    deliver_all()

    assert inbox.to(tom.email) == []


def test_who_changed_their_mind_gets_none_though_it_was_owed(tom: User, inbox: Inbox) -> None:
    send_digests()
    set_mail(user=tom, kind=DIGEST, wanted=False, at=EIGHT)
    deliver_all()

    assert inbox.to(tom.email) == []


def test_one_asks_for_it_on_the_preferences_page_and_stops_it_there(tom: User) -> None:
    sofie = seller("Sofie de Wit")
    desk = signed_in(sofie)
    others = [kind.name for kind in all_kinds() if kind.name != DIGEST.name and not kind.legal]
    offered = [name for name in others if f'value="{name}"' in desk.get("/preferences/").text]
    choose = {"time_zone": "Europe/Amsterdam"}

    desk.post("/preferences/", {**choose, "mails": [*offered, DIGEST.name]})
    asked = wants(sofie, DIGEST)
    desk.post("/preferences/", {**choose, "mails": offered})

    assert (asked, wants(sofie, DIGEST), MutedMail.objects.count()) == (True, False, 0)


def test_the_page_shows_it_unticked_until_asked_for(tom: User) -> None:
    def ticked(user: User) -> bool:
        box = signed_in(user).get("/preferences/").text.split(f'value="{DIGEST.name}"')[1].split(">")[0]
        return "checked" in box

    assert (ticked(tom), ticked(seller("Sofie de Wit"))) == (True, False)


def test_the_link_in_the_mail_stops_it(tom: User) -> None:
    Client().post(reverse("core:stop_mail", args=[stop_token(tom, DIGEST)]))

    assert not WantedMail.objects.exists()


# --- what ------------------------------------------------------------------------------
def test_it_says_what_today_lists_as_theirs(tom: User, inbox: Inbox) -> None:
    priya = seller("Priya Nair")
    hers = registered(at=MONDAY - timedelta(days=7), last_name="Herssoon")
    assign_seller(referral=hers, seller=priya, by=priya, at=MONDAY)
    [section] = needed(Reader(user=tom, mine=True), at=EIGHT)
    send_digests()
    deliver_all()

    [mail] = inbox.to(tom.email)
    body = " ".join(mail.get_body(("plain",)).get_content().split())

    assert mail["Subject"] == "1 thing waits for you today, the first by Fri 15 Jan 2027"
    assert all(f"{row.person}, {row.where}: {row.word}. Due" in body for row in section.rows)
    assert section.rows[0].url in body
    assert "Herssoon" not in body
    assert "preferences" in body


def test_nothing_is_sent_when_nothing_waits(tom: User, inbox: Inbox) -> None:
    [referral] = tom.referrals.all()
    withdraw_referral(referral=referral, by=referral.partner.user, at=MONDAY)
    deliver_all()
    send_digests()
    deliver_all()

    assert (inbox.to(tom.email), OutboxMessage.objects.open().count()) == ([], 0)


def test_a_mail_server_that_is_busy_gets_it_later_once(tom: User, inbox: Inbox) -> None:
    inbox.refusing = True
    send_digests()
    deliver_all()
    inbox.refusing = False
    deliver_all()

    assert len(inbox.to(tom.email)) == 1


def test_the_outbox_carries_ids_alone(tom: User) -> None:
    send_digests()

    payload = OutboxMessage.objects.get(kind="dashboard.digest").payload
    assert set(payload) == {"user_id", "on", "at"}


def test_who_is_a_partner_alone_is_not_offered_it() -> None:
    portal = Client()
    portal.force_login(active_partner().user, backend="ssp.core.auth.RoleBackend")

    assert DIGEST.name not in portal.get("/preferences/").text

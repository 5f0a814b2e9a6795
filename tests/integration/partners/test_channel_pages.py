"""The pages of the channels: a partner's, the desk's, the admin's (C15)."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from partners.models import Channel, ChannelAccess, ChannelTask, Partner
from partners.services.channel_endings import withdraw_channels
from partners.services.channels import grant_channels
from ssp.core import clock
from ssp.core.models import AuditEntry, User
from ssp.core.roles import Role
from tests.factories.channels import LINK, ChannelFactory, end
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, PartnerFactory, ended
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C15")]
PAGE = "/channels/"
SECRET = "s3cret-invitation"


@pytest.fixture(autouse=True)
def standing_clock(at_monday) -> None:
    """All of it happens on one Monday."""


@pytest.fixture
def access() -> ChannelAccess:
    ChannelFactory(name="On the road")
    (one,) = grant_channels(partner=PartnerFactory(), at=MONDAY)
    return one


@pytest.fixture
def task(access: ChannelAccess) -> ChannelTask:
    end(access.partner, at=MONDAY + timedelta(hours=1))
    withdraw_channels(partner=access.partner, at=MONDAY + timedelta(hours=1))
    return ChannelTask.objects.get()


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# --- the partner's ----------------------------------------------------------------
def test_an_active_partner_sees_what_a_channel_is_for_and_its_link(access, sign_in) -> None:
    answer = sign_in(access.partner.user).get(PAGE)

    assert LINK in answer.content.decode()
    assert access.channel.purpose in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("who", ["applicant", "another's channel", "ended", "director", "nobody's"])
def test_the_link_is_shown_to_nobody_else(access, sign_in, client: Client, who: str) -> None:
    if who == "ended":
        user = end(access.partner, at=MONDAY).user  # the job that withdraws hasn't run
        assert ChannelAccess.objects.open().exists()
    else:
        user = {
            "applicant": lambda: ApplicantFactory().user,
            "another's channel": lambda: PartnerFactory().user,
            "director": lambda: UserFactory(roles=[Role.DIRECTOR], is_superuser=True),
            "nobody's": lambda: UserFactory(),
        }[who]()

    answer = sign_in(user).get(PAGE, follow=True)

    assert answer.status_code in {200, 403}
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.ADMINISTRATOR])
def test_the_link_is_on_no_page_of_staff(access, sign_in, role: Role) -> None:
    client = sign_in(UserFactory(roles=[role], is_superuser=True))
    channel = access.channel
    pages = [
        reverse("desk:channels"),
        reverse("desk:channel", args=[channel.pk]),
        reverse("desk:channel_export", args=[channel.pk]),
    ]
    if role != Role.SALES:
        pages += [
            reverse("admin:partners_channel_changelist"),
            reverse("admin:partners_channel_change", args=[channel.pk]),
            reverse("admin:partners_channelaccess_changelist"),
            reverse("admin:partners_channelaccess_change", args=[access.pk]),
        ]

    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert SECRET not in answer.content.decode()
        assert channel.sealed_link not in answer.content.decode()


def test_reading_the_page_changes_nothing(access, sign_in) -> None:
    before = AuditEntry.objects.count()

    sign_in(access.partner.user).get(PAGE)

    assert AuditEntry.objects.count() == before


def test_a_partner_says_that_they_are_in_and_takes_it_back(access, sign_in) -> None:
    client = sign_in(access.partner.user)
    address = reverse("partners:channel_joined", args=[access.pk])

    client.post(address, {"is_in": "yes"})
    access.refresh_from_db()
    assert access.joined_at == MONDAY
    client.post(address, {"is_in": "no"})
    access.refresh_from_db()
    assert access.joined_at is None


@pytest.mark.parametrize("name", ["channel_joined", "channel_help"])
def test_another_partners_channel_is_not_there(access, sign_in, name: str) -> None:
    client = sign_in(PartnerFactory().user)

    assert client.post(reverse(f"partners:{name}", args=[access.pk])).status_code == 404
    assert not ChannelTask.objects.exists()


def test_asking_for_help_reaches_the_desk(access, sign_in) -> None:
    client = sign_in(access.partner.user)

    client.post(reverse("partners:channel_help", args=[access.pk]))

    assert ChannelTask.objects.get().kind == "help"
    assert "You asked for help" in text_of(client.get(PAGE))


def test_an_ended_partner_reads_that_access_has_ended(access, sign_in) -> None:
    end(access.partner, at=MONDAY)
    client = sign_in(access.partner.user)

    client.post(reverse("partners:channel_joined", args=[access.pk]), {"is_in": "yes"})

    access.refresh_from_db()
    assert access.joined_at is None
    assert "Your partnership has ended" in text_of(client.get(PAGE))


def test_until_the_agreed_last_moment_the_link_is_shown(access, sign_in) -> None:
    ended(access.partner, at=MONDAY + timedelta(days=1))
    client = sign_in(access.partner.user)

    before = client.get(PAGE).content.decode()
    clock.install(lambda: MONDAY + timedelta(days=1))
    after = client.get(PAGE).content.decode()

    assert (SECRET in before, SECRET in after) == (True, False)


# --- the desk's -------------------------------------------------------------------
def seller() -> User:
    return UserFactory(roles=[Role.SALES])


def test_the_desk_lists_tasks_with_age_and_owner(task, sign_in) -> None:
    user = seller()
    ChannelTask.objects.update(owner=user)
    clock.install(lambda: MONDAY + timedelta(days=3))

    page = text_of(sign_in(user).get(reverse("desk:channels")))

    assert f"Remove {task.partner} from WhatsApp: On the road" in page
    assert "No bot works outside Slack." in page
    assert "3 days" in page
    assert user.full_name in page


def test_the_desks_home_says_how_many_tasks_wait(task, sign_in) -> None:
    assert "1 channel task" in text_of(sign_in(seller()).get(reverse("desk:home")))


def test_taking_and_finishing_a_task_at_the_desk(task, sign_in) -> None:
    user = seller()
    client = sign_in(user)

    client.post(reverse("desk:channel_task_take", args=[task.pk]))
    answer = client.post(reverse("desk:channel_task_done", args=[task.pk]), follow=True)
    again = client.post(reverse("desk:channel_task_done", args=[task.pk]), follow=True)

    task.refresh_from_db()
    assert (task.owner, task.closed_by, task.outcome) == (user, user, "done")
    assert "Done: Remove" in text_of(answer)
    assert "nothing left to do" in text_of(again)


def test_a_get_finishes_nothing(task, sign_in) -> None:
    client = sign_in(seller())

    assert client.get(reverse("desk:channel_task_done", args=[task.pk])).status_code == 405


def test_a_channels_list_shows_who_is_in_and_who_was(task, sign_in) -> None:
    channel, stays = task.channel, PartnerFactory()
    grant_channels(partner=stays, at=MONDAY)

    page = text_of(sign_in(seller()).get(reverse("desk:channel", args=[channel.pk])))

    assert page.index(stays.display_name) < page.index("Had access") < page.index(task.partner.display_name)


def test_the_export_holds_no_formula(access, sign_in) -> None:
    Partner.objects.update(display_name='=HYPERLINK("https://evil.example")')

    answer = sign_in(seller()).get(reverse("desk:channel_export", args=[access.channel_id]))

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][0].startswith("'=")
    assert rows[1][1:4] == ["WhatsApp: On the road", "Link shown", "2026-11-23"]


# --- the admin's ------------------------------------------------------------------
def fields(**changed: str) -> dict[str, str]:
    return {"kind": "whatsapp", "name": "Road", "purpose": "Talk.", **changed}


def test_a_sales_lead_adds_a_channel_and_changes_it_without_retyping_the_link(sign_in) -> None:
    client = sign_in(UserFactory(roles=[Role.SALES_LEAD]))

    client.post(reverse("admin:partners_channel_add"), fields(invitation_link=LINK))
    channel = Channel.objects.get()
    client.post(reverse("admin:partners_channel_change", args=[channel.pk]), fields(purpose="Anything."))

    channel.refresh_from_db()
    assert (channel.purpose, channel.invitation_link) == ("Anything.", LINK)


def test_the_page_for_a_new_channel_opens(sign_in) -> None:
    client = sign_in(UserFactory(roles=[Role.SALES_LEAD]))

    assert "Invitation link" in text_of(client.get(reverse("admin:partners_channel_add")))


def test_a_stored_link_can_be_forgotten(sign_in) -> None:
    channel = ChannelFactory(name="Road")
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))

    client.post(reverse("admin:partners_channel_change", args=[channel.pk]), fields(forget_link="on"))

    channel.refresh_from_db()
    assert not channel.has_link


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"invitation_link": "javascript:alert(1)"}, "begins with https://"),
        ({"announces": "on"}, "Only a Slack channel has this"),
        ({"kind": "slack", "slack_channel_id": "partners"}, "begins with C"),
        ({"name": "Taken"}, "of this kind and name already"),
    ],
)
def test_what_can_not_be_is_said_on_the_form(sign_in, wrong: dict[str, str], said: str) -> None:
    ChannelFactory(name="Taken")
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))

    answer = client.post(reverse("admin:partners_channel_add"), fields(**wrong))

    assert answer.status_code == 200
    assert said in text_of(answer).replace("&#x27;", "'")
    assert Channel.objects.count() == 1


@pytest.mark.parametrize("role", [Role.SALES, Role.DIRECTOR, Role.FINANCE])
def test_other_roles_keep_no_channels(sign_in, role: Role) -> None:
    client = sign_in(UserFactory(roles=[role], is_superuser=True))

    assert client.post(reverse("admin:partners_channel_add"), fields()).status_code == 403
    assert not Channel.objects.exists()


def test_the_admins_button_grants_what_is_missing(sign_in) -> None:
    partner, channel = PartnerFactory(), ChannelFactory()
    client = sign_in(UserFactory(roles=[Role.SALES_LEAD]))

    client.post(
        reverse("admin:partners_channel_changelist"),
        {"action": "grant_now", "_selected_action": [channel.pk]},
    )

    assert ChannelAccess.objects.get().partner == partner


def test_the_admin_retires_a_channel_which_is_read_only_then(access, sign_in) -> None:
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))
    channel = access.channel

    press = {"action": "retire", "_selected_action": [channel.pk]}

    asked = client.post(reverse("admin:partners_channel_changelist"), press)
    channel.refresh_from_db()
    assert (asked.status_code, channel.retired_at) == (200, None)
    client.post(reverse("admin:partners_channel_changelist"), {**press, "confirmed": "yes"})

    channel.refresh_from_db()
    address = reverse("admin:partners_channel_change", args=[channel.pk])
    assert channel.retired_at == MONDAY
    assert client.post(address, fields(invitation_link=LINK)).status_code == 403

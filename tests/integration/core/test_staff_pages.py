"""Inviting staff and taking a role away, as an administrator does it in the admin."""

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from ssp.core.models import OutboxMessage, StaffInvitation, User
from ssp.core.outbox import deliver
from ssp.core.roles import Role
from tests.factories.core import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]


def signed_in(user: User) -> Client:
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    return client


@pytest.fixture
def administrator() -> Client:
    return signed_in(UserFactory(roles=[Role.ADMINISTRATOR]))


def invite(administrator: Client, email: str = "mila@semi.example") -> str:
    """Invite a colleague in the admin and return the path of the link in the mail."""
    administrator.post(
        reverse("admin:core_staffinvitation_add"),
        {"full_name": "Mila Novak", "email": email, "role": Role.SALES.value},
    )
    deliver(OutboxMessage.objects.get(kind="core.staff_invitation"))
    (letter,) = mail.outbox
    assert letter.to == [email]
    found = re.search(r"/join/staff/\S+/", str(letter.body))
    assert found
    return found[0]


def test_an_invited_colleague_joins_and_must_set_up_a_second_factor(administrator: Client) -> None:
    link, colleague = invite(administrator), Client()
    assert "Mila Novak" in colleague.get(link).text

    colleague.post(link, {"password": "a long enough secret"})
    colleague.post(
        reverse("account_login"), {"login": "mila@semi.example", "password": "a long enough secret"}
    )
    response = colleague.get("/desk/")

    assert User.objects.get(email="mila@semi.example").has_role(Role.SALES)
    assert response.headers["Location"].startswith(reverse("mfa_activate_totp"))


def test_the_link_works_once(administrator: Client) -> None:
    link = invite(administrator)
    Client().post(link, {"password": "a long enough secret"})

    response = Client().get(link)

    assert response.status_code == 410
    assert "no longer works" in response.text


def test_a_weak_password_is_refused(administrator: Client) -> None:
    response = Client().post(invite(administrator), {"password": "short"})

    assert "too short" in response.text
    assert StaffInvitation.objects.get().accepted_at is None


@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.DIRECTOR, Role.FINANCE])
def test_only_administrators_invite(role: Role) -> None:
    response = signed_in(UserFactory(roles=[role])).get(reverse("admin:core_staffinvitation_add"))

    assert response.status_code == 403


def test_taking_a_role_away_signs_out_and_hands_the_work_over(administrator: Client) -> None:
    leaver, successor = UserFactory.create_batch(2, roles=[Role.SALES])
    leavers_browser = signed_in(leaver)
    page = reverse("admin:core_user_end_role", args=[leaver.pk, "sales"])
    assert page in administrator.get(reverse("admin:core_user_change", args=[leaver.pk])).text

    administrator.post(page, {"hand_to": successor.pk})

    handed = OutboxMessage.objects.get(kind="referrals.role_ended").payload
    assert (handed["user_id"], handed["hand_to_id"]) == (leaver.pk, successor.pk)
    assert not User.objects.get(pk=leaver.pk).is_staff
    assert not Session.objects.filter(session_key=leavers_browser.session.session_key).exists()


def test_sales_work_needs_a_successor(administrator: Client) -> None:
    leaver, _other = UserFactory.create_batch(2, roles=[Role.SALES])

    response = administrator.post(reverse("admin:core_user_end_role", args=[leaver.pk, "sales"]), {})

    assert "Choose who takes over the open work" in response.text
    assert User.objects.get(pk=leaver.pk).has_role(Role.SALES)


def test_the_last_administrator_stays(administrator: Client) -> None:
    me = User.objects.with_role(Role.ADMINISTRATOR).get()

    response = administrator.post(reverse("admin:core_user_end_role", args=[me.pk, "administrator"]), {})

    assert "last administrator" in response.text
    assert User.objects.get(pk=me.pk).has_role(Role.ADMINISTRATOR)


def test_a_director_takes_no_role_away() -> None:
    leaver = UserFactory(roles=[Role.SALES])
    director = signed_in(UserFactory(roles=[Role.DIRECTOR]))

    response = director.post(reverse("admin:core_user_end_role", args=[leaver.pk, "sales"]), {})

    assert response.status_code == 403
    assert User.objects.get(pk=leaver.pk).has_role(Role.SALES)
